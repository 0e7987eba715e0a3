"""The website's port: opened where it may be, tried again where it cannot be had; an agent hears and tells meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Final

from aiohttp import web as http

from gateway.errors import ConfigError
from gateway.model import Clock, Instant, Json
from gateway.sources.doorstep import Bounds
from gateway.sources.web_listener import bind_tcp
from gateway.sources.web_tls import Renewal, server_context
from gateway.web.guard import Guard
from gateway.web.listener import Listener
from gateway.web.refusal import Refusal
from gateway.web.settings import Web
from gateway.web.site import Site

BOUNDS: Final = Bounds(most=96, of_one_address=64)  # a browser takes six, a live page one; 20 to 60 kB each
AGAIN_S: Final = 5.0  # after which a port is tried again
ENDING_S: Final = 2.0  # for answers that are being made when the website closes, and again once they are cancelled
SEND_LIMIT_S: Final = 60.0  # for an answer to be taken: 500 kB over a slow mobile network

logger = logging.getLogger(__name__)


class Website:
    """One port, and who comes through it."""

    def __init__(self, web: Web, site: Site, guard: Guard, clock: Clock) -> None:
        self._web = web
        self._site = site
        self._guard = guard
        self._clock = clock
        self._refused: Counter[str] = site.refused
        self._listener: Listener | None = None
        self._renewal: Renewal | None = None
        self._answering: set[asyncio.Task[object]] = set()  # also for who has gone: aiohttp lets those go on
        self._listening = asyncio.Event()
        self.trouble = ""  # why it does not listen
        self.trouble_since: Instant | None = None

    async def listening(self) -> tuple[str, int]:
        """Return the host and port that are listened on, once they are; the caller sets the limit."""
        await self._listening.wait()
        assert self._listener is not None
        return self._listener.address

    async def run(self) -> None:
        """Listen until cancelled; as long as that cannot be, try again and again."""
        while True:
            try:
                self._check_password()
                await self._listen()
            except ConfigError as error:
                self._note("; ".join(error.problems))
            await asyncio.sleep(AGAIN_S)

    def _check_password(self) -> None:
        """Raise ConfigError where others would reach it, and there is no password."""
        if self._web.is_local:
            return
        try:
            has_password = self._guard.has_password()
        except Refusal as refusal:
            raise ConfigError(refusal.problems) from refusal
        if not has_password:
            raise ConfigError(f"web: {self._web.host} is not opened without a password: `brygga web password` sets one")

    async def _listen(self) -> None:
        """Listen until cancelled. Raises ConfigError when the port cannot be had, or the certificate cannot be read."""
        tls = None if self._web.tls is None else server_context(self._web.tls)
        self._renewal = None if tls is None or self._web.tls is None else Renewal(tls, self._web.tls)
        bound = await bind_tcp("web", self._web.host, self._web.port)
        listener = Listener(bound, self._answer, self._site.wrong, tls=tls, count=self._hung_up, bounds=BOUNDS)
        try:
            await listener.open()
        except OSError as error:  # two programs have bound it, and the other one listens
            bound.close()
            raise ConfigError(f"web: TCP port {self._web.port} cannot be listened on: {error.strerror}") from error
        self._site.is_secure = listener.is_secure
        self._listener = listener
        self._recovered()
        try:
            if self._renewal is None:
                await asyncio.Event().wait()  # no limit: it listens until it is cancelled
            else:
                await self._renewal.run()
        finally:
            self._listening.clear()
            self._listener = None
            self._site.hang_up()
            # In a task of its own: in one that is cancelled, Python 3.11.2 (Debian 12) takes its timeouts for cancellation.
            async with asyncio.TaskGroup() as leaving:
                leaving.create_task(self._leave(listener), name="leaving the web")

    async def _leave(self, listener: Listener) -> None:
        """Listen no more, and end what is being answered: nothing of it outlives the agent's journal."""
        await listener.close()
        if self._answering:
            await asyncio.wait(self._answering, timeout=ENDING_S)
        for task in self._answering:
            task.cancel()
        if self._answering:
            await asyncio.wait(self._answering, timeout=ENDING_S)

    async def _answer(self, request: http.BaseRequest) -> http.StreamResponse:
        """Answer a request, and see that who asked takes the answer."""
        if (task := asyncio.current_task()) is not None:
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        response = await self._site.answer(request)
        if response.prepared:  # a stream, which has its own limits
            return response
        try:
            async with asyncio.timeout(SEND_LIMIT_S):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            self._refused["slow"] += 1
            if request.transport is not None:
                request.transport.abort()
        return response

    def _hung_up(self, why: str) -> None:
        self._refused[why] += 1

    def _note(self, trouble: str) -> None:
        if self.trouble != trouble:
            logger.error("the dashboard is not there: %s; it is tried again every %g s", trouble, AGAIN_S)
        if not self.trouble:
            self.trouble_since = self._clock()
        self.trouble = trouble

    def _recovered(self) -> None:
        if self.trouble:
            logger.warning("the dashboard is there again")
        self.trouble, self.trouble_since = "", None
        self._listening.set()

    def status(self) -> Mapping[str, Json]:
        """Return where it listens, who was refused and why, and what is wrong in words."""
        listener, since = self._listener, self.trouble_since
        return {
            "listening": None if listener is None else _shown(*listener.address),
            "secure": self._web.tls is not None,
            "has_password": self._has_password(),
            "trouble": self.trouble or (self._renewal.trouble if self._renewal else "") or None,
            "trouble_s": None if since is None else round(self._clock().monotonic - since.monotonic, 1),
            "connections": 0 if listener is None else len(listener.connections),
            "sessions": len(self._guard.sessions),
            "logins": self._site.logins,
            "refused": dict(self._refused),
        }

    def _has_password(self) -> bool:
        with contextlib.suppress(Refusal):
            return self._guard.has_password()
        return True  # its file cannot be read, and nobody is let in


def alarm(website: Website) -> Mapping[str, Json] | None:
    """Return what is wrong as an alarm of the status, None where nothing is."""
    if website.trouble_since is None:
        return None
    return {
        "kind": "web",
        "since": website.trouble_since.utc.isoformat(timespec="seconds"),
        "words": website.trouble,
        "until_seen": False,
    }


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
