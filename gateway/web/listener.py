"""The ports of dashboard and metrics as their connections see them: what is no request is refused in our words and counted, and so is a head that never ends."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from aiohttp import StreamReader, web

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
        self._listener = listener
        self._wrong = wrong
        self._body: StreamReader | None = None  # of the last request
        self._has_begun = False  # a head, which has not ended

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._has_begun = self._has_begun or self._body is None or self._body.is_eof()
        super().data_received(data)

    def asked(self, request: web.BaseRequest) -> None:
        """Note that a head has ended."""
        self._has_begun, self._body = False, request.content

    def force_close(self) -> None:
        """Hang up. A browser opens connections to have them: only who has begun to speak is slow, at his second head, too."""
        if self._has_begun:
            self._listener.count("slow")
        self._has_begun = False
        super().force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget a connection: whoever leaves in the middle of a head was not hung up on."""
        self._has_begun = False
        super().connection_lost(exc)

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - aiohttp's
        """End it, for we leave."""
        self._has_begun = False
        await super().shutdown(timeout)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's words
    ) -> web.StreamResponse:
        """Return what is said instead of an answer. Raises ConnectionError where the other side has gone, or has half of one already."""
        self._has_begun = False
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
        self.count = count

    def __call__(self) -> Conversation:
        """Return what takes the next connection."""
        return Conversation(self, self._wrong, loop=self._loop, lingering_time=LINGER_S, **self._kwargs)

    async def _heard(self, request: web.BaseRequest) -> web.StreamResponse:
        if isinstance(request.protocol, Conversation):
            request.protocol.asked(request)
        return await super()._heard(request)
