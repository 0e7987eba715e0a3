"""Which rows come next: what is heard now goes first, and what waited fills in behind it (design, law 6).

    ── settled ──┤ history, oldest first ├─ settled ─┤ history ├── mark ──┤ live ├──► heard now
                 ▲ bounded, in short turns                          ▲ at once, all of it

Lanes are two ways of choosing the next batch of one conversation, no second loop. A destination has fallen behind when more
than a batch is before it: at a start, after an outage, when many dead letters are put back. Then the mark goes to the newest
row, and all up to it is history. The mark is memory: after a restart everything that is there is history, and the cursor's
ranges know what went out ahead. Strict order has no mark.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from gateway.journal import Ahead
from gateway.model import RowId

TURN_S: Final = 0.5  # a turn of history is to last no longer: what is heard meanwhile waits for its end
FAR: Final = 1.5  # of the quickest turn: a platform that is far away answers one row no sooner than many
WORTH_S: Final = 5.0  # a turn of history brings what the bound allows in so many seconds: full batches at 20 a second


class Lanes:
    """The mark of one destination, and how much of its history goes at a time."""

    def __init__(self, *, batch: int, strict: bool, per_s: float) -> None:
        """``batch``: rows of one turn at most. ``per_s``: rows of history a second, 0 for no bound."""
        self._batch = batch
        self._strict = strict
        self._per_s = per_s or math.inf
        self._size = 1  # rows of the next turn of history; nobody knows yet how slow the platform is
        self._quickest = math.inf  # seconds of the quickest turn since the last one of a single row
        self._next_at = 0.0  # monotonic; history does not go before
        self.mark: RowId | None = None  # rows after it are live; None: all are, or none where the order is strict
        self.is_behind = False

    def look(self, ahead: Ahead) -> None:
        """Note what is before the destination now; ``ahead`` was asked about the mark, 0 where there is none."""
        fell = ahead.waiting > self._batch if self.mark is None else ahead.after > self._batch
        if self._strict:
            self.is_behind = fell
        elif fell:
            self._fall(ahead)
        elif self.mark is not None and ahead.waiting == ahead.after:
            self.mark, self.is_behind = None, False

    def history(self, ahead: Ahead) -> int:
        """Return how many rows are history; ``ahead`` as for `look`."""
        if self.mark is not None:
            return ahead.waiting - ahead.after
        return ahead.waiting if ahead.waiting > self._batch else 0

    def limit(self) -> int:
        """Return how many rows the next turn may bring, if it is not one of the live lane."""
        if not self.is_behind:
            return self._batch
        worth = max(1, int(min(self._per_s * WORTH_S, self._batch)))
        return worth if self._strict else min(self._size, worth)

    def told(self, rows: int, began: float, now: float, *, gave_way: bool = False) -> None:
        """Note a turn of history: how many of its rows are settled, and its monotonic times.

        ``gave_way``: it was ended early for what is heard now.
        """
        self._next_at = began + rows / self._per_s
        if gave_way:
            self._size = max(1, rows)
            return
        took = now - began
        self._quickest = took if self._size == 1 else min(took, self._quickest)
        allowed = max(TURN_S, FAR * self._quickest)
        self._size = min(2 * self._size, self._batch) if took <= allowed else max(1, int(self._size * allowed / took))

    def pause_s(self, now: float) -> float:
        """Return how many seconds history has to wait yet; 0 where there is none."""
        return max(0.0, self._next_at - now) if self.is_behind else 0.0

    def _fall(self, ahead: Ahead) -> None:
        self.mark = ahead.last
        if not self.is_behind:
            self._size, self._quickest = 1, math.inf
        self.is_behind = True


class Pace:
    """How many rows a second went out in the last minute."""

    SPAN_S: Final = 60.0

    def __init__(self) -> None:
        self._turns: deque[tuple[float, int]] = deque()  # monotonic time and rows
        self._since: float | None = None

    def note(self, rows: int, now: float) -> None:
        """Count ``rows``."""
        self._since = now if self._since is None else self._since
        self._turns.append((now, rows))
        self._forget(now)

    def per_s(self, now: float) -> float:
        """Return rows a second over the last minute, or since the first of them."""
        self._forget(now)
        if self._since is None or not self._turns:
            return 0.0
        return sum(rows for _, rows in self._turns) / max(1.0, min(self.SPAN_S, now - self._since))

    def _forget(self, now: float) -> None:
        while self._turns and self._turns[0][0] < now - self.SPAN_S:
            self._turns.popleft()
        if not self._turns:
            self._since = None
