"""Whom this box speaks to, by its settings: pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.config import Settings
from gateway.relay.settings import GwmpServer, RelaySettings
from gateway.transports.broker import Broker
from gateway.transports.endpoint import Endpoint
from gateway.transports.proxy import Proxy
from gateway.transports.tls import Tls


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One end of a line."""

    about: str  # the name of the destination, source or relay
    name: str
    port: int
    tls: Tls | None = None  # None: no TLS
    is_udp: bool = False
    by_proxy: bool = False  # another one looks it up and opens the connection

    @property
    def is_name(self) -> bool:
        """Whether it has to be looked up."""
        return self.address is None and self.name != "localhost"

    @property
    def address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """The address, where it is one."""
        try:
            return ipaddress.ip_address(self.name)
        except ValueError:
            return None

    @property
    def is_here(self) -> bool:
        """Whether it is this machine."""
        return self.name == "localhost" or (self.address is not None and self.address.is_loopback)

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


def destinations(settings: Settings) -> Iterator[Host]:
    """Yield the platforms."""
    for one in settings.destinations:
        yield _of_endpoint(one.name, one.platform.endpoint, one.platform)


def all_of(settings: Settings) -> Iterator[Host]:
    """Yield all whom the box has something to say to; some of them by a proxy."""
    yield from destinations(settings)
    for source in settings.sources:
        if isinstance(broker := getattr(source, "broker", None), Broker):
            yield _of_endpoint(source.name, broker.endpoint, broker)
    yield from map(_of_relay, settings.relays)


def proxies(settings: Settings) -> Iterator[Host]:
    """Yield the proxies that stand between, each once."""
    found: dict[tuple[str, int], str] = {}
    holders: list[tuple[str, object]] = [(one.name, one.platform) for one in settings.destinations]
    holders += [(one.name, getattr(one, "broker", None)) for one in settings.sources]
    holders += [(one.name, one.server) for one in settings.relays]
    for about, holder in holders:
        if isinstance(proxy := getattr(holder, "proxy", None), Proxy):
            found.setdefault((proxy.host, proxy.port), about)
    for (name, port), about in found.items():
        yield Host(about=f"the proxy of {about}", name=name, port=port)


def _of_endpoint(about: str, endpoint: Endpoint, platform: object) -> Host:
    tls = getattr(platform, "tls", None) if endpoint.secure else None
    by_proxy = getattr(platform, "proxy", None) is not None
    return Host(about=about, name=endpoint.host, port=endpoint.port, tls=tls, by_proxy=by_proxy)


def _of_relay(relay: RelaySettings) -> Host:
    server = relay.server
    if isinstance(server, GwmpServer):
        return Host(about=relay.name, name=server.host, port=server.port, is_udp=True)
    parts = urlsplit(server.url)
    secure = parts.scheme == "wss"
    return Host(
        about=relay.name,
        name=parts.hostname or "",
        port=parts.port or (443 if secure else 80),
        tls=server.tls if secure else None,
        by_proxy=getattr(server, "proxy", None) is not None,
    )
