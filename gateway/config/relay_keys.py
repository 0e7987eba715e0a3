"""`[[relay]]`: a network server beside this box, and what of the air it is to have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from gateway.config.access_keys import PROXY_WORDS, ProxyWish
from gateway.config.section_keys import Keys
from gateway.config.values import Duration, Name, NetId, Seconds, SecretFile, Shown, Truth
from gateway.config.way_keys import TlsKeys
from gateway.lorawan.dev_addr import AddressBlock
from gateway.model import Json, eui64
from gateway.relay.settings import EuiRange, Filters, GwmpServer, RelaySettings, StationServer
from gateway.transports.tls import Tls

USUAL_PORTS: Final = {"udp": 1700, "ws": 80, "wss": 443}
EXAMPLE: Final = "udp://eu1.cloud.thethings.network:1700"
KEEP_LEAST: Final = timedelta(hours=1)
AWAY_LEAST_S: Final = 10.0  # forwarders ask every 5 to 10 s


def _url(text: str) -> str:
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no address of a server ({error}); {EXAMPLE!r} is one") from error
    if "@" in parts.netloc:
        raise ValueError(
            "an address is shown to people, so no user and password in it; `token_file` holds a station's token"
        )
    if parts.scheme not in USUAL_PORTS or not parts.hostname:
        raise ValueError(f"{text!r} is none of udp://, ws://, wss:// with a server's name; {EXAMPLE!r} is one")
    if port == 0 or parts.query or parts.fragment or (parts.scheme == "udp" and parts.path.strip("/")):
        raise ValueError(f"{text!r}: a server's name and its port are expected, nothing behind; {EXAMPLE!r} is right")
    return text.strip().rstrip("/")


def _range(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    first, dots, last = value.partition("..")
    try:
        found = EuiRange(eui64(first), eui64(last if dots else first))
    except ValueError as error:
        raise ValueError(
            f"{value!r}: {error}; '70b3d57ed0000000..70b3d57ed000ffff' is a range, one EUI is one, too"
        ) from None
    if found.last < found.first:
        raise ValueError(f"{value!r} ends before it begins")
    return found


def _block(value: Json) -> Json:
    return AddressBlock.parse(value) if isinstance(value, str) else value


def _keep(span: timedelta) -> timedelta:
    if span < KEEP_LEAST:
        raise ValueError(
            f"{round(span.total_seconds())} s is less than an hour, which any outage lasts; '30 d' is a time"
        )
    return span


class RelayKeys(Keys):
    """A network server beside this box: what the gateways hear goes to it as well, and what it wants sent goes to them."""

    name: Name = Field(description="what this relay is called; devices that its server answers name it (`answered_by`)")
    url: Annotated[str, AfterValidator(_url), Shown(f'an address such as "{EXAMPLE}" or "wss://lns.example:8887"')] = (
        Field(
            description="where the network server listens: `udp://` as for a packet forwarder (port 1700 unless said), `ws://` or `wss://`"
            " as for Basics Station"
        )
    )
    sources: Annotated[list[str], Shown("a list of names of sources", item="a text")] = Field(
        default=[], description="whose gateways it has, by the sources' names; none named: all that can be relayed"
    )
    dev_addr: Annotated[
        list[Annotated[AddressBlock, BeforeValidator(_block)]],
        Shown("a list of blocks of DevAddrs", item='"26000000/7" or the like'),
    ] = Field(default=[], description="of data frames only those of these DevAddrs travel; none named: all")
    net_id: Annotated[list[NetId], Shown("a list of NetIDs", item="a text of 6 hex digits")] = Field(
        default=[], description="the same by network: the DevAddrs of these NetIDs, beside those of `dev_addr`"
    )
    join_eui: Annotated[
        list[Annotated[EuiRange, BeforeValidator(_range)]],
        Shown("a list of JoinEUIs", item='"70b3d57ed0000000..70b3d57ed000ffff" or one EUI'),
    ] = Field(default=[], description="of join requests only those with these JoinEUIs travel; none named: all")
    own: Truth = Field(
        default=False,
        description="whether devices travel that this agent is the network of; a server that knows them, too, must not answer them",
    )
    proprietary: Truth = Field(default=True, description="whether frames travel that are no LoRaWAN")
    away_after_s: Seconds = Field(
        default=30.0,
        description="after how long a silence `brygga status` says that the server is away; 10 s is the least",
    )
    keep: Annotated[Duration, AfterValidator(_keep)] = Field(
        default=timedelta(days=30),
        description="how long frames are kept for the record that the server has not got, at most an eighth of the journal's limit",
    )
    token_file: SecretFile = Field(default=None, description="ws:// and wss://: the station's token, out of a file")
    proxy: ProxyWish = Field(
        default=None, description=f"ws:// and wss://: {PROXY_WORDS}; the datagrams of udp:// go through none"
    )
    tls: TlsKeys = Field(
        default=TlsKeys(), description="wss://: as `[destination.tls]`, whom to believe and who we are"
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the key and the words of each contradiction between keys that are right by themselves."""
        if self.away_after_s < AWAY_LEAST_S:
            yield (
                "away_after_s",
                f"{self.away_after_s:g} s: forwarders ask every 5 to 10 s, so a server is silent for as long; 30 is right",
            )
        if urlsplit(self.url).scheme == "udp" and self.token_file is not None:
            yield "token_file", "udp:// proves nothing and takes no token; wss:// does"

        if urlsplit(self.url).scheme == "udp" and self.proxy not in {None, "none"}:
            yield (
                "proxy",
                "udp:// sends datagrams, and an HTTP proxy carries connections alone; wss:// goes through one",
            )

    def warnings(self) -> Iterator[tuple[str, str]]:
        """Yield the key and the words of what works and is unwise."""
        if urlsplit(self.url).scheme == "ws" and self.token_file is not None:
            yield "url", "ws:// sends the token in the clear; wss:// hides it"
        if self.tls.insecure:
            yield "tls.insecure", "whoever is on the line can read and answer in the server's place"
        if self.own:
            yield (
                "own",
                "a server that has the keys of these devices, too, answers them beside the agent: register them at one of the two",
            )

    def server(self) -> GwmpServer | StationServer:
        """Return where the server is."""
        parts = urlsplit(self.url)
        if parts.scheme == "udp":
            return GwmpServer(str(parts.hostname), _port(parts))
        return StationServer(url=self.url, tls=Tls(**dict(self.tls)), token=self.token_file)

    def settings(self, sources: list[str]) -> RelaySettings:
        """Return what the relay is made of; ``sources`` are all that can be relayed. Called when every key is right."""
        networks = (AddressBlock.of_net_id(int(one, 16)) for one in self.net_id)
        return RelaySettings(
            name=self.name,
            server=self.server(),
            sources=tuple(self.sources or sources),
            filters=Filters(
                dev_addrs=(*self.dev_addr, *networks),
                join_euis=tuple(self.join_eui),
                own=self.own,
                proprietary=self.proprietary,
            ),
            away_after_s=self.away_after_s,
            keep=self.keep,
        )


def _port(parts: SplitResult) -> int:
    return parts.port or USUAL_PORTS[parts.scheme]
