"""From a request to an answer: the route, who asks, what the desk says, and what went wrong in a status of HTTP."""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from gateway.errors import Busy, ConfigError, NotThere, StorageError
from gateway.model import Json
from gateway.web import headers
from gateway.web.encoding import dumped, encoded, octets
from gateway.web.fields import from_body, from_query
from gateway.web.guard import Asked, Asker, Guard
from gateway.web.reading import read_json
from gateway.web.refusal import Refusal
from gateway.web.route import PREFIX, Route, Special
from gateway.web.routes import ROUTES

ANSWER_LIMIT_S: Final = 60.0  # as for the commands
WORTH_PACKING: Final = 2000  # octets
PACKED_APART: Final = 1 << 15  # octets, from which on a thread packs them: a small box takes 5 ms for so many

Desk = Callable[[Mapping[str, Json]], Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that may be answered."""

    request: web.BaseRequest
    route: Route
    asked: Asked
    asker: Asker
    said: Mapping[str, Json]  # places, query and body


Answer = Callable[[Call], Awaitable[web.StreamResponse]]

logger = logging.getLogger(__name__)


class Asking:
    """Answer what is asked below PREFIX."""

    def __init__(self, desk: Desk, guard: Guard, special: Mapping[Special, Answer], refused: Counter[str]) -> None:
        """``special`` answer what the desk does not; ``refused`` counts refusals by reason."""
        self._desk = desk
        self._guard = guard
        self._special = special
        self._refused = refused

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the answer to a request; one for a live reader has been sent then."""
        try:
            return await self._answered(request)
        except Refusal as refusal:
            return self.refused(refusal)
        except NotThere as error:
            return self.refused(Refusal(404, error.problems, counted="not_there"))
        except ConfigError as error:
            return self.refused(Refusal(400, error.problems, counted="wrong"))
        except StorageError as error:
            return self.refused(Refusal(503, str(error), counted="disk"))
        except Busy as error:
            return self.refused(Refusal(409, str(error), counted="busy"))
        except TimeoutError:
            return self.refused(Refusal(503, f"no answer within {ANSWER_LIMIT_S:g} s", counted="busy"))
        except (ConnectionError, web.RequestPayloadError):
            raise
        except Exception as error:  # noqa: BLE001 - a bug in one answer: whoever asked is told, and hearing and telling go on
            return self.fault(request, error)

    def fault(self, request: web.BaseRequest, error: BaseException | None) -> web.Response:
        """Log a bug of ours, and return what is told of it: a number that the log has."""
        number = secrets.token_hex(4)
        words = "fault %s: no answer to %s %s"
        logger.error(words, number, request.method, request.rel_url.raw_path[:200], exc_info=error)
        told = f"a fault of the agent's own, number {number}: its log has the trace, please report it"
        return self.refused(Refusal(500, told, counted="fault", is_end=True))

    def refused(self, refusal: Refusal) -> web.Response:
        """Count a refusal, and return how it is told."""
        self._refused[refusal.counted] += 1
        told = _json({"problems": list(refusal.problems)}, refusal.status)
        told.headers.update(refusal.headers)
        if refusal.is_end:
            told.force_close()
        return told

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = asked_by(request)
        asker = self._guard.who(asked)
        route, places = self._route(request, asker)
        self._guard.check(asked, asker, route.role)
        said = {**from_query(route.places, places), **from_query(route.query, query_of(request))}
        if route.body is not None:
            said |= from_body(route.body, await read_json(request, route.largest_body))
        call = Call(request=request, route=route, asked=asked, asker=asker, said=said)
        if route.special is not None:
            return await self._special[route.special](call)
        return packed(request, await self._asked(call))

    def _route(self, request: web.BaseRequest, asker: Asker) -> tuple[Route, Mapping[str, str]]:
        """Return the route and what stands in its places. Who is not logged in is not told which there are."""
        path = request.rel_url.raw_path
        found = [(route, match) for route in ROUTES if (match := route.pattern.fullmatch(path)) is not None]
        method = "GET" if request.method == "HEAD" else request.method
        for route, match in found:
            if route.method == method:
                return route, {name: unquote(text, errors="replace") for name, text in match.groupdict().items()}
        if asker.role is None:
            raise Refusal(401, "log in first (POST /api/v1/session), or send a token", counted="no_login")
        if found:
            allowed = ", ".join(dict.fromkeys(route.method for route, _ in found))
            raise Refusal(405, f"{method[:20]}: {allowed} is right here", counted="wrong", headers={"Allow": allowed})
        raise Refusal(404, f"there is nothing here; {PREFIX}openapi.json says what there is", counted="not_there")

    async def _asked(self, call: Call) -> web.Response:
        route = call.route
        assert route.ask is not None  # of all that are not special
        async with asyncio.timeout(ANSWER_LIMIT_S):
            answer = await self._desk(route.ask(call.said))
        told = answer if route.tell is None else route.tell(answer)
        return _file(told, route) if route.file else _response(await encoded(told), route.status)


def asked_by(request: web.BaseRequest) -> Asked:
    """Return what of a request tells who asks."""
    return Asked(method=request.method, headers=request.headers, cookies=request.cookies, address=request.remote or "?")


def query_of(request: web.BaseRequest) -> Mapping[str, str]:
    """Return the query; of a field that stands there twice the first."""
    return {name: request.query[name] for name in request.query}


def as_json(answer: Json) -> web.Response:
    """Return an answer of a special route."""
    return _json(answer, 200)


def packed(request: web.BaseRequest, response: web.Response) -> web.Response:
    """Return a response that goes compressed where it is worth it and may be."""
    body = response.body
    is_text = response.content_type in {"application/json", "text/plain", "application/openmetrics-text"}
    if (
        is_text
        and isinstance(body, bytes)
        and len(body) >= WORTH_PACKING
        and "gzip" in request.headers.get("Accept-Encoding", "")
    ):
        response.enable_compression(web.ContentCoding.gzip)
    return response


def _json(answer: Json, status: int) -> web.Response:
    return _response(octets(dumped(answer)), status)


def _response(body: bytes, status: int) -> web.Response:
    return web.Response(
        body=body,
        status=status,
        content_type="application/json",
        headers=headers.DATA,
        zlib_executor_size=PACKED_APART,
    )


def _file(answer: Json, route: Route) -> web.Response:
    name = answer.get("name") or route.file
    told = {**headers.DATA, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=base64.b64decode(answer["octets"]), content_type=route.kind, headers=told)
