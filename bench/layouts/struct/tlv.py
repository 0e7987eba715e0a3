"""Tags of one octet, each with its value, in any order; big endian."""

from __future__ import annotations

import struct
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import truncated

I16 = struct.Struct(">h").unpack_from
U16 = struct.Struct(">H").unpack_from
U32 = struct.Struct(">I").unpack_from
AXES = struct.Struct("bbb").unpack_from


def decode(payload: Payload) -> Decoded:
    """Read tags until the payload ends."""
    try:
        return _decoded(payload.data)
    except (struct.error, IndexError):
        raise truncated("a value", 1, len(payload.data), len(payload.data)) from None


def _decoded(data: bytes) -> Decoded:  # noqa: C901, PLR0912, PLR0915 - a branch for each tag
    fields: dict[str, Any] = {}
    readings: list[Reading] = []
    place, end = 0, len(data)
    while place < end:
        tag = data[place]
        if tag == 0x01:
            fields["temperature"] = value = I16(data, place + 1)[0] / 10
            readings.append(Reading("air_temperature", value, "Cel"))
            place += 3
        elif tag == 0x02:
            fields["humidity"] = value = data[place + 1]
            readings.append(Reading("relative_humidity", value, "%"))
            place += 2
        elif tag == 0x03:
            fields["x"], fields["y"], fields["z"] = AXES(data, place + 1)
            place += 4
        elif tag == 0x04:
            fields["light"] = value = U16(data, place + 1)[0]
            readings.append(Reading("illuminance", value, "lx"))
            place += 3
        elif tag == 0x05:
            fields["motion"] = data[place + 1]
            place += 2
        elif tag == 0x06:
            fields["co2"] = value = U16(data, place + 1)[0]
            readings.append(Reading("co2", value, "[ppm]"))
            place += 3
        elif tag == 0x07:
            fields["battery"] = value = U16(data, place + 1)[0]
            readings.append(Reading("battery_voltage", value, "mV"))
            place += 3
        elif tag == 0x0A:
            fields["pulses"] = U16(data, place + 1)[0]
            place += 3
        elif tag == 0x0B:
            fields["pulses_total"] = U32(data, place + 1)[0]
            place += 5
        elif tag == 0x0C:
            fields["external"] = value = I16(data, place + 1)[0] / 10
            readings.append(Reading("air_temperature", value, "Cel", "external"))
            place += 3
        elif tag == 0x0E:
            fields["distance"] = value = U16(data, place + 1)[0]
            readings.append(Reading("distance", value, "mm"))
            place += 3
        elif tag == 0x11:
            fields["occupancy"] = data[place + 1]
            place += 2
        elif tag == 0x12:
            fields["leak"] = data[place + 1]
            place += 2
        else:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"tag {tag:#04x}")
    return Decoded(tuple(readings), fields)
