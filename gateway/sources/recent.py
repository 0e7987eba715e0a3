"""Counters that also know what of them is of the last hour: one scanner's visit is no advice until the next start."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Final

from gateway.model import Clock

REMEMBERED_S: Final = 3600.0  # what is older is history, and is still counted
STEP_S: Final = 60.0  # what is remembered together


class Recent(Counter[str]):
    """A Counter since the start; `lately` is what of it came within the last hour.

    It grows by ``counts[reason] += 1``. Memory is bounded by the reasons, which are enumerated, and sixty steps.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._steps: deque[tuple[int, Counter[str]]] = deque()  # the oldest first

    def __setitem__(self, reason: str, count: int) -> None:
        more = count - self[reason]
        super().__setitem__(reason, count)
        step = int(self._clock().monotonic // STEP_S)
        if not self._steps or self._steps[-1][0] != step:
            self._forget()
            self._steps.append((step, Counter()))
        self._steps[-1][1][reason] += more

    def lately(self) -> Mapping[str, int]:
        """Return what came within the last hour, to the minute; what did not is not in it."""
        self._forget()
        return sum((counts for _, counts in self._steps), Counter())

    def _forget(self) -> None:
        oldest = (self._clock().monotonic - REMEMBERED_S) // STEP_S
        while self._steps and self._steps[0][0] <= oldest:
            self._steps.popleft()
