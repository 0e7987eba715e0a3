"""xtimes for a gateway that has none: its 32-bit counter unwrapped, with a session that changes when the concentrator starts anew.

bits 62..56 radio unit, 0 here | 55..48 session, by chance | 47..0 microseconds        (Basics Station 2.0.6, `s2e.h`)
"""

from __future__ import annotations

import random
from typing import Final

SESSION_AT: Final = 48
SESSIONS: Final = range(1, 256)
MICROSECONDS: Final = (1 << SESSION_AT) - 1
_WRAP: Final = 1 << 32
MOST_APART_US: Final = (
    5_000_000  # of the counter and this box's clock between two frames, beyond drift and a slow network
)
DRIFT: Final = 1e-4  # of two crystals that nobody corrects


class StationTimes:
    """One gateway's xtimes."""

    def __init__(self) -> None:
        self._session = random.choice(SESSIONS)  # noqa: S311 - it tells starts apart
        self._last: tuple[int, float] | None = None  # the unwrapped counter, and our monotonic seconds then

    def xtime(self, timestamp_us: int, monotonic: float) -> int:
        """Return the xtime of a reception that came at ``monotonic``; the counter wraps each 71.6 min."""
        microseconds = self._unwrapped(timestamp_us, monotonic)
        if microseconds is None:  # the concentrator has started anew: what it heard before is dead
            self._session = self._session % 255 + 1
            microseconds = timestamp_us
        if self._last is None or microseconds >= self._last[0]:
            self._last = microseconds, monotonic
        return self._session << SESSION_AT | microseconds & MICROSECONDS

    def _unwrapped(self, timestamp_us: int, monotonic: float) -> int | None:
        if self._last is None:
            return timestamp_us
        last, then = self._last
        passed_s = monotonic - then
        expected = last + round(passed_s * 1e6)
        away = (timestamp_us - expected + _WRAP // 2) % _WRAP - _WRAP // 2
        if abs(away) > MOST_APART_US + passed_s * 1e6 * DRIFT:
            self._last = None
            return None
        return max(expected + away, 0)
