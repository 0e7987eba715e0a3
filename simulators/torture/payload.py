"""The payload of a torture run: an Elsys ELT's temperature, humidity and pulse count, whose count is the serial number.

The decoder reads the count like any other, so a message at its destination says which transmission it comes of without
asking the id.
"""

from __future__ import annotations

import struct
from typing import Final

DECODER: Final = "elsys/ers"
F_PORT: Final = 5
COUNTED_AS: Final = "pulse_count/1"  # how SenML names the reading that the serial number comes out as: with its channel

_LAYOUT: Final = struct.Struct(">BhBBBI")  # 01 temperature, 02 humidity, 0b pulses


def payload_of(serial: int) -> bytes:
    """Return a payload that no other serial number has."""
    return _LAYOUT.pack(0x01, serial % 400 - 50, 0x02, serial % 100, 0x0B, serial)


def serial_of(payload: bytes) -> int | None:
    """Return the serial number in ``payload``; None where it is none of ours."""
    if len(payload) != _LAYOUT.size:
        return None
    serial: int = _LAYOUT.unpack(payload)[-1]
    return serial if payload == payload_of(serial) else None
