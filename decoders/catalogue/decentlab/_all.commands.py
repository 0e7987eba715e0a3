"""What may be told to Decentlab's devices: FPort 1, big endian, one command in a downlink.

    KKKK PPPP XXXX

    K  uint16  the command
    P  uint16  its parameter, 0 where it has none
    X  uint16  CRC-16/MODBUS of K and P

`interval` is the time between two samplings, "set period + save" in the vendor's encoder; a device that does not send after
each of them was told a `send_period`. `adr` holds until the device starts anew, the others are kept.

Source: https://github.com/decentlab/decentlab-decoders (downlink-command-encoder.html).
"""

from __future__ import annotations

from typing import Any

from decoders.commands import Settings, fixed, one_told, whole
from decoders.contract import Command, Encoded

F_PORT = 1


def _adr(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} where true or false is expected")  # noqa: TRY004 - what a person typed, no bug
    return b"\x00\x05\x00\x00" if value else b"\x00\x07\x00\x00"


SETTINGS: Settings = {
    "interval": whole(b"\x00\x02", 1, 0xFFFF, octets=2),  # seconds
    "send_period": whole(b"\x00\x12", 0, 0xFFFF, octets=2),  # samplings; 0 and 1: after each
    "join_period": whole(b"\x00\x14", 0, 1000, octets=2),  # hours; 0: never anew
    "adr": _adr,
    "reset": fixed(b"\xfe\xfe\x00\x00"),
}


def encode(command: Command) -> Encoded:
    """Say one command and its checksum."""
    told = one_told(SETTINGS, command)
    return Encoded(F_PORT, told + _crc(told).to_bytes(2, "big"))


def _crc(data: bytes) -> int:
    crc = 0xFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc
