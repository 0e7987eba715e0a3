"""Groups that flags announce: VV DDDD FFFF, group 0 (LLLL TTTT EEEE ZZZZ), group 1 (BBBB); big endian."""

from __future__ import annotations

import struct
from typing import Any

from decoders.contract import Decoded, Payload, Reading
from decoders.cursor import truncated

ZERO = 32768
HEAD = struct.Struct(">BHH").unpack_from
LEVEL = struct.Struct(">HHHH").unpack_from
U16 = struct.Struct(">H").unpack_from


def decode(payload: Payload) -> Decoded:
    """Read the head and the groups that are there."""
    try:
        return _decoded(payload.data)
    except struct.error:
        raise truncated("a group", 2, len(payload.data), len(payload.data)) from None


def _decoded(data: bytes) -> Decoded:
    version, device, flags = HEAD(data)
    place = 5
    fields: dict[str, Any] = {"version": version, "device": device}
    readings: list[Reading] = []
    if flags & 1:
        depth, temperature, conductivity, freezing = LEVEL(data, place)
        place += 8
        fields["depth"] = depth = depth - ZERO
        fields["temperature"] = temperature = (temperature - ZERO) / 10
        fields["conductivity"] = conductivity
        fields["freezing"] = freezing
        readings += [
            Reading("water_level", depth, "mm"),
            Reading("water_temperature", temperature, "Cel"),
            Reading("water_conductivity", conductivity, "uS/cm"),
        ]
    if flags & 2:
        fields["battery"] = battery = U16(data, place)[0] / 1000
        readings.append(Reading("battery_voltage", battery, "V"))
    return Decoded(tuple(readings), fields)
