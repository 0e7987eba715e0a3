"""What all Sontex meters share over LoRaWAN: data records of M-Bus (EN 13757-3), little endian, on any FPort.

    [78] {DIF VIF data}…

    78    the CI field of a frame without a head; some firmware sends it
    DIF   coding, function, storage, tariff and subunit (the pulse inputs are subunits 1 and 2)
    VIF   03-07 and 0b-0f energy, 10-16 volume, 28-2f power, 38-3e flow, 58-5b temperature of the flow, 5c-5f of the return,
          64-67 of the room, 6c and 6d time, 6e heat cost units, 78 and 79 numbers of the meter and of what its inputs count

A model is a table from what a record is of to the vendor's name for it. The vendor's codec prints some numbers as text, and
knows two that it scales wrongly (`sc5`): here all are numbers, each with its unit beside it. The clock of a meter has no
time zone, so no reading takes its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor
from decoders.mbus import DECIMAL, FLOAT, Function, Record, number, records, scale, scaled

HEADLESS = 0x78
IS_VALID, IS_SUMMER = 0, 1  # the octets of a time whose bit 7 says so (type F)
TIME, DATE = 4, 2  # octets

Key = tuple[str, int, int, int, int]
Fields = dict[str, Any]
State = Callable[[int], "list[str] | Fields"]  # a list is of the record's own name, the rest has names of its own

# First and last code, the vendor's unit, UCUM, and what its power of ten lacks to the one of EN 13757-3.
SHOWN: Sequence[tuple[int, int, str, str, int]] = (
    (0x03, 0x06, "kWh", "kW.h", -3),
    (0x07, 0x07, "MWh", "MW.h", -6),
    (0x0B, 0x0E, "MJ", "MJ", -6),
    (0x0F, 0x0F, "GJ", "GJ", -9),
    (0x10, 0x12, "L", "L", 3),
    (0x13, 0x16, "m³", "m3", 0),
    (0x28, 0x2B, "W", "W", 0),
    (0x2C, 0x2F, "kW", "kW", -3),
    (0x38, 0x3A, "l/h", "L/h", 3),
    (0x3B, 0x3F, "m³/h", "m3/h", 0),
    (0x58, 0x5F, "°C", "Cel", 0),
    (0x64, 0x67, "°C", "Cel", 0),
)
UNITS = {code: (said, unit, shift) for first, last, said, unit, shift in SHOWN for code in range(first, last + 1)}


def key(kind: str, *, function: int = 0, storage: int = 0, tariff: int = 0, subunit: int = 0) -> Key:
    """Return what a record is of; ``kind`` is a word of `mbus.SCALES` or the VIF in hexadecimal."""
    return kind, function, storage, tariff, subunit


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model: what its records are called, and what they state."""

    names: Mapping[Key, str]
    stated: Mapping[str, tuple[str, str | None]]  # a name: the quantity and the channel
    flags: Mapping[int, str]  # a bit: its name, in the vendor's order
    errors: str  # the VIF of the flags
    no_flag: tuple[str, ...] = ()
    alarms: Mapping[str, str] = field(default_factory=dict)  # the name of a flag: the quantity it states
    valid: str = "valid_date_and_time"
    wrapped: bool = False  # flags stand in objects with a unit, as numbers do
    wrapped_truths: bool = False  # so does what is said of the clock
    states: Mapping[str, State] = field(default_factory=dict)  # a VIF: what its octets say

    def decode(self, payload: Payload) -> Decoded:
        """Read the records one after the other; raises DecodeError."""
        if not payload.data:
            raise DecodeError(DecodeReason.EMPTY)
        cursor = Cursor(payload.data[1:] if payload.data[0] == HEADLESS else payload.data, "little")
        fields: Fields = {}
        readings: dict[tuple[str, str | None], Reading] = {}
        warnings: list[str] = []
        for record in records(cursor):
            name = self._name(record)
            if name is None:
                warnings.append(f"record {record.vif.hex()} is not known: {record.data.hex()}")
                continue
            for reading in self._take(record, name, fields):
                readings[reading.quantity, reading.channel] = reading
        return Decoded(tuple(readings.values()), fields, tuple(warnings))

    def _name(self, record: Record) -> str | None:
        place = (record.function, record.storage, record.tariff, record.subunit)
        return self.names.get((_kind(record), *place)) or self.names.get(("", *place))

    def _take(self, record: Record, name: str, fields: Fields) -> Iterator[Reading]:
        kind = _kind(record)
        if kind == self.errors:
            return self._flags(record, name, fields)
        if kind in self.states:
            said = self.states[kind](int.from_bytes(record.data, "little"))
            fields.update(said if isinstance(said, dict) else {name: said})
        elif kind in {"date", "time"}:
            self._time(record, name, fields)
        else:
            return self._value(record, name, fields)
        return iter(())

    def _flags(self, record: Record, name: str, fields: Fields) -> Iterator[Reading]:
        bits = int.from_bytes(record.data, "little")
        found = [flag for bit, flag in self.flags.items() if bits >> bit & 1] or list(self.no_flag)
        fields[name] = _said(found, wrapped=self.wrapped)
        return (Reading(quantity, flag in found) for flag, quantity in self.alarms.items())

    def _time(self, record: Record, name: str, fields: Fields) -> None:
        data = record.data
        fields[name] = {"value": None, "unit": ""}
        if len(data) == TIME:
            fields[self.valid] = _said(not data[IS_VALID] & 0x80, wrapped=self.wrapped_truths)
            fields["daylight_saving_time"] = _said(bool(data[IS_SUMMER] & 0x80), wrapped=self.wrapped_truths)
            clock = f"{min(data[1] & 0x1F, 23):02}:{min(data[0] & 0x3F, 59):02}"
            fields[name]["value"] = f"{_date(data[2], data[3])} {clock}"
        elif len(data) == DATE:
            fields[name]["value"] = _date(data[0], data[1])

    def _value(self, record: Record, name: str, fields: Fields) -> Iterator[Reading]:
        raw = number(record)
        said, unit, shift = UNITS.get(record.vif[0], ("", "1", 0)) if len(record.vif) == 1 else ("", "1", 0)
        found = scale(record) if said else None
        value = raw if raw is None or found is None else scaled(raw, found.power + shift)
        fields[name] = {"value": value, "unit": said}
        if name in self.stated and value is not None and said:
            quantity, channel = self.stated[name]
            yield Reading(quantity, value, unit, channel)


def _said(value: object, *, wrapped: bool) -> object:
    return {"value": value, "unit": ""} if wrapped else value


def _kind(record: Record) -> str:
    found = scale(record) if len(record.vif) == 1 else None
    if found is None or (found.kind in {"date", "time"} and record.coding in DECIMAL | {FLOAT}):
        return record.vif.hex()
    return found.kind


def _date(low: int, high: int) -> str:
    """Return a date of type G as the vendor's codec writes it: what cannot be is brought to the nearest that can."""
    year = min(low >> 5 | (high & 0xF0) >> 1, 99)
    return f"{min(max(low & 0x1F, 1), 31):02}.{min(max(high & 0x0F, 1), 12):02}.{year:02}"


APPLICATION_ERRORS = (
    "application_error_unknown_field_c", "application_error_unknown_field_ci", "application_error_unknown_record",
    "application_error_access_right", "application_error_record_size", "application_error_record_value",
    "application_error_bad_password",
)  # fmt: skip
ENERGY_AND_TIME = {
    key("fabrication_number"): "fabrication_number",
    key("time"): "date_and_time",
    key("flow_temperature"): "high_temperature",
    key("return_temperature"): "low_temperature",
    key("flow"): "flow",
    key("power"): "power",
}
TEMPERATURES = {
    "high_temperature": ("water_temperature", "supply"),
    "low_temperature": ("water_temperature", "return"),
    "flow": ("water_flow", "heat_carrier"),
}

__all__ = [
    "APPLICATION_ERRORS",
    "ENERGY_AND_TIME",
    "TEMPERATURES",
    "Function",
    "Model",
    "key",
]
