"""A TCP port that web connections come in by: bounded in number, and none that says nothing stays."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from gateway.errors import ConfigError
from gateway.sources.doorstep import Bounds, Doorstep

MOST_CONNECTIONS: Final = 256  # a Basics Station has one, and a second for a moment when it asks for its address
MOST_OF_ONE_ADDRESS: Final = 128  # 64 stations behind one proxy or NAT; who takes more leaves half to others
HANDSHAKE_S: Final = 15.0  # TLS; a slow mobile network needs some seconds
FIRST_WORD_S: Final = 15.0  # for the head of its first request
SHUTDOWN_S: Final = 2.0  # for conversations that are told to end
IDLE_S: Final = 15.0  # a connection may wait for its next request

logger = logging.getLogger("aiohttp.server.sources")
logger.setLevel(logging.CRITICAL)  # what strangers send is counted; a bug of ours ends the source

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def bind_tcp(where: str, host: str, port: int) -> socket.socket:
    """Return a bound socket; ConfigError, beginning with ``where``, says why that cannot be."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigError(f"{where}: {host!r} is neither an address of this machine nor a known name") from error
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have just ended hold no port
        bound.setblocking(False)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise ConfigError(f"{where}: {_in_words(error, host, port)}") from error
    return bound


async def check_tcp(where: str, host: str, port: int) -> None:
    """Raise ConfigError, beginning with ``where``, if the port cannot be had now."""
    (await bind_tcp(where, host, port)).close()


def _in_words(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"TCP port {port} is taken by another program (ss -ltnp shows which); stop it, or give another port"
        case errno.EACCES:
            return f"TCP port {port} needs a right that this user has not; take one above 1023"
        case errno.EADDRNOTAVAIL:
            return f"{host!r} is no address of this machine; `ip address` shows those, 0.0.0.0 are all"
        case _:
            return f"TCP port {port} cannot be listened on: {error.strerror}"


class WebListener(web.Server):
    """Answer requests on a bound socket; ``refused`` is called for each connection beyond the bound."""

    def __init__(
        self,
        bound: socket.socket,
        answer: Answer,
        *,
        tls: ssl.SSLContext | None,
        refused: Callable[[], None],
        bounds: Bounds | None = None,
    ) -> None:
        # Nothing is unpacked: a stranger's 200 kB could be 200 MB, and nobody who speaks to us packs anything.
        super().__init__(self._heard, logger=logger, access_log=None, keepalive_timeout=IDLE_S, auto_decompress=False)
        self._bound = bound
        self._bounds = bounds or Bounds(most=MOST_CONNECTIONS, of_one_address=MOST_OF_ONE_ADDRESS)
        self._answer = answer
        self._tls = tls
        self._refused = refused
        self._silent: dict[web.RequestHandler, asyncio.TimerHandle] = {}
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that are listened on."""
        host, port = self._bound.getsockname()[:2]
        return host, port

    @property
    def is_secure(self) -> bool:
        """Tell whether it speaks TLS."""
        return self._tls is not None

    async def open(self) -> None:
        """Begin to listen."""
        if isinstance(self._bound, socket.socket):  # a laboratory's wire has no connections to count
            self._bound = Doorstep(self._bound, self._bounds, self._refused)
        limit_s = None if self._tls is None else HANDSHAKE_S
        self._server = await asyncio.get_running_loop().create_server(
            self, sock=self._bound, ssl=self._tls, ssl_handshake_timeout=limit_s
        )

    async def close(self) -> None:
        """Listen no more, and end what is left of conversations."""
        if self._server is not None:
            self._server.close()
        self.pre_shutdown()  # wakes those that wait for their next request
        await self.shutdown(SHUTDOWN_S)
        for limit in self._silent.values():
            limit.cancel()

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Take a connection; it has a while for its first request."""
        super().connection_made(handler, transport)
        loop = asyncio.get_running_loop()
        self._silent[handler] = loop.call_later(FIRST_WORD_S, self.give_up, handler)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        super().connection_lost(handler, exc)
        self._no_more_silent(handler)

    def give_up(self, handler: web.RequestHandler) -> None:
        """Hang up on who has not asked for anything in time."""
        handler.force_close()

    async def _heard(self, request: web.BaseRequest) -> web.StreamResponse:
        self._no_more_silent(request.protocol)
        return await self._answer(request)

    def _no_more_silent(self, handler: web.RequestHandler) -> None:
        if (limit := self._silent.pop(handler, None)) is not None:
            limit.cancel()
