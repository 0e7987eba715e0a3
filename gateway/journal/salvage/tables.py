"""Which page belongs to which table: by the schema and its trees, and where these are damaged by what the rows look like."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2

from gateway.journal.groups import GROUP
from gateway.journal.salvage.image import Image
from gateway.journal.salvage.trees import KINDS, LEAF, Broken, Page, Row, Walk

LOG: Final = "log"  # rows of whichever segment: their ids say where they belong
SEGMENT: Final = "log_"
RECORDS: Final = (
    b"\x8d\x01\x48",
    b"\xcd\x01\x48",
    b"\x8e\x02\x48",
    b"\xce\x02\x48",
)  # an uplink's: an array of 13, format 1, a DevEUI; of 14, format 2 (records.py, groups.py)
TYPES: Final[Mapping[str, tuple[type, ...]]] = {"INTEGER": (int,), "TEXT": (str,), "BLOB": (bytes,)}
OF_ANY_TYPE: Final = "value"  # what the box and formats remember
VERSION_AT: Final = slice(60, 64)  # of the file's header
SAMPLE: Final = 20  # rows of a tree that are looked at
SMALLEST_EUI: Final = 1 << 32  # nobody numbers rows that far


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the newest version makes it."""

    name: str
    type: str
    may_be_null: bool
    is_row_id: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a table look like."""

    name: str
    columns: tuple[Column, ...]
    has_row_ids: bool

    @classmethod
    def of(cls, connection: sqlite3.Connection, name: str, sql: str) -> Shape:
        """Return the shape of a table that is there."""
        without = "WITHOUT ROWID" in sql.upper()
        columns = tuple(
            Column(column, kind, not must, bool(key) and kind == "INTEGER" and not without)
            for _, column, kind, must, _, key in connection.execute(f"PRAGMA table_info({name})")
        )
        single = sum(column.is_row_id for column in columns) == 1
        return cls(name, columns, not without) if single or without else cls(name, _plain(columns), not without)

    def fits(self, row: Row) -> bool:
        """Tell whether a row may be one of this table; an older version may have written fewer columns."""
        if (row.key is not None) is not self.has_row_ids or not 0 < len(row.values) <= len(self.columns):
            return False
        pairs = zip(self.columns, row.values, strict=False)
        return all(_fits(column, value) for column, value in pairs)

    def values(self, row: Row) -> tuple[Any, ...]:
        """Return a row's values, the row id in its column."""
        pairs = zip(self.columns, row.values, strict=False)
        return tuple(row.key if column.is_row_id else value for column, value in pairs)


def shapes(connection: sqlite3.Connection) -> dict[str, Shape]:
    """Return the shapes of all tables but the log's."""
    tables = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {name: Shape.of(connection, name, sql) for name, sql in tables if not name.startswith(SEGMENT)}


def version(image: Image, scripts: Sequence[str]) -> int:
    """Return by how many of ``scripts`` a database was made: as its header says, but for tables that only later ones make."""
    head = image.page(1)
    told = int.from_bytes(head[VERSION_AT], "big") if head else 0
    there = {name for name, _ in _roots(image, Walk())}
    made = [made_by(scripts[:count]) for count in range(len(scripts) + 1)]
    newest = max((count for count in range(1, len(made)) if there & (made[count] - made[count - 1])), default=0)
    return max(told, newest) if 0 < told <= len(scripts) else len(scripts)


def made_by(scripts: Sequence[str]) -> frozenset[str]:
    """Return the tables that ``scripts`` make."""
    return frozenset(shapes_of(scripts))


def shapes_of(scripts: Sequence[str]) -> dict[str, Shape]:
    """Return the shapes of the tables that ``scripts`` make, but the log's."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for script in scripts:
            connection.executescript(script)
        return shapes(connection)


@dataclass(slots=True)
class Found:
    """The pages with rows, by table, in the order of their keys as far as the trees are whole."""

    pages: dict[str, list[int]] = field(default_factory=dict)  # LOG: those of which no segment is known
    broken: dict[str, int] = field(default_factory=dict)  # how many pages of a table cannot be read
    lost: list[str] = field(default_factory=list)  # tables that the schema does not have any more
    unknown: int = 0  # pages with rows of which nobody can say whose they are

    @property
    def firsts(self) -> list[int]:
        """The first rows of the segments whose names are known."""
        names = (name.removeprefix(SEGMENT) for name in self.pages if name.startswith(SEGMENT))
        return sorted(int(number) for number in names if number.isdecimal())


def find(image: Image, wanted: Mapping[str, Shape]) -> Found:
    """Return which pages hold the rows of the ``wanted`` tables and of the log."""
    found, walk = Found(), Walk()
    for name, root in _roots(image, walk):
        before = len(walk.broken)
        found.pages[name] = [*walk.pages(image, root)]
        if broken := len(walk.broken) - before:
            found.broken[name] = broken
    found.lost = [name for name in wanted if name not in found.pages]
    if found.lost or walk.broken or not found.firsts:
        _place_orphans(image, walk, [wanted[name] for name in (*found.lost, *found.broken) if name in wanted], found)
    return found


def _roots(image: Image, walk: Walk) -> Iterator[tuple[str, int]]:
    """Yield each table of the schema and the first page of its tree."""
    for number in [*walk.pages(image, 1)]:
        for row in walk.rows(image, number):
            match row.values:
                case ("table", str(name), _, int(root), str()):
                    yield name, root


def _place_orphans(image: Image, walk: Walk, lost: Sequence[Shape], found: Found) -> None:
    """Give the pages that hang on no tree to the tables that lack some."""
    others = image.of_no_table()
    orphans = [
        number
        for number in range(1, image.count + 1)
        if number not in walk.seen and number not in others and _kind(image, number) in KINDS
    ]
    below = {child for number in orphans for child in _children(image, number)}
    for number in (*(one for one in orphans if one not in below), *orphans):  # trees first, then what circles leave
        if number in walk.seen:
            continue
        pages = [*walk.pages(image, number)]
        table = _table_of(image, walk, pages, lost)
        if table is None:
            found.unknown += len(pages)
        else:
            found.pages.setdefault(table, []).extend(pages)


def _table_of(image: Image, walk: Walk, pages: Sequence[int], lost: Sequence[Shape]) -> str | None:
    rows = list[Row]()
    for number in pages:
        rows += walk.rows(image, number)
        if len(rows) >= SAMPLE:
            break
    if not rows:
        return None
    may_be = [shape.name for shape in lost if all(map(shape.fits, rows))]
    sure = [name for name in may_be if name in LOOKS and all(map(LOOKS[name], rows))]
    if all(map(is_stored, rows)):
        return LOG  # or rows that were copied aside: as rows of the log they are found by their ids, too
    unsure = [name for name in may_be if name not in LOOKS]
    chosen = sure or unsure
    return chosen[0] if len(chosen) == 1 else None


def is_stored(row: Row) -> bool:
    """Tell whether a row is one of the log: an uplink's record, or a group of them."""
    match row:
        case Row(int(key), (None, bytes(record))):
            return key > 0 and (record.startswith(RECORDS) or record[:1] == bytes((GROUP,)))
        case _:
            return False


def _is_cbor(row: Row, first: Callable[[list[Any]], bool]) -> bool:
    record = row.values[-1]
    try:
        fields = cbor2.loads(record) if isinstance(record, bytes) else None
    except (cbor2.CBORDecodeError, ValueError):
        return False
    return isinstance(fields, list) and bool(fields) and first(fields)


# What the rows of tables look like that have the same columns as others.
LOOKS: Final[Mapping[str, Callable[[Row], bool]]] = {
    "devices": lambda row: row.key is not None and not -SMALLEST_EUI < row.key < SMALLEST_EUI,
    "sessions": lambda row: _is_cbor(row, lambda fields: len(fields) > 1 and isinstance(fields[1], str)),
    "cursors": lambda row: row.values[-1] == b"" or _is_cbor(row, lambda fields: all(type(f) is int for f in fields)),
}


def _fits(column: Column, value: Any) -> bool:
    if column.is_row_id:
        return value is None
    if value is None:
        return column.may_be_null
    return column.name == OF_ANY_TYPE or isinstance(value, TYPES.get(column.type, (object,)))


def _plain(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(Column(one.name, one.type, one.may_be_null, is_row_id=False) for one in columns)


def _kind(image: Image, number: int) -> int:
    octets = image.page(number)
    return octets[0] if octets else 0


def _children(image: Image, number: int) -> list[int]:
    try:
        page = Page.of(image, number)
    except Broken:
        return []
    return [] if page.kind == LEAF else [*page.children()]
