"""Dragino LSN50-V2 (and LSN50v2-D20, -S31): a node for probes of many kinds.

FPort 2, big endian; bits 6-2 of F say what the probes are:

    BBBB TTTT AAAA FF  then by mode:      2:  AAAA AAAA AAAA FF XXXX YYYY BB

    0  XXXX YYYY           SHT: temperature, humidity (Y 0: X is light 1 lx)
    1  XXXX YYYY           distance 0.1 cm (0: none), strength of its signal
    2  XXXX YYYY           as 0, with three voltages in front and the battery 0.1 V behind
    3  XXXX YYYY           two more DS18B20
    4  XXXX YYYY           weight 1 g: Y is the upper half
    5  XXXXXXXX            count
    6  XX YY xxxx          interrupts 2 and 3: bit 4 triggered, bit 0 closed
    7  XXXX YYYY           two more voltages
    8  XXXX NNNNNNNN MMMMMMMM   as 3, the second in place of A; two counts

    B  uint16  battery 1 mV            T  int16  DS18B20 0.1 °C; 7fff: none
    A  uint16  voltage 1 mV            F  bit 7 closed, bit 1 input high, bit 0 triggered

FPort 5 is the device: FF UU VVVV TTTTTT (band, sub-band, firmware, interval).

A first DS18B20 of exactly 0 is what a node without one sends: it is reported, but states nothing.

Source: Dragino LSN50v2 User Manual, section 2.3; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from decoders.catalogue.dragino._events import BANDS, truth
from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Dragino LSN50v2 User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2, 5)
QUANTITIES = (
    "air_temperature", "analog_input_voltage", "battery_voltage", "digital_input", "distance", "illuminance",
    "pulse_count", "relative_humidity", "weight",
)  # fmt: skip

NONE, NO_AIR = 0x7FFF, {0x7FFF, 0xFFFF}

Fields = dict[str, Any]
Readings = list[Reading]
Part = Callable[[Cursor, Fields, Readings], None]


def decode(payload: Payload) -> Decoded:
    """Read a report by its mode, or what the device says of itself."""
    match payload.f_port:
        case 2:
            return _report(payload.data)
        case 5:
            return _device(Cursor(payload.data))
        case port:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{port}; known: 2, 5")


def _report(data: bytes) -> Decoded:
    cursor = Cursor(data)
    first, second, third, flags = cursor.u16(), cursor.u16(), cursor.u16(), cursor.u8("flags")
    mode = flags >> 2 & 0x1F
    if mode not in MODES:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"mode {mode} is none of 0 to 8")
    fields: Fields = {"Digital_IStatus": "H" if flags & 0x02 else "L"}
    readings: Readings = []
    if mode != 2:  # which has its battery behind
        fields["BatV"] = first / 1000
        readings.append(Reading("battery_voltage", first / 1000, "V"))
        _probe(fields, readings, 1, second)
    if mode not in {5, 6}:
        fields |= {"EXTI_Trigger": truth(flags & 1), "Door_status": "CLOSE" if flags & 0x80 else "OPEN"}
    title, part = MODES[mode]
    fields["Work_mode"] = title
    match mode:
        case 2:
            for channel, raw in (("0", first), ("1", second), ("4", third)):
                _voltage(fields, readings, channel, raw)
        case 6:
            _interrupt(fields, readings, 1, triggered=flags & 1, closed=flags & 0x80)
            _voltage(fields, readings, "0", third)
        case 8:
            _probe(fields, readings, 2, third)
        case _:
            _voltage(fields, readings, "0", third)
    part(cursor, fields, readings)
    warnings = (f"{cursor.left} octets at the end were not read",) if cursor.left else ()
    return Decoded(tuple(readings), fields, warnings)


def _probe(fields: Fields, readings: Readings, number: int, raw: int) -> None:
    name = f"TempC{number}"
    if raw == NONE:
        fields[name] = "NULL"
        return
    fields[name] = (raw - 0x10000 if raw & 0x8000 else raw) / 10
    if raw or number > 1:
        readings.append(Reading("air_temperature", fields[name], "Cel", str(number)))


def _voltage(fields: Fields, readings: Readings, channel: str, raw: int) -> None:
    fields[f"ADC_CH{channel}V"] = raw / 1000
    readings.append(Reading("analog_input_voltage", raw / 1000, "V", channel))


def _interrupt(fields: Fields, readings: Readings, number: int, *, triggered: int, closed: int) -> None:
    fields[f"EXTI{number}_Trigger"] = truth(triggered)
    fields[f"EXTI{number}_Status"] = "CLOSE" if closed else "OPEN"
    readings.append(Reading("digital_input", bool(closed), channel=str(number)))


def _air(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    first, second = cursor.u16("TempC_SHT"), cursor.u16("Hum_SHT")
    if second == 0:
        fields["Illum"] = first
        readings.append(Reading("illuminance", first, "lx"))
        return
    celsius = (first - 0x10000 if first & 0x8000 else first) / 10
    fields["TempC_SHT"] = "NULL" if first in NO_AIR else celsius
    fields["Hum_SHT"] = "NULL" if second == 0xFFFF else second / 10
    if first not in NO_AIR:
        readings.append(Reading("air_temperature", celsius, "Cel"))
    if second != 0xFFFF:
        readings.append(Reading("relative_humidity", second / 10, "%"))


def _air_and_battery(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    _air(cursor, fields, readings)
    fields["BatV"] = cursor.u8("BatV") / 10
    readings.append(Reading("battery_voltage", fields["BatV"], "V"))


def _distance(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    distance, strength = cursor.u16("Distance_cm"), cursor.u16("Distance_signal_strength")
    fields["Distance_cm"] = distance / 10 if distance else "NULL"
    if strength != 0xFFFF:
        fields["Distance_signal_strength"] = strength
    if distance:
        readings.append(Reading("distance", distance / 10, "cm"))


def _probes(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    for number in (2, 3):
        _probe(fields, readings, number, cursor.u16(f"TempC{number}"))


def _weight(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    low, high = cursor.u16("Weight"), cursor.i16("Weight")
    fields["Weight"] = high << 16 | low
    readings.append(Reading("weight", fields["Weight"], "g"))


def _count(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    fields["Count"] = cursor.u32("Count")
    readings.append(Reading("pulse_count", fields["Count"], "1"))


def _interrupts(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    for number in (2, 3):
        octet = cursor.u8(f"EXTI{number}")
        _interrupt(fields, readings, number, triggered=octet & 0x10, closed=octet & 0x01)
    cursor.rest()


def _voltages(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    for channel in ("1", "4"):
        _voltage(fields, readings, channel, cursor.u16(f"ADC_CH{channel}V"))


def _probe_and_counts(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    _probe(fields, readings, 3, cursor.u16("TempC3"))
    for number in ("1", "2"):
        fields[f"Count{number}"] = cursor.u32(f"Count{number}")
        readings.append(Reading("pulse_count", fields[f"Count{number}"], "1", number))


MODES: Mapping[int, tuple[str, Part]] = {
    0: ("IIC", _air),
    1: ("Distance", _distance),
    2: ("3ADC+IIC", _air_and_battery),
    3: ("3DS18B20", _probes),
    4: ("Weight", _weight),
    5: ("1Count", _count),
    6: ("3Interrupt", _interrupts),
    7: ("3ADC+1DS18B20", _voltages),
    8: ("3DS18B20+2Count", _probe_and_counts),
}


def _device(cursor: Cursor) -> Decoded:
    band, sub_band, firmware = cursor.u8("band"), cursor.u8("sub-band"), cursor.take(2, "firmware")
    fields: Fields = {
        "sub_band": "NULL" if sub_band == 0xFF else sub_band,
        "firm_ver": f"{firmware[0] & 15}.{firmware[1] >> 4}.{firmware[1] & 15}",
        "tdc_time": cursor.u24("tdc_time"),
    }
    if 1 <= band <= len(BANDS):
        fields["freq_band"] = BANDS[band - 1]
    return Decoded((), fields)
