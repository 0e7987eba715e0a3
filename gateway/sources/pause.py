"""A pause of one length that many take at once, with a single timer."""

from __future__ import annotations

import asyncio
from collections import deque


class Pause:
    """Let each who waits wait ``seconds``.

    All wait equally long, so they wake in the order they came, and one timer does for all: asyncio's own heap of timers
    costs several times as much with thousands of them. Nobody waiting, no timer.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()  # with the loop's time to wake
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self) -> None:
        """Return ``seconds`` later."""
        loop = asyncio.get_running_loop()
        place = (loop.time() + self._seconds, loop.create_future())
        self._waiting.append(place)
        if self._timer is None:
            self._timer = loop.call_at(place[0], self._wake, loop)
        try:
            await place[1]
        except asyncio.CancelledError:
            self._leave(place)
            raise

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        while self._waiting and self._waiting[0][0] <= now:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
        self._timer = loop.call_at(self._waiting[0][0], self._wake, loop) if self._waiting else None

    def _leave(self, place: tuple[float, asyncio.Future[None]]) -> None:
        if place in self._waiting:
            self._waiting.remove(place)
        if not self._waiting and self._timer is not None:
            self._timer.cancel()
            self._timer = None
