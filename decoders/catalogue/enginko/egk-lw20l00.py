"""enginko EGK-LW20L00 (and EGK-LW20W00): how full a container is, by laser or ultrasound.

Any FPort, little endian (`_frames.py`):

    14 KK DDDDDDDD VVVV HHHH SSSS … BB     by K:  00 nothing more    01 FF TTTT    02 TTTT RR PPPPPP
                                                  03 FF TTTT RR PPPPPP
                                                  fe FF AAAA GGGG TTTT RR PPPPPP   ff FF AAAA GGGG
    0a DDDDDDDD IIIIIIII OOOOOOOO EEEEEEEE  inputs, outputs, and which inputs have changed

    D  the device's time                              T  int16   temperature 0.01 °C
    V  uint16  voltage 1 mV                           R  uint8   relative humidity 0.5 %
    H  uint16  height of what is in it 1 mm           P  uint24  pressure 0.01 hPa
    S  uint16  distance to it 1 mm; above 60000 an    A, G  uint16  amplitude and gain of the echo
               error: neither H nor S are reported    B  uint8   battery 1 %
    F  uint8   filled to 1 %; above 100 an error

Fields are those of the vendor's codec, with their units; a date is written as ISO 8601.

Source: enginko Data Frame Format rev. 1.34, sections 1.5 and 1.14; codec and examples of the vendor in Actility's catalogue.
"""

from __future__ import annotations

from datetime import datetime

from decoders.catalogue.enginko import _frames
from decoders.catalogue.enginko._frames import Fields, Measured, Model, battery, climate, date, written
from decoders.contract import DecodeError, DecodeReason, Reading
from decoders.cursor import Cursor

SOURCE = _frames.SOURCE
LICENCE = "Apache-2.0"
QUANTITIES = (
    "air_temperature", "atmospheric_pressure", "battery_level", "distance", "fill_height", "fill_level",
    "relative_humidity",
)  # fmt: skip

MEMBERS = {  # what each kind holds between the distance and the battery
    0x00: (),
    0x01: ("fill", "temperature"),
    0x02: ("climate",),
    0x03: ("fill", "climate"),
    0xFE: ("fill", "echo", "climate"),
    0xFF: ("fill", "echo"),
}
NO_DISTANCE = 60_000  # above it
FULL = 100
UNITS = {"temperature": "°C", "humidity": "%", "pressure": "hPa"}


def _level(cursor: Cursor, _: datetime | None) -> tuple[Fields, list[Reading]]:
    kind = cursor.u8("kind of the measurement")
    if kind not in MEMBERS:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"measurement {kind:02x}")
    fields: Fields = {"type": kind, "date": written(date(cursor)), "ADC": _with("mV", cursor.u16("voltage"))}
    readings = _distance(cursor, fields)
    for member in MEMBERS[kind]:
        readings += READERS[member](cursor, fields)
    level, stated = battery(cursor)
    return fields | {"battery": _with("%", level)}, readings + stated


def _distance(cursor: Cursor, fields: Fields) -> list[Reading]:
    height, distance = cursor.u16("height"), cursor.u16("distance")
    if distance > NO_DISTANCE:
        return []
    fields |= {"height": _with("mm", height), "distance1": _with("mm", distance)}
    return [Reading("fill_height", height, "mm"), Reading("distance", distance, "mm")]


def _fill(cursor: Cursor, fields: Fields) -> list[Reading]:
    level = cursor.u8("filled to")
    if level > FULL:
        return []
    fields["fillLevel"] = _with("%", level)
    return [Reading("fill_level", level, "%")]


def _echo(cursor: Cursor, fields: Fields) -> list[Reading]:
    fields |= {"amplitude": cursor.u16("amplitude"), "gain": cursor.u16("gain")}
    return []


def _climate(cursor: Cursor, fields: Fields) -> list[Reading]:
    return _measured(climate(cursor), fields)


def _temperature(cursor: Cursor, fields: Fields) -> list[Reading]:
    return _measured({"temperature": (cursor.i16("temperature") / 100, "air_temperature", "Cel")}, fields)


def _measured(measured: Measured, fields: Fields) -> list[Reading]:
    fields |= {name: _with(UNITS[name], value) for name, (value, *_) in measured.items()}
    return _frames.stated(measured)


def _with(unit: str, value: float) -> Fields:
    return {"value": value, "unit": unit}


def _inputs(cursor: Cursor, _: datetime | None) -> tuple[Fields, list[Reading]]:
    fields: Fields = {"date": written(date(cursor))}
    for name in ("inputStatus", "outputStatus", "inputTrigger"):
        fields[name] = cursor.u32(name) & 0xFF  # the vendor's codec knows eight of each
    return fields, []


READERS = {"fill": _fill, "echo": _echo, "climate": _climate, "temperature": _temperature}
decode = Model({0x14: _level, 0x0A: _inputs}).decode
