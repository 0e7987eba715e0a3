"""The site: which answer a request gets, from the API or from the pages; and the answers that the desk does not give."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from gateway import __version__
from gateway.model import Json
from gateway.web import asking, headers
from gateway.web.asking import Asking, Call, Desk
from gateway.web.files import Pages
from gateway.web.guard import COOKIE, Asker, Guard
from gateway.web.live import KINDS, Crowded, Live, Reader
from gateway.web.login_limits import LoginLimits
from gateway.web.openapi import described
from gateway.web.passwords import TooMany
from gateway.web.refusal import Refusal
from gateway.web.roles import Role
from gateway.web.route import Special
from gateway.web.routes import METRICS_ROUTE
from gateway.web.sessions import LONGEST

API: Final = "/api/"
METRICS: Final = f"/{METRICS_ROUTE.path}"
HEARTBEAT_S: Final = 15.0  # of a live stream: a comment, which shows that somebody is there
LOOK_S: Final = 1.0  # after which it is seen that a reader has gone, or may read no more
SEND_LIMIT_S: Final = 20.0  # for a reader to take what he was sent


logger = logging.getLogger(__name__)


class Site:
    """All that is answered."""

    def __init__(self, name: str, desk: Desk, guard: Guard, live: Live, limits: LoginLimits, pages: Pages) -> None:
        """``name`` is the gateway's."""
        self._name = name
        self._desk = desk
        self._guard = guard
        self._live = live
        self._limits = limits
        self._pages = pages
        self.refused: Counter[str] = Counter()
        self.logins = 0
        self.is_secure = False  # https
        self._asking = Asking(
            desk,
            guard,
            {
                Special.LOG_IN: self._log_in,
                Special.LOG_OUT: self._log_out,
                Special.WHO: self._who,
                Special.LIVE: self._follow,
                Special.DESCRIPTION: self._describe,
                Special.METRICS: self._metrics,
            },
            self.refused,
        )

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        if request.path.startswith(API) or request.path == METRICS:
            return await self._asking.answer(request)
        return await self._page(request)

    def wrong(self, request: web.BaseRequest, status: int, error: BaseException | None) -> web.Response:
        """Return what is said to who sent no request, or has to be told of a fault of ours; the connection ends with it."""
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            words = "this is no request of HTTP/1.1, or its head is too long"
            return self._asking.refused(Refusal(status if status < 500 else 400, words, counted="wrong", is_end=True))
        return self._asking.fault(request, error)

    def hang_up(self) -> None:
        """End all streams."""
        self._live.hang_up()

    # ── pages ──

    async def _page(self, request: web.BaseRequest) -> web.Response:
        try:
            self._guard.who(asking.asked_by(request))
        except Refusal as refusal:
            return self._asking.refused(refusal)
        if request.method not in {"GET", "HEAD"}:
            return self._asking.refused(Refusal(405, "GET is right here", counted="wrong", headers={"Allow": "GET"}))
        may_pack = "gzip" in request.headers.get("Accept-Encoding", "")
        page = await asyncio.to_thread(self._pages.find, request.rel_url.raw_path, may_pack=may_pack)
        if page is None:
            return self._asking.refused(Refusal(404, "there is nothing here", counted="not_there"))
        told = {**headers.PAGE, "ETag": page.etag}
        if request.headers.get("If-None-Match") == page.etag:
            return web.Response(status=304, headers=told)
        told |= {"Content-Type": page.kind} | ({"Content-Encoding": "gzip"} if page.packed else {})
        return web.Response(body=page.octets, headers=told)

    # ── sessions ──

    async def _log_in(self, call: Call) -> web.Response:
        if not self._guard.has_password():
            return asking.as_json(self._told(call.asker))
        wait_s = self._limits.take(call.asked.address)
        if wait_s:
            raise _too_often(wait_s)
        try:
            is_right = await self._guard.passwords.fits(call.said["password"])
        except TooMany as error:
            raise _too_often(1) from error
        if not is_right:
            logger.warning("a wrong password from %s", call.asked.address)  # LoginLimits bound how often
            raise Refusal(401, "password: that is not it", counted="password")
        self._limits.succeeded(call.asked.address)
        self.logins += 1
        self._guard.sessions.end(call.asked.cookies.get(COOKIE, ""))
        cookie, session = self._guard.sessions.begin()
        response = asking.as_json(self._told(Asker(role=Role.ADMIN, csrf=session.csrf)))
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=round(LONGEST.total_seconds()),
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="Strict",
        )
        return response

    async def _log_out(self, call: Call) -> web.Response:
        if call.said["others"]:
            self._guard.check(call.asked, call.asker, Role.ADMIN)
            ended = self._guard.sessions.end_all()
        else:
            self._guard.sessions.end(call.asker.cookie)
            ended = int(bool(call.asker.cookie))
        response = asking.as_json({"ended": ended})
        response.del_cookie(COOKIE, path="/", secure=self.is_secure, httponly=True, samesite="Strict")
        return response

    async def _who(self, call: Call) -> web.Response:
        return asking.as_json(self._told(call.asker))

    def _told(self, asker: Asker) -> Mapping[str, Json]:
        is_known = asker.role is not None
        return {
            "role": None if asker.role is None else str(asker.role),
            "csrf": asker.csrf,
            "gateway": self._name if is_known else None,
            "version": __version__ if is_known else None,
            "needs_password": self._guard.has_password(),
        }

    async def _describe(self, _: Call) -> web.Response:
        return asking.as_json(described())

    async def _metrics(self, call: Call) -> web.Response:
        async with asyncio.timeout(asking.ANSWER_LIMIT_S):
            told = await self._desk({"do": "metrics.text", "accept": call.asked.header("Accept")})
        response = web.Response(body=told["text"].encode(), headers={**headers.DATA, "Content-Type": told["type"]})
        return asking.packed(call.request, response)

    # ── live ──

    async def _follow(self, call: Call) -> web.StreamResponse:
        kinds = [kind.strip() for kind in call.said["kinds"].split(",")]
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise Refusal(400, f"kinds: {unknown[0]!r} is none of {', '.join(KINDS)}", counted="wrong")
        if call.asked.method == "HEAD":
            raise Refusal(405, "HEAD: GET is right here", counted="wrong", headers={"Allow": "GET"})
        response = web.StreamResponse(headers={**headers.DATA, "Content-Type": "text/event-stream"})
        try:
            with self._live.reading(kinds, call.request.headers.get("Last-Event-ID")) as reader:
                async with asyncio.timeout(SEND_LIMIT_S):
                    await response.prepare(call.request)
                    await response.write(b": here is what happens\n\n")
                await self._stream(call, response, reader)
        except Crowded as error:
            words = "as many pages and programs follow what happens as may; close one"
            raise Refusal(429, words, counted="readers", headers={"Retry-After": "30"}) from error
        return response

    async def _stream(self, call: Call, response: web.StreamResponse, reader: Reader) -> None:
        """Send events until the reader goes, takes nothing more, or may read no more."""
        quiet_s = 0.0
        while not reader.is_over and self._may_still(call):
            events = await reader.take(LOOK_S)
            quiet_s = 0.0 if events else quiet_s + LOOK_S
            if not events and quiet_s < HEARTBEAT_S:
                continue
            quiet_s = 0.0
            try:
                async with asyncio.timeout(SEND_LIMIT_S):
                    await response.write(events or b": still here\n\n")
            except TimeoutError:
                self.refused["slow"] += 1
                if call.request.transport is not None:
                    call.request.transport.abort()
                return
            except ConnectionError:
                return

    def _may_still(self, call: Call) -> bool:
        transport = call.request.transport
        if transport is None or transport.is_closing():
            return False
        session = call.asker.session
        try:
            if session is not None:
                return self._guard.has_password() and self._guard.sessions.is_open(session)
            return self._guard.who(call.asked).role is not None
        except Refusal:  # its token is no more, or there is a password now
            return False


def _too_often(wait_s: int) -> Refusal:
    words = f"too many passwords were tried; the next may be tried in {wait_s} s"
    return Refusal(429, words, counted="too_often", headers={"Retry-After": str(wait_s)})
