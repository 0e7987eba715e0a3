"""What a station says (LNS protocol 2), read from hostile text, sans-I/O; and what it is told.

A station takes a LoRaWAN frame to pieces before it sends it; `gateway.sources.basics_station.phy` puts it together.
Source: Basics Station 2.0.6 (`s2e.c`, `lora.c`, `timesync.c`), and what it sent when it was run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn

from gateway.errors import Brygga
from gateway.model import Json

LARGEST_MESSAGE: Final = 1 << 16  # octets; an uplink of 255 octets makes some 900
LONGEST_WORD: Final = 100  # characters that are kept of a station's words about itself


class BadMessageReason(StrEnum):
    """Why a message was not understood: the label of its counter."""

    TOO_LARGE = "too_large"
    BINARY = "binary"  # of the remote shell, which nobody here has asked for
    JSON = "json"  # not JSON, nested beyond all use, or with a number that JSON does not have
    SHAPE = "shape"  # JSON, but no object with a msgtype
    ROUTER = "router"  # a question for the address of the LNS without an EUI
    FIELD = "field"  # a part of a LoRaWAN frame is missing, or is no octet, counter, address or hex text
    EMPTY = "empty"
    TOO_LONG = "too_long"  # more than the 255 octets that a radio packet holds
    FREQUENCY = "frequency"
    DATA_RATE = "data_rate"  # a number that this region has not, or that goes down only
    RSSI = "rssi"
    XTIME = "xtime"  # no whole number: a 64-bit time that went through a floating-point number is another time
    DIID = "diid"
    TXTIME = "txtime"


class BadMessage(Brygga):
    """Refuse a message for a counted reason; the parsers raise this and nothing else."""

    def __init__(self, reason: BadMessageReason) -> None:
        self.reason = reason
        super().__init__(str(reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A station's first message; what it does not know of itself is None."""

    station: str | None
    firmware: str | None
    package: str | None
    model: str | None
    protocol: int | None
    features: str | None


@dataclass(frozen=True, slots=True)
class Uplink:
    """A frame that was heard, still in pieces; ``msgtype`` says which pieces."""

    msgtype: str
    fields: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Overheard:
    """A downlink of another gateway: nobody's business here."""

    msgtype: str


@dataclass(frozen=True, slots=True)
class DnTxed:
    """The downlink with our number is on air."""

    diid: int
    xtime: int | None


@dataclass(frozen=True, slots=True)
class TimeSync:
    """A question for GPS time; ``txtime`` (microseconds of its own) goes back with the answer."""

    txtime: int


@dataclass(frozen=True, slots=True)
class Other:
    """A message that is counted and not answered."""

    msgtype: str


Said = Version | Uplink | Overheard | DnTxed | TimeSync | Other


def read(text: str) -> Said:
    """Return what a station says; raise BadMessage and nothing else, whatever the text."""
    fields = object_of(text)
    msgtype = fields.get("msgtype")
    if not isinstance(msgtype, str):
        raise BadMessage(BadMessageReason.SHAPE)
    reader = _READERS.get(msgtype)
    return Other(msgtype) if reader is None else reader(msgtype, fields)


def read_router_question(text: str) -> Json:
    """Return the `router` of a question for the address of the LNS; BadMessage where there is none."""
    fields = object_of(text)
    if "router" not in fields:
        raise BadMessage(BadMessageReason.ROUTER)
    return fields["router"]


def whole(value: Json, low: int, high: int) -> int | None:
    """Return a whole number between bounds, both in them; None for all else: 5.0, true, words, 400 digits."""
    return value if type(value) is int and low <= value <= high else None


def object_of(text: str) -> dict[str, Json]:
    """Return a JSON object; raise BadMessage and nothing else, whatever the text."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # ValueError: a number of more than 4300 digits, too
        raise BadMessage(BadMessageReason.JSON) from error
    if not isinstance(value, dict):
        raise BadMessage(BadMessageReason.SHAPE)
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's


def _version(_: str, fields: Mapping[str, Json]) -> Version:
    words = {name: _word(fields.get(name)) for name in ("station", "firmware", "package", "model", "features")}
    return Version(protocol=whole(fields.get("protocol"), 0, 1000), **words)


def _word(value: Json) -> str | None:
    """Return a text for people, cut and without what would move a terminal's cursor."""
    if not isinstance(value, str):
        return None
    return "".join(one for one in value[:LONGEST_WORD] if one.isprintable())


def _dntxed(_: str, fields: Mapping[str, Json]) -> DnTxed:
    diid = whole(fields.get("diid", fields.get("seqno")), 0, (1 << 63) - 1)  # seqno: stations before 2.0
    if diid is None:
        raise BadMessage(BadMessageReason.DIID)
    return DnTxed(diid, whole(fields.get("xtime"), 1, (1 << 63) - 1))


def _timesync(_: str, fields: Mapping[str, Json]) -> TimeSync:
    txtime = whole(fields.get("txtime"), 0, (1 << 63) - 1)
    if txtime is None:
        raise BadMessage(BadMessageReason.TXTIME)
    return TimeSync(txtime)


_READERS: Final[Mapping[str, Callable[[str, Mapping[str, Json]], Said]]] = {
    "version": _version,
    "dntxed": _dntxed,
    "timesync": _timesync,
    **dict.fromkeys(("updf", "jreq", "rejoin", "propdf"), Uplink),
    **dict.fromkeys(("dndf", "jacc"), lambda msgtype, _: Overheard(msgtype)),
}


# ── what a station is told ──────────────────────────────────────────────────────────────────────────────────────


def router_answer(router: Json, uri: str) -> str:
    """Return where a station finds its LNS; ``router`` goes back as it came."""
    return text_of({"router": router, "muxs": "::0", "uri": uri})


def router_refusal(router: Json, why: str) -> str:
    """Return why a station finds no LNS here; it tries again, with growing pauses, and asks its CUPS."""
    return text_of({"router": router, "error": why})


def timesync_answer(txtime: int, gps_time_us: int, mux_time_s: float) -> str:
    """Return the answer to a timesync: now, in GPS time, and since 1970 in UTC."""
    return text_of({"msgtype": "timesync", "txtime": txtime, "gpstime": gps_time_us, "MuxTime": mux_time_s})


def text_of(message: Mapping[str, Json]) -> str:
    """Return a message as it is sent."""
    return json.dumps(message, separators=(",", ":"))
