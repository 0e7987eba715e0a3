"""Dragino LDDS75: distance to a surface, by ultrasound.

FPort 2, big endian:

    BBBB DDDD II TTTT SS

    B  bits 13-0  battery                  1 mV
    D  uint16     distance                 1 mm; 0: no sensor, 20: nothing that can be measured
    I  uint8      interrupt
    T  int16      temperature of a DS18B20 that may be there       0.1 °C; reported, not stated: 0 without it
    S  uint8      a sensor is there

Field names and texts are those of the codec in ChirpStack's device profiles; that in lorawan-devices reads the battery as the
distance.

Source: Dragino LDDS75 User Manual, section 2.3.
"""

from __future__ import annotations

from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Dragino LDDS75 User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2,)
QUANTITIES = ("battery_voltage", "distance")

WORDS = {0: "No Sensor", 20: "Invalid Reading"}


def decode(payload: Payload) -> Decoded:
    """Read battery and distance."""
    if payload.f_port not in PORTS:
        raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: 2")
    cursor = Cursor(payload.data)
    battery, distance = (cursor.u16("Bat") & 0x3FFF) / 1000, cursor.u16("Distance")
    fields: dict[str, Any] = {
        "Bat": battery,
        "Distance": WORDS.get(distance, distance),
        "Interrupt_flag": cursor.u8("Interrupt_flag"),
        "TempC_DS18B20": f"{cursor.i16('TempC_DS18B20') / 10:.2f}",
        "Sensor_flag": cursor.u8("Sensor_flag"),
    }
    readings = [Reading("battery_voltage", battery, "V")]
    if distance not in WORDS:
        readings.append(Reading("distance", distance, "mm"))
    warnings = (f"{cursor.left} octets at the end were not read",) if cursor.left else ()
    return Decoded(tuple(readings), fields, warnings)
