"""What the sensors of enginko (mcf88) share: an uplink's kind, then measurements with the device's own time, little endian.

Any FPort:

    01 IIIIIIII VVVVVV AAAA …   asks for the time: id, version, kind of device
    04 {DDDDDDDD TTTT HH PPPPPP}x3 BB                         temperature, humidity, pressure
    0c {DDDDDDDD TTTT HH PPPPPP LLLL OOOO}x2 BB               and light, volatiles;  12 the same with OOOOOO
    0e {DDDDDDDD TTTT HH PPPPPP LLLL OOOO CCCC}x2 BB          and CO2;               13 the same with OOOOOO
    0b 30 00 DDDDDDDD TTTT HH PPPPPP 1111 2222 3333 [BB]      one of temperature, humidity, pressure and particles

    D  uint32  bits 31-25 year from 2000, 24-21 month, 20-16 day, 15-11 hour, 10-5 minute, 4-0 second by two
    T  int16   air temperature 0.01 °C      L  uint16  illuminance 1 lx
    H  uint8   relative humidity 0.5 %      O  volatiles, an index or ppb as the device is set: a field only
    P  uint24  pressure 0.01 hPa            C  int16   CO2 1 ppm
    B  uint8   battery 1 %                  1, 2, 3  uint16  PM1, PM2.5, PM10 1 ug/m3

The device's clock has no time zone. Of several measurements the last is the newest and stated as of now, the ones before as
much older as their times are. Field names are those of the vendor's codec; a date is written as ISO 8601.

Source: enginko Data Frame Format rev. 1.34; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "enginko Data Frame Format rev. 1.34; the vendor's codec in lorawan-devices"

TIME_SYNC = 0x01
OLDEST = timedelta(days=2)  # what is older was not measured in the same round
FULL = 100

Fields = dict[str, Any]
Measured = dict[str, tuple[float, str, str]]  # the value, the quantity ("" none) and the unit
Frame = Callable[[Cursor, datetime | None], tuple[Fields, list[Reading]]]


@dataclass(frozen=True, slots=True)
class Model:
    """A model: the kinds of uplink that it sends."""

    frames: Mapping[int, Frame]

    def decode(self, payload: Payload) -> Decoded:
        """Read an uplink by its kind; raises DecodeError."""
        cursor = Cursor(payload.data, "little")
        kind = cursor.u8("kind of the uplink")
        if kind == TIME_SYNC:
            return Decoded((), _time_sync(cursor))
        frame = self.frames.get(kind)
        if frame is None:
            known = ", ".join(f"{one:02x}" for one in (TIME_SYNC, *self.frames))
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"uplink {kind:02x}; {known} are read")
        fields, readings = frame(cursor, payload.received_at)
        return Decoded(tuple(readings), fields)


def date(cursor: Cursor) -> datetime:
    """Return the device's time; raises DecodeError where there is no such day."""
    bits = cursor.u32("date")
    day = (2000 + (bits >> 25), bits >> 21 & 0xF, bits >> 16 & 0x1F)
    try:
        return datetime(*day, bits >> 11 & 0x1F, bits >> 5 & 0x3F, min((bits & 0x1F) * 2, 59), tzinfo=UTC)
    except ValueError as error:
        raise DecodeError(DecodeReason.MALFORMED, f"date {bits:08x}: {error}") from error


def written(moment: datetime) -> str:
    """Return a time of the device as the fields have it: without a zone."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def climate(cursor: Cursor) -> Measured:
    """Read temperature, humidity and pressure."""
    return {
        "temperature": (cursor.i16("temperature") / 100, "air_temperature", "Cel"),
        "humidity": (cursor.u8("humidity") / 2, "relative_humidity", "%"),
        "pressure": (cursor.u24("pressure") / 100, "atmospheric_pressure", "hPa"),
    }


def battery(cursor: Cursor) -> tuple[int, list[Reading]]:
    """Read the battery; more than 100 % states nothing."""
    level = cursor.u8("battery")
    return level, [Reading("battery_level", level, "%")] if level <= FULL else []


def series(times: int, measure: Callable[[Cursor], Measured]) -> Frame:
    """Return the frame of ``times`` measurements, the newest last, the battery, and what is to be used one day."""

    def frame(cursor: Cursor, now: datetime | None) -> tuple[Fields, list[Reading]]:
        found = [(date(cursor), measure(cursor)) for _ in range(times)]
        level, readings = battery(cursor)
        fields: Fields = {}
        for number, (moment, measured) in enumerate(found):
            suffix = f"_{number}" if number else ""
            fields[f"date{suffix}"] = written(moment)
            fields |= {f"{name}{suffix}": value for name, (value, *_) in measured.items()}
        return fields | {"battery": level, "rfu": cursor.rest().hex()}, _stated(found, now) + readings

    return frame


def _stated(found: Sequence[tuple[datetime, Measured]], now: datetime | None) -> list[Reading]:
    newest, last = found[-1]
    readings = stated(last)
    for moment, measured in found[:-1]:
        if now is not None and timedelta() < newest - moment <= OLDEST:
            readings += stated(measured, now - (newest - moment))
    return list({(one.quantity, one.at): one for one in readings}.values())


def stated(measured: Measured, at: datetime | None = None) -> list[Reading]:
    """Return what a measurement states."""
    return [Reading(quantity, value, unit, at=at) for value, quantity, unit in measured.values() if quantity]


def _time_sync(cursor: Cursor) -> Fields:
    identity, version = cursor.take(4, "id"), cursor.take(3, "version")
    return {
        "syncID": identity.hex().upper(),
        "syncVersion": ".".join(f"{part:02X}" for part in version),
        "applicationType": cursor.take(2, "kind of device").hex().upper(),
        "rfu": cursor.rest().hex().upper(),
    }
