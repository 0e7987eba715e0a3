"""What simulated devices say: a serial number that no other uplink has; now and then something no decoder can read."""

from __future__ import annotations

import struct
from typing import Final

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading

DECODER: Final = "simulation/serial"
F_PORT: Final = 5
QUANTITY: Final = "lightning_count"  # a counter whose unit is 1: any serial number is a value of it

_READABLE, _GARBLED = 0x01, 0xFF
_HEAD: Final = struct.Struct(">BI")


def payload_of(serial: int, *, garbled: bool, padding: int) -> bytes:
    """Return a payload with that serial number; ``padding`` octets make it longer."""
    return _HEAD.pack(_GARBLED if garbled else _READABLE, serial) + bytes(padding)


class SerialDecoder:
    """Read the serial number; of revision 2 on it reads garbled payloads, too."""

    name = DECODER

    def __init__(self, revision: int) -> None:
        self.revision = str(revision)
        self._reads = {_READABLE} if revision == 1 else {_READABLE, _GARBLED}

    def decode(self, payload: Payload) -> Decoded:
        """Return the serial number as a reading."""
        kind, serial = _HEAD.unpack_from(payload.data)
        if kind not in self._reads:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"message {kind:#x}")
        return Decoded(readings=(Reading(QUANTITY, serial, "1"),))
