"""What the attributes of Watteco's clusters hold: each is read by its type and named as the vendor's codec does."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any

from decoders.contract import DecodeError, DecodeReason
from decoders.cursor import Cursor

# Types of the ZigBee cluster library: octets, and whether signed. 16 is no type of it, but stands in an example of the vendor's.
NUMBERS = {
    0x08: (1, False), 0x09: (2, False), 0x0A: (3, False), 0x0B: (4, False), 0x10: (1, False), 0x16: (1, False),
    0x18: (1, False), 0x19: (2, False), 0x20: (1, False), 0x21: (2, False), 0x22: (3, False), 0x23: (4, False),
    0x28: (1, True), 0x29: (2, True), 0x2A: (3, True), 0x2B: (4, True), 0x30: (1, False),
}  # fmt: skip
OCTETS = {0x0C: 5, 0x0D: 6}
FLOAT = 0x39
TEXTS = {0x41: 1, 0x42: 1, 0x43: 2}  # octets of the length in front

Fields = dict[str, Any]
Read = Callable[[Any], Fields]


def read(cursor: Cursor, cluster: int, attribute: int) -> Fields:
    """Return what the attribute at the cursor, its type in front, says; raises DecodeError."""
    value = _value(cursor)
    reader = ATTRIBUTES.get((cluster, attribute))
    if reader is None:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"attribute {attribute:04x} of cluster {cluster:04x}")
    try:
        return reader(value)
    except TypeError as error:  # a type that this attribute never has
        raise DecodeError(DecodeReason.MALFORMED, f"{cluster:04x} {attribute:04x}: {error}") from error


def _value(cursor: Cursor) -> int | float | bytes:
    kind = cursor.u8("type")
    if kind in NUMBERS:
        size, signed = NUMBERS[kind]
        return int.from_bytes(cursor.take(size, "value"), "big", signed=signed)
    if kind == FLOAT:
        value = float(struct.unpack(">f", cursor.take(4, "value"))[0])
        if not math.isfinite(value):
            raise DecodeError(DecodeReason.MALFORMED, f"{value} is no value")
        return value
    if kind in OCTETS:
        return cursor.take(OCTETS[kind], "value")
    if kind in TEXTS:
        size = int.from_bytes(cursor.take(TEXTS[kind], "length"), "big")
        return cursor.take(size, "value")
    raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"type {kind:02x}")


def _number(name: str, divisor: int = 1) -> Read:
    def reader(value: Any) -> Fields:
        number = _numeric(value)
        return {name: number if divisor == 1 else number / divisor}

    return reader


def _truth(name: str) -> Read:
    return lambda value: {name: _numeric(value) != 0}


def _numeric(value: Any) -> Any:
    if isinstance(value, bytes):
        raise TypeError("octets came where a number is expected")
    return value


def _octets(value: Any) -> bytes:
    # `bytes(number)` would be as many zeros, gigabytes of them.
    if not isinstance(value, bytes):
        raise TypeError("a number came where octets are expected")
    return value


def _firmware(value: bytes) -> Fields:
    cursor = Cursor(value)
    version = ".".join(str(cursor.u8("version")) for _ in range(3))
    return {"firmware": f"{version}.{cursor.u24('build')}"}


def _text(name: str) -> Read:
    return lambda value: {name: _octets(value).decode("latin-1")}


def _output(value: int) -> Fields:
    return {"output": "ON" if _numeric(value) == 1 else "OFF"}


def _pins(value: int) -> Fields:
    return {f"pin_state_{place + 1}": bool(value >> place & 1) for place in range(10)}


def _message_type(value: int) -> Fields:
    return {"message_type": "confirmed" if _numeric(value) else "unconfirmed"}


SUPPLIES = (
    "main_or_external_voltage", "rechargeable_battery_voltage", "disposable_battery_voltage", "solar_harvesting_voltage",
    "tic_harvesting_voltage",
)  # fmt: skip


def _power(value: bytes) -> Fields:
    cursor = Cursor(value)
    cursor.u8("power modes")
    there = cursor.u8("power sources")
    return {name: cursor.u16(name) / 1000 for place, name in enumerate(SUPPLIES) if there >> place & 1}


def _struct(octets: int, *names: str, tenths: tuple[str, ...] = ()) -> Read:
    def reader(value: Any) -> Fields:
        cursor = Cursor(_octets(value))
        found = {name: int.from_bytes(cursor.take(octets, name), "big", signed=True) for name in names}
        return {name: number / 10 if name in tenths else number for name, number in found.items()}

    return reader


def _plug(value: bytes) -> Fields:
    cursor = Cursor(value)
    return {
        "active_energy": cursor.i24("active_energy"),
        "reactive_energy": cursor.i24("reactive_energy"),
        "nb_samples": cursor.u16("nb_samples"),
        "active_power": cursor.i16("active_power"),
        "reactive_power": cursor.i16("reactive_power"),
    }


FREQUENCY_OFFSET = 22232  # mHz, so that 50 Hz fits two octets
MAINS = ("frequency", "frequency_min", "frequency_max")
VOLTAGES = ("Vrms", "Vrms_min", "Vrms_max", "Vpeak", "Vpeak_min", "Vpeak_max")
COUNTS = ("over_voltage", "sag_voltage", "brownout_number")


def _mains(value: bytes) -> Fields:
    cursor = Cursor(value)
    fields: Fields = {name: (cursor.i16(name) + FREQUENCY_OFFSET) / 1000 for name in MAINS}
    fields |= {name: cursor.i16(name) / 10 for name in VOLTAGES}
    return fields | {name: cursor.i16(name) for name in COUNTS}


ENERGIES = ("positive_active_energy", "negative_active_energy", "positive_reactive_energy", "negative_reactive_energy")
POWERS = ("positive_active_power", "negative_active_power", "positive_reactive_power", "negative_reactive_power")
PHASES = ("a", "b", "c", "abc")
PHASE_VALUES = tuple(f"{name}_{phase}" for phase in PHASES[:3] for name in ("Vrms", "Irms", "angle"))

ATTRIBUTES: Mapping[tuple[int, int], Read] = {
    (0x0000, 0x0002): _firmware,
    (0x0000, 0x0003): _text("kernel"),
    (0x0000, 0x0004): _text("manufacturer"),
    (0x0000, 0x0005): _text("model"),
    (0x0000, 0x0006): _text("date"),
    (0x0000, 0x8001): _text("application_name"),
    (0x0006, 0x0000): _output,
    (0x000C, 0x0055): _number("analog"),
    (0x000F, 0x0055): _truth("pin_state"),
    (0x000F, 0x0401): _number("debounce_period"),
    (0x000F, 0x0402): _number("index"),
    (0x000F, 0x0403): _number("poll_period"),
    (0x0013, 0x0055): _number("output_value"),
    (0x0050, 0x0006): _power,
    (0x0052, 0x0000): _plug,
    (0x0400, 0x0000): _number("illuminance"),
    (0x0402, 0x0000): _number("temperature", 100),
    (0x0402, 0x0001): _number("min_temperature", 100),
    (0x0402, 0x0002): _number("max_temperature", 100),
    (0x0403, 0x0000): _number("pressure"),
    (0x0405, 0x0000): _number("humidity", 100),
    (0x0405, 0x0001): _number("min_humidity", 100),
    (0x0405, 0x0002): _number("max_humidity", 100),
    (0x0406, 0x0000): _truth("occupancy"),
    (0x8004, 0x0000): _message_type,
    (0x8004, 0x0001): _number("nb_retry"),
    (0x8005, 0x0000): _pins,
    (0x8008, 0x0000): _number("differential_pressure"),
    (0x800A, 0x0000): _struct(4, *ENERGIES, *POWERS),
    (0x800B, 0x0000): _struct(2, "Vrms", "Irms", "angle", tenths=("Vrms", "Irms")),
    (0x800C, 0x0000): _number("concentration"),
    (0x800D, 0x0000): _struct(2, *PHASE_VALUES, tenths=tuple(name for name in PHASE_VALUES if "rms" in name)),
    (0x800E, 0x0000): _number("number"),
    (0x8010, 0x0000): _struct(4, *(f"{kind}_energy_{phase}" for phase in PHASES for kind in ("active", "reactive"))),
    (0x8010, 0x0001): _struct(4, *(f"{kind}_power_{phase}" for phase in PHASES for kind in ("active", "reactive"))),
    (0x8052, 0x0000): _mains,
}
