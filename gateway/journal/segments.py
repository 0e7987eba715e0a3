"""The log: tables of the one file, each holding the rows from its first id up to the next one's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gateway.journal.database import Insert, Statement, Step
from gateway.model import RowId

PIECES_AT_ONCE = 50  # SELECTs in one compound; SQLite's own limit is 500


@dataclass(slots=True)
class Segments:
    """Where each row lies. Ids are consecutive: a failed commit gives its ids back, and nothing else leaves a gap."""

    firsts: list[int]  # ascending; the last segment is the one being written
    last_row: int  # the newest durable row, 0 before the first
    written_bytes: int  # of records in the last segment
    segment_bytes: int  # a segment that has reached it gets no more rows

    @property
    def first_row(self) -> int:
        """The oldest row that is still there."""
        return self.firsts[0]

    def stage(self, records: Sequence[bytes]) -> tuple[range, list[Step]]:
        """Return the ids that ``records`` get, and the steps that store them."""
        begin = self.last_row + 1
        ids = range(begin, begin + len(records))
        steps: list[Step] = []
        first = self.firsts[-1]
        if self.is_full:
            first = begin
            steps.append(Statement(create(first)))
        steps.append(Insert(f"INSERT INTO {table(first)}", tuple(zip(ids, records, strict=True))))
        return ids, steps

    def confirm(self, records: Sequence[bytes]) -> None:
        """Remember that what stage() returned is durable."""
        if self.is_full:
            self.firsts.append(self.last_row + 1)
            self.written_bytes = 0
        self.last_row += len(records)
        self.written_bytes += sum(map(len, records))

    @property
    def is_full(self) -> bool:
        """Whether the next row begins a segment."""
        return self.written_bytes >= self.segment_bytes

    def oldest_closed(self) -> tuple[int, int] | None:
        """Return first and last row of the oldest segment that gets no more rows."""
        return (self.firsts[0], self.firsts[1] - 1) if len(self.firsts) > 1 else None

    def pieces(self, ranges: Iterable[tuple[int, int]]) -> list[tuple[str, int, int]]:
        """Return where the rows of ``ranges`` lie: table, first and last row; the first fifty pieces of more."""
        return list(islice((piece for first, last in ranges for piece in self._pieces(first, last)), PIECES_AT_ONCE))

    def tables_of(self, ids: Iterable[int]) -> list[str]:
        """Return the tables in which ``ids`` may lie."""
        places = {bisect_right(self.firsts, row) - 1 for row in ids}
        return [table(self.firsts[place]) for place in sorted(places) if place >= 0]

    def _pieces(self, first: int, last: int) -> Iterator[tuple[str, int, int]]:
        place = max(0, bisect_right(self.firsts, first) - 1)
        ends = [*(begin - 1 for begin in self.firsts[1:]), self.last_row]
        for begin, end in zip(self.firsts[place:], ends[place:], strict=True):
            if begin > last:
                return
            if max(begin, first) <= min(end, last):
                yield table(begin), max(begin, first), min(end, last)


def table(first: int) -> str:
    """Return the name of the segment that begins with row ``first``."""
    return f"log_{first}"


def select(pieces: Iterable[tuple[str, int, int]]) -> tuple[str, tuple[int, ...]]:
    """Return one query for id and record of all rows in ``pieces``."""
    sql = " UNION ALL ".join(f"SELECT id, record FROM {name} WHERE id BETWEEN ? AND ?" for name, _, _ in pieces)  # noqa: S608 — names of ours
    return sql, tuple(bound for _, first, last in pieces for bound in (first, last))


def create(first: int) -> str:
    """Return the statement that makes a segment: no AUTOINCREMENT and no index, each would add half the bytes again."""
    return f"CREATE TABLE {table(first)} (id INTEGER PRIMARY KEY, record BLOB NOT NULL)"


def drop(first: int, last: int) -> tuple[Step, ...]:
    """Return what drops a segment whole, with the rows that some destination holds copied aside first."""
    keep = (
        f"INSERT OR IGNORE INTO kept SELECT id, record FROM {table(first)} WHERE id IN (SELECT held.id FROM destinations"  # noqa: S608 — a name of ours
        " JOIN held ON held.destination = destinations.number AND held.id BETWEEN ? AND ?)"
    )
    return Statement(keep, (first, last)), Statement(f"DROP TABLE {table(first)}")


def row_ids(ids: Iterable[int]) -> tuple[RowId, ...]:
    """Return ``ids`` as the row ids that they are."""
    return tuple(map(RowId, ids))
