"""Tags of one octet, each with its value, in any order; big endian."""

from __future__ import annotations

from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor


def decode(payload: Payload) -> Decoded:  # noqa: C901, PLR0912 - a branch for each tag
    """Read tags until the payload ends."""
    cursor = Cursor(payload.data)
    fields: dict[str, Any] = {}
    readings: list[Reading] = []
    while cursor.left:
        match tag := cursor.u8("tag"):
            case 0x01:
                fields["temperature"] = value = cursor.i16("temperature") / 10
                readings.append(Reading("air_temperature", value, "Cel"))
            case 0x02:
                fields["humidity"] = value = cursor.u8("humidity")
                readings.append(Reading("relative_humidity", value, "%"))
            case 0x03:
                fields["x"], fields["y"], fields["z"] = cursor.i8("x"), cursor.i8("y"), cursor.i8("z")
            case 0x04:
                fields["light"] = value = cursor.u16("light")
                readings.append(Reading("illuminance", value, "lx"))
            case 0x05:
                fields["motion"] = cursor.u8("motion")
            case 0x06:
                fields["co2"] = value = cursor.u16("co2")
                readings.append(Reading("co2", value, "[ppm]"))
            case 0x07:
                fields["battery"] = value = cursor.u16("battery")
                readings.append(Reading("battery_voltage", value, "mV"))
            case 0x0A:
                fields["pulses"] = cursor.u16("pulses")
            case 0x0B:
                fields["pulses_total"] = cursor.u32("pulses_total")
            case 0x0C:
                fields["external"] = value = cursor.i16("external") / 10
                readings.append(Reading("air_temperature", value, "Cel", "external"))
            case 0x0E:
                fields["distance"] = value = cursor.u16("distance")
                readings.append(Reading("distance", value, "mm"))
            case 0x11:
                fields["occupancy"] = cursor.u8("occupancy")
            case 0x12:
                fields["leak"] = cursor.u8("leak")
            case _:
                raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"tag {tag:#04x}")
    return Decoded(tuple(readings), fields)
