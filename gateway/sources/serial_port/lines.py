"""Lines out of what a serial line brings, in whatever pieces it comes."""

from __future__ import annotations

from collections.abc import Iterator


class Lines:
    """Cut octets into lines; one that has no end within ``longest`` octets is dropped, up to its end."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._rest = b""
        self._is_overlong = False

    @property
    def has_begun(self) -> bool:
        """Tell whether the beginning of a line is there, and its end is not."""
        return bool(self._rest) or self._is_overlong

    def take(self, octets: bytes) -> Iterator[bytes | None]:
        """Take octets, and yield the lines that end in them, without their ends and those that are empty; None for one too long."""
        *ended, self._rest = (self._rest + octets).replace(b"\r", b"\n").split(b"\n")
        for line in ended:
            if self._is_overlong or len(line) > self._longest:
                self._is_overlong = False
                yield None
            elif line := line.strip(b" \t\0"):
                yield line
        if len(self._rest) > self._longest:
            self._rest, self._is_overlong = b"", True
