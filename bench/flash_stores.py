"""Ways to keep a message until its destinations have it: the journal, and three plain ones with sqlite3.

Each does the whole life: a group is committed, each destination reads it and says that it has it, what all have goes. What a
destination has is stored with the next group. The plain ones keep no counters of devices, which the journal stores beside.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import cbor2

from bench.flash_messages import BOOT, START, session_after
from gateway.journal import Changes, Journal, Settlement
from gateway.journal.records import encode_uplink
from gateway.journal.words import Words
from gateway.model import Instant, TimeQuality, Uplink

PURGE_ROWS: Final = 1_000
SEGMENT_ROWS: Final = 10_000


class Store(Protocol):
    """Something that keeps messages."""

    def live(self, group: Sequence[Uplink]) -> None:
        """Commit ``group``, and have every destination take it."""


class OurJournal:
    """The journal: as many callers wait as the group has uplinks."""

    def __init__(self, journal: Journal, names: Sequence[str], runner: asyncio.Runner, now: list[Instant]) -> None:
        self._journal, self._names, self._runner, self._now = journal, names, runner, now

    @classmethod
    @contextlib.contextmanager
    def opened(cls, folder: Path, destinations: int) -> Iterator[OurJournal]:
        """Open a new one; what all have goes at once."""
        names, now = [f"city {number}" for number in range(destinations)], [Instant(START, 0.0, BOOT, TimeQuality.NTP)]
        with asyncio.Runner() as runner:
            journal = runner.run(
                Journal.open(
                    folder / "journal.db", clock=lambda: now[0], destinations=names, keep_delivered=timedelta(0)
                )
            )
            try:
                yield cls(journal, names, runner, now)
            finally:
                runner.run(journal.close())

    def live(self, group: Sequence[Uplink]) -> None:
        """Commit ``group``, and have every destination take it."""
        self._runner.run(self._live(group))

    async def _live(self, group: Sequence[Uplink]) -> None:
        self._now[0] = group[-1].heard_at
        await asyncio.gather(
            *(self._journal.commit(Changes(uplinks=(one,), sessions=(session_after(one),))) for one in group)
        )
        for name in self._names:
            rows = await self._journal.read(name, len(group))
            assert len(rows) == len(group)
            await self._journal.settle(name, Settlement(delivered=frozenset(row.id for row in rows)))


class Plain:
    """One table for the log, one row for each destination's cursor; what all have is deleted a thousand rows at a time."""

    def __init__(self, connection: sqlite3.Connection, destinations: int) -> None:
        self._sql, self._destinations = connection, destinations
        self._last = self._had = self._purged = 0
        self._words = Words([])
        connection.execute("CREATE TABLE cursors (destination INTEGER PRIMARY KEY, low INTEGER NOT NULL)")
        self._begin()

    @classmethod
    @contextlib.contextmanager
    def opened(cls, folder: Path, destinations: int) -> Iterator[Plain]:
        """Open a new one with SQLite's own page size, durable as the journal is."""
        with closing(sqlite3.connect(folder / "plain.db", isolation_level=None)) as connection:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=0"):
                connection.execute(f"PRAGMA {pragma}")
            yield cls(connection, destinations)

    def live(self, group: Sequence[Uplink]) -> None:
        """Commit ``group``, and have every destination take it."""
        self._sql.execute("BEGIN IMMEDIATE")
        self._insert([_message(one, self._words) for one in group])
        if self._had:
            cursors = [(number, self._had) for number in range(self._destinations)]
            self._sql.executemany("REPLACE INTO cursors VALUES (?, ?)", cursors)
        self._sql.execute("COMMIT")
        for _ in range(self._destinations):
            self._read(self._had)
        self._had = self._last
        self._purge()

    def _begin(self) -> None:
        self._sql.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, message BLOB NOT NULL)")

    def _insert(self, messages: Sequence[bytes]) -> None:
        self._sql.executemany("INSERT INTO log VALUES (?, ?)", list(enumerate(messages, self._last + 1)))
        self._last += len(messages)

    def _read(self, after: int) -> None:
        self._sql.execute("SELECT id, message FROM log WHERE id > ?", (after,)).fetchall()

    def _purge(self) -> None:
        if self._had - self._purged >= PURGE_ROWS:
            self._purged = self._had
            self._sql.execute("DELETE FROM log WHERE id <= ?", (self._had,))


class Segmented(Plain):
    """A table for each ten thousand rows, dropped whole."""

    def _begin(self) -> None:
        self._first = self._last + 1
        self._sql.execute(f"CREATE TABLE log_{self._first} (id INTEGER PRIMARY KEY, message BLOB NOT NULL)")

    def _insert(self, messages: Sequence[bytes]) -> None:
        self._store(list(enumerate(messages, self._last + 1)))
        self._last += len(messages)

    def _store(self, rows: Sequence[tuple[int, bytes]]) -> None:
        self._sql.executemany(f"INSERT INTO log_{self._first} VALUES (?, ?)", rows)

    def _read(self, after: int) -> None:
        self._sql.execute(f"SELECT id, message FROM log_{self._first} WHERE id > ?", (after,)).fetchall()

    def _purge(self) -> None:
        if self._last - self._first >= SEGMENT_ROWS:
            old = self._first
            self._begin()
            self._sql.execute(f"DROP TABLE log_{old}")


class Compressed(Segmented):
    """The same, a group as one compressed row under its last id."""

    def _insert(self, messages: Sequence[bytes]) -> None:
        self._last += len(messages)
        self._store([(self._last, zlib.compress(cbor2.dumps(list(messages))))])


def _message(uplink: Uplink, words: Words) -> bytes:
    """Return what a plain store keeps: the 400 octets as they are, of radio's uplinks the record that the journal makes."""
    return uplink.payload if len(uplink.payload) > 255 else encode_uplink(uplink, words)


Opened = Callable[[Path, int], contextlib.AbstractContextManager[Store]]
STORES: Final[Mapping[str, Opened]] = {
    "journal": OurJournal.opened,
    "one log table and cursors": Plain.opened,
    "dropped segments": Segmented.opened,
    "compressed groups": Compressed.opened,
}


def groups(messages: Iterator[Uplink], size: int) -> Iterator[list[Uplink]]:
    """Yield ``size`` messages at a time, for ever."""
    while True:
        yield list(islice(messages, size))
