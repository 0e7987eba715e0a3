"""Elsys ERS and its whole family (ELT, EMS, ERS CO2, Eye, Sound, VOC …): indoor climate, soil, level, doors.

Any FPort (5 by default), big endian: a type, then its value, as often as the device likes.

    01 int16    air temperature             0.1 °C
    02 uint8    relative humidity           1 %
    03 3×int8   acceleration x, y, z        63 is 1 g
    04 uint16   illuminance                 1 lx
    05 uint8    movements since the last    count
    06 uint16   carbon dioxide              1 ppm
    07 uint16   battery                     1 mV
    08 uint16   analogue input 1            1 mV
    09 2×int24  latitude, longitude         0.0001°, little endian
    0a uint16   pulses 1 since the last     count
    0b uint32   pulses 1                    count
    0c int16    external temperature        0.1 °C, -200.0 without a probe (no reading)
    0d uint8    digital input 1             0 or 1
    0e uint16   distance                    1 mm
    0f uint8    accelerometer movements     count
    10 2×int16  infrared: own, seen         0.1 °C
    11 uint8    occupancy                   0 free, 1 about to change, 2 occupied
    12 uint8    water                       0 is dry
    13 65 octets  heat picture              uint8 reference, then 64 uint8 of 0.1 °C above it
    14 uint32   air pressure                0.001 hPa
    15 2×uint8  sound: peak, average        1 dB
    16 uint16   pulses 2 since the last     count
    17 uint32   pulses 2                    count
    18 uint16   analogue input 2            1 mV
    19 int16    external temperature 2      likewise, may come several times
    1a uint8    digital input 2             0 or 1
    1b int32    analogue input              1 µV
    1c uint16   volatile organics           1 ppb
    3d uint32   debug

A type that is not known ends what can be read, for no length stands in the payload. Older codecs of the vendor report
09 as two raw integers; the newer one, in degrees, is followed. A count since the last report is no counter of the
vocabulary: it is reported as a field, and as motion where it counts movements.

Source: https://www.elsys.se/en/elsys-payload/ (Elsys sensor payload).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "https://www.elsys.se/en/elsys-payload/"
LICENCE = "Apache-2.0"
QUANTITIES = (
    "acceleration_x", "acceleration_y", "acceleration_z", "air_temperature", "analog_input_voltage",
    "atmospheric_pressure", "battery_voltage", "co2", "device_temperature", "digital_input", "distance", "illuminance",
    "latitude", "longitude", "motion", "noise_laeq", "noise_lamax", "presence", "pulse_count", "relative_humidity",
    "surface_temperature", "tvoc", "water_present",
)  # fmt: skip

ONE_G = 63  # of the accelerometer
NO_PROBE = -2000  # a payload in diwise/iot-agent's tests has it beside a first probe's 29.7 °C

Fields = dict[str, Any]
Readings = list[Reading]
Part = Callable[[Cursor, Fields, Readings], None]


def decode(payload: Payload) -> Decoded:
    """Read types and values to the end, or to the first type that is not known."""
    cursor = Cursor(payload.data)
    fields: Fields = {}
    readings: Readings = []
    warnings: tuple[str, ...] = ()
    while cursor.left:
        at, kind = cursor.position, cursor.u8("type")
        part = PARTS.get(kind)
        if part is None:
            problem = f"type {kind:02x} at {at} is not known"
            if at == 0:
                raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, problem)
            warnings = (f"{problem}; {cursor.left} octets after it were not read",)
            break
        part(cursor, fields, readings)
    return Decoded(_last(readings), fields, warnings)


def _last(readings: Readings) -> tuple[Reading, ...]:
    """Return the last reading of each quantity and channel, as the fields have it."""
    return tuple({(one.quantity, one.channel): one for one in readings}.values())


def _number(  # one value of the table above
    name: str,
    read: Callable[[Cursor, str], int],
    quantity: str,
    unit: str,
    *,
    channel: str | None = None,
    divisor: int = 1,
    missing: int | None = None,
) -> Part:
    def part(cursor: Cursor, fields: Fields, readings: Readings) -> None:
        raw = read(cursor, name)
        value = raw if divisor == 1 else raw / divisor
        fields[name] = value
        if raw != missing:
            readings.append(Reading(quantity, value, unit, channel))

    return part


def _field(name: str, read: Callable[[Cursor, str], int]) -> Part:
    def part(cursor: Cursor, fields: Fields, readings: Readings) -> None:  # noqa: ARG001 - every part has this form
        fields[name] = read(cursor, name)

    return part


def _yes(name: str, quantity: str, channel: str | None = None) -> Part:
    def part(cursor: Cursor, fields: Fields, readings: Readings) -> None:
        value = cursor.u8(name)
        fields[name] = value
        readings.append(Reading(quantity, value > 0, channel=channel))

    return part


def _acceleration(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    for axis in "xyz":
        value = cursor.i8(axis)
        fields[axis] = value
        readings.append(Reading(f"acceleration_{axis}", value / ONE_G, "[g]"))


def _position(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    for name, quantity in (("lat", "latitude"), ("long", "longitude")):
        value = int.from_bytes(cursor.take(3, name), "little", signed=True) / 10_000
        fields[name] = value
        readings.append(Reading(quantity, value, "deg"))


def _infrared(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    own, seen = cursor.i16("irInternalTemperature") / 10, cursor.i16("irExternalTemperature") / 10
    fields |= {"irInternalTemperature": own, "irExternalTemperature": seen}
    readings.append(Reading("device_temperature", own, "Cel", "infrared"))
    readings.append(Reading("surface_temperature", seen, "Cel"))


def _occupancy(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    state = cursor.u8("occupancy")
    fields["occupancy"] = state
    if state != 1:  # about to change: what was said last still holds
        readings.append(Reading("presence", state > 1))


def _heat_picture(cursor: Cursor, fields: Fields, readings: Readings) -> None:  # noqa: ARG001 - every part has this form
    reference = cursor.u8("grideye")
    fields["grideye"] = [reference + point / 10 for point in cursor.take(64, "grideye")]


def _sound(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    peak, average = cursor.u8("soundPeak"), cursor.u8("soundAvg")
    fields |= {"soundPeak": peak, "soundAvg": average}
    readings.append(Reading("noise_lamax", peak, "dB"))
    readings.append(Reading("noise_laeq", average, "dB"))


def _second_probe(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    """Add one of possibly several probes: a number, or a list when there is more than one."""
    name = "externalTemperature2"
    raw = cursor.i16(name)
    value = raw / 10
    before = fields.get(name)
    probes = [] if before is None else before if isinstance(before, list) else [before]
    fields[name] = [*probes, value] if probes else value
    if raw != NO_PROBE:
        readings.append(Reading("air_temperature", value, "Cel", f"external_{2 + len(probes)}"))


PARTS: Mapping[int, Part] = {
    0x01: _number("temperature", Cursor.i16, "air_temperature", "Cel", divisor=10),
    0x02: _number("humidity", Cursor.u8, "relative_humidity", "%"),
    0x03: _acceleration,
    0x04: _number("light", Cursor.u16, "illuminance", "lx"),
    0x05: _yes("motion", "motion"),
    0x06: _number("co2", Cursor.u16, "co2", "[ppm]"),
    0x07: _number("vdd", Cursor.u16, "battery_voltage", "mV"),
    0x08: _number("analog1", Cursor.u16, "analog_input_voltage", "mV", channel="1"),
    0x09: _position,
    0x0A: _field("pulse1", Cursor.u16),
    0x0B: _number("pulseAbs", Cursor.u32, "pulse_count", "1", channel="1"),
    0x0C: _number(
        "externalTemperature", Cursor.i16, "air_temperature", "Cel", channel="external", divisor=10, missing=NO_PROBE
    ),
    0x0D: _yes("digital", "digital_input", "1"),
    0x0E: _number("distance", Cursor.u16, "distance", "mm"),
    0x0F: _yes("accMotion", "motion", "accelerometer"),
    0x10: _infrared,
    0x11: _occupancy,
    0x12: _yes("waterleak", "water_present"),
    0x13: _heat_picture,
    0x14: _number("pressure", Cursor.u32, "atmospheric_pressure", "hPa", divisor=1000),
    0x15: _sound,
    0x16: _field("pulse2", Cursor.u16),
    0x17: _number("pulseAbs2", Cursor.u32, "pulse_count", "1", channel="2"),
    0x18: _number("analog2", Cursor.u16, "analog_input_voltage", "mV", channel="2"),
    0x19: _second_probe,
    0x1A: _yes("digital2", "digital_input", "2"),
    0x1B: _number("analogUv", Cursor.i32, "analog_input_voltage", "uV", channel="microvolt"),
    0x1C: _number("tvoc", Cursor.u16, "tvoc", "[ppb]"),
    0x3D: _field("debug", Cursor.u32),
}
