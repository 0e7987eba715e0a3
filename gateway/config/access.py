"""The way to whom a configuration names: through which proxy, and whose certificates are believed there."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

from gateway.config.access_keys import ENVIRONMENT, NONE, NetworkAccessKeys, proxy_of
from gateway.config.settings import DestinationSettings
from gateway.relay.settings import RelaySettings, StationServer
from gateway.sources.settings import SourceSettings
from gateway.transports.broker import Broker
from gateway.transports.proxy import DEFAULT_PORT, Proxy
from gateway.transports.secret import Secret
from gateway.transports.service import Service
from gateway.transports.tls import Tls

PLAIN: Final = frozenset({"http", "ws"})

S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What `[network_access]` says, and the variables of the environment."""

    wish: str = NONE  # a proxy's URL, "environment" or "none"
    username: str | None = None
    password: Secret | None = None
    direct: tuple[str, ...] = ()  # hosts, ".domains" and networks
    ca_file: Path | None = None
    variables: Mapping[str, str]

    @classmethod
    def of(cls, keys: NetworkAccessKeys, variables: Mapping[str, str]) -> Access:
        """Return what the section says."""
        return cls(
            wish=keys.proxy or NONE,
            username=keys.proxy_username,
            password=keys.proxy_password_file,
            direct=tuple(keys.no_proxy),
            ca_file=keys.ca_file,
            variables=variables,
        )

    def proxy(self, scheme: str, host: str, wish: str | None = None) -> Proxy | None:
        """Return the proxy on the way to a host: the one that is wished for there, else the usual one; None for the direct way."""
        if wish is None and (is_loopback(host) or is_among(host, self.direct)):
            return None
        match wish or self.wish:
            case "none":
                return None
            case "environment":
                return self._of_environment(scheme, host)
            case url:
                return self._known(proxy_of(url))

    def _known(self, proxy: Proxy) -> Proxy:
        """Return a proxy with our credential, which is shown to the one alone that it is for."""
        if self.username is None or self.wish in {NONE, ENVIRONMENT} or str(proxy) != str(proxy_of(self.wish)):
            return proxy
        return replace(proxy, username=self.username, password=self.password)

    def _of_environment(self, scheme: str, host: str) -> Proxy | None:
        names = ("http_proxy", "HTTP_PROXY") if scheme in PLAIN else ("https_proxy", "HTTPS_PROXY")
        url = self._variable(*names, "all_proxy", "ALL_PROXY")
        named = [one.strip() for one in self._variable("no_proxy", "NO_PROXY").split(",") if one.strip()]
        if (
            not url
            or "*" in named
            or is_loopback(host)
            or is_among(host, [*named, *(f".{one.lstrip('.')}" for one in named)])
        ):
            return None
        return _written(url)

    def _variable(self, *names: str) -> str:
        return next((found for name in names if (found := self.variables.get(name))), "")

    # ── what becomes of settings ──

    def destination(self, settings: DestinationSettings, wish: str | None) -> DestinationSettings:
        """Return a destination with the way there."""
        platform = settings.platform
        return replace(
            settings,
            platform=self.broker(platform, wish) if isinstance(platform, Broker) else self.service(platform, wish),
        )

    def tls(self, tls: Tls) -> Tls:
        """Return whom to believe: beside what is said there the authority for all."""
        return replace(tls, also_ca_file=self.ca_file)

    def broker(self, broker: Broker, wish: str | None = None) -> Broker:
        """Return a broker with the way there."""
        where = broker.endpoint
        return replace(broker, proxy=self.proxy(where.scheme, where.host, wish), tls=self.tls(broker.tls))

    def service(self, service: Service, wish: str | None = None) -> Service:
        """Return a web service with the way there."""
        where = service.endpoint
        return replace(service, proxy=self.proxy(where.scheme, where.host, wish), tls=self.tls(service.tls))

    def source(self, settings: S, wish: str | None) -> S:
        """Return a source with the way to its broker, where it has one."""
        broker = getattr(settings, "broker", None)
        return replace(settings, broker=self.broker(broker, wish)) if isinstance(broker, Broker) else settings  # type: ignore[call-arg]  # of those sources that have one

    def relay(self, settings: RelaySettings, wish: str | None) -> RelaySettings:
        """Return a relay with the way to its server; datagrams go through no proxy."""
        server = settings.server
        if not isinstance(server, StationServer):
            return settings
        parts = urlsplit(server.url)
        way = self.proxy(parts.scheme, parts.hostname or "", wish)
        return replace(settings, server=replace(server, proxy=way, tls=self.tls(server.tls)))


def _written(url: str) -> Proxy | None:
    """Return the proxy that a variable names, with the credential that may stand in it; None where it is none of ours."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or not parts.hostname:
        return None
    password = unquote(parts.password) if parts.password else None
    return Proxy(
        host=parts.hostname,
        port=parts.port or DEFAULT_PORT,
        username=unquote(parts.username) if parts.username else None,
        password=Secret(password) if password else None,
    )


def is_among(host: str, some: Iterable[str]) -> bool:
    """Tell whether a host is one of ``some``, in one of their domains, or in one of their networks."""
    name = host.lower().rstrip(".")
    return any(
        name == one or (one.startswith(".") and f".{name}".endswith(one)) for one in map(str.lower, some)
    ) or any(_address(name) in network for network in _networks(some) if _address(name) is not None)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _networks(some: Iterable[str]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for one in some:
        try:
            yield ipaddress.ip_network(one, strict=False)
        except ValueError:
            continue
