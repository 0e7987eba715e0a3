"""`type = "basics_station"`: a port that LoRa Basics Stations connect to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from gateway.config.sources.keys import Listens, Site, SourceKeys
from gateway.config.sources.station_plan import LISTENS_BEFORE, station_plan
from gateway.config.values import (
    Decibels,
    Euis,
    OptionalFile,
    OptionalFolder,
    Port,
    Reading,
    SecretFile,
    Shown,
    Text,
    Truth,
    Written,
)
from gateway.errors import ConfigError
from gateway.lorawan.dev_addr import dev_addr_prefix
from gateway.model import Eui64, Json, eui64
from gateway.sources.basics_station.plan import tuned
from gateway.sources.basics_station.router_config import Filters
from gateway.sources.settings import BasicsStationSettings
from gateway.sources.web_tls import ServerTls, server_context
from gateway.transports.secret import Secret

MOST_RANGES: Final = 10  # of JoinEUIs, that a station takes (MAX_JOINEUI_RANGES)
FILTER_BITS: Final = 7  # of a DevAddr: all that a station compares
ADDRESS_BITS: Final = 32
WHOLE_HEADER: Final = (
    "holds the whole line of a tc.key; here only what stands in it behind 'Authorization: Bearer ' belongs"
)

Tokens = tuple[tuple[Eui64, Secret], ...]


def _range(text: str) -> str:
    first, dash, last = text.partition("..")
    try:
        low, high = eui64(first), eui64(last if dash else first)
    except ValueError as error:
        raise ValueError(
            f"{text!r}: {error}; '70b3d57ed0000000..70b3d57ed000ffff' is a range, one EUI is one, too"
        ) from None
    if low > high:
        raise ValueError(f"{text!r} ends before it begins; {high}..{low} is a range")
    if not int(low, 16):
        raise ValueError(f"{text!r} begins with 0, which a station takes for no filter; begin with 0000000000000001")
    return f"{low}..{high}"


def _tokens(value: Json, info: ValidationInfo) -> Any:
    """Read a file with a station's EUI and its token on each line."""
    if not isinstance(value, str):
        return value
    path = Reading.of(info).folder / value
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from error
    lines = enumerate(text.splitlines(), 1)
    return tuple(_token(f"{path} line {number}", line) for number, line in lines if line.strip() and line[0] != "#")


def _token(where: str, line: str) -> tuple[Eui64, Secret]:
    words = line.split(maxsplit=1)
    if len(words) != 2:
        raise ValueError(f"{where}: an EUI, a blank and a token are expected")
    try:
        return eui64(words[0]), Secret(words[1].strip())
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _net_id(text: str) -> str:
    if re.fullmatch(r"[0-9A-Fa-f]{6}", text) is None:
        raise ValueError(f"{text!r} is no NetID: 6 hex digits, e.g. '000000' for private networks")
    return text


NetIds = Annotated[
    list[Annotated[str, AfterValidator(_net_id)]] | None, Shown("a list of NetIDs", item="a text of 6 hex digits")
]
JoinEuis = Annotated[
    list[Annotated[str, AfterValidator(_range)]] | None,
    Shown('a list of ranges such as "70b3d57ed0000000..70b3d57ed000ffff"', item="a text"),
]
TokensFile = Annotated[Tokens | None, BeforeValidator(_tokens), Shown("a file of EUIs and tokens")]


class BasicsStationKeys(SourceKeys):
    """A port that LoRa Basics Stations connect to (LNS protocol), each configured from here for the region and its channels."""

    can_be_relayed: ClassVar[bool] = True

    type: Annotated[Literal["basics_station"], Shown('"basics_station"')] = Field(
        description="what kind of source it is"
    )
    host: Text = Field(
        default="0.0.0.0",  # noqa: S104 - stations of other boxes are meant; the reference says what that means
        description="the address to listen on; `127.0.0.1` where the station runs on this machine",
    )
    port: Port = Field(
        default=3001,
        description="the TCP port: a station's `tc.uri` is `ws://ADDRESS:3001`, or `wss://` with a certificate",
    )
    gateways: Euis = Field(default=[], description="the stations that may speak; none named: all")
    certificate_file: OptionalFile = Field(
        default=None,
        description="this box's certificate and its chain, PEM; with it stations must connect by `wss://` and have its authority"
        " in their `tc.trust`",
    )
    key_file: OptionalFile = Field(
        default=None, description="the certificate's private key, PEM; without it the key is in `certificate_file`"
    )
    client_ca_file: OptionalFile = Field(
        default=None,
        description="the authority, PEM, whose certificates stations must show (`tc.crt` and `tc.key`); one whose common name is an"
        " EUI lets that station in and no other",
    )
    token: Written = Field(
        default=None,
        description="what every station's `tc.key` must say: `Authorization: Bearer TOKEN`; sent over `wss://` only",
    )
    token_file: SecretFile = Field(default=None, description="the same, from a file of one line")
    tokens_file: TokensFile = Field(
        default=None, description="a token for each station: a file of lines with an EUI, a blank and its token"
    )
    net_ids: NetIds = Field(
        default=None,
        description="whose devices the stations pass on, as far as the first 7 bits of a DevAddr tell; left out: everybody's",
    )
    join_euis: JoinEuis = Field(
        default=None,
        description="the JoinEUIs whose join requests the stations pass on, at most 10 ranges; left out: all",
    )
    antenna_gain_dbi: Decibels = Field(
        default=0.0,
        description="of the antenna, the cable's loss taken off: so much less is sent; 0 leaves to the station what its"
        " `station.conf` says",
    )

    cups_folder: OptionalFolder = Field(
        default=None,
        description="what stations are to have (addresses, credentials, signed updates), in a folder for each; with it they find"
        " their CUPS on the same port: `cups.uri` is `http://ADDRESS:3001`, or `https://` with a certificate",
    )
    listen_before_talk: Truth = Field(
        default=False,
        description="whether a station listens before it sends, as Japan's law asks (AS923-1): its board must be able to, or it"
        " does not start",
    )

    def listens(self) -> Listens:
        """Return the port."""
        return Listens("TCP", self.host, self.port)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what cannot be together."""
        given = self.model_fields_set
        if {"token", "token_file"} <= given:
            yield "token_file", "token is given, too; leave one of them out"
        yield from ((key, WHOLE_HEADER) for key in self._with_a_whole_header())
        if self.certificate_file is None:
            for key in ("key_file", "client_ca_file", "token", "token_file", "tokens_file"):
                if key in given:
                    yield key, "needs a certificate_file: a station sends neither token nor certificate over ws://"
        else:
            yield from self._unreadable()
        if self.cups_folder is not None:
            from gateway.sources.basics_station.cups_folder import CupsFolder

            yield from (("cups_folder", words) for words in CupsFolder(self.cups_folder).problems())
        if self.join_euis is not None and len(self.join_euis) > MOST_RANGES:
            yield "join_euis", f"{len(self.join_euis)} ranges where a station takes {MOST_RANGES}"

    def _with_a_whole_header(self) -> Iterator[str]:
        tokens: list[Secret | None] = [secret for _, secret in self.tokens_file or ()]
        given: dict[str, list[Secret | None]] = {
            "token": [self.token],
            "token_file": [self.token_file],
            "tokens_file": tokens,
        }
        for key, secrets in given.items():
            if any(secret is not None and secret.reveal().lower().startswith("authorization:") for secret in secrets):
                yield key

    def _unreadable(self) -> Iterator[tuple[str, str]]:
        tls = self._tls()
        assert tls is not None
        try:
            server_context(tls)
        except ConfigError as error:
            yield "certificate_file", str(error)

    def warnings(self) -> Iterator[tuple[str, str]]:
        """Yield what is unwise."""
        is_local = self.host.startswith("127.") or self.host in {"localhost", "::1"}
        if self.certificate_file is None and not self.gateways and not is_local:
            yield (
                "gateways",
                "none is named, and ws:// proves nothing: whoever reaches the port can be a station; name yours",
            )

    def warnings_at(self, site: Site) -> Iterator[tuple[str, str]]:
        """Yield which of the site's channels a station cannot hear, and what it is not told."""
        if self.listen_before_talk and site.region.name not in LISTENS_BEFORE:
            yield (
                "listen_before_talk",
                f"a station can be told so in {', '.join(LISTENS_BEFORE)} only; in {site.region.name} it sends at once",
            )
        if unheard_hz := tuned(station_plan(site.region)).unheard_hz:
            named = ", ".join(map(str, unheard_hz))
            words = (
                f"a station has eight channels on two radios that reach 0.8 MHz each, and does not hear {named} Hz; devices that "
                "are told to use them are heard less: take them out of network.channels_hz, or move them nearer to the others"
            )
            yield "type", words

    def settings_at(self, site: Site) -> BasicsStationSettings:
        """Return what the source is made of."""
        return BasicsStationSettings(
            name=self.name,
            host=self.host,
            port=self.port,
            plan=station_plan(site.region, listens_before=self.listen_before_talk),
            trust=site.trust,
            gateways=frozenset(map(Eui64, self.gateways)),
            token=self.token or self.token_file,
            tokens=self.tokens_file or (),
            tls=self._tls(),
            cups_folder=self.cups_folder,
            filters=Filters(address_prefixes=self._prefixes(), join_euis=self._ranges()),
            antenna_gain_dbi=self.antenna_gain_dbi,
        )

    def _tls(self) -> ServerTls | None:
        if self.certificate_file is None:
            return None
        return ServerTls(
            certificate_file=Path(self.certificate_file), key_file=self.key_file, client_ca_file=self.client_ca_file
        )

    def _prefixes(self) -> tuple[int, ...] | None:
        """Return what a station compares a DevAddr's first bits with: of no kind of NetID but the first it is the NetID itself."""
        if self.net_ids is None:
            return None
        found = (dev_addr_prefix(int(net_id, 16))[0] >> (ADDRESS_BITS - FILTER_BITS) for net_id in self.net_ids)
        return tuple(dict.fromkeys(found))

    def _ranges(self) -> tuple[tuple[int, int], ...] | None:
        if self.join_euis is None:
            return None
        return tuple((int(span[:16], 16), int(span[-16:], 16)) for span in self.join_euis)
