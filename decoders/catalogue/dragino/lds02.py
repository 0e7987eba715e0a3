"""Dragino LDS02 (LDS01, and with a water probe LWL01 and LWL02): a door that is open, or water on a floor.

FPort 10, big endian:

    BBBB MM NNNNNN DDDDDD AA

    B  bit 15 the door is open, bit 14 there is water, bits 13-0 battery 1 mV
    M  uint8  1 a door, 2 water, 3 both: then N and D are not used
    N  uint24 how often it was opened, or there was water
    D  uint24 how long, the last time                          1 min
    A  bit 0  alarm

In the vendor's examples the last three octets are missing; they count as 0 then. ChirpStack's device profiles add a field
Node_type; the vendor's codec in lorawan-devices, which is followed, has none.

Source: Dragino LDS02 and LWL02 User Manuals, section 2.3; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Dragino LDS02 and LWL02 User Manuals, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (10,)
QUANTITIES = ("battery_voltage", "door_open", "water_present")

SHORTEST, SIZE = 7, 10  # octets
DOOR, WATER, BOTH = 1, 2, 3

Fields = dict[str, Any]


def decode(payload: Payload) -> Decoded:
    """Read the state of the door or of the probe, and the battery."""
    if payload.f_port not in PORTS:
        raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: 10")
    cursor = Cursor(payload.data if len(payload.data) < SHORTEST else payload.data.ljust(SIZE, b"\0"))
    first, mode = cursor.u16("BAT_V"), cursor.u8("MOD")
    count, duration, alarm = cursor.u24("times"), cursor.u24("duration"), cursor.u8("ALARM") & 1
    door, water = first >> 15, first >> 14 & 1
    fields: Fields = {"BAT_V": (first & 0x3FFF) / 1000, "MOD": mode}
    readings = [Reading("battery_voltage", fields["BAT_V"], "V")]
    if mode in {DOOR, BOTH}:
        fields["DOOR_OPEN_STATUS"] = door
        readings.append(Reading("door_open", bool(door)))
    if mode in {WATER, BOTH}:
        fields["WATER_LEAK_STATUS"] = water
        readings.append(Reading("water_present", bool(water)))
    if mode == DOOR:
        fields |= {"DOOR_OPEN_TIMES": count, "LAST_DOOR_OPEN_DURATION": duration}
    if mode == WATER:
        fields |= {"WATER_LEAK_TIMES": count, "LAST_WATER_LEAK_DURATION": duration}
    if mode in {DOOR, BOTH}:
        fields["ALARM"] = alarm
    warnings = (f"{cursor.left} octets at the end were not read",) if cursor.left else ()
    return Decoded(tuple(readings), fields, warnings)
