"""What a Basics Station says and is told (LNS protocol 2), from the station's side, sans-I/O.

`gateway.sources.basics_station` is the other side. Names and signs are those of version 2.0.6: DevAddr and MIC are signed 32-bit
numbers, FPort is -1 where there is none, octets are upper-case hex, frequencies hertz.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from struct import Struct
from typing import Final

from gateway.errors import BadFrame
from gateway.lorawan.phy import DataFrame, Direction, JoinRequest, Proprietary, parse
from gateway.model import DataRate, DevAddr, Eui64, Frame, FskRate, Json, LoraRate
from gateway.sources.basics_station.eui import dashed
from gateway.sources.basics_station.messages import LONGEST_WORD, BadMessage, BadMessageReason, whole
from gateway.sources.rxpk import GPS_AHEAD_OF_UTC, GPS_EPOCH

FSK: Final = FskRate(50_000)  # the one rate of LoRaWAN's
PREFIX_BITS: Final = 7  # of a DevAddr, that a station compares with its NetIDs
NO_PORT: Final = -1
_MIC: Final = Struct("<i")
_HEAD: Final = Struct("<BiBH")  # MHDR, DevAddr, FCtrl, FCnt
_MICROSECOND: Final = timedelta(microseconds=1)
_LARGEST_HZ: Final = 3_000_000_000
_INT64: Final = (1 << 63) - 1
_UINT64: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """What a server wants of a station, as far as it holds for one whose radio somebody else has tuned."""

    data_rates: tuple[DataRate | None, ...]  # by number
    downlink_only: frozenset[int]
    prefixes: frozenset[int] | None  # of DevAddrs; None: all
    join_euis: tuple[tuple[int, int], ...] | None  # both ends in them; None: all

    def number(self, rate: DataRate) -> int | None:
        """Return the number of an uplink's data rate."""
        found = (one for one, known in enumerate(self.data_rates) if known == rate and one not in self.downlink_only)
        return next(found, None)

    def rate(self, number: int) -> DataRate | None:
        """Return the data rate of a number."""
        return self.data_rates[number] if number < len(self.data_rates) else None

    def wants_address(self, dev_addr: DevAddr) -> bool:
        """Tell whether data frames of a DevAddr are to be told."""
        return self.prefixes is None or int(dev_addr, 16) >> (32 - PREFIX_BITS) in self.prefixes

    def wants_join(self, join_eui: Eui64) -> bool:
        """Tell whether join requests with a JoinEUI are to be told."""
        return self.join_euis is None or any(low <= int(join_eui, 16) <= high for low, high in self.join_euis)


def read_router_config(fields: Mapping[str, Json]) -> RouterConfig:
    """Return what a `router_config` says; raise BadMessage and nothing else."""
    rates = fields.get("DRs")
    if not isinstance(rates, list):
        raise BadMessage(BadMessageReason.DATA_RATE)
    read = [_rate(one) for one in rates[:16]]
    return RouterConfig(
        data_rates=tuple(rate for rate, _ in read),
        downlink_only=frozenset(number for number, (_, is_down) in enumerate(read) if is_down),
        prefixes=_prefixes(fields.get("NetID")),
        join_euis=_ranges(fields.get("JoinEui", fields.get("JoinEUI"))),
    )


def _rate(triple: Json) -> tuple[DataRate | None, bool]:
    if not isinstance(triple, list) or len(triple) < 2:
        raise BadMessage(BadMessageReason.DATA_RATE)
    factor, bandwidth_khz = triple[:2]
    is_down = len(triple) > 2 and triple[2] == 1
    if factor == 0:
        return FSK, is_down
    if whole(factor, 5, 12) is None or whole(bandwidth_khz, 1, 1000) is None:
        return None, is_down
    return LoraRate(factor, 1000 * bandwidth_khz), is_down


def _prefixes(net_ids: Json) -> frozenset[int] | None:
    """Return the first seven bits of DevAddrs; an empty list lets all through, as the station's zero does."""
    if not isinstance(net_ids, list) or not net_ids:
        return None
    return frozenset(one & 0x7F for one in net_ids if whole(one, 0, (1 << 32) - 1) is not None)


def _ranges(spans: Json) -> tuple[tuple[int, int], ...] | None:
    if not isinstance(spans, list) or not spans:
        return None
    found = [
        one
        for one in spans
        if isinstance(one, list) and len(one) == 2 and all(whole(end, 0, _UINT64) is not None for end in one)
    ]
    return tuple((low, high) for low, high in found)


# ── up ──


def version(package: str) -> dict[str, Json]:
    """Return a station's first message."""
    return {
        "msgtype": "version",
        "station": f"brygga {package}",
        "firmware": None,
        "package": package,
        "model": "relay",
        "protocol": 2,
        "features": "",  # no remote shell, no remote commands
    }


def uplink(frame: Frame, config: RouterConfig, xtime: int, rctx: int) -> dict[str, Json] | None:
    """Return what a station says of a frame; None where the server wants none such, or a station cannot say it.

    A rejoin request of LoRaWAN 1.1 is such a frame: a station takes it for a join request of a wrong length.
    """
    number = config.number(frame.best.data_rate)
    try:
        said = parse(frame.phy_payload)
    except BadFrame:
        return None
    match said:
        case DataFrame(direction=Direction.UPLINK) if config.wants_address(said.dev_addr):
            pieces = _data(frame.phy_payload, said)
        case JoinRequest() if config.wants_join(said.join_eui):
            pieces = _join(said)
        case Proprietary():
            pieces = {"msgtype": "propdf", "FRMPayload": frame.phy_payload.hex().upper()}
        case _:
            return None
    return None if number is None else {**pieces, **_heard(frame, number, xtime, rctx)}


def _data(octets: bytes, said: DataFrame) -> dict[str, Json]:
    m_hdr, dev_addr, f_ctrl, f_cnt = _HEAD.unpack_from(octets)
    return {
        "msgtype": "updf",
        "MHdr": m_hdr,
        "DevAddr": dev_addr,
        "FCtrl": f_ctrl,
        "FCnt": f_cnt,
        "FOpts": said.f_opts.hex().upper(),
        "FPort": NO_PORT if said.f_port is None else said.f_port,
        "FRMPayload": said.frm_payload.hex().upper(),
        "MIC": _MIC.unpack(said.mic)[0],
    }


def _join(said: JoinRequest) -> dict[str, Json]:
    return {
        "msgtype": "jreq",
        "MHdr": said.signed[0],
        "JoinEui": dashed(said.join_eui),
        "DevEui": dashed(said.dev_eui),
        "DevNonce": said.dev_nonce,
        "MIC": _MIC.unpack(said.mic)[0],
    }


def _heard(frame: Frame, number: int, xtime: int, rctx: int) -> dict[str, Json]:
    best, at = frame.best, frame.heard_at
    time = best.gateway_time
    return {
        "RefTime": 0.0,
        "DR": number,
        "Freq": best.frequency_hz,
        "upinfo": {
            "rctx": rctx,
            "xtime": xtime,
            "gpstime": 0 if time is None else (time - GPS_EPOCH + GPS_AHEAD_OF_UTC) // _MICROSECOND,
            "fts": -1 if best.fine_time_ns is None else best.fine_time_ns,
            "rssi": round(best.rssi_dbm),
            "snr": 0.0 if best.snr_db is None else best.snr_db,
            "rxtime": at.utc.timestamp(),
        },
    }


def dntxed(order: Dnmsg, number: int, frequency_hz: int, xtime: int, sent_at: float) -> dict[str, Json]:
    """Return that a frame is on air; a station says nothing of one that is not."""
    return {
        "msgtype": "dntxed",
        "seqno": order.diid,
        "diid": order.diid,
        "DR": number,
        "Freq": frequency_hz,
        "DevEui": order.dev_eui,
        "rctx": order.rctx,
        "xtime": xtime,
        "txtime": sent_at,
        "gpstime": 0,
    }


# ── down ──


@dataclass(frozen=True, slots=True)
class Slot:
    """One chance to send: so long after the uplink, None for at once."""

    delay: timedelta | None
    number: int  # of its data rate
    frequency_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dnmsg:
    """A frame that the server wants sent, and its slots in the order of trying."""

    diid: int
    dev_eui: Json  # goes back as it came
    phy_payload: bytes
    xtime: int | None
    rctx: int
    slots: tuple[Slot, ...]


def read_dnmsg(fields: Mapping[str, Json]) -> Dnmsg:
    """Return what a `dnmsg` of class A or C says; raise BadMessage and nothing else."""
    diid = whole(fields.get("diid", fields.get("seqno")), 0, _INT64)
    if diid is None:
        raise BadMessage(BadMessageReason.DIID)
    xtime = whole(fields.get("xtime", 0), 0, _INT64)
    if xtime is None:
        raise BadMessage(BadMessageReason.XTIME)
    read = _SLOTS.get(whole(fields.get("dC", 0), 0, 2))
    slots = () if read is None else tuple(read(fields))
    if not slots:
        raise BadMessage(BadMessageReason.FIELD)
    return Dnmsg(
        diid=diid,
        dev_eui=_dev_eui(fields.get("DevEui", fields.get("DevEUI"))),
        phy_payload=_pdu(fields.get("pdu")),
        xtime=xtime or None,
        rctx=whole(fields.get("rctx", 0), -_INT64, _INT64) or 0,
        slots=slots,
    )


def _dev_eui(value: Json) -> Json:
    """Return what goes back as it came: a word or a number, for nested without end it could be read and not be written."""
    if value is None or isinstance(value, int) or (isinstance(value, str) and len(value) <= LONGEST_WORD):
        return value
    raise BadMessage(BadMessageReason.FIELD)


def _pdu(text: Json) -> bytes:
    try:
        octets = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError as error:
        raise BadMessage(BadMessageReason.FIELD) from error
    if not octets:
        raise BadMessage(BadMessageReason.EMPTY)
    if len(octets) > 255:
        raise BadMessage(BadMessageReason.TOO_LONG)
    return octets


def _class_a(fields: Mapping[str, Json]) -> Sequence[Slot]:
    delay_s = whole(fields.get("RxDelay", 1), 0, 15)
    if delay_s is None:
        raise BadMessage(BadMessageReason.FIELD)
    rx1 = timedelta(seconds=delay_s or 1)
    return [*_slot(fields, "RX1", rx1), *_slot(fields, "RX2", rx1 + timedelta(seconds=1))]


def _class_c(fields: Mapping[str, Json]) -> Sequence[Slot]:
    """Return RX1 where the frame answers an uplink, and RX2, where such a device always listens."""
    answers = whole(fields.get("xtime", 0), 1, _INT64) is not None
    rx1 = timedelta(seconds=whole(fields.get("RxDelay", 1), 1, 15) or 1)
    return [*(_slot(fields, "RX1", rx1) if answers else ()), *_slot(fields, "RX2", None)]


_SLOTS: Final[Mapping[int | None, Callable[[Mapping[str, Json]], Sequence[Slot]]]] = {0: _class_a, 2: _class_c}


def _slot(fields: Mapping[str, Json], name: str, delay: timedelta | None) -> Sequence[Slot]:
    number = whole(fields.get(f"{name}DR"), 0, 15)
    frequency_hz = whole(fields.get(f"{name}Freq"), 1, _LARGEST_HZ)
    return () if number is None or frequency_hz is None else (Slot(delay, number, frequency_hz),)
