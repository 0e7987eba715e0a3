"""Lines out of what a serial line brings, in whatever pieces it comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.sources.serial_modem.driver import Bad, BadReason

LONGEST_LINE: Final = 640  # octets: 255 of a frame as hex digits, and what stands around them


class Lines:
    """Cut octets into lines; one without an end in `LONGEST_LINE` octets is dropped, up to its end."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_overlong = False

    def take(self, octets: bytes) -> Iterator[bytes | Bad]:
        """Take octets, and yield the lines that end in them, without their ends and without those that are empty."""
        *ended, self._rest = (self._rest + octets).replace(b"\r", b"\n").split(b"\n")
        for line in ended:
            if self._is_overlong or len(line) > LONGEST_LINE:
                self._is_overlong = False
                yield Bad(BadReason.OVERLONG)
            elif line := line.strip(b" \t\0"):
                yield line
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._is_overlong = b"", True
