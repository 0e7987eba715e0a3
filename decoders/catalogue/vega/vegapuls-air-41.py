"""VEGA VEGAPULS Air 41 (and Air 42, Air 23): distance to a surface, by radar.

Any FPort, big endian: the number of the packet, which says what follows, in this order (n, u and so on below):

     2  s v u b c a                    8  v u b c k a                     12  v u p b c k a           18  v u b c k a
     3  s v u b c g a                  9  v u b g c k a                   13  v u p b g c k a         19  s v u b a
     4  s v u b c d a                 10  s v u b d c k a                 14  s v u p b d c k a       20  s d c k
     5  s v u b c g d a               11  s v u b g d c k a               15  s v u p b g d c k a     21  s g
     6  s g                            7  s d                             22  s p                    254  nothing

    s  uint8    NAMUR state: 0 good, 1 function check, 2 maintenance required, 3 out of specification, 4 failure
    v  float32  distance                                     NaN: no echo
    u  uint8    its unit (HART): 44 ft, 45 m, 47 in, 48 cm, 49 mm
    p  int16 int16 float32 uint8   filling, filling linearised 0.01 % (8000: none), scaled value and its unit
    b  uint8    battery                                      1 %
    g  float32 float32  latitude, longitude                  not a number: not known
    d  uint32   VEGA's own state
    c  int16    temperature of the electronics               0.1 (8000: none)
    k  uint8    its unit: 32 °C (and where it is left out), 33 °F
    a  uint8    inclination                                  1°

Packets 16, 17 and 23 to 26 describe the device; they are reported as they stand. Field names are those of the codec in
Actility's catalogue, with names of our own for what it leaves out.

Source: VEGAPULS Air 41 operating instructions, section "Radio transmission"; packets of diwise's tests.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = 'VEGAPULS Air 41 operating instructions, section "Radio transmission"'
LICENCE = "Apache-2.0"
QUANTITIES = ("battery_level", "device_temperature", "distance", "latitude", "longitude", "tilt")

PACKETS = {
    2: "svubca", 3: "svubcga", 4: "svubcda", 5: "svubcgda", 6: "sg", 7: "sd", 8: "vubcka", 9: "vubgcka",
    10: "svubdcka", 11: "svubgdcka", 12: "vupbcka", 13: "vupbgcka", 14: "svupbdcka", 15: "svupbgdcka", 18: "vubcka",
    19: "svuba", 20: "sdck", 21: "sg", 22: "sp",
}  # fmt: skip
ABOUT = {16, 17, 23, 24, 25, 26}
DUMMY = 254
NAMUR = ("good", "functionCheck", "maintenanceRequired", "outOfSpecification", "failure")
LENGTHS = {44: ("ft", "[ft_i]"), 45: ("m", "m"), 47: ("in", "[in_i]"), 48: ("cm", "cm"), 49: ("mm", "mm")}
TEMPERATURES = {32: "Cel", 33: "[degF]"}
CELSIUS = 32
NONE = -0x8000

Fields = dict[str, Any]
Readings = list[Reading]
Part = Callable[[Cursor, Fields], None]


def decode(payload: Payload) -> Decoded:
    """Read a packet by its number."""
    cursor = Cursor(payload.data)
    number = cursor.u8("packet")
    fields: Fields = {"packetId": number}
    if number == DUMMY:
        return Decoded((), fields | {"packetType": "dummy"})
    if number in ABOUT:
        return Decoded((), fields | {"information": cursor.rest().hex()})
    if number not in PACKETS:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"packet {number} is none of VEGAPULS Air's")
    for part in PACKETS[number]:
        PARTS[part](cursor, fields)
    warnings = (f"{cursor.left} octets at the end were not read",) if cursor.left else ()
    return Decoded(tuple(_readings(fields)), fields, warnings)


def _float(cursor: Cursor, what: str) -> float | None:
    value = float(struct.unpack(">f", cursor.take(4, what))[0])
    return value if math.isfinite(value) else None


def _scaled(cursor: Cursor, what: str, parts: int) -> float | None:
    raw = cursor.i16(what)
    return None if raw == NONE else raw / parts


def _state(cursor: Cursor, fields: Fields) -> None:
    code = cursor.u8("namurStatus")
    fields["namurStatus"] = {"code": code, "label": NAMUR[code] if code < len(NAMUR) else "unknown"}


def _value(cursor: Cursor, fields: Fields) -> None:
    fields["measurement"] = {"value": _float(cursor, "measurement")}


def _unit(cursor: Cursor, fields: Fields) -> None:
    code = cursor.u8("unit")
    fields["measurement"] |= {"unitCode": code, "unit": LENGTHS.get(code, ("unknown", ""))[0]}


def _filling(cursor: Cursor, fields: Fields) -> None:
    fields["percent"] = _scaled(cursor, "percent", 100)
    fields["linearPercent"] = _scaled(cursor, "linearPercent", 100)
    fields["scaled"] = {"value": _float(cursor, "scaled"), "unitCode": cursor.u8("unit of scaled")}


def _battery(cursor: Cursor, fields: Fields) -> None:
    fields["batteryLevel"] = cursor.u8("batteryLevel")


def _place(cursor: Cursor, fields: Fields) -> None:
    fields["location"] = {"latitude": _float(cursor, "latitude"), "longitude": _float(cursor, "longitude")}


def _details(cursor: Cursor, fields: Fields) -> None:
    fields["vegaDeviceStatus"] = cursor.u32("vegaDeviceStatus")


def _temperature(cursor: Cursor, fields: Fields) -> None:
    fields["temperature"] = _scaled(cursor, "temperature", 10)


def _temperature_unit(cursor: Cursor, fields: Fields) -> None:
    fields["temperatureUnitCode"] = cursor.u8("unit of temperature")


def _tilt(cursor: Cursor, fields: Fields) -> None:
    fields["tiltAngle"] = cursor.u8("tiltAngle")


PARTS: Mapping[str, Part] = {
    "s": _state,
    "v": _value,
    "u": _unit,
    "p": _filling,
    "b": _battery,
    "g": _place,
    "d": _details,
    "c": _temperature,
    "k": _temperature_unit,
    "a": _tilt,
}


def _readings(fields: Fields) -> Readings:
    measurement, place = fields.get("measurement", {}), fields.get("location", {})
    celsius = TEMPERATURES.get(fields.get("temperatureUnitCode", CELSIUS), "")
    stated = (
        ("distance", measurement.get("value"), LENGTHS.get(measurement.get("unitCode"), ("", ""))[1]),
        ("device_temperature", fields.get("temperature"), celsius),
        ("battery_level", fields.get("batteryLevel"), "%"),
        ("tilt", fields.get("tiltAngle"), "deg"),
        ("latitude", place.get("latitude"), "deg"),
        ("longitude", place.get("longitude"), "deg"),
    )
    return [Reading(quantity, value, unit) for quantity, value, unit in stated if value is not None and unit]
