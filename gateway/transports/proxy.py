"""An HTTP proxy between this box and a platform: a tunnel by CONNECT (RFC 9110, section 9.3.6), for whatever speaks over TCP.

HTTP's own client knows proxies; MQTT's connections are opened here. The proxy itself is spoken to in the clear, as proxies mostly are:
what goes through the tunnel is as safe as the platform's URL says.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.transports import network
from gateway.transports.endpoint import Endpoint
from gateway.transports.secret import Secret

if TYPE_CHECKING:
    from yarl import URL

DEFAULT_PORT: Final = 80  # of http://
LARGEST_ANSWER: Final = 16 << 10  # octets of a head; proxies send some hundred
SECOND_ADDRESS_S: Final = 0.25  # after which a host's next address is tried beside the first (RFC 8305, section 5)
STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r\n")
WANTS_LOGIN: Final = 407
CANNOT_REACH: Final = frozenset({502, 503, 504})

P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy, and who we are there."""

    host: str
    port: int = DEFAULT_PORT
    username: str | None = None
    password: Secret | None = None

    def __str__(self) -> str:
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    def url(self) -> URL:
        """Return its URL with the credential in it, which is secret, as aiohttp wants it."""
        password = None if self.password is None else self.password.reveal()
        from yarl import URL  # who asks has aiohttp, which brings it

        return URL.build(scheme="http", user=self.username, password=password, host=self.host, port=self.port)


class ProxyRefused(OSError):
    """Say that the proxy let nothing through: the platform got nothing."""


def refusal(status: int, host: str, port: int) -> str:
    """Return what a proxy's status means for who wanted to be let through, and what to do."""
    if status == WANTS_LOGIN:
        return f"{status}: it lets nobody through without a user name and password; network_access.proxy_username, proxy_password_file"
    if status in CANNOT_REACH:
        return f"{status}: it does not reach {host}:{port}; is the platform's name right, and does the proxy know it?"
    return f"{status}: it lets nothing through to {host}:{port}; many let port 443 through alone, ask who runs it"


async def connect(
    make: Callable[[], P], where: Endpoint, tls: ssl.SSLContext | None, proxy: Proxy | None
) -> tuple[asyncio.BaseTransport, P]:
    """Open a connection to ``where`` for a protocol, through ``proxy`` if there is one. Raises OSError; the caller sets the limit."""
    loop = asyncio.get_running_loop()
    if proxy is None:
        return await loop.create_connection(
            make, where.host, where.port, ssl=tls, happy_eyeballs_delay=SECOND_ADDRESS_S
        )
    raw = await _tunnel(proxy, where.host, where.port)
    made, protocol = False, make()
    try:
        transport: asyncio.BaseTransport | None = raw
        if tls is None:
            raw.set_protocol(protocol)
        else:
            transport = await loop.start_tls(raw, protocol, tls, server_hostname=where.host)
        if transport is None:
            raise ConnectionResetError
        made = True
    finally:
        if not made:
            raw.abort()
    protocol.connection_made(transport)
    return transport, protocol


async def _tunnel(proxy: Proxy, host: str, port: int) -> asyncio.Transport:
    """Return a connection that ends at ``host``."""
    loop = asyncio.get_running_loop()
    try:
        transport, asking = await loop.create_connection(
            _Asking, proxy.host, proxy.port, happy_eyeballs_delay=SECOND_ADDRESS_S
        )
    except OSError as error:
        raise ProxyRefused(f"the proxy {proxy}: {network.in_words(error)}") from error
    is_open = False
    try:
        transport.write(_request(proxy, host, port))
        status = await asking.answer
        if not 200 <= status < 300:
            words = "it answers nothing that a proxy says" if status == 0 else refusal(status, host, port)
            raise ProxyRefused(f"the proxy {proxy} answers {words}" if status else f"the proxy {proxy}: {words}")
        is_open = True
        return transport
    finally:
        if not is_open:
            transport.abort()


def _request(proxy: Proxy, host: str, port: int) -> bytes:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
    if proxy.username is not None:
        password = "" if proxy.password is None else proxy.password.reveal()
        pair = base64.b64encode(f"{proxy.username}:{password}".encode()).decode("ascii")
        lines.append(f"Proxy-Authorization: Basic {pair}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("idna" if not where.isascii() else "ascii")


class _Asking(asyncio.Protocol):
    """The question whether we are let through; ``answer`` is the status, 0 where what came is none."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._came = bytearray()

    def data_received(self, data: bytes) -> None:
        """Read the answer's head; whoever is behind the tunnel says nothing before we do."""
        self._came += data
        if b"\r\n\r\n" in self._came or len(self._came) > LARGEST_ANSWER:
            found = STATUS_LINE.match(self._came)
            self._say(0 if found is None else int(found[1]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - of asyncio
        """Say that there was no answer."""
        self._say(0)

    def _say(self, status: int) -> None:
        if not self.answer.done():
            self.answer.set_result(status)
