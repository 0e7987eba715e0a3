"""Rows that some destinations pass over: settled for them in the very commit that brings the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.journal.database import Statement, Step
from gateway.journal.destinations import Destination
from gateway.journal.writer import Entry

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Passing:
    """What one destination passes over with the commit under way."""

    destination: Destination
    rows: Sequence[Range]

    def step(self) -> Step:
        """Return what stores its cursor; memory follows when the commit is durable: a failed one gives its ids back."""
        cursor = self.destination.cursor.joined(self.rows)
        return Statement("REPLACE INTO cursors VALUES (?, ?, ?)", (self.destination.number, cursor.low, cursor.above()))

    def confirm(self) -> None:
        """Remember that it is durable."""
        self.destination.cursor = self.destination.cursor.joined(self.rows)


def passing(entries: Iterable[Entry], ids: Sequence[int], known: Iterable[Destination]) -> list[Passing]:
    """Return what each destination passes over of a commit whose rows get ``ids``, in the order of the entries."""
    at, rows = 0, dict[str, list[Range]]()
    for entry in entries:
        end = at + len(entry.records)
        for name in entry.not_for if end > at else ():
            rows.setdefault(name, []).append((ids[at], ids[end - 1]))
        at = end
    return [Passing(one, rows[one.name]) for one in known if one.name in rows]
