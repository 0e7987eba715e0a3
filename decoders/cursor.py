"""Read a payload from front to back; what is missing is a DecodeError that says what and where."""

from __future__ import annotations

from typing import Literal

from decoders.contract import DecodeError, DecodeReason

ByteOrder = Literal["big", "little"]


class Cursor:
    """A place in a payload. Every reading method moves it on; ``what`` names the value in an error.

    ``order`` holds for all integers of more than one octet. `bits` reads the most significant bit first and may stop
    inside an octet; the next whole octet then starts after it.
    """

    __slots__ = ("_bits_left", "_data", "_order", "_position")

    def __init__(self, data: bytes, order: ByteOrder = "big") -> None:
        self._data = data
        self._order: ByteOrder = order
        self._position = 0
        self._bits_left = 0  # of the octet before `_position`

    @property
    def position(self) -> int:
        """Return how many octets have been read."""
        return self._position

    @property
    def left(self) -> int:
        """Return how many whole octets are still to read."""
        return len(self._data) - self._position

    def take(self, count: int, what: str = "octets") -> bytes:
        """Return the next ``count`` octets."""
        end = self._position + count
        if end > len(self._data):
            raise truncated(what, count, self._position, len(self._data))
        piece = self._data[self._position : end]
        self._position = end
        self._bits_left = 0
        return piece

    def rest(self) -> bytes:
        """Return all that is left, which may be nothing."""
        return self.take(self.left)

    def u8(self, what: str = "uint8") -> int:
        """Return an unsigned octet."""
        return self.take(1, what)[0]

    def i8(self, what: str = "int8") -> int:
        """Return a signed octet."""
        return self._signed(1, what)

    def u16(self, what: str = "uint16") -> int:
        """Return 2 octets, unsigned."""
        return self._unsigned(2, what)

    def i16(self, what: str = "int16") -> int:
        """Return 2 octets, signed."""
        return self._signed(2, what)

    def u24(self, what: str = "uint24") -> int:
        """Return 3 octets, unsigned."""
        return self._unsigned(3, what)

    def i24(self, what: str = "int24") -> int:
        """Return 3 octets, signed."""
        return self._signed(3, what)

    def u32(self, what: str = "uint32") -> int:
        """Return 4 octets, unsigned."""
        return self._unsigned(4, what)

    def i32(self, what: str = "int32") -> int:
        """Return 4 octets, signed."""
        return self._signed(4, what)

    def bits(self, count: int, what: str = "bits") -> int:
        """Return the next ``count`` bits, unsigned, most significant first."""
        value = 0
        while count:
            if not self._bits_left:
                self.take(1, what)
                self._bits_left = 8
            used = min(count, self._bits_left)
            self._bits_left -= used
            count -= used
            value = value << used | self._data[self._position - 1] >> self._bits_left & (1 << used) - 1
        return value

    def _unsigned(self, size: int, what: str) -> int:
        return int.from_bytes(self.take(size, what), self._order)

    def _signed(self, size: int, what: str) -> int:
        return int.from_bytes(self.take(size, what), self._order, signed=True)


def truncated(what: str, wanted: int, position: int, size: int) -> DecodeError:
    """Return the error of a payload of ``size`` octets that ends within ``what``."""
    octets = "1 octet" if wanted == 1 else f"{wanted} octets"
    return DecodeError(DecodeReason.TRUNCATED, f"{what}: {octets} expected at {position}, the payload ends at {size}")
