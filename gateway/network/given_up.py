"""Windows that a radio kept silent about, so that they were given up: its word may come late, over a slow network."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gateway.model import TxRequest

if TYPE_CHECKING:
    from gateway.network.transmitters import Window

LATE_S: Final = 2.0  # after the last try
MOST: Final = 64  # of all radios; one answers a few devices a second


class GivenUp:
    """The last windows that were given up, and which of them were used after all.

    A request is known by its identity: one that is repeated (class C, the same frame) equals the first.
    """

    def __init__(self) -> None:
        self._windows: deque[Window] = deque(maxlen=MOST)
        self._used: deque[TxRequest] = deque(maxlen=MOST)
        self._news = asyncio.Event()

    def add(self, window: Window) -> None:
        """Give a window up."""
        self._windows.append(window)

    def was_used(self, request: TxRequest) -> Window | None:
        """Take the word that a request was sent; return its window, if that was given up."""
        self._used.append(request)
        self._news.set()
        return next((one for one in self._windows if one.request is request), None)

    def used(self, windows: Sequence[Window]) -> Window | None:
        """Return which of ``windows`` was used after all, as far as that is known."""
        return next((one for one in windows if any(one.request is used for used in self._used)), None)

    async def used_late(self, windows: Sequence[Window]) -> Window | None:
        """Return the same, and wait a while for the word of a radio that answers a device (class A)."""
        if not any(one is given_up and not one.request.at_once for one in windows for given_up in self._windows):
            return self.used(windows)
        try:
            async with asyncio.timeout(LATE_S):
                while (late := self.used(windows)) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return None
        return late
