"""The log: tables of the one file, each holding the rows from its first id up to the next one's."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from gateway.journal.database import Database, Insert, Statement, Step
from gateway.journal.groups import Stored, packed, unpacked
from gateway.model import RowId

PIECES_AT_ONCE = 50  # SELECTs in one compound; SQLite's own limit is 500


@dataclass(slots=True)
class Segments:
    """Where each row lies. Ids are consecutive: a failed commit gives its ids back, and only what was thinned out leaves gaps."""

    firsts: list[int]  # ascending; the last segment is the one being written
    last_row: int  # the newest durable row, 0 before the first
    written_bytes: int  # of records in the last segment
    segment_bytes: int  # a segment that has reached it gets no more rows
    staged_bytes: int = 0  # of records that stage() returned last
    thinned: dict[int, int] = field(
        default_factory=dict
    )  # how many rows are gone from a segment that is there, by its first

    @property
    def first_row(self) -> int:
        """The oldest row that is still there."""
        return self.firsts[0]

    def stage(self, records: Sequence[bytes]) -> tuple[range, list[Step]]:
        """Return the ids that ``records`` get, and the steps that store them, many as groups."""
        begin = self.last_row + 1
        ids = range(begin, begin + len(records))
        steps: list[Step] = []
        first = self.firsts[-1]
        if self.is_full:
            first = begin
            steps.append(Statement(create(first)))
        stored = packed(begin, records)
        self.staged_bytes = sum(len(record) for _, record in stored)
        steps.append(Insert(f"INSERT INTO {table(first)}", stored))
        return ids, steps

    def confirm(self, records: Sequence[bytes]) -> None:
        """Remember that what stage() returned is durable."""
        if self.is_full:
            self.firsts.append(self.last_row + 1)
            self.written_bytes = 0
        self.last_row += len(records)
        self.written_bytes += self.staged_bytes

    def take_over(self, other: Segments) -> None:
        """Be as ``other``: the file is another one."""
        self.firsts[:], self.last_row, self.written_bytes = other.firsts, other.last_row, other.written_bytes
        self.thinned = other.thinned

    @property
    def is_full(self) -> bool:
        """Whether the next row begins a segment."""
        return self.written_bytes >= self.segment_bytes

    def closed(self) -> Iterator[tuple[int, int]]:
        """Yield first and last row of each segment that gets no more rows, the oldest first."""
        yield from ((first, following - 1) for first, following in pairwise(self.firsts))

    def oldest_closed(self) -> tuple[int, int] | None:
        """Return first and last row of the oldest segment that gets no more rows."""
        return (self.firsts[0], self.firsts[1] - 1) if len(self.firsts) > 1 else None

    def oldest(self) -> tuple[int, int] | None:
        """Return first and last row of the oldest segment, also of one that would get more rows; None for a log without any."""
        closed = self.oldest_closed()
        return closed or ((self.firsts[0], self.last_row) if self.last_row >= self.firsts[0] else None)

    def begin_after(self, last: int) -> tuple[Step, ...]:
        """Return what begins a segment after the row ``last``, where no segment does."""
        return () if len(self.firsts) > 1 else (Statement(create(last + 1)),)

    def forget(self, first: int, last: int) -> None:
        """Take note that the oldest segment is gone, and another begun where there is none."""
        self.firsts.remove(first)
        self.thinned.pop(first, None)
        if not self.firsts:
            self.firsts.append(last + 1)
            self.written_bytes = 0

    def pieces(self, ranges: Iterable[tuple[int, int]]) -> list[tuple[str, int, int]]:
        """Return where the rows of ``ranges`` lie: table, first and last row; the first fifty pieces of more."""
        return list(islice((piece for first, last in ranges for piece in self._pieces(first, last)), PIECES_AT_ONCE))

    def newest_piece(self, first: int, last: int) -> tuple[str, int, int] | None:
        """Return where the newest of the rows from ``first`` to ``last`` lie, as many as are in one table; None for none."""
        place = bisect_right(self.firsts, last) - 1
        begin = max(self.firsts[max(0, place)], first)
        return None if place < 0 or begin > last else (table(self.firsts[place]), begin, last)

    def end_of(self, row: int) -> int:
        """Return the last row of the segment in which ``row`` lies."""
        following = bisect_right(self.firsts, row)
        return self.firsts[following] - 1 if following < len(self.firsts) else self.last_row

    def tables_of(self, ids: Iterable[int]) -> list[str]:
        """Return the tables in which ``ids`` may lie."""
        places = {bisect_right(self.firsts, row) - 1 for row in ids}
        return [table(self.firsts[place]) for place in sorted(places) if place >= 0]

    def firsts_of(self, pieces: Iterable[tuple[str, int, int]]) -> Iterator[int]:
        """Yield the first row of the segment that each piece lies in."""
        yield from (self.firsts[max(0, bisect_right(self.firsts, first) - 1)] for _, first, _ in pieces)

    def _pieces(self, first: int, last: int) -> Iterator[tuple[str, int, int]]:
        place = max(0, bisect_right(self.firsts, first) - 1)
        ends = [*(begin - 1 for begin in self.firsts[1:]), self.last_row]
        for begin, end in zip(self.firsts[place:], ends[place:], strict=True):
            if begin > last:
                return
            if max(begin, first) <= min(end, last):
                yield table(begin), max(begin, first), min(end, last)


async def load(database: Database, settled: int, segment_bytes: int) -> Segments:
    """Find the segments. SQLite would number an emptied table from 1 again, below cursors: names and cursors forbid it."""
    rows = await database.fetch(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'log\\_%' ESCAPE '\\'"
    )
    firsts = sorted(int(name.removeprefix("log_")) for (name,) in rows)
    newest = table(firsts[-1])
    ((last, written),) = await database.fetch(f"SELECT max(id), sum(length(record)) FROM {newest}")  # noqa: S608 — a name of ours
    thinned = dict(await database.fetch("SELECT first, rows FROM thinned"))
    return Segments(firsts, max(last or 0, firsts[-1] - 1, settled), written or 0, segment_bytes, thinned=thinned)


def table(first: int) -> str:
    """Return the name of the segment that begins with row ``first``."""
    return f"log_{first}"


def select(pieces: Sequence[tuple[str, int, int]]) -> tuple[str, tuple[int, ...]]:
    """Return one query for all that holds the rows in ``pieces``; `rows_in` takes them out of what it finds.

    A group has the id of its last row, so that the last of a piece may lie in one with a greater id.
    """
    sql = " UNION ALL ".join(
        f"SELECT id, record FROM {name} WHERE id BETWEEN ? AND ifnull((SELECT min(id) FROM {name} WHERE id >= ?), ?)"  # noqa: S608 — names of ours
        for name, _, _ in pieces
    )
    return sql, tuple(bound for _, first, last in pieces for bound in (first, last, last))


def rows_in(pieces: Sequence[tuple[str, int, int]], stored: Iterable[Stored]) -> list[Stored]:
    """Return the rows of ``pieces`` that are in what `select` found, in order."""
    firsts = [first for _, first, _ in pieces]
    found: dict[int, bytes] = {}
    for row, record in unpacked(stored):
        place = bisect_right(firsts, row) - 1
        if place >= 0 and row <= pieces[place][2]:
            found[row] = record
    return sorted(found.items())


@dataclass(frozen=True, slots=True)
class KeepHeld:
    """Copy the rows of a segment that some destination holds aside, each by itself."""

    first: int
    last: int

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it inside the open transaction."""
        sql = (
            "SELECT DISTINCT held.id FROM destinations JOIN held ON held.destination = destinations.number"
            " AND held.id BETWEEN ? AND ?"
        )
        held = {row for (row,) in connection.execute(sql, (self.first, self.last))}
        if held:
            stored = connection.execute(f"SELECT id, record FROM {table(self.first)}")  # noqa: S608 — a name of ours
            rows = [(row, record) for row, record in unpacked(stored) if row in held]
            connection.executemany("INSERT OR IGNORE INTO kept VALUES (?, ?)", rows)


def create(first: int) -> str:
    """Return the statement that makes a segment: no AUTOINCREMENT and no index, each would add half the bytes again."""
    return f"CREATE TABLE {table(first)} (id INTEGER PRIMARY KEY, record BLOB NOT NULL)"


def drop(first: int, last: int) -> tuple[Step, ...]:
    """Return what drops a segment whole, with the rows that some destination holds copied aside first."""
    return KeepHeld(first, last), Statement(f"DROP TABLE {table(first)}")


def row_ids(ids: Iterable[int]) -> tuple[RowId, ...]:
    """Return ``ids`` as the row ids that they are."""
    return tuple(map(RowId, ids))
