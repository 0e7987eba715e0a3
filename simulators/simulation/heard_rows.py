"""What the disk says of the uplinks: read after each commit, held against what devices have said and against all before."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.errors import StorageError
from gateway.journal.groups import unpacked
from gateway.journal.records import decode_uplink
from gateway.journal.words import Words
from gateway.model import Instant, Uplink
from simulators.simulation.box_clock import BoxClock
from simulators.simulation.town import Said
from simulators.simulation.trace import Trace

LOG_TABLES: Final = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'log\\_%' ESCAPE '\\' ORDER BY CAST(substr(name, 5) AS INTEGER)"


@dataclass(frozen=True, slots=True)
class Heard:
    """A row as it was committed."""

    row: int
    said: Said
    heard_at: Instant
    truth: datetime


class HeardRows:
    """All rows that were ever durable, and those that are there now."""

    def __init__(self, database: sqlite3.Connection, said: dict[UUID, Said], clock: BoxClock, trace: Trace) -> None:
        self._database = database
        self._said = said
        self._clock = clock
        self._trace = trace
        self.by_row: dict[int, Heard] = {}
        self.by_id: dict[UUID, Heard] = {}
        self.newest: dict[tuple[str, str], int] = {}  # the greatest counter of each device's activation
        self.named: dict[UUID, UUID] = {}  # ids that the network gave, by those of devices that forget their counters
        self.there: set[int] = set()
        self._stored: dict[tuple[int, int], tuple[int, ...]] = {}  # the rows of what is stored, by id and length
        self.last = 0

    def look(self) -> None:
        """Read what is there now."""
        known, self._stored, self.there = self._stored, {}, set()
        for (table,) in self._database.execute(LOG_TABLES).fetchall():
            stored = self._database.execute(f"SELECT id, length(record) FROM {table} ORDER BY id").fetchall()  # noqa: S608 - the journal's own names
            self._stored |= {one: known[one] if one in known else self._opened(table, one[0]) for one in stored}
        self.there = {row for rows in self._stored.values() for row in rows}

    def is_on_disk(self, said: Said) -> bool:
        """Tell whether an uplink is or was there, by the id that its device gave it."""
        return self.named.get(said.id, said.id) in self.by_id

    def _opened(self, table: str, last: int) -> tuple[int, ...]:
        """Return the rows that are stored as one record, and take those that are new."""
        ((record,),) = self._database.execute(f"SELECT record FROM {table} WHERE id = ?", (last,)).fetchall()  # noqa: S608 - the journal's own names
        words = Words(self._database.execute("SELECT number, word FROM words ORDER BY number"))
        rows = list(unpacked([(last, record)]))
        for row, octets in rows:
            if row not in self.by_row:
                self._take(row, octets, words)
        return tuple(row for row, _ in rows)

    def _take(self, row: int, record: bytes, words: Words) -> None:
        try:
            uplink = decode_uplink(record, words)
        except StorageError as error:
            self._trace.break_law("2", f"row {row} cannot be read: {error}")
            return
        if row <= self.last:
            self._trace.break_law("3", f"row {row} was written after row {self.last}")
        self.last = max(row, self.last)
        said, name = self._said_as(uplink), f"{uplink.dev_eui[-4:]} {uplink.activation} counter {uplink.f_cnt}"
        if said is None or said.payload != uplink.payload:
            self._trace.break_law("3", f"row {row}, {name}: no device has said this under the id {uplink.id}")
            return
        if uplink.id in self.by_id:
            self._trace.break_law("4", f"row {row}, {name}: it lies in row {self.by_id[uplink.id].row}, too")
            return
        heard = Heard(row, said, uplink.heard_at, self._clock.true_time_of(uplink.heard_at))
        self.by_row[row] = self.by_id[uplink.id] = heard
        session = uplink.dev_eui, uplink.activation
        if uplink.f_cnt <= self.newest.get(session, -1):
            self._trace.break_law("4", f"row {row}, {name}: {self.newest[session]} was there before: a replay")
        self.newest[session] = max(uplink.f_cnt, self.newest.get(session, -1))
        self._trace.note(f"row {row}: {said.serial} is on disk")

    def _said_as(self, uplink: Uplink) -> Said | None:
        """Return what was said under an uplink's id; where a device forgets its counters, under the id that the network gave."""
        if (known := self._said.get(uplink.id)) is not None:
            return known
        own = next((one for one in self._said.values() if one.forgets and _are_alike(one, uplink)), None)
        if own is None:
            return None
        named = replace(own, id=uplink.id, activation=uplink.activation)
        self.named[own.id], self._said[uplink.id] = uplink.id, named
        del self._said[own.id]
        return named


def _are_alike(said: Said, uplink: Uplink) -> bool:
    return (said.dev_eui, said.f_cnt, said.payload) == (uplink.dev_eui, uplink.f_cnt, uplink.payload)
