"""What is on air when, on one sub-band: transmissions of microseconds, and how much of them lies in a stretch of time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

SLACK_US: Final = 600_000_000  # forgotten in portions of ten minutes, for each of them costs a walk over what stays


class Bookings:
    """Transmissions, each from its begin to its end. Some are only reported, at a time not known well, and may overlap: both count.

    The air time before a moment is the sum of what has passed since each begin, less what has passed since each end; so
    two sorted lists with their running sums tell it in a few steps, however much is booked.
    """

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []
        self.forgotten_until: int | None = None  # what was on air before is no longer known
        self._index()

    def __len__(self) -> int:
        return len(self._spans)

    @property
    def spans(self) -> Sequence[tuple[int, int]]:
        """Begin and end of each."""
        return self._spans

    def add(self, begin: int, end: int) -> None:
        """Enter a transmission, quickly where it is the last one."""
        if self._spans and (begin < self._begins[-1] or end < self._ends[-1]):
            insort(self._spans, (begin, end))
            self._index()
            return
        self._spans.append((begin, end))
        self._begins.append(begin)
        self._ends.append(end)
        self._begin_sums.append(self._begin_sums[-1] + begin)
        self._end_sums.append(self._end_sums[-1] + end)

    def remove(self, begin: int, end: int) -> None:
        """Take a transmission back, unless it is forgotten already; ValueError where there is none like it."""
        if (begin, end) not in self._spans and self.forgotten_until is not None and end <= self.forgotten_until:
            return
        self._spans.remove((begin, end))
        self._index()

    def forget(self, before: int) -> None:
        """Forget what ended before a moment; a little more may stay."""
        if not self._ends or self._ends[0] > before - SLACK_US:
            return
        self.forgotten_until = self._ends[bisect_right(self._ends, before) - 1]
        self._spans = [(begin, end) for begin, end in self._spans if end > before]
        self._index()

    def on_air(self, begin: int, end: int) -> int:
        """Return how long something is on air between two moments."""
        return self._before(end) - self._before(begin)

    def half_way(self, begin: int, end: int, most: int) -> int:
        """Return the first moment from ``begin`` on, after which no more than ``most`` is on air until ``end``."""
        return bisect_left(range(begin, end), self._before(end) - most, key=self._before) + begin

    def begins(self, after: int, until: int) -> list[int]:
        """Return the begins behind ``after``, up to ``until`` and with it."""
        return self._begins[bisect_right(self._begins, after) : bisect_right(self._begins, until)]

    def ends(self, after: int, until: int) -> list[int]:
        """Return the ends behind ``after``, up to ``until`` and with it."""
        return self._ends[bisect_right(self._ends, after) : bisect_right(self._ends, until)]

    @property
    def last_end(self) -> int:
        """When the last one ends, or a moment before all time where there is none."""
        return self._ends[-1] if self._ends else -(1 << 62)

    def meeting(self, begin: int, end: int) -> Iterator[int]:
        """Yield the ends of the transmissions that reach into a stretch of time."""
        begun = bisect_left(self._begins, end)
        left = begun - bisect_right(self._ends, begin)
        while left > 0:
            begun -= 1
            if self._spans[begun][1] > begin:
                left -= 1
                yield self._spans[begun][1]

    def _before(self, moment: int) -> int:
        begun, ended = bisect_left(self._begins, moment), bisect_left(self._ends, moment)
        return begun * moment - self._begin_sums[begun] - ended * moment + self._end_sums[ended]

    def _index(self) -> None:
        self._begins = [begin for begin, _ in self._spans]
        self._ends = sorted(end for _, end in self._spans)
        self._begin_sums = [0, *accumulate(self._begins)]
        self._end_sums = [0, *accumulate(self._ends)]
