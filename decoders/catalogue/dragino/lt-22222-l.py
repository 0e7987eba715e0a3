"""Dragino LT-22222-L (and LT-33222-L): inputs for 4 to 20 mA, voltages and pulses, outputs and relays.

FPort 2, big endian; M, bits 5-0, says what the first eight octets are; bits 7-6: 0 LT-33222, 1 LT-22222:

    PPPPPPPP QQQQQQQQ SS SS' MM

    1  VVVV VVVV AAAA AAAA       two voltages 1 mV, two currents 1 uA
    2  NNNNNNNN NNNNNNNN         two counts
    3  NNNNNNNN AAAA AAAA        a count, two currents
    4  NNNNNNNN NNNNNNNN         a count, and one that an operator sets
    5  VVVV VVVV AAAA NNNN       two voltages, a current, a count
    6  FF SS II                  which triggers are set, and which have been

    S  bits 7, 6 relays 1, 2; 5 first report (mode 1: input 3); 4, 3 inputs 2, 1; 2-0 outputs 3-1, inverted

Source: Dragino LT-22222-L User Manual, section 3.4; codec in ChirpStack's device profiles, from which the field names are.
"""

from __future__ import annotations

from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Dragino LT-22222-L User Manual, section 3.4"
LICENCE = "Apache-2.0"
PORTS = (2,)
QUANTITIES = ("analog_input_current", "analog_input_voltage", "digital_input", "pulse_count", "relay_state")

HARDWARE = {0: "LT33222", 1: "LT22222"}
TITLES = {
    1: "2ACI+2AVI", 2: "Count mode 1", 3: "2ACI+1Count", 4: "Count mode 2", 5: " 1ACI+2AVI+1Count", 6: "Trigger mode",
}  # fmt: skip
TRIGGERS = ("AV1L", "AV1H", "AV2L", "AV2H", "AC1L", "AC1H", "AC2L", "AC2H")
INPUTS = ("DI2_status", "DI2_flag", "DI1_status", "DI1_flag")
TRIGGER = 6

Fields = dict[str, Any]
Readings = list[Reading]


def decode(payload: Payload) -> Decoded:
    """Read inputs, outputs and relays by the mode."""
    if payload.f_port not in PORTS:
        raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: 2")
    cursor = Cursor(payload.data)
    values, state, status, last = cursor.take(8, "values"), cursor.u8("state"), cursor.u8("status"), cursor.u8("mode")
    mode, hardware = last & 0x3F, last >> 6
    if mode not in TITLES:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"mode {mode} is none of 1 to 6")
    fields: Fields = {"Work_mode": TITLES[mode]}
    readings: Readings = []
    if hardware in HARDWARE:
        fields["Hardware_mode"] = HARDWARE[hardware]
    if hardware == 0:
        fields["DO3_status"] = "L" if state & 0x04 else "H"
    if mode == TRIGGER:
        fields |= {"Mode_status": _true(status)} | _triggers(values)
        return Decoded((), fields)
    _outputs(state, fields, readings)
    if mode != 1:
        fields["First_status"] = "Yes" if state & 0x20 else "No"
    _values(Cursor(values), mode, fields, readings)
    if mode == 1:
        _inputs(state, hardware, fields, readings)
    warnings = (f"{cursor.left} octets at the end were not read",) if cursor.left else ()
    return Decoded(tuple(readings), fields, warnings)


def _outputs(state: int, fields: Fields, readings: Readings) -> None:
    for number, bit in (("1", 0x80), ("2", 0x40)):
        fields[f"DO{number}_status"] = "L" if state & int(number) else "H"
        fields[f"RO{number}_status"] = "ON" if state & bit else "OFF"
        readings.append(Reading("relay_state", bool(state & bit), channel=number))


def _inputs(state: int, hardware: int, fields: Fields, readings: Readings) -> None:
    for number, bit in (("1", 0x08), ("2", 0x10), *((("3", 0x20),) if hardware == 0 else ())):
        fields[f"DI{number}_status"] = "H" if state & bit else "L"
        readings.append(Reading("digital_input", bool(state & bit), channel=number))


def _values(cursor: Cursor, mode: int, fields: Fields, readings: Readings) -> None:
    for part in {1: "vvaa", 2: "12", 3: "1aa", 4: "1c", 5: "vvan"}[mode]:
        _value(part, cursor, fields, readings)


def _value(part: str, cursor: Cursor, fields: Fields, readings: Readings) -> None:
    match part:
        case "v" | "a":
            stem, unit = ("AVI", "V") if part == "v" else ("ACI", "mA")
            number = 1 if f"{stem}1_{unit}" not in fields else 2
            value = fields[f"{stem}{number}_{unit}"] = cursor.i16(f"{stem}{number}") / 1000
            quantity = "analog_input_voltage" if part == "v" else "analog_input_current"
            readings.append(Reading(quantity, value, unit, str(number)))
        case "c":
            fields["Acount_times"] = cursor.u32("Acount_times")
        case _:
            number = 2 if part == "2" else 1
            count = fields[f"Count{number}_times"] = cursor.u16("count") if part == "n" else cursor.u32("count")
            readings.append(Reading("pulse_count", count, "1", str(number)))


def _triggers(values: bytes) -> Fields:
    fields = {f"{name}_flag": _true(values[0] & 0x80 >> place) for place, name in enumerate(TRIGGERS)}
    fields |= {f"{name}_status": _true(values[1] & 0x80 >> place) for place, name in enumerate(TRIGGERS)}
    return fields | {name: _true(values[2] & 0x08 >> place) for place, name in enumerate(INPUTS)}


def _true(value: int) -> str:
    return "True" if value else "False"
