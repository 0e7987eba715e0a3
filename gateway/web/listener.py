"""The dashboard's port as its connections see it: what is no request is refused in our words and counted, and so is a head that never ends."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from gateway.sources.doorstep import Bounds
from gateway.sources.web_listener import Answer, WebListener

LINGER_S: Final = 1.0  # for the rest of a body that nobody reads: so the refusal arrives before the connection ends

Wrong = Callable[[web.BaseRequest, int, BaseException | None], web.StreamResponse]
"""Return what is answered where there is no request to answer, or our answer to it failed."""

Count = Callable[[str], None]
"""Count somebody who was hung up on, by a word."""


class Conversation(web.RequestHandler):
    """A connection. What aiohttp would say of errors has its version, Python's, and what was sent."""

    def __init__(self, listener: Listener, wrong: Wrong, **about: Any) -> None:
        """``about`` is aiohttp's own."""
        super().__init__(listener, **about)
        self._wrong = wrong
        self.has_spoken = False

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self.has_spoken = True
        super().data_received(data)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's words
    ) -> web.StreamResponse:
        """Return what is said instead of an answer. Raises ConnectionError where the other side has gone, or has half of one already."""
        if isinstance(exc, ConnectionError):
            raise exc
        if request.writer.output_size > 0:
            raise ConnectionError("half of an answer was sent already") from exc
        return self._wrong(request, status, exc)


class Listener(WebListener):
    """Listens; ``count`` is told of each connection that is hung up on."""

    def __init__(
        self,
        bound: socket.socket,
        answer: Answer,
        wrong: Wrong,
        *,
        tls: ssl.SSLContext | None,
        count: Count,
        bounds: Bounds,
    ) -> None:
        super().__init__(bound, answer, tls=tls, refused=lambda: count("crowded"), bounds=bounds)
        self._wrong = wrong
        self._count = count

    def __call__(self) -> Conversation:
        """Return what takes the next connection."""
        return Conversation(self, self._wrong, loop=self._loop, lingering_time=LINGER_S, **self._kwargs)

    def give_up(self, handler: web.RequestHandler) -> None:
        """Hang up. A browser opens connections to have them: only who has begun to speak is slow."""
        if isinstance(handler, Conversation) and handler.has_spoken:
            self._count("slow")
        super().give_up(handler)
