"""Letting go of what a destination has waited for longer than it is to wait (`give_up`): loudly, and only of what is truly that old.

How old a row is, is known by the monotonic clock in the boot that heard it: no jump of the wall clock changes it. A row of
another boot is as old as its trusted time says, and only while this boot's wall clock is trusted and has stood for an hour. A
row whose time is not known is of no age.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from gateway.journal import Row
from gateway.model import Clock, Instant, RowId, TimeQuality

EVERY_S: Final = 60.0  # between two looks
AT_ONCE: Final = 500  # rows of one look into the journal
LOOKS: Final = 20  # before the platform has its turn again
STEADY_S: Final = 3600.0  # a wall clock that jumped is believed only when it has stood for so long
JUMP: Final = timedelta(minutes=1)  # more than any correction of a clock that runs

Boots = Callable[[], Mapping[str, tuple[datetime, TimeQuality]]]


class GivingUp:
    """What is too old for one destination."""

    def __init__(self, after: timedelta | None, *, clock: Clock, trust: TimeQuality, boots: Boots) -> None:
        """``after``: how long it waits for a row; None: for ever."""
        self._after = after
        self._clock = clock
        self._trust = trust
        self._boots = boots
        self._at_zero: datetime | None = None  # the wall clock at monotonic 0, as it stood at the last look
        self._steady_since = 0.0  # monotonic, as is the next
        self._next_at = 0.0

    def is_due(self) -> bool:
        """Tell whether it is time to look."""
        return self._after is not None and self._clock().monotonic >= self._next_at

    def looked(self, *, to_the_end: bool) -> None:
        """Note that a look is over; one that was not ``to_the_end`` goes on with the next turn."""
        if to_the_end:
            self._next_at = self._clock().monotonic + EVERY_S

    def too_old(self, rows: Sequence[Row]) -> tuple[frozenset[RowId], bool]:
        """Return those of ``rows`` that are to go, and whether a later one may be among those, too."""
        now = self._clock()
        self._watch(now)
        ages = {row.id: self._waited(row.uplink.heard_at, now) for row in rows}
        gone = frozenset(row for row, age in ages.items() if age is not None and self._is_over(age))
        return gone, not any(age is not None and not self._is_over(age) for age in ages.values())

    def _is_over(self, age: timedelta) -> bool:
        return self._after is not None and age > self._after

    def _watch(self, now: Instant) -> None:
        at_zero = now.utc - timedelta(seconds=now.monotonic)
        if now.quality < self._trust or self._at_zero is None or abs(at_zero - self._at_zero) > JUMP:
            self._steady_since = now.monotonic
        self._at_zero = at_zero

    def _waited(self, heard_at: Instant, now: Instant) -> timedelta | None:
        """Return how long ago something was heard; None where nobody knows."""
        if now.quality < self._trust:
            return None  # rows of this boot may wait for the clock
        if heard_at.boot_id == now.boot_id:
            return timedelta(seconds=now.monotonic - heard_at.monotonic)
        if now.monotonic - self._steady_since < STEADY_S:
            return None
        if heard_at.quality >= self._trust:
            return now.utc - heard_at.utc
        utc_at_zero, quality = self._boots().get(heard_at.boot_id, (now.utc, TimeQuality.UNSYNCHRONISED))
        return None if quality < self._trust else now.utc - utc_at_zero - timedelta(seconds=heard_at.monotonic)
