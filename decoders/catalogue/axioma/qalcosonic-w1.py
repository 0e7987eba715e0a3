"""Axioma Qalcosonic W1: a water meter's volume, hour by hour, and its alarms.

FPort 100, little endian, four payloads that their length tells apart, and where two have one, the time that can be:

    TTTTTTTT SS VVVVVVVV       LLLLLLLL WWWWWWWW {DDDD}…   "extended": 15 differences, sent each hour or so
    TTTTTTTT SS VVVVVVVV CCCC  LLLLLLLL WWWWWWWW {DDDD}…   the same with the water's temperature: 14 differences
    01 TTTTTTTT SS WWWWWWWW {14 bits}x23 [xx]              "enhanced": all hours of the day before, sent once a day
    TTTTTTTT SS                                            an alarm (FPort 103, too)

    T  uint32  now, Unix seconds                 W  uint32  volume at the time L, or at 01:00 of the day before T, 1 L
    S  uint8   state, below                      D  uint16  difference to the hour before, 1 L
    V  uint32  volume now, 1 L                   14 bits    the same, the lowest bit first
    C  int16   temperature of the water 0.01 °C  L  uint32  time of the first stored volume, at the beginning of an hour

    S  04 low battery, 08 permanent error, 10 temporary error; with 10: 00 dry, 20 leakage, 60 backflow, 80 low temperature,
       a0 burst

Some firmware states L to the second; what is stored is of the full hour all the same. FPort 101 says how the payload of
port 100 is made up, as M-Bus would; it states nothing. Field names are those of the codec in Actility's catalogue.

Source: Axioma "W1 LoRa payload (Long) Extended" V01.8, and Enhanced; payloads and readings of diwise's and Actility's tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = 'Axioma "W1 LoRa payload (Long) Extended" V01.8 and Enhanced'
LICENCE = "Apache-2.0"
PORTS = (100, 101, 103)
QUANTITIES = (
    "backflow_detected", "leak_detected", "low_battery", "meter_burst", "water_temperature", "water_volume",
)  # fmt: skip

HOUR = timedelta(hours=1)
OLDEST = timedelta(hours=48)  # of the first stored volume: 15 hours are sent, and a device may be late
ENHANCED, DELTAS, BITS = 1, 23, 14
TEMPORARY = 0x10
ERRORS = {0x00: "dry", 0x20: "leakage", 0x60: "backflow", 0x80: "lowTemperature", 0xA0: "burst"}
ALARMS = {
    0x00: "NO ERROR", 0x04: "POWER LOW", 0x08: "PERMANENT ERROR", 0x10: "EMPTY PIPE", 0x30: "LEAKAGE", 0x70: "BACKFLOW",
    0x90: "FREEZE", 0xB0: "BURST",
}  # fmt: skip

Fields = dict[str, Any]
Readings = list[Reading]


def decode(payload: Payload) -> Decoded:
    """Read a report, an alarm or the list of what a report is made of."""
    data = payload.data
    match payload.f_port:
        case 101:
            return Decoded((), {"payloadType": "Configuration parameters", "values": data.hex()})
        case 100 | 103 if len(data) == 5:
            return _alarm(Cursor(data, "little"))
        case 103:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"{len(data)} octets on port 103; an alarm has 5")
        case 100 if data[0] == ENHANCED and len(data) in {51, 52}:
            return _enhanced(Cursor(data, "little"))
        case 100:
            return _extended(data)
        case port:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{port}; known: 100, 101, 103")


def _extended(data: bytes) -> Decoded:
    warm = _is_warm(data)
    cursor = Cursor(data, "little")
    now, state, volume = _time(cursor), cursor.u8("status"), cursor.u32("volume")
    readings = _states(state, now)
    fields: Fields = {"payloadType": "Basic", "status": _status(state), "lastLogTime": _iso(now), "lastVolume": volume}
    if warm:
        fields["temperature"] = cursor.i16("temperature") / 100
        readings.append(Reading("water_temperature", fields["temperature"], "Cel", at=now))
    first = _time(cursor)
    start = cursor.u32("volume at the log time")
    deltas = [cursor.u16("difference") for _ in range(cursor.left // 2)]
    stored = dict(_hours(_full_hour(first), start, deltas))
    fields |= {
        "firstLogTime": _iso(first),
        "firstLogVolume": start,
        "deltaVolumes": deltas,
        "volumes": [{"time": _iso(at), "volume": litres} for at, litres in (stored | {now: volume}).items()],
    }
    readings += [Reading("water_volume", litres, "L", at=at) for at, litres in (stored | {now: volume}).items()]
    warnings = ("an octet at the end was not read",) if cursor.left else ()
    return Decoded(tuple(readings), fields, warnings)


def _is_warm(data: bytes) -> bool:
    """Tell the payload with a temperature by where the time of the first stored volume can be; raises DecodeError."""
    now = int.from_bytes(data[:4], "little")
    for warm, place in ((False, 9), (True, 11)):
        if len(data) < place + 8:
            raise DecodeError(DecodeReason.TRUNCATED, f"{len(data)} octets; a report has {place + 8} at least")
        age = now - int.from_bytes(data[place : place + 4], "little")
        if 0 <= age <= OLDEST.total_seconds():
            return warm
    raise DecodeError(DecodeReason.MALFORMED, "no stored volume of the last two days: neither at octet 9 nor at 11")


def _enhanced(cursor: Cursor) -> Decoded:
    cursor.take(1)
    now, state, start = _time(cursor), cursor.u8("status"), cursor.u32("volume")
    packed = int.from_bytes(cursor.take(41, "differences"), "little")
    deltas = [packed >> BITS * place & (1 << BITS) - 1 for place in range(DELTAS)]
    midnight = now.replace(hour=0, minute=0, second=0)
    stored = dict(_hours(midnight - 23 * HOUR, start, deltas))
    fields: Fields = {
        "payloadType": "Enhanced",
        "status": _status(state),
        "lastLogTime": _iso(now),
        "firstLogTime": _iso(midnight - 23 * HOUR),
        "firstLogVolume": start,
        "deltaVolumes": deltas,
        "volumes": [{"time": _iso(at), "volume": litres} for at, litres in stored.items()],
        "multiplier": packed >> BITS * DELTAS,
    }
    if fields["multiplier"]:
        return Decoded((), fields, (f"multiplier {fields['multiplier']}: what the volumes are then is not known",))
    readings = _states(state, now) + [Reading("water_volume", litres, "L", at=at) for at, litres in stored.items()]
    return Decoded(tuple(readings), fields)


def _hours(at: datetime, volume: int, deltas: list[int]) -> Iterator[tuple[datetime, int]]:
    yield at, volume
    for delta in deltas:
        at, volume = at + HOUR, volume + delta
        yield at, volume


def _alarm(cursor: Cursor) -> Decoded:
    at, state = _time(cursor), cursor.u8("status")
    fields = {"payloadType": "Device alarms", "date": _iso(at), "statusCode": state}
    if state not in ALARMS:  # several at once, or bits that another document reads otherwise
        return Decoded((), fields, (f"alarm {state:02x} is not known",))
    return Decoded(tuple(_states(state, at)), fields | {"alarmDescription": ALARMS[state]})


def _status(state: int) -> Fields:
    return {
        "lowBattery": bool(state & 0x04),
        "permanentError": bool(state & 0x08),
        "temporaryError": ERRORS.get(state & 0xE0, False) if state & TEMPORARY else False,
    }


def _states(state: int, at: datetime) -> Readings:
    status = _status(state)
    error = status["temporaryError"]
    return [
        Reading("low_battery", status["lowBattery"], at=at),
        Reading("leak_detected", error == "leakage", at=at),
        Reading("meter_burst", error == "burst", at=at),
        Reading("backflow_detected", error == "backflow", at=at),
    ]


def _time(cursor: Cursor) -> datetime:
    return datetime.fromtimestamp(cursor.u32("time"), UTC)


def _full_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0)


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
