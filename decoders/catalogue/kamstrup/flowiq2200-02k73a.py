"""Kamstrup flowIQ 2200 (and 3200, LoRaWAN): a water meter's volume hour by hour, flows, temperatures and alarms.

Any FPort, little endian: a head and data records of M-Bus (EN 13757-3).

    CC [head] {DIF VIF data}…

    CC    78 no head, 7a four octets, 72 twelve: their last two are the security, which is to be "none" (mode 0)
    DIF   bit 7 and 6 storage, 5-4 function (1 maximum, 2 minimum), 3-0 coding; d is a profile: differences, the newest first
    VIF   10-17 volume, 38-3f flow, 58-5b and 64-67 temperatures, 6c and 6d time,
          ff 25 state (bits 0 dry, 1 reverse, 2 leak, 3 burst, 4 tamper, 5 low battery, 6 and 7 ambient temperature),
          ff 1b and 1c acoustic leak detection, ff 16 module and configuration

A value takes the time that has its storage number. The payload has no time zone, and the vendor's codec writes its times
without one: they are taken as UTC, so the meter's clock is to be set to that; where it is seen to be ahead nothing is stated.
Field names are those of the vendor's codec.

Source: Kamstrup LoRaWAN Integration Guide; EN 13757-3:2018; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from decoders import mbus
from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor
from decoders.mbus import Record

SOURCE = "Kamstrup LoRaWAN Integration Guide; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
QUANTITIES = (
    "backflow_detected", "leak_detected", "low_battery", "meter_burst", "tamper", "water_flow", "water_temperature",
    "water_volume",
)  # fmt: skip

CLOCK_ERROR = timedelta(minutes=10)  # a meter's own clock may be that far off and still be of the right zone
HEADS = {0x78: 0, 0x7A: 4, 0x72: 12}
FUNCTIONS = ("", "Max ", "Min ", "Error state ")
STATE = b"\xff\x25"
BITS = (
    "Dry", "Reverse", "Leak", "Burst", "Tamper", "Low Battery", "Low Ambient Temperature", "High Ambient Temperature",
)  # fmt: skip
OWN = {b"\xff\x1b": "ALD", b"\xff\x1c": "ALD last day", b"\xff\x16": "Module type/config number"}
NOTHING_HEARD = 4095  # of the acoustic leak detection
KINDS = {
    "volume": ("Volume", "m3"),
    "flow": ("Volume flow", "m3/h"),
    "flow_temperature": ("Flow temperature", "C"),
    "external_temperature": ("External temperature", "C"),
}
STATED = {
    "Volume": ("water_volume", "m3", None),
    "Volume flow": ("water_flow", "m3/h", None),
    "Min Volume flow": ("water_flow", "m3/h", "min"),
    "Max Volume flow": ("water_flow", "m3/h", "max"),
    "Flow temperature": ("water_temperature", "Cel", None),
    "Min Flow temperature": ("water_temperature", "Cel", "min"),
    "Max Flow temperature": ("water_temperature", "Cel", "max"),
    "Reverse": ("backflow_detected", "", None),
    "Leak": ("leak_detected", "", None),
    "Burst": ("meter_burst", "", None),
    "Tamper": ("tamper", "", None),
    "Low Battery": ("low_battery", "", None),
}

Times = Mapping[int, datetime]  # by storage number


@dataclass(frozen=True, slots=True)
class Value:
    """One value as the vendor's codec reports it; None is one that is not valid."""

    kind: str
    value: float | bool | None
    unit: str
    at: datetime | None

    def field(self) -> dict[str, Any]:
        """Return it as the vendor names it."""
        at = self.at and f"{self.at:%Y-%m-%dT%H:%M:%S}.000"
        return {"Type": self.kind, "Value": self.value, "Unit": self.unit, "Timestamp": at}


def decode(payload: Payload) -> Decoded:
    """Read the head and all records."""
    cursor = Cursor(payload.data, "little")
    _head(cursor)
    found = list(mbus.records(cursor))
    times = _times(found)
    values = [value for record in found if not _is_time(record) for value in _values(record, found, times)]
    fields: dict[str, Any] = {"values": [value.field() for value in values]}
    latest = [value.value for value in values if value.kind == "Volume"]
    if latest:
        fields["latestVolume"] = latest[0]
    warnings = ["Invalid value among data" for value in values if value.value is None]
    if any(value.at and payload.received_at and value.at > payload.received_at + CLOCK_ERROR for value in values):
        return Decoded(
            (), fields, (*warnings, "the meter's clock is ahead, perhaps of a local time: nothing is stated")
        )
    return Decoded(_readings(values), fields, tuple(warnings))


def _head(cursor: Cursor) -> None:
    code = cursor.u8("head")
    if code not in HEADS:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"head {code:02x} is none of 72, 78, 7a")
    head = cursor.take(HEADS[code], "head")
    if head and head[-1] & 0x1F:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, "encrypted by the meter itself; that is to be switched off")


def _is_time(record: Record) -> bool:
    return record.vif in {b"\x6c", b"\x6d"}


def _times(found: Sequence[Record]) -> Times:
    times = {record.storage: mbus.moment(record.data) for record in found if _is_time(record)}
    return {storage: at for storage, at in times.items() if at is not None}


def _values(record: Record, found: Sequence[Record], times: Times) -> Iterator[Value]:
    at = times.get(record.storage)
    scale = mbus.scale(record)
    if record.vif == STATE:
        state = int.from_bytes(record.data, "little")
        yield from (Value(name, bool(state >> place & 1), "NA", at) for place, name in enumerate(BITS))
    elif record.vif in OWN:
        yield _own(OWN[record.vif], record, at)
    elif scale is None or scale.kind not in KINDS:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"record {record.vif.hex()} is not known")
    elif record.coding == mbus.VARIABLE:
        yield from _profile(record, found, times)
    else:
        kind, unit = KINDS[scale.kind]
        raw = mbus.number(record)
        value = None if raw is None else mbus.scaled(raw, scale.power)
        yield Value(FUNCTIONS[record.function] + kind, value, "Invalid" if value is None else unit, at)


def _own(kind: str, record: Record, at: datetime | None) -> Value:
    value = int.from_bytes(record.data, "little")
    if kind == "ALD last day" and value == NOTHING_HEARD:
        return Value(kind, None, "Invalid", at)
    return Value(kind, value, "NA", at)


def _profile(record: Record, found: Sequence[Record], times: Times) -> Iterator[Value]:
    """Go back in time from the value and the time that have the profile's storage number."""
    if len(record.vif) != 2 or record.vif[1] != mbus.INVERSE_PROFILE:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"record {record.vif.hex()} of variable length is not known")
    base = next(
        (one for one in found if one.vif == bytes([record.vif[0] & 0x7F]) and one.storage == record.storage), None
    )
    at, scale = times.get(record.storage), mbus.scale(record)
    value = None if base is None else mbus.number(base)
    if value is None or at is None or scale is None:
        raise DecodeError(DecodeReason.MALFORMED, "a profile without the value or the time that it starts from")
    profile = mbus.profile(record.data)
    kind, unit = KINDS[scale.kind]
    for step in profile.steps:
        if step is None:
            return
        value, at = value + step, at - profile.spacing
        yield Value(kind, mbus.scaled(value, scale.power), unit, at)


def _readings(values: Sequence[Value]) -> tuple[Reading, ...]:
    readings = {}
    for one in values:
        if one.kind in STATED and one.value is not None:
            quantity, unit, channel = STATED[one.kind]
            readings[quantity, channel, one.at] = Reading(quantity, one.value, unit, channel, one.at)
    return tuple(readings.values())
