"""A row that stays undecided while its neighbours go through: it is the row, not the platform."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from gateway.model import Receipt, RowId

STRIKES: Final = 10  # answers that left one row undecided while others went through, before it is set aside


class Strikes:
    """How often each row was left undecided while a later one was taken."""

    def __init__(self) -> None:
        self._counts: Counter[RowId] = Counter()

    def counted(self, receipt: Receipt) -> Receipt:
        """Return ``receipt`` with the rows refused that have been left undecided often enough."""
        newest = max(receipt.accepted, default=0)
        self._counts.update(row for row in receipt.undecided if row < newest)  # those behind it had perhaps no turn
        for row in receipt.accepted | receipt.refused.keys():
            self._counts.pop(row, None)
        out = {
            row: f"undecided {STRIKES} times while other uplinks were taken; last answer: {why}"
            for row, why in receipt.undecided.items()
            if self._counts[row] >= STRIKES
        }
        for row in out:
            del self._counts[row]
        undecided = {row: why for row, why in receipt.undecided.items() if row not in out}
        return replace(receipt, refused={**receipt.refused, **out}, undecided=undecided)
