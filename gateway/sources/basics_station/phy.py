"""A LoRaWAN frame out of the pieces that a station makes of it, and how it was heard.

    updf    MHdr | DevAddr | FCtrl | FCnt | FOpts | [FPort | FRMPayload] | MIC
    jreq    MHdr | JoinEui | DevEui | DevNonce | MIC                           (and `rejoin`, which has the same pieces)
    propdf  FRMPayload, which is the whole frame

DevAddr and MIC come as signed 32-bit numbers, FPort -1 means that there is none, and octets are hex. The wire's order is
little endian, so that the MIC's number is what its octets are on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from struct import Struct
from typing import Final

from gateway.model import DataRate, Eui64, FskRate, Json, Reception
from gateway.sources.basics_station.eui import read_eui
from gateway.sources.basics_station.messages import BadMessage, BadMessageReason, Uplink, whole
from gateway.sources.rxpk import GPS_AHEAD_OF_UTC, GPS_EPOCH, LONGEST_PAYLOAD

MICROSECONDS: Final = (1 << 48) - 1  # of an xtime; above are a random session (8 bits) and the radio unit (7 bits)
_DATA_HEAD: Final = Struct("<BiBH")
_MIC: Final = Struct("<i")
_JOIN: Final = Struct("<B8s8sHi")
_CONTEXT: Final = Struct(">qq")
_NO_PORT: Final = -1
_INT32: Final = (-(1 << 31), (1 << 32) - 1)  # signed as 2.0.6 writes it; others write the same octets unsigned
_INT64: Final = (-(1 << 63), (1 << 63) - 1)
_LATEST_GPS_US: Final = 1 << 57  # the year 6547


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where a station heard a frame, in its own words: to answer, both go back as they came."""

    xtime: int
    rctx: int

    @classmethod
    def of(cls, context: bytes) -> Moment | None:
        """Return what a reception's context says; None where it is of no station."""
        return cls(*_CONTEXT.unpack(context)) if len(context) == _CONTEXT.size else None

    def to_bytes(self) -> bytes:
        """Return it as a reception carries it."""
        return _CONTEXT.pack(self.xtime, self.rctx)

    @property
    def session(self) -> int:
        """The radio unit and its session: another number after each start of the radio, and older times are dead."""
        return self.xtime >> 48

    @property
    def microseconds(self) -> int:
        """The microseconds of this session, 48 bits."""
        return self.xtime & MICROSECONDS


def read_phy_payload(uplink: Uplink) -> bytes:
    """Return the PHYPayload; raise BadMessage and nothing else."""
    octets = _WRITERS[uplink.msgtype](uplink.fields)
    if not octets:
        raise BadMessage(BadMessageReason.EMPTY)
    if len(octets) > LONGEST_PAYLOAD:
        raise BadMessage(BadMessageReason.TOO_LONG)
    return octets


def read_reception(
    uplink: Uplink, *, rates: Sequence[DataRate | None], downlink_only: frozenset[int], gateway: Eui64, source: str
) -> tuple[Reception, Moment | None]:
    """Return how a frame was heard; raise BadMessage and nothing else.

    ``rates`` are those that the station was told. A station's GPS time is no receiver's word for what time it is: the second
    comes from our own answer to its timesync.
    """
    fields = uplink.fields
    number = whole(fields.get("DR"), 0, len(rates) - 1)
    rate = None if number is None or number in downlink_only else rates[number]
    if rate is None:
        raise BadMessage(BadMessageReason.DATA_RATE)
    if (frequency_hz := whole(fields.get("Freq"), 1_000_000, 3_000_000_000)) is None:
        raise BadMessage(BadMessageReason.FREQUENCY)
    told = fields.get("upinfo")
    if not isinstance(told, dict) or (rssi_dbm := _number(told.get("rssi"), -300, 300)) is None:
        raise BadMessage(BadMessageReason.RSSI)
    moment = _moment(told)
    snr_db = None if isinstance(rate, FskRate) else _number(told.get("snr"), -100, 100)
    reception = Reception(
        gateway=gateway,
        frequency_hz=frequency_hz,
        data_rate=rate,
        rssi_dbm=rssi_dbm,
        snr_db=snr_db,
        timestamp_us=None if moment is None else moment.xtime & 0xFFFF_FFFF,
        antenna=whole(told.get("rctx"), 0, 255) or 0,
        gateway_time=_gateway_time(told.get("gpstime")),
        fine_time_ns=whole(told.get("fts"), 0, 999_999_999),
        source=source,
        context=b"" if moment is None else moment.to_bytes(),
    )
    return reception, moment


def _moment(told: Mapping[str, Json]) -> Moment | None:
    """Return when it was heard; None where a station says that it has no time (0, or nothing): nobody can answer."""
    xtime = told.get("xtime")
    if xtime is None or (type(xtime) is int and xtime == 0):
        return None
    read = whole(xtime, 1, _INT64[1])
    if read is None:
        raise BadMessage(BadMessageReason.XTIME)
    return Moment(read, whole(told.get("rctx"), *_INT64) or 0)


def _gateway_time(gpstime: Json) -> datetime | None:
    microseconds = whole(gpstime, 1, _LATEST_GPS_US)
    return None if microseconds is None else GPS_EPOCH + timedelta(microseconds=microseconds) - GPS_AHEAD_OF_UTC


# ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _data_frame(fields: Mapping[str, Json]) -> bytes:
    head = _DATA_HEAD.pack(
        _field(fields, "MHdr", 0, 0xFF),
        _signed(_field(fields, "DevAddr", *_INT32)),
        _field(fields, "FCtrl", 0, 0xFF),
        _field(fields, "FCnt", 0, 0xFFFF),
    )
    f_opts, payload = _hex(fields, "FOpts"), _hex(fields, "FRMPayload")
    f_port = _field({"FPort": _NO_PORT, **fields}, "FPort", _NO_PORT, 0xFF)
    if f_port == _NO_PORT and payload:
        raise BadMessage(BadMessageReason.FIELD)
    port = b"" if f_port == _NO_PORT else bytes((f_port,))
    return head + f_opts + port + payload + _MIC.pack(_signed(_field(fields, "MIC", *_INT32)))


def _join_request(fields: Mapping[str, Json]) -> bytes:
    return _JOIN.pack(
        _field(fields, "MHdr", 0, 0xFF),
        _eui_octets(fields, "JoinEui", "JoinEUI"),
        _eui_octets(fields, "DevEui", "DevEUI"),
        _field(fields, "DevNonce", 0, 0xFFFF),
        _signed(_field(fields, "MIC", *_INT32)),
    )


def _proprietary(fields: Mapping[str, Json]) -> bytes:
    return _hex(fields, "FRMPayload")


_WRITERS: Final[Mapping[str, Callable[[Mapping[str, Json]], bytes]]] = {
    "updf": _data_frame,
    "jreq": _join_request,
    "rejoin": _join_request,
    "propdf": _proprietary,
}


def _field(fields: Mapping[str, Json], name: str, low: int, high: int) -> int:
    value = whole(fields.get(name), low, high)
    if value is None:
        raise BadMessage(BadMessageReason.FIELD)
    return value


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number


def _hex(fields: Mapping[str, Json], name: str) -> bytes:
    """Return octets; nothing and null are none."""
    text = fields.get(name) or ""
    try:
        if isinstance(text, str) and not any(map(str.isspace, text)):
            return bytes.fromhex(text)
    except ValueError as error:
        raise BadMessage(BadMessageReason.FIELD) from error
    raise BadMessage(BadMessageReason.FIELD)


def _eui_octets(fields: Mapping[str, Json], *names: str) -> bytes:
    """Return an EUI in the wire's order; a station that was told `JoinEUI` writes names in that way, too."""
    value = next((fields[name] for name in names if name in fields), None)
    try:
        return bytes.fromhex(read_eui(value))[::-1]
    except ValueError as error:
        raise BadMessage(BadMessageReason.FIELD) from error


def _number(value: Json, low: float, high: float) -> float | None:
    return float(value) if type(value) in {int, float} and low <= value <= high else None
