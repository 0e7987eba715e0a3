"""Bosch TPS110: parking sensor.

Little endian:

    FPort 1, parking status   PP
    FPort 2, heartbeat        PP TT               (older firmware: PP)
    FPort 3, start            CCCCCCCC CCCCCCCC CCCCCCCC VVVVVV RR PP
    FPort 4, device information, FPort 5, device usage: octets whose meaning is not published
    FPort 6, debug            SSSSSSSS CCCCCCCC NNNN

    P  uint8   bit 0: a vehicle is there
    T  int8    temperature in the device           1 °C
    C  uint32  low 12 bits: debug code, 0 is none
    V  3 octets, firmware version
    R  uint8   why it started: 1 watchdog, 2 power on, 3 system request, 4 other
    S  uint32  timestamp
    N  uint16  sequence number

Source: the vendor's codec, https://github.com/TheThingsNetwork/lorawan-devices (vendor/bosch).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "https://github.com/TheThingsNetwork/lorawan-devices (vendor/bosch)"
LICENCE = "Apache-2.0"
PORTS = (1, 2, 3, 4, 5, 6)
QUANTITIES = ("device_temperature", "parking_occupied")

DEBUG_CODE = 0xFFF
CODES = 3  # in a start message
RESET_CAUSES = {1: "watchdog", 2: "power on", 3: "system request", 4: "other"}

Fields = dict[str, Any]
Said = tuple[Fields, tuple[Reading, ...]]


def decode(payload: Payload) -> Decoded:
    """Read the message that its port tells."""
    if payload.f_port not in MESSAGES:
        raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: {', '.join(map(str, MESSAGES))}")
    fields, readings = MESSAGES[payload.f_port](Cursor(payload.data, "little"))
    return Decoded(readings, fields)


def _occupied(cursor: Cursor) -> tuple[bool, Reading]:
    occupied = bool(cursor.u8("parking status") & 1)
    return occupied, Reading("parking_occupied", occupied)


def _parking_status(cursor: Cursor) -> Said:
    occupied, reading = _occupied(cursor)
    return {"type": "parking status", "occupied": occupied}, (reading,)


def _heartbeat(cursor: Cursor) -> Said:
    occupied, reading = _occupied(cursor)
    fields: Fields = {"type": "heartbeat", "occupied": occupied}
    if not cursor.left:
        return fields, (reading,)
    fields["temperature"] = cursor.i8("temperature")
    return fields, (reading, Reading("device_temperature", fields["temperature"], "Cel"))


def _startup(cursor: Cursor) -> Said:
    codes = [cursor.u32("debug code") & DEBUG_CODE for _ in range(CODES)]
    firmware, cause = cursor.take(3, "firmware version"), cursor.u8("reset cause")
    occupied, reading = _occupied(cursor)
    fields: Fields = {
        "type": "startup",
        "debugCodes": [code for code in codes if code],
        "firmwareVersion": ".".join(map(str, firmware)),
        "occupied": occupied,
    }
    if cause in RESET_CAUSES:
        fields["resetCause"] = RESET_CAUSES[cause]
    return fields, (reading,)


def _debug(cursor: Cursor) -> Said:
    timestamp, code = cursor.u32("timestamp"), cursor.u32("debug code") & DEBUG_CODE
    number = cursor.u16("sequence number")
    return {"type": "debug", "timestamp": timestamp, "debugCode": code, "sequenceNumber": number}, ()


def _octets(kind: str) -> Callable[[Cursor], Said]:
    return lambda cursor: ({"type": kind, "bytes": list(cursor.rest())}, ())


MESSAGES: Mapping[int, Callable[[Cursor], Said]] = {
    1: _parking_status,
    2: _heartbeat,
    3: _startup,
    4: _octets("device information"),
    5: _octets("device usage"),
    6: _debug,
}
