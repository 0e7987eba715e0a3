"""A strict SensorThings 1.1 server for tests and dry runs: integer ids, FROST's answers, and faults on demand.

``dialect="istsos"`` has what istSOS4 does otherwise: names are unique, and so are times within a Datastream (409); one bad
row spoils its group in CreateObservations. It keeps what it was told, and counts what a server would not notice:
observations that came twice.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from simulators.platforms.sensorthings_rules import REQUIRED, Entity, Json, Refusal
from simulators.platforms.sensorthings_store import VERSION, Dialect, Kept, Store

PATH: Final = "/FROST-Server"
CONFORMANCE: Final = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
LARGEST_BODY: Final = 1 << 20  # octets; a proxy's


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What the server does instead of answering well; ``status`` 0 with ``silent`` takes everything and hangs up."""

    status: int = 0  # 0: as if nothing were wrong
    retry_after_s: int | None = None
    delay_s: float = 0
    silent: bool = False  # close the connection without an answer
    detail: str = "as the test asked"
    method: str = ""  # of the requests it is for; "" for all


class SensorThingsServer:
    """A SensorThings server on a local port: ``start``, change its mood at any time, ``stop``."""

    def __init__(
        self,
        *,
        dialect: Dialect = "frost",
        login: tuple[str, str] | None = None,
        arrays: bool = True,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        """``login``: user and password that each request needs; ``arrays``: whether it knows CreateObservations."""
        self.login = login
        self.arrays = arrays
        self.faults: deque[Fault] = deque()  # one for each of the next requests that it is for
        self.mood: Fault | None = None  # for every request while it is set
        self.answers: Counter[tuple[str, int]] = Counter()  # by method and status; 0 is none
        self.asked: list[str] = []  # "GET /Things" and so on, without queries, in order
        self.url = ""
        self.store = Store(dialect)
        self._largest_body = largest_body
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the URL below which ``/v1.1`` begins."""
        app = web.Application(client_max_size=self._largest_body)
        app.router.add_route("*", f"{PATH}/{VERSION}{{tail:.*}}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        address = self._runner.addresses[0]
        self.url = self.store.url = f"http://{address[0]}:{address[1]}{PATH}"
        return self.url

    async def stop(self) -> None:
        """Close all connections and forget nothing: a server that is started again knows what it knew."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def kept(self) -> Kept:
        """What the server was told."""
        return self.store.kept

    def hear(self, topic: str, payload: bytes) -> None:
        """Take what was published to ``v1.1/Datastreams(id)/Observations`` (MqttManager.handleEntityCreateEvent).

        What is wrong with it raises Refusal; a real server only writes that to its log.
        """
        if not topic.startswith(f"{VERSION}/"):
            raise Refusal(404, f"Could not find version in topic {topic}")
        self.store.post(topic.removeprefix(VERSION), _parsed(payload))

    # ── HTTP ──

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault(request.method)
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        tail = request.match_info["tail"]
        self.asked.append(f"{request.method} {tail}")
        try:
            if fault is not None and fault.status:
                raise Refusal(fault.status, fault.detail)  # noqa: TRY301 - answered as any other
            response = await self._serve(request, tail)
        except Refusal as refusal:
            headers = {"WWW-Authenticate": 'Basic realm="FROST-Server"'} if refusal.status == 401 else {}
            if fault is not None and fault.retry_after_s is not None:
                headers["Retry-After"] = str(fault.retry_after_s)
            response = web.json_response(refusal.body(), status=refusal.status, headers=headers)
        if fault is not None and fault.silent:
            self.answers[request.method, 0] += 1
            assert request.transport is not None
            request.transport.abort()
        else:
            self.answers[request.method, response.status] += 1
        return response

    def _fault(self, method: str) -> Fault | None:
        if self.faults and self.faults[0].method in {"", method}:
            return self.faults.popleft()
        return self.mood if self.mood is not None and self.mood.method in {"", method} else None

    async def _serve(self, request: web.Request, tail: str) -> web.Response:
        self._let_in(request)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            raise Refusal(413, "Request Entity Too Large") from error
        match request.method:
            case "GET" if tail in {"", "/"}:
                return web.json_response(self._root())
            case "GET":
                return web.json_response(self.store.collection(tail, request.query))
            case "POST" if tail == "/CreateObservations" and self.arrays:
                return web.json_response(self.store.create_observations(_parsed(body)), status=201)
            case "POST":
                return web.Response(
                    status=201, headers={"Location": self.url + f"/{VERSION}/" + self.store.post(tail, _parsed(body))}
                )
            case "PATCH":
                self.store.patch(tail, _parsed(body))
                return web.Response(status=200)
        raise Refusal(405, f"{request.method} is not supported")

    def _let_in(self, request: web.Request) -> None:
        if self.login is None:
            return
        pair = base64.b64encode(":".join(self.login).encode()).decode()
        if request.headers.get("Authorization") != f"Basic {pair}":  # BasicAuthFilter
            raise Refusal(401, "Unauthorized")

    def _root(self) -> Entity:
        names = ["datamodel", "resource-path/resource-path-to-entities", "create-update-delete", "request-data"]
        conformance = [CONFORMANCE + name for name in (*names, *(["data-array/data-array"] if self.arrays else []))]
        sets = [{"name": name, "url": f"{self.url}/{VERSION}/{name}"} for name in REQUIRED]
        return {"serverSettings": {"conformance": conformance}, "value": sets}


def _parsed(body: bytes) -> Json:
    try:
        return json.loads(body, parse_constant=_no_constant)
    except ValueError as error:
        raise Refusal(400, f"Failed to parse JSON. {error}") from error


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")
