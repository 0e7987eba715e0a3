"""A journal that turns out to be damaged while it is open: salvaged beside the hearing, which goes on in memory.

What memory knows is newer than what can be salvaged: every session, its counters, every cursor and text is written anew.
Until the new file has all of that, nothing is committed and no row read: it would be numbered, or passed over, by the old one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from gateway.errors import StorageError
from gateway.journal import destination_rows, segments
from gateway.journal.alarms import raised
from gateway.journal.database import Insert, Statement, Step
from gateway.journal.destination_rows import counted
from gateway.journal.destinations import Destination
from gateway.journal.opening import OPEN, make_way
from gateway.journal.salvage import MARK
from gateway.journal.store import NAMES_LOST, Store
from gateway.journal.values import AlarmKind, HeldKind

log = logging.getLogger(__name__)

TRY_AGAIN: Final = timedelta(minutes=10)  # after a salvage that failed: it reads the whole file
WHILE_SALVAGING: Final = "the journal is damaged, and what can be read is taken over into a new one"
BEHIND: Final = "a new journal is in the place of the damaged one, and does not have yet what memory knows"
KNOWN: Final = "destinations, what they have got and what is remembered of them, sessions and counters are as they were: they were in memory"


class Recovering:
    """Salvage the file under an open journal. Called by the writer's task alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._not_before = 0.0  # monotonic
        self._happened = ""  # what was salvaged and what was lost, in words
        self._is_told = False  # that the new file does not take what memory knows

    async def look(self) -> None:
        """Salvage the file where SQLite has found damage; where that fails, say so and try again later.

        A new file that does not take what memory knows is tried with each commit that wants to go.
        """
        database, now = self._store.database, self._store.clock().monotonic
        if database.damage is not None and database.is_file and now >= self._not_before:
            self._not_before = now + TRY_AGAIN.total_seconds()
            await self._salvage(database.damage)
        if self._store.behind is not None:
            await self._catch_up()

    async def _salvage(self, why: str) -> None:
        from gateway.journal.salvage.salvage import salvage  # carried only where a file is damaged

        store = self._store
        try:
            async with store.reading:
                await store.database.exchange(lambda: salvage(store.database.path, why), WHILE_SALVAGING)
                store.behind, self._happened, self._is_told = f"{store.database.path}: {BEHIND}", why, False
        except StorageError as error:
            log.error("%s; it is tried again in ten minutes, hearing goes on in memory", error)  # noqa: TRY400 - no bug: no trace
            store.sound(AlarmKind.DAMAGED, str(error))

    async def _catch_up(self) -> None:
        store = self._store
        try:
            async with store.reading:
                await self._bring_up()
                store.behind = None
        except StorageError as error:
            await self._tell(error)
            return
        self._not_before = 0.0
        store.wrong.pop(AlarmKind.DAMAGED, None)
        store.ring()
        log.warning("%s: the journal goes on in a new file", store.database.path)
        with contextlib.suppress(StorageError):  # it is committed, and the log is emptied another time
            await store.database.empty_log()

    async def _tell(self, error: StorageError) -> None:
        """Say once that the new file takes nothing, and give it the ballast's room where that is what it lacks."""
        words = f"{self._store.behind}: {error}; it is tried again with each uplink, hearing goes on in memory"
        if not self._is_told:
            log.error(words)
        self._is_told = True
        self._store.sound(AlarmKind.DAMAGED, words)
        if self._store.disk_full_since is not None:
            await asyncio.to_thread(make_way, self._store.database.path)

    async def _bring_up(self) -> None:
        """Bring the new file to what memory knows, and memory to what is left. Changes nothing a second time."""
        store = self._store
        page_bytes, kept = await store.database.page_bytes(), await destination_rows.load(store.database)
        for (words,) in await store.database.fetch("SELECT value FROM box WHERE name = ?", (MARK,)):
            self._happened = str(words)  # none is there where it was committed all the same
        retried = await store.database.fetch("SELECT destination, id FROM retries")
        log_there = await segments.load(store.database, store.segments.last_row, store.segments.segment_bytes)
        store.quota = store.quota.with_pages_of(page_bytes)
        store.segments.take_over(log_there)
        numbers = {known.number: known for known in store.destinations.values()}
        for one in kept.values():
            if one.number in numbers:
                _take_over(numbers[one.number], one, {row for number, row in retried if number == one.number})
        count = Count(tuple(numbers))
        await store.apply_alone([*self._steps(), count])
        store.words.confirm()
        for number, known in numbers.items():
            count.tell(known, number)

    def _steps(self) -> list[Step]:
        store = self._store
        return [
            *store.words.all(),
            *store.sessions.whole(),
            *store.served.whole(),
            *destination_rows.whole(store.destinations.values()),
            raised(AlarmKind.DAMAGED, store.clock().utc, f"{self._happened}\n{KNOWN}"),
            Statement("DELETE FROM box WHERE name IN (?, ?)", (MARK, NAMES_LOST)),
            Insert("REPLACE INTO box", [(OPEN, 1)]),
        ]


@dataclass(slots=True)
class Count:
    """Count what each destination holds and has on its way back, where all else is stored."""

    numbers: Collection[int]
    found: dict[int, tuple[Counter[HeldKind], int]] = field(default_factory=dict)  # once it has run

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it inside the open transaction."""
        self.found = {number: counted(connection, (number,)) for number in self.numbers}

    def tell(self, known: Destination, number: int) -> None:
        """Let a destination count what is stored, and what it has settled since."""
        kinds, retries = self.found[number]
        known.held = kinds + Counter(hold.kind for hold, _ in known.unsaved.held.values())
        known.retries = retries - len(known.unsaved.released | known.unsaved.again)


def _take_over(known: Destination, kept: Destination, retried: set[int]) -> None:
    """Let a destination pass over what is lost, which the new file counts."""
    known.cursor = known.cursor.joined(kept.cursor.since(0))
    known.lost, known.held_lost = max(known.lost, kept.lost), max(known.held_lost, kept.held_lost)
    known.given &= retried
