"""Which rows one destination has settled: all up to a low-water mark, and ranges above it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

import cbor2


class Cursor:
    """A set of row ids that is nearly always "everything up to ``low``"."""

    __slots__ = ("_above", "_firsts", "_lasts", "low")

    def __init__(self, low: int, above: bytes = b"") -> None:
        self.low = low
        bounds = cbor2.loads(above) if above else []
        self._firsts: list[int] = bounds[0::2]
        self._lasts: list[int] = bounds[1::2]
        self._above = sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    def above(self) -> bytes:
        """Return the ranges above ``low`` as the constructor takes them."""
        bounds = [bound for pair in zip(self._firsts, self._lasts, strict=True) for bound in pair]
        return cbor2.dumps(bounds) if bounds else b""

    def __contains__(self, row: int) -> bool:
        if row <= self.low:
            return True
        place = bisect_right(self._firsts, row) - 1
        return place >= 0 and row <= self._lasts[place]

    def add(self, row: int) -> bool:
        """Settle ``row``; False when it was settled before."""
        if row == self.low + 1:
            self._raise(row)
            return True
        if row in self:
            return False
        self._insert(row)
        return True

    @property
    def ranges(self) -> int:
        """How many ranges lie above ``low``."""
        return len(self._firsts)

    def forget_below(self, first: int) -> None:
        """Count as settled all rows before ``first``, which are no longer there."""
        while self._firsts and self._firsts[0] < first:
            self._raise(self._drop_range())
        if first - 1 > self.low:
            self._raise(first - 1)

    def waiting(self, last: int, after: int = 0) -> int:
        """Return how many rows after ``after`` and up to ``last`` are not settled."""
        if after <= self.low:
            return max(0, last - self.low - self._above)
        bounds = zip(self._firsts, self._lasts, strict=True)
        settled = sum(
            min(end, last) - max(begin, after + 1) + 1 for begin, end in bounds if begin <= last and end > after
        )
        return max(0, last - after - settled)

    def since(self, began: int) -> list[tuple[int, int]]:
        """Return the settled rows after ``began``, as ranges."""
        low = [(began + 1, self.low)] if self.low > began else []
        return [*low, *zip(self._firsts, self._lasts, strict=True)]

    def joined(self, ranges: Iterable[tuple[int, int]]) -> Cursor:
        """Return a cursor that has settled ``ranges``, too."""
        low, above = self.low, list[tuple[int, int]]()
        for first, last in sorted([*zip(self._firsts, self._lasts, strict=True), *ranges]):
            end = above[-1][1] if above else low
            if first > end + 1:
                above.append((first, last))
            elif above:
                above[-1] = (above[-1][0], max(end, last))
            else:
                low = max(end, last)
        return Cursor(low, cbor2.dumps([bound for pair in above for bound in pair]) if above else b"")

    def gaps(self, last: int, limit: int, after: int = 0) -> Iterator[tuple[int, int]]:
        """Yield the first ``limit`` rows after ``after`` that are not settled, as ranges, both ends included, oldest first."""
        place = bisect_right(self._firsts, after)
        before = max(self.low, after, self._lasts[place - 1] if place else 0)
        settled = [
            (before, before),
            *zip(self._firsts[place:], self._lasts[place:], strict=True),
            (last + 1, last + 1),
        ]
        for (_, end), (begin, _) in pairwise(settled):
            gap = min(min(begin - 1, last) - end, limit)
            if gap > 0:
                yield end + 1, end + gap
                limit -= gap
            if limit == 0:
                return

    def _raise(self, low: int) -> None:
        self.low = max(self.low, low)
        if self._firsts and self._firsts[0] <= self.low + 1:
            self.low = max(self.low, self._drop_range())

    def _drop_range(self) -> int:
        first, last = self._firsts.pop(0), self._lasts.pop(0)
        self._above -= last - first + 1
        return last

    def _insert(self, row: int) -> None:
        after = bisect_right(self._firsts, row)
        joins_before = after > 0 and self._lasts[after - 1] == row - 1
        joins_after = after < len(self._firsts) and self._firsts[after] == row + 1
        match joins_before, joins_after:
            case True, True:
                self._lasts[after - 1] = self._lasts.pop(after)
                del self._firsts[after]
            case True, False:
                self._lasts[after - 1] = row
            case False, True:
                self._firsts[after] = row
            case _:
                self._firsts.insert(after, row)
                self._lasts.insert(after, row)
        self._above += 1
