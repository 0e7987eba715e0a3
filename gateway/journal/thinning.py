"""Thinning out: of a segment that some destination waits for, one row of each device and hour stays, the last; ids stay, too."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.errors import StorageError
from gateway.journal.groups import Stored, packed
from gateway.journal.records import decode_uplink
from gateway.journal.segments import table
from gateway.journal.words import Words
from gateway.model import Eui64, Instant, TimeQuality

HOUR_S = 3600
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Thin:
    """Leave only ``rows`` in a segment. Its pages become free as when it is dropped, and only what stays is written."""

    first: int
    rows: Sequence[Stored]

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it inside the open transaction."""
        connection.execute(f"DELETE FROM {table(self.first)}")  # noqa: S608 — a name of ours
        stored = [one for row, record in self.rows for one in packed(row, [record])]
        connection.executemany(f"INSERT INTO {table(self.first)} VALUES (?, ?)", stored)  # noqa: S608 — a name of ours


def survivors(rows: Iterable[Stored], waited_for: Collection[int], words: Words) -> list[Stored]:
    """Return which of ``rows``, in the order of their ids, stay: of those that are waited for, a device's last of each hour."""
    last: dict[tuple[Eui64, object], Stored] = {}
    for row, record in rows:
        if row in waited_for:
            try:
                uplink = decode_uplink(record, words)
            except StorageError:  # a damaged record is of no use to anybody
                continue
            last[uplink.dev_eui, _hour(uplink.heard_at)] = row, record
    return sorted(last.values())


def _hour(at: Instant) -> object:
    """Return the hour of an instant; before the clock was known, of its boot."""
    if at.quality is TimeQuality.UNSYNCHRONISED:
        return at.boot_id, at.monotonic // HOUR_S
    return at.utc.timestamp() // HOUR_S


def others(first: int, last: int, rows: Iterable[Stored]) -> Iterator[Range]:
    """Yield the rows from ``first`` to ``last`` that are none of ``rows``, as ranges."""
    at = first
    for row, _ in rows:
        if row > at:
            yield at, row - 1
        at = row + 1
    if at <= last:
        yield at, last
