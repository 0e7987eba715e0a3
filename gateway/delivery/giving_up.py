"""Letting go of what a destination has waited for longer than it is to wait (`give_up`): loudly, and only of what is truly that old.

Nothing goes while this boot's wall clock is not trusted, nor in the hour after it jumped. How old a row is, is known by the
monotonic clock in the boot that heard it, and by its trusted time in a later one; a row whose time is not known is of no age.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from gateway.dating import JUMP, Boots, age
from gateway.journal import Row
from gateway.model import Clock, Instant, RowId, TimeQuality

EVERY_S: Final = 60.0  # between two looks
AT_ONCE: Final = 500  # rows of one reading of the journal
READINGS: Final = 10  # of one look: then the platform has its turn
STEADY_S: Final = 3600.0  # a wall clock that jumped is believed only when it has stood for so long


class GivingUp:
    """What is too old for one destination. A look goes through the rows from the oldest on; a long one takes several turns."""

    def __init__(
        self, limit: timedelta | None, *, clock: Clock, trust: TimeQuality, boots: Callable[[], Boots]
    ) -> None:
        """``limit``: how long a row is waited for; None: for ever."""
        self._limit = limit
        self._clock = clock
        self._trust = trust
        self._boots = boots
        self._at_zero: datetime | None = None  # the wall clock at monotonic 0, as it stood last
        self._steady_since = 0.0  # monotonic, as is the next
        self._next_at = 0.0
        self.after = RowId(0)  # the look goes on behind this row

    def is_due(self) -> bool:
        """Tell whether it is time to look, and the clock such that anything could go."""
        if self._limit is None:
            return False
        now = self._clock()
        self._watch(now)
        return now.monotonic - self._steady_since >= STEADY_S and now.monotonic >= self._next_at

    def too_old(self, rows: Sequence[Row]) -> frozenset[RowId]:
        """Return those of ``rows`` that are to go; the look is over when there are none or one is young enough."""
        now, limit = self._clock(), self._limit or timedelta.max
        boots = self._boots()
        ages = {row.id: age(row.uplink.heard_at, now, boots, self._trust) for row in rows}
        is_over = not rows or any(old is not None and old <= limit for old in ages.values())
        self.after = RowId(0) if is_over else rows[-1].id
        gone = frozenset(row for row, old in ages.items() if old is not None and old > limit)
        if is_over or not gone:
            self._next_at = now.monotonic + EVERY_S
        return gone

    def _watch(self, now: Instant) -> None:
        at_zero = now.utc - timedelta(seconds=now.monotonic)
        if now.quality < self._trust or self._at_zero is None or abs(at_zero - self._at_zero) > JUMP:
            self._steady_since = now.monotonic
        self._at_zero = at_zero
