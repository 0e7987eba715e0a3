"""One `rxpk` (a packet that a concentrator received) and one `stat` (how the gateway fares), as GWMP carries them.

What a frame needs must be right, or the rxpk is refused for a counted reason; what it only adorns (times, channel,
signal-to-noise ratio) is absent when it cannot be read, for a wrong ornament is no reason to lose a reading.
`size` is not looked at: it repeats the length of `data`, and the MIC knows better.
"""

from __future__ import annotations

from binascii import a2b_base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

from gateway.model import DataRate, Eui64, FskRate, Json, LoraRate, Place, Reception
from gateway.sources.gather import best_first
from gateway.sources.gwmp import BadDatagram, BadDatagramReason

LONGEST_PAYLOAD: Final = 255  # octets: the length field of a LoRa packet is one octet
GPS_EPOCH: Final = datetime(1980, 1, 6, tzinfo=UTC)  # `tmms` counts from here, without leap seconds
GPS_AHEAD_OF_UTC: Final = timedelta(seconds=18)  # since 2017-01-01 (IERS Bulletin C 52; none announced since)
MOST_APART: Final = timedelta(
    seconds=20
)  # of `time` and `tmms`: a receiver learns leap seconds minutes after its first fix
MOST_ANTENNAS: Final = 16  # of one rxpk that are looked at

_LORA_RATES: Final = {
    f"SF{spreading_factor}BW{bandwidth_khz}": LoraRate(spreading_factor, bandwidth_khz * 1000)
    for spreading_factor in range(5, 13)
    for bandwidth_khz in (125, 250, 500)
}
_URL_ALPHABET: Final = str.maketrans("-_", "+/")  # the protocol's own examples mix both alphabets


class Crc(IntEnum):
    """The rxpk's `stat`: what the concentrator found at the end of the packet."""

    BAD = -1
    NONE = 0  # the packet had none: normally a downlink of another gateway
    RIGHT = 1


@dataclass(frozen=True, slots=True)
class Received:
    """One packet as one gateway heard it: with each antenna a reception, best first."""

    phy_payload: bytes
    receptions: tuple[Reception, ...]
    crc: Crc


def read_rxpk(
    rxpk: Json, *, gateway: Eui64, source: str = "", place: Place | None = None, is_ours: bool = False
) -> Received:
    """Return what an rxpk says; raise BadDatagram and nothing else, whatever the JSON.

    ``is_ours``: its forwarder is on this machine, and may say what time it is.
    """
    if not isinstance(rxpk, dict):
        raise BadDatagram(BadDatagramReason.RXPK)
    crc = _crc(rxpk.get("stat", 1))
    receptions = _receptions(rxpk, gateway, source, place, is_ours=is_ours)
    return Received(payload_of(rxpk.get("data")), receptions, crc)


def _crc(stat: Json) -> Crc:
    try:
        crc = Crc(stat)
    except ValueError as error:
        raise BadDatagram(BadDatagramReason.BAD_CRC) from error
    if crc is Crc.BAD:  # noise, or a packet that another one trampled on: nothing in it can be believed
        raise BadDatagram(BadDatagramReason.BAD_CRC)
    return crc


def payload_of(data: Json) -> bytes:
    """Return the PHYPayload that `data` holds; raises BadDatagram."""
    if not isinstance(data, str):
        raise BadDatagram(BadDatagramReason.DATA)
    try:
        octets = a2b_base64(data, strict_mode=True)
    except ValueError:
        octets = _unpadded(data)
    if not octets:
        raise BadDatagram(BadDatagramReason.EMPTY)
    if len(octets) > LONGEST_PAYLOAD:
        raise BadDatagram(BadDatagramReason.TOO_LONG)
    return octets


def _unpadded(data: str) -> bytes:
    plain = data.strip().rstrip("=").translate(_URL_ALPHABET)
    try:
        return a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except ValueError as error:
        raise BadDatagram(BadDatagramReason.DATA) from error


def _receptions(
    rxpk: dict[str, Json], gateway: Eui64, source: str, place: Place | None, *, is_ours: bool
) -> tuple[Reception, ...]:
    """Return a reception for each antenna of `rsig`, or the one of the rxpk itself."""
    frequency_hz, data_rate = frequency_of(rxpk.get("freq")), data_rate_of(rxpk.get("modu"), rxpk.get("datr"))
    timestamp_us, gateway_time = whole_of(rxpk.get("tmst"), 0xFFFF_FFFF), _gateway_time(rxpk)
    is_gps = is_ours and _is_gps(rxpk, gateway_time)
    fine_time_ns = whole_of(rxpk.get("ftime"), 999_999_999)
    antennas = _antennas(rxpk)
    if not antennas:
        raise BadDatagram(BadDatagramReason.RSSI)
    return best_first(
        Reception(
            gateway=gateway,
            frequency_hz=frequency_hz,
            data_rate=data_rate,
            rssi_dbm=rssi_dbm,
            snr_db=number_of(antenna.get("lsnr"), -100, 100),
            timestamp_us=timestamp_us,
            channel=whole_of(antenna.get("chan"), 255),
            antenna=whole_of(antenna.get("ant"), 255) or 0,
            gateway_time=gateway_time,
            gateway_time_is_gps=is_gps,
            is_here=is_ours,
            fine_time_ns=fine_time_ns,
            place=place,
            source=source,
        )
        for antenna, rssi_dbm in antennas
    )


def _antennas(rxpk: dict[str, Json]) -> list[tuple[dict[str, Json], float]]:
    """Return what each antenna says of the signal, with its RSSI; an antenna without RSSI heard nothing."""
    rsig = rxpk.get("rsig")
    told = [one for one in rsig[:MOST_ANTENNAS] if isinstance(one, dict)] if isinstance(rsig, list) else []
    heard = [(one, rssi) for one in told if (rssi := _rssi_dbm(one)) is not None]
    own = _rssi_dbm(rxpk)
    return heard or ([] if own is None else [(rxpk, own)])


def _rssi_dbm(antenna: dict[str, Json]) -> float | None:
    """Return the channel's RSSI (`rssic` in an `rsig`), else the signal's own, which an SX1302 adds."""
    for name in ("rssi", "rssic", "rssis"):
        if (rssi := number_of(antenna.get(name), -300, 300)) is not None:
            return rssi
    return None


def frequency_of(freq: Json) -> int:
    """Return `freq` in hertz; raises BadDatagram."""
    megahertz = number_of(freq, 1, 10_000)
    if megahertz is None:
        raise BadDatagram(BadDatagramReason.FREQUENCY)
    return round(megahertz * 1e6)  # not cut: what a forwarder printed may lie a hair below what it meant


def data_rate_of(modu: Json, datr: Json) -> DataRate:
    """Return the data rate: a word for LoRa ("SF7BW125"), a number of bit/s for FSK; raises BadDatagram."""
    rate: DataRate | None
    match modu or ("LORA" if isinstance(datr, str) else "FSK"):
        case "LORA":
            rate = _LORA_RATES.get(datr) if isinstance(datr, str) else None
        case "FSK":
            rate = _fsk_rate(datr)
        case _:
            raise BadDatagram(BadDatagramReason.MODULATION)
    if rate is None:
        raise BadDatagram(BadDatagramReason.DATA_RATE)
    return rate


def _fsk_rate(datr: Json) -> FskRate | None:
    number = int(datr) if isinstance(datr, str) and len(datr) < 10 and datr.isascii() and datr.isdigit() else datr
    bit_rate = number_of(number, 1, 1_000_000)
    return None if bit_rate is None else FskRate(round(bit_rate))


def _gateway_time(rxpk: dict[str, Json]) -> datetime | None:
    """Return when a gateway with GNSS received the packet: from `time` (UTC), else from `tmms` (GPS time)."""
    time = rxpk.get("time")
    if isinstance(time, str):
        try:
            moment = datetime.fromisoformat(time)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):  # no date, or one that a time zone carries beyond the years 1 to 9999
            pass
    return gps_time_of(rxpk)


def gps_time_of(rxpk: dict[str, Json]) -> datetime | None:
    """Return the time that `tmms` says, in UTC; None where there is none."""
    tmms = whole_of(rxpk.get("tmms"), 1 << 42)
    return None if tmms is None else GPS_EPOCH + timedelta(milliseconds=tmms) - GPS_AHEAD_OF_UTC


def _is_gps(rxpk: dict[str, Json], gateway_time: datetime | None) -> bool:
    """Tell whether a GPS receiver says the time of a packet.

    `tmms` comes from nowhere else: Semtech's programs write it, and `time`, only while the receiver's reference holds. `time` alone
    proves nothing: ChirpStack Concentratord puts the system's there where it is told to (`time_fallback_enabled`), and so do
    forwarders of one channel; and a `stat` always has the system's.
    """
    gps_time = gps_time_of(rxpk)
    return gps_time is not None and gateway_time is not None and abs(gps_time - gateway_time) <= MOST_APART


def number_of(value: Json, low: float, high: float) -> float | None:
    """Return a finite number between bounds; None for all else: NaN, booleans, words, integers of 400 digits."""
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    return None


def whole_of(value: Json, high: int) -> int | None:
    """Return a whole number from 0 to ``high``; None for all else."""
    number = number_of(value, 0, high)
    return None if number is None or number != (whole := int(number)) else whole


# ── stat ────────────────────────────────────────────────────────────────────────────────────────────────────────

_STAT_NUMBERS: Final = ("rxnb", "rxok", "rxfw", "ackr", "dwnb", "txnb", "temp", "lati", "long", "alti")


@dataclass(frozen=True, slots=True)
class Stat:
    """A gateway's own statistics: counts since its last `stat`, with GWMP's names, and where it stands."""

    time: datetime | None
    numbers: dict[str, float]

    @property
    def place(self) -> Place | None:
        """Return the gateway's position; 0, 0 is what a gateway without GNSS says, and open sea."""
        latitude, longitude = self.numbers.get("lati"), self.numbers.get("long")
        if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
            return None
        if abs(latitude) > 90 or abs(longitude) > 180:
            return None
        return Place(latitude, longitude, self.numbers.get("alti"))


def read_stat(stat: Json) -> Stat:
    """Return what a `stat` says, leaving out what cannot be; raise BadDatagram (SHAPE) for what is no object."""
    if not isinstance(stat, dict):
        raise BadDatagram(BadDatagramReason.SHAPE)
    known = {name: number_of(stat.get(name), -1e12, 1e12) for name in _STAT_NUMBERS}
    return Stat(_stat_time(stat.get("time")), {name: value for name, value in known.items() if value is not None})


def _stat_time(time: Json) -> datetime | None:
    """Read "2014-01-12 08:59:28 GMT", the extended form of ISO 8601 with a zone that ISO 8601 does not know."""
    try:
        return datetime.strptime(time, "%Y-%m-%d %H:%M:%S GMT").replace(tzinfo=UTC) if isinstance(time, str) else None
    except ValueError:
        return None
