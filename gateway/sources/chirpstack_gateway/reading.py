"""What a gateway heard and how it fares, out of its messages in either form.

What a frame needs must be right, or it is refused for a counted reason; what it only adorns (times, channel, place) is absent when
it cannot be read, for a wrong ornament is no reason to lose a reading. A field that is absent is zero (proto3), but for times and places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

from gateway.model import DataRate, Eui64, FskRate, Json, LoraRate, Place, Reception
from gateway.sources.chirpstack_gateway.bad_event import BadEvent, BadEventReason
from gateway.sources.chirpstack_gateway.fields import CONN_STATE, CRC_STATUS
from gateway.sources.chirpstack_gateway.scalars import enumerated, eui, moment, nanoseconds, number, octets, whole

LONGEST_PAYLOAD: Final = 255  # octets: the length field of a LoRa packet is one octet
GPS_EPOCH: Final = datetime(1980, 1, 6, tzinfo=UTC)
GPS_AHEAD_OF_UTC: Final = timedelta(seconds=18)  # since 2017-01-01 (IERS Bulletin C 52; none announced since)
MOST_APART: Final = timedelta(
    seconds=20
)  # of the two times: a receiver learns leap seconds minutes after its first fix
SPREADING_FACTORS: Final = range(5, 13)
BANDWIDTHS_HZ: Final = frozenset({125_000, 250_000, 500_000})
KILOHERTZ_BELOW: Final = 2000  # Gateway Bridge v3 says 125 where v4 says 125000
NANOSECONDS: Final = 10**9


class Crc(IntEnum):
    """`crcStatus`: what the concentrator found at the end of the packet."""

    NONE = 0  # the packet had none: normally a downlink of another gateway
    BAD = 1
    RIGHT = 2


class Generation(IntEnum):
    """Whose fields a gateway's messages have."""

    V3 = 3
    V4 = 4


@dataclass(frozen=True, slots=True)
class Heard:
    """One packet as one antenna of a gateway heard it."""

    phy_payload: bytes
    reception: Reception
    crc: Crc
    generation: Generation
    in_kilohertz: bool  # its bandwidth, and so what it is told


@dataclass(frozen=True, slots=True)
class Stats:
    """A gateway's own statistics: counts since its last ones, and where it stands."""

    time: datetime | None
    place: Place | None
    numbers: Mapping[str, int]


def read_uplink(
    said: Mapping[str, Json], *, gateway: Eui64 | None, source: str, place: Place | None = None, is_ours: bool = False
) -> Heard:
    """Return what an UplinkFrame says; raise BadEvent and nothing else.

    ``gateway`` is who is known to speak, None: whoever the frame says. ``place`` is where it stands, if the frame does not say.
    ``is_ours``: it is this box, and may say what time it is.
    """
    tx, rx, generation = _parts(said)
    who = _gateway(rx, gateway)
    crc = _crc(rx, generation)
    moment_of_reception = _gateway_time(rx)
    reception = Reception(
        gateway=who,
        frequency_hz=_frequency_hz(tx),
        data_rate=(data_rate := _data_rate(tx)),
        rssi_dbm=_rssi_dbm(rx),
        snr_db=None if isinstance(data_rate, FskRate) else _snr_db(rx),
        timestamp_us=_timestamp_us(rx),
        channel=whole(rx.get("channel", 0), 255),
        antenna=whole(rx.get("antenna", 0), 255) or 0,
        gateway_time=moment_of_reception,
        gateway_time_is_gps=is_ours and _is_gps(rx, moment_of_reception),
        is_here=is_ours,
        fine_time_ns=_fine_time_ns(rx),
        place=read_place(rx.get("location")) or place,
        source=source,
        context=_context(rx),
    )
    return Heard(_payload(said.get("phy_payload")), reception, crc, generation, _in_kilohertz(tx))


def read_stats(said: Mapping[str, Json]) -> Stats:
    """Return what a GatewayStats says, leaving out what cannot be."""
    counts = {name: whole(said.get(name, 0), 0xFFFF_FFFF) for name in STATS}
    return Stats(
        time=moment(said.get("time")),
        place=read_place(said.get("location")),
        numbers={name: count for name, count in counts.items() if count is not None},
    )


STATS: Final = ("rx_packets_received", "rx_packets_received_ok", "tx_packets_received", "tx_packets_emitted")


def read_online(said: Mapping[str, Json]) -> bool:
    """Return whether a ConnState says that the gateway is connected; raise BadEvent (SHAPE) where it says neither."""
    state = enumerated(said.get("state", 0), CONN_STATE)
    if state is None:
        raise BadEvent(BadEventReason.SHAPE)
    return state == CONN_STATE.index("ONLINE")


def read_place(location: Json) -> Place | None:
    """Return a Location; 0, 0 is what a gateway without GNSS says, and open sea."""
    if not isinstance(location, dict):
        return None
    latitude, longitude = number(location.get("latitude", 0.0), 90), number(location.get("longitude", 0.0), 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return Place(latitude, longitude, number(location.get("altitude", 0.0), 100_000))


def named_gateway(said: Mapping[str, Json]) -> Eui64 | None:
    """Return the gateway that a message names; None where it names none."""
    return eui(said.get("gateway_id")) or eui(said.get("gateway_id_legacy"))


# ── an uplink's parts ───────────────────────────────────────────────────────────────────────────────────────────


def _parts(said: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, Json], Generation]:
    """Return txInfo and rxInfo, and whose they are; in v3's JSON they have the names of v4's."""
    is_v4 = "tx_info" in said or "rx_info" in said
    tx, rx = (said.get(name if is_v4 else f"{name}_legacy", {}) for name in ("tx_info", "rx_info"))
    if not isinstance(tx, dict) or not isinstance(rx, dict):
        raise BadEvent(BadEventReason.SHAPE)
    has_v3_modulation = tx.keys() & {"lora_modulation_info", "fsk_modulation_info", "lr_fhss_modulation_info"}
    return tx, rx, Generation.V4 if is_v4 and not has_v3_modulation else Generation.V3


def _gateway(rx: Mapping[str, Json], known: Eui64 | None) -> Eui64:
    """Return who heard it: a topic is what a broker lets a gateway write to, so a frame must not name another one."""
    named = named_gateway(rx)
    if named is None or (known is not None and named != known):
        raise BadEvent(BadEventReason.GATEWAY)
    return named


def _crc(rx: Mapping[str, Json], generation: Generation) -> Crc:
    status = enumerated(rx.get("crc_status", 0), CRC_STATUS)
    if status not in {Crc.NONE, Crc.RIGHT}:  # noise, or a packet that another one trampled on
        raise BadEvent(BadEventReason.BAD_CRC)
    # The field came late in v3: there its absence says nothing, and its programs pass on nothing else by themselves.
    return Crc.RIGHT if generation is Generation.V3 and status == Crc.NONE else Crc(status)


def _payload(value: Json) -> bytes:
    payload = octets(value)
    if not payload:
        raise BadEvent(BadEventReason.DATA)
    if len(payload) > LONGEST_PAYLOAD:
        raise BadEvent(BadEventReason.TOO_LONG)
    return payload


def _frequency_hz(tx: Mapping[str, Json]) -> int:
    frequency_hz = whole(tx.get("frequency"), 10**10)
    if frequency_hz is None or frequency_hz < 10**6:
        raise BadEvent(BadEventReason.FREQUENCY)
    return frequency_hz


def _data_rate(tx: Mapping[str, Json]) -> DataRate:
    modulation = tx.get("modulation")
    told: Mapping[str, Json] = modulation if isinstance(modulation, dict) else tx  # v3: beside it
    lora, fsk, lr_fhss = (told.get(name, told.get(f"{name}_modulation_info")) for name in ("lora", "fsk", "lr_fhss"))
    if isinstance(lora, dict):
        return _lora_rate(lora)
    if isinstance(fsk, dict):
        return _fsk_rate(fsk)
    raise BadEvent(BadEventReason.MODULATION if lr_fhss is None else BadEventReason.LR_FHSS)


def _lora_rate(lora: Mapping[str, Json]) -> LoraRate:
    spreading_factor, bandwidth = whole(lora.get("spreading_factor"), 255), whole(lora.get("bandwidth"), 10**7)
    if spreading_factor is None or spreading_factor not in SPREADING_FACTORS or bandwidth is None:
        raise BadEvent(BadEventReason.DATA_RATE)
    bandwidth_hz = bandwidth * 1000 if bandwidth < KILOHERTZ_BELOW else bandwidth
    if bandwidth_hz not in BANDWIDTHS_HZ:
        raise BadEvent(BadEventReason.DATA_RATE)
    return LoraRate(spreading_factor, bandwidth_hz)


def _in_kilohertz(tx: Mapping[str, Json]) -> bool:
    lora = tx.get("lora_modulation_info")
    bandwidth = whole(lora.get("bandwidth"), KILOHERTZ_BELOW - 1) if isinstance(lora, dict) else None
    return bandwidth is not None


def _fsk_rate(fsk: Mapping[str, Json]) -> FskRate:
    bit_rate = whole(fsk.get("datarate"), 1_000_000)
    if not bit_rate:
        raise BadEvent(BadEventReason.DATA_RATE)
    return FskRate(bit_rate)


def _rssi_dbm(rx: Mapping[str, Json]) -> float:
    rssi_dbm = number(rx.get("rssi", 0), 300)
    if rssi_dbm is None:
        raise BadEvent(BadEventReason.RSSI)
    return rssi_dbm


def _snr_db(rx: Mapping[str, Json]) -> float | None:
    snr_db = number(rx.get("snr", rx.get("lora_snr", 0.0)), 100)
    return None if snr_db is None else round(snr_db, 2)  # v4 has 32 bits for it: 9.2 would be 9.199999809


def _context(rx: Mapping[str, Json]) -> bytes:
    """Return what an answer has to bring back, with the board and antenna that it goes out by in front; empty: none can be given."""
    context = octets(rx.get("context")) or b""
    board, antenna = (whole(rx.get(name, 0), 255) or 0 for name in ("board", "antenna"))
    return bytes((board, antenna)) + context if context else b""


# ── times ──


def _timestamp_us(rx: Mapping[str, Json]) -> int | None:
    """Return the concentrator's counter: Concentratord's context is that, and so is that of a packet forwarder behind the others."""
    context = octets(rx.get("context")) or b""
    return int.from_bytes(context, "big") if len(context) == 4 else None


def _gateway_time(rx: Mapping[str, Json]) -> datetime | None:
    return moment(rx.get("gw_time", rx.get("time"))) or _gps_time(rx)


def _gps_time(rx: Mapping[str, Json]) -> datetime | None:
    since = nanoseconds(rx.get("time_since_gps_epoch"))
    return None if not since else GPS_EPOCH + timedelta(microseconds=since // 1000) - GPS_AHEAD_OF_UTC


def _is_gps(rx: Mapping[str, Json], gateway_time: datetime | None) -> bool:
    """Tell whether a GPS receiver says the time: Concentratord counts from the GPS epoch only while it has one.

    Its `gwTime` alone proves nothing: `time_fallback_enabled` puts the system's there.
    """
    gps_time = _gps_time(rx)
    return gps_time is not None and gateway_time is not None and abs(gps_time - gateway_time) <= MOST_APART


def _fine_time_ns(rx: Mapping[str, Json]) -> int | None:
    plain = rx.get("plain_fine_timestamp")  # v3
    if isinstance(plain, dict):
        fine = nanoseconds(plain.get("time"))
    else:
        fine = nanoseconds(rx.get("fine_time_since_gps_epoch"))
    return None if fine is None else fine % NANOSECONDS
