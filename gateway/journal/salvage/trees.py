"""Rows out of the pages of a database, without SQLite: what is damaged costs itself, and what hangs on it is found all the same.

Source: sqlite.org/fileformat2.html, sections 1.6 (pages of b-trees), 2.1 (records) and 2.3 (tables without row ids).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.journal.salvage.image import Image

INDEX_NODE, NODE, INDEX_LEAF, LEAF = 2, 5, 10, 13  # a table without row ids is an index
KINDS: Final = frozenset({INDEX_NODE, NODE, INDEX_LEAF, LEAF})
NODES: Final = frozenset({INDEX_NODE, NODE})
FILE_HEADER: Final = 100  # octets before the header of page 1
NODE_HEADER, LEAF_HEADER = 12, 8
LONGEST_VARINT: Final = 9
FIXED: Final = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}  # octets of a serial type
REAL, ZERO, ONE, BLOB = 7, 8, 9, 12

Values = tuple[Any, ...]


class Broken(ValueError):
    """Say that these octets are no page, no cell or no record."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row; ``key`` is its row id, None in a table without."""

    key: int | None
    values: Values


@dataclass(slots=True)
class Walk:
    """What walking through trees has come across."""

    seen: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)  # pages that are none, or of which a part cannot be read

    def pages(self, image: Image, number: int) -> Iterator[int]:
        """Yield the pages of the tree below ``number`` that hold rows, in the order of their keys; each page once."""
        if number in self.seen:
            self.broken.add(number)
            return
        self.seen.add(number)
        try:
            page = Page.of(image, number)
        except Broken:
            self.broken.add(number)
            return
        if page.kind == LEAF or page.kind in {INDEX_LEAF, INDEX_NODE}:
            yield number
        for child in page.children():
            yield from self.pages(image, child)

    def rows(self, image: Image, number: int) -> list[Row]:
        """Return the rows that one page holds; a cell that cannot be read is left out."""
        page, found = Page.of(image, number), list[Row]()
        for at in page.cells:
            try:
                found.append(page.row(image, at))
            except Broken:
                self.broken.add(number)
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a b-tree: its kind, and where its cells begin."""

    number: int
    octets: bytes
    kind: int
    cells: tuple[int, ...]
    last: int  # the child after the last cell; 0 on a leaf

    @classmethod
    def of(cls, image: Image, number: int) -> Page:
        """Return a page; Broken when it is none of a b-tree."""
        octets = image.page(number)
        if octets is None:
            raise Broken(f"page {number} is beyond the file")
        start = FILE_HEADER if number == 1 else 0
        kind, _, count, _, _ = struct.unpack_from(">BHHHB", octets, start)
        header = NODE_HEADER if kind in NODES else LEAF_HEADER
        cells_end = start + header + 2 * count
        if kind not in KINDS or cells_end > len(octets):
            raise Broken(f"page {number} is no page of a table")
        cells = struct.unpack_from(f">{count}H", octets, start + header)
        last = int.from_bytes(octets[start + 8 : start + NODE_HEADER], "big") if kind in NODES else 0
        return cls(number, octets, kind, tuple(at for at in cells if cells_end <= at < len(octets) - 1), last)

    def children(self) -> Iterator[int]:
        """Yield the pages below, in order."""
        if self.kind in NODES:
            yield from (int.from_bytes(self.octets[at : at + 4], "big") for at in self.cells)
            yield self.last

    def row(self, image: Image, at: int) -> Row:
        """Return the row of the cell at ``at``; Broken when it is none."""
        at += 4 if self.kind == INDEX_NODE else 0
        size, at = _varint(self.octets, at)
        key, at = _varint(self.octets, at) if self.kind == LEAF else (None, at)
        if size > image.count * image.page_size:
            raise Broken(f"page {self.number}: a row of {size} octets")
        local = _local(size, image.page_size, is_table=self.kind == LEAF)
        payload = self.octets[at : at + local]
        if len(payload) < local:
            raise Broken(f"page {self.number}: a row beyond its end")
        if local < size:
            payload += _overflow(image, int.from_bytes(self.octets[at + local : at + local + 4], "big"), size - local)
        return Row(None if key is None else _signed(key), record(payload))


def record(payload: bytes) -> Values:
    """Return the values of a record; Broken when it is none, or of another length."""
    size, at = _varint(payload, 0)
    if size > len(payload):
        raise Broken("a record's head is longer than the record")
    kinds = list[int]()
    while at < size:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = list[Any]()
    for kind in kinds:
        length = FIXED.get(kind, (kind - BLOB) // 2)
        if length < 0 or at + length > len(payload):
            raise Broken(f"no value: type {kind}")
        values.append(_value(kind, payload[at : at + length]))
        at += length
    if at != len(payload):
        raise Broken("a record is followed by more")
    return tuple(values)


def _value(kind: int, octets: bytes) -> Any:
    match kind:
        case 0:
            return None
        case _ if kind == REAL:
            return struct.unpack(">d", octets)[0]
        case _ if kind in {ZERO, ONE}:
            return kind - ZERO
        case _ if kind < REAL:
            return int.from_bytes(octets, "big", signed=True)
        case _ if kind % 2:
            try:
                return octets.decode("utf-8")
            except UnicodeDecodeError as error:
                raise Broken("a text is none") from error
        case _:
            return bytes(octets)


def _varint(octets: bytes, at: int) -> tuple[int, int]:
    """Return a number of one to nine octets, and where the next thing begins; Broken when it is cut off."""
    value = 0
    for place, octet in enumerate(octets[at : at + LONGEST_VARINT]):
        if place == LONGEST_VARINT - 1:
            return value << 8 | octet, at + LONGEST_VARINT
        value = value << 7 | octet & 0x7F
        if octet < 0x80:
            return value, at + place + 1
    raise Broken("a number is cut off")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _local(size: int, page_size: int, *, is_table: bool) -> int:
    """Return how many octets of a row of ``size`` lie on its own page (fileformat2, 1.6)."""
    most = page_size - 35 if is_table else (page_size - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (page_size - 12) * 32 // 255 - 23
    local = least + (size - least) % (page_size - 4)
    return local if local <= most else least


def _overflow(image: Image, number: int, size: int) -> bytes:
    found, seen = b"", set[int]()
    while size > len(found):
        octets = image.page(number)
        if octets is None or number in seen:
            raise Broken(f"page {number} is no rest of a row")
        seen.add(number)
        found += octets[4 : 4 + size - len(found)]
        number = int.from_bytes(octets[:4], "big")
    return found
