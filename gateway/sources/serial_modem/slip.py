"""WiMOD's frames on the serial line: SLIP around a message and its checksum (WiMOD LR Base HCI Specification, section 2).

    C0  SS MM PP … CC CC  C0      SAP, message, payload, CRC-16 (low octet first); C0 and DB within are escaped

The CRC is X.25's: polynomial 0x8408, begun with 0xFFFF, complemented; over a whole message with its CRC it is 0x0F47 complemented.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.sources.serial_modem.driver import Bad, BadReason

END: Final = 0xC0
ESCAPE: Final = 0xDB
ESCAPED: Final = {0xDC: END, 0xDD: ESCAPE}
POLYNOMIAL: Final = 0x8408
LEAST: Final = 4  # octets: SAP, message, CRC
LONGEST_MESSAGE: Final = 300  # octets, with every escape undone: a frame and what stands around it


def crc16(octets: bytes) -> int:
    """Return the CRC-16 of X.25."""
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFF


def wrapped(message: bytes) -> bytes:
    """Return a message as it goes over the line."""
    whole = message + crc16(message).to_bytes(2, "little")
    escaped = whole.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return bytes((END,)) + escaped + bytes((END,))


class Messages:
    """Cut octets into messages whose checksum is right, in whatever pieces they come."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_overlong = False

    def take(self, octets: bytes) -> Iterator[bytes | Bad]:
        """Take octets, and yield the messages that end in them."""
        for octet in octets:
            if octet == END:
                yield from self._ended()
            elif len(self._rest) < 2 * LONGEST_MESSAGE:
                self._rest.append(octet)
            else:
                self._is_overlong = True

    def _ended(self) -> Iterator[bytes | Bad]:
        raw, overlong = bytes(self._rest), self._is_overlong
        self._rest.clear()
        self._is_overlong = False
        if overlong:
            yield Bad(BadReason.OVERLONG)
        elif raw:  # each message begins and ends with an END: between two of them is nothing
            yield _unwrapped(raw)


def _unwrapped(raw: bytes) -> bytes | Bad:
    octets = bytearray()
    following = iter(raw)
    for octet in following:
        plain = octet if octet != ESCAPE else ESCAPED.get(next(following, END))
        if plain is None:
            return Bad(BadReason.ESCAPE)
        octets.append(plain)
    whole = bytes(octets)
    if len(whole) < LEAST or crc16(whole[:-2]) != int.from_bytes(whole[-2:], "little"):
        return Bad(BadReason.CHECKSUM)
    return whole[:-2]
