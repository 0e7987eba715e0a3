"""Rows go over from a damaged database into a new one: tables that are whole by SQLite, the others page by page."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from gateway.journal.faults import UNREADABLE, Fault, fault_of
from gateway.journal.groups import rows_of
from gateway.journal.salvage.content import is_readable
from gateway.journal.salvage.image import Image
from gateway.journal.salvage.tables import LOG, Found, Shape, is_stored
from gateway.journal.salvage.trees import Broken, Row, Walk
from gateway.journal.segments import create, table

ROWS_IN_SEGMENT: Final = 10_000  # where the log's own division is lost
OLD: Final = "old"  # the damaged database, attached to the new one

Range = tuple[int, int]
Entry = tuple[int, int, bytes]  # of the log: its first row, its last one, and what is stored


@dataclass(slots=True)
class Taken:
    """What went over."""

    missing: list[Range] = field(default_factory=list)  # rows of the log that ought to be there and are nowhere
    gone: dict[int, int] = field(default_factory=dict)  # how many those are, by the first row of each damaged segment
    left: list[Range] = field(default_factory=list)  # rows that there was no room for
    saved: int = 0  # rows of damaged segments
    last: int = 0  # the log's newest row
    is_open_ended: bool = False  # the last segment was damaged: there may have been newer rows


def whole(new: sqlite3.Connection) -> frozenset[str]:
    """Return the tables of the attached database with which SQLite finds nothing wrong; none where it cannot even open it."""
    try:
        tables = new.execute(f"SELECT name FROM {OLD}.sqlite_schema WHERE type = 'table'").fetchall()  # noqa: S608 — a name of ours
    except UNREADABLE:
        return frozenset()
    return frozenset(name for (name,) in tables if _is_whole(new, name))


def _is_whole(new: sqlite3.Connection, name: str) -> bool:
    try:
        return new.execute(f'PRAGMA {OLD}.quick_check("{name}")').fetchall() == [("ok",)]
    except UNREADABLE:
        return False


def take_tables(
    new: sqlite3.Connection, image: Image, found: Found, wanted: Mapping[str, Shape], good: frozenset[str]
) -> dict[str, int]:
    """Fill all tables but the log's; return how many rows of the damaged ones went over."""
    rows, walk = dict[str, int](), Walk()
    for name, shape in wanted.items():
        if name in good and _copied(new, name):
            _drop_unreadable(new, name, rows)
            continue
        for row in rows_of_pages(image, walk, found.pages.get(name, ())):
            values = shape.values(row)
            if shape.fits(row) and is_readable(name, values):
                columns = ", ".join(column.name for column in shape.columns[: len(values)])
                marks = ", ".join("?" * len(values))
                new.execute(f"INSERT OR IGNORE INTO {name} ({columns}) VALUES ({marks})", values)  # noqa: S608 — names of ours
        if name in found.broken or name in found.lost:
            ((rows[name],),) = new.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 — a name of ours
    return rows


def _drop_unreadable(new: sqlite3.Connection, name: str, rows: dict[str, int]) -> None:
    """Drop rows whose content is damaged though the table is whole."""
    there = new.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 — a name of ours
    good = [row for row in there if is_readable(name, row)]
    if len(good) < len(there):
        new.execute(f"DELETE FROM {name}")  # noqa: S608 — a name of ours
        new.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(there[0]))})", good)  # noqa: S608 — a name of ours
        rows[name] = len(good)


def take_log(
    new: sqlite3.Connection, image: Image, found: Found, good: frozenset[str], most: int | None = None
) -> Taken:
    """Fill the log, of which the disk has room for the newest ``most`` segments; None: for all."""
    taken = Taken()
    known = [first for first in found.firsts if table(first) in good]
    pages = [number for first in found.firsts if first not in known for number in found.pages[table(first)]]
    entries = Entries(image, [*pages, *found.pages.get(LOG, ())])
    firsts = sorted({*found.firsts, *_further_firsts(entries, found.firsts)}) or [1]
    new.execute(f"DROP TABLE {table(1)}")
    if most is not None and len(firsts) > most > 0:
        taken.left, firsts = [(firsts[0], firsts[-most] - 1)], firsts[-most:]
    for first in firsts:
        new.execute(create(first))
    damaged = [first for first in firsts if first not in known or not _copied(new, table(first))]
    there = _insert(new, entries, firsts, frozenset(damaged))
    _count(new, taken, firsts, damaged, there)
    return taken


def _copied(new: sqlite3.Connection, name: str) -> bool:
    """Copy a table by SQLite; what came before it found damage stays, the rest comes by pages."""
    try:
        columns = ", ".join(column for _, column, *_ in new.execute(f"PRAGMA {OLD}.table_info({name})"))
        new.execute(f"INSERT OR IGNORE INTO main.{name} ({columns}) SELECT {columns} FROM {OLD}.{name}")  # noqa: S608 — names of a database of ours
    except UNREADABLE as error:
        if isinstance(error, sqlite3.Error) and fault_of(error) is Fault.FULL:
            raise
        return False
    return True


def rows_of_pages(image: Image, walk: Walk, pages: Iterable[int]) -> Iterator[Row]:
    """Yield the rows of ``pages`` that can be read."""
    for number in pages:
        try:
            yield from walk.rows(image, number)
        except Broken:
            continue


class Entries:
    """Entries of the log's pages in the order of their rows; only the pages' numbers are kept in memory."""

    def __init__(self, image: Image, pages: Iterable[int]) -> None:
        self._image = image
        firsts = ((min((entry[1] for entry in self._page(number)), default=None), number) for number in pages)
        self._pages = sorted((first, number) for first, number in firsts if first is not None)

    def __iter__(self) -> Iterator[Entry]:
        for _, number in self._pages:
            yield from self._page(number)

    def _page(self, number: int) -> Iterator[Entry]:
        return (entry for row in rows_of_pages(self._image, Walk(), (number,)) if (entry := _entry(row)) is not None)


def _entry(row: Row) -> Entry | None:
    if not is_stored(row) or row.key is None:
        return None
    record: bytes = row.values[1]
    return row.key - rows_of(record) + 1, row.key, record


def _further_firsts(entries: Iterable[Entry], firsts: Sequence[int]) -> Iterator[int]:
    """Yield where segments are to begin for rows that lie before all that are known."""
    begun = None
    for first, _, _ in entries:
        if firsts and first >= firsts[0]:
            return
        if begun is None or first >= begun + ROWS_IN_SEGMENT:
            begun = first
            yield first


def _insert(
    new: sqlite3.Connection, entries: Iterable[Entry], firsts: Sequence[int], damaged: frozenset[int]
) -> list[Range]:
    """Store the entries of damaged segments, and return which rows those are."""
    there = list[Range]()
    for first, last, record in entries:
        segment = firsts[max(0, bisect_right(firsts, first) - 1)]
        if segment in damaged and first >= firsts[0]:
            new.execute(f"INSERT OR IGNORE INTO {table(segment)} VALUES (?, ?)", (last, record))  # noqa: S608 — a name of ours
            if there and there[-1][1] >= first - 1:
                there[-1] = there[-1][0], max(last, there[-1][1])
            else:
                there.append((first, last))
    return there


def _count(
    new: sqlite3.Connection, taken: Taken, firsts: Sequence[int], damaged: Sequence[int], there: Sequence[Range]
) -> None:
    (last,) = new.execute(f"SELECT max(id) FROM {table(firsts[-1])}").fetchone()  # noqa: S608 — a name of ours
    taken.last, taken.is_open_ended = max(last or 0, firsts[-1] - 1), firsts[-1] in damaged
    ends = dict(pairwise([*firsts, taken.last + 1]))
    for first in damaged:
        lacking = [*_lacking(there, first, ends[first] - 1)]
        taken.missing += lacking
        taken.gone[first] = sum(end - begin + 1 for begin, end in lacking)
    taken.saved = sum(last - first + 1 for first, last in there)


def _lacking(there: Sequence[Range], first: int, last: int) -> Iterator[Range]:
    """Yield which rows from ``first`` to ``last`` are not ``there``."""
    at = first
    for begin, end in there:
        if end < at:
            continue
        if begin > last:
            break
        if begin > at:
            yield at, begin - 1
        at = end + 1
    if at <= last:
        yield at, last
