"""Groups that flags announce: VV DDDD FFFF, group 0 (LLLL TTTT EEEE ZZZZ), group 1 (BBBB); big endian."""

from __future__ import annotations

from typing import Any

from decoders.contract import Decoded, Payload, Reading
from decoders.cursor import Cursor

ZERO = 32768


def decode(payload: Payload) -> Decoded:
    """Read the head and the groups that are there."""
    cursor = Cursor(payload.data)
    fields: dict[str, Any] = {"version": cursor.u8("version"), "device": cursor.u16("device")}
    readings: list[Reading] = []
    flags = cursor.u16("flags")
    if flags & 1:
        fields["depth"] = depth = cursor.u16("depth") - ZERO
        fields["temperature"] = temperature = (cursor.u16("temperature") - ZERO) / 10
        fields["conductivity"] = conductivity = cursor.u16("conductivity")
        fields["freezing"] = cursor.u16("freezing")
        readings += [
            Reading("water_level", depth, "mm"),
            Reading("water_temperature", temperature, "Cel"),
            Reading("water_conductivity", conductivity, "uS/cm"),
        ]
    if flags & 2:
        fields["battery"] = battery = cursor.u16("battery") / 1000
        readings.append(Reading("battery_voltage", battery, "V"))
    return Decoded(tuple(readings), fields)
