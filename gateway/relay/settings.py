"""What the configuration says of each relay, proved and complete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gateway.lorawan.dev_addr import AddressBlock
from gateway.model import Eui64
from gateway.transports.proxy import Proxy
from gateway.transports.secret import Secret
from gateway.transports.tls import Tls


@dataclass(frozen=True, slots=True)
class EuiRange:
    """The EUIs from one to another, both among them, written "70b3d57ed0000000..70b3d57ed000ffff"."""

    first: Eui64
    last: Eui64

    def __contains__(self, eui: Eui64) -> bool:
        return self.first <= eui <= self.last  # as text: both have 16 digits of lower case

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What travels; as Basics Station has it, DevAddrs choose among data frames alone, JoinEUIs among join requests alone."""

    dev_addrs: tuple[AddressBlock, ...] = ()  # none: all
    join_euis: tuple[EuiRange, ...] = ()  # none: all
    own: bool = False  # also devices that this agent is the network of
    proprietary: bool = True

    @property
    def choose(self) -> bool:
        """Whether they choose among other networks' devices at all."""
        return bool(self.dev_addrs or self.join_euis)


@dataclass(frozen=True, slots=True)
class GwmpServer:
    """A network server that packet forwarders speak to."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"udp://[{self.host}]:{self.port}" if ":" in self.host else f"udp://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StationServer:
    """A network server that Basics Station speaks to (LNS): where it tells each station which address is its own."""

    url: str  # ws:// or wss://, without a path where it is the usual one
    tls: Tls
    token: Secret | None = None
    proxy: Proxy | None = None  # through which it is reached

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """A network server beside this box."""

    name: str
    server: GwmpServer | StationServer
    sources: tuple[str, ...]  # whose gateways it has
    filters: Filters
    away_after_s: float
    keep: timedelta
