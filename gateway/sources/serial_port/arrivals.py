"""What has come in from a port and was not read yet."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.sources.serial_port.lost import Lost, PortLost

MOST_WAITING: Final = 1 << 16  # octets: 5 s of a line at 115200 baud; who sends more than is read has to wait


class Arrivals:
    """Octets in, octets out, until the end: used from the event loop only."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._end: PortLost | None = None
        self._more = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Tell whether more has come than should be kept."""
        return len(self._octets) >= MOST_WAITING

    def put(self, octets: bytes) -> None:
        """Take what came."""
        self._octets += octets
        self._more.set()

    def clear(self) -> None:
        """Throw away what was not read."""
        self._octets.clear()

    def end(self, words: str) -> None:
        """Note that no more comes: whoever reads is told, after what came before."""
        self._end = self._end or PortLost(Lost.GONE, words)
        self._more.set()

    async def read(self) -> bytes:
        """Return what has come, as soon as anything has. No limit: the caller sets it."""
        while not self._octets:
            if self._end is not None:
                raise self._end
            self._more.clear()
            await self._more.wait()
        taken = bytes(self._octets)
        self._octets.clear()
        return taken
