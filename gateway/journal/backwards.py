"""The log read from its newest row back, in short looks beside whoever writes it: for people who look at a device's past.

The log has no index (docs/architecture.md, law 2): a look goes through a chunk of rows, and SQLite searches them for a DevEUI, which stands
in clear in each record as in each group (groups.py). Nothing is held between two looks, so that the writer's log can be used again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.errors import StorageError
from gateway.journal import segments
from gateway.journal.groups import MOST, Stored, unpacked
from gateway.journal.looking import Looking
from gateway.journal.records import decode_uplink, dev_eui_of
from gateway.journal.words import Words
from gateway.model import Eui64, TimeQuality, Uplink

CHUNK: Final = 20_000  # rows of one look: 2 MB of the file


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows that follow each other."""

    rows: list[Stored]  # those that are wanted, the newest first
    first: int  # of all that were gone through
    last: int
    began: datetime | None  # when the first of them was heard; None where nobody knows


def chunks(found: Looking, dev_eui: Eui64 | None = None) -> Iterator[Chunk]:
    """Yield the log chunk by chunk, the newest first, with the rows of one device, or all. StorageError when the disk fails."""
    words = found.words()
    for first in reversed(found.firsts()):
        table = segments.table(first)
        newest = _newest(found, table)
        while newest is not None and newest >= first:
            oldest = max(first, newest - CHUNK + 1)
            yield Chunk(
                _rows(found, table, (oldest, newest), dev_eui), oldest, newest, _began(found, words, table, oldest)
            )
            newest = oldest - 1


def uplink_of(words: Words, record: bytes) -> Uplink | None:
    """Return the uplink of a record; None for one that is damaged, or has words that came after the look began."""
    try:
        return decode_uplink(record, words)
    except StorageError:
        return None


def _newest(found: Looking, table: str) -> int | None:
    rows = _fetched(found, table, f"SELECT max(id) FROM {table}", ())  # noqa: S608 — a name of ours
    return rows[0][0] if rows else None


def _rows(found: Looking, table: str, span: tuple[int, int], dev_eui: Eui64 | None) -> list[Stored]:
    """Return rows of a table, the newest first. A group has the id of its last row: it may lie behind the span's end."""
    oldest, newest = span
    wanted = "" if dev_eui is None else " AND instr(record, ?)"
    values = (oldest, newest + MOST, *(() if dev_eui is None else (bytes.fromhex(dev_eui),)))
    sql = f"SELECT id, record FROM {table} WHERE id BETWEEN ? AND ?{wanted} ORDER BY id DESC"  # noqa: S608 — a name of ours
    stored = _fetched(found, table, sql, values)
    rows = [one for one in unpacked(stored) if oldest <= one[0] <= newest and one[1]]
    return sorted((one for one in rows if dev_eui is None or dev_eui_of(one[1]) == dev_eui), reverse=True)


def _began(found: Looking, words: Words, table: str, oldest: int) -> datetime | None:
    stored = _fetched(found, table, f"SELECT id, record FROM {table} WHERE id >= ? ORDER BY id LIMIT 1", (oldest,))  # noqa: S608 — a name of ours
    for row, record in unpacked(stored):
        if row >= oldest and (uplink := uplink_of(words, record)) is not None:
            at = uplink.heard_at
            return None if at.quality <= TimeQuality.UNSYNCHRONISED else at.utc
    return None


def _fetched(found: Looking, table: str, sql: str, values: tuple[int | bytes, ...]) -> list[Stored]:
    """Return rows; none where the segment has gone meanwhile."""
    try:
        rows: list[Stored] = found.fetch(sql, values)
    except StorageError:
        if table in found.tables():
            raise
        return []
    return rows
