"""How late the agent's loop is: what is to happen in a second, and when it does."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

EVERY_S: Final = 1.0
KEPT: Final = 60  # a minute of them: who asks every 15 seconds, or every minute, misses none


class Lag:
    """Measured from the first question on: a box that nobody asks is not woken for it."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._late: deque[float] = deque(maxlen=KEPT)

    async def run(self) -> None:
        """Measure for ever, once somebody has asked."""
        await self._asked.wait()  # no limit: perhaps nobody ever does
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._late.append(max(0.0, loop.time() - due))

    def begin(self) -> None:
        """Have it measured from now on."""
        self._asked.set()

    @property
    def longest_s(self) -> float | None:
        """The longest of the last minute; None before the first."""
        return round(max(self._late), 4) if self._late else None
