"""Where a recording is sent to: what cannot be meant is refused, and what somebody may be sorry for is warned of."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from gateway.errors import ConfigError

FORWARDERS: Final = "udp"
STATIONS: Final = frozenset({"ws", "wss"})
USUAL_PORTS: Final = {"udp": 1700, "ws": 3001, "wss": 3001}

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """Who gets it; ``warning`` is "" where nobody outside this house does."""

    url: str
    scheme: str
    host: str
    port: int
    warning: str = ""

    @property
    def takes_stations(self) -> bool:
        """Whether it speaks Basics Station's protocol."""
        return self.scheme in STATIONS


def target(url: str) -> Target:
    """Return what ``url`` means; ConfigError says what is wrong with it. Asks for the address of a name, which blocks."""
    split = urlsplit(url)
    port = _port(split, url)
    if split.scheme not in USUAL_PORTS or not split.hostname or split.path.strip("/") or split.query:
        raise ConfigError(
            f"--to {url!r}: udp://HOST:1700 is expected, or ws://HOST:3001 where a Basics Station's server listens"
        )
    ip = _address(split.hostname)
    if problem := _problem(ip):
        raise ConfigError(f"--to {url}: {problem}")
    inside = ip.is_loopback or ip.is_private or ip.is_link_local
    warning = "" if inside else f"{ip} is a public address: who listens there takes these frames for real ones, now"
    host = f"[{split.hostname}]" if ":" in split.hostname else split.hostname
    return Target(f"{split.scheme}://{host}:{port}", split.scheme, str(ip), port, warning)


def _port(split: SplitResult, url: str) -> int:
    try:
        port = split.port
    except ValueError:
        port = 0
    if port == 0:
        raise ConfigError(
            f"--to {url!r}: a port from 1 to 65535 is expected behind the host; 1700 is usual for packet forwarders"
        )
    return port or USUAL_PORTS.get(split.scheme, 0)


def _address(host: str) -> Ip:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"--to: {host!r} is neither an address nor a name that anybody knows") from error
    ip = ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])
    return (ip.ipv4_mapped or ip) if ip.version == 6 else ip


def _problem(ip: Ip) -> str:
    if ip.is_unspecified:
        return f"{ip} is where a server listens, and nobody's address; this machine's is 127.0.0.1"
    if ip.is_multicast or ip == ipaddress.IPv4Address("255.255.255.255"):
        return f"{ip} is an address of many: name the one server that is meant"
    return f"{ip} is an address that nobody has" if ip.version == 4 and ip.is_reserved else ""
