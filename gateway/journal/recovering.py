"""A journal that turns out to be damaged while it is open: salvaged beside the hearing, which goes on in memory.

What memory knows is newer than what can be salvaged: every session, its counters, every cursor and text is written anew.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from gateway.errors import StorageError
from gateway.journal import destinations, segments
from gateway.journal.alarms import raised
from gateway.journal.database import Insert, Statement, Step
from gateway.journal.destinations import Destination
from gateway.journal.opening import OPEN
from gateway.journal.salvage.salvage import MARK, salvage
from gateway.journal.store import Store
from gateway.journal.values import AlarmKind

log = logging.getLogger(__name__)

TRY_AGAIN: Final = timedelta(minutes=10)  # after a salvage that failed: it reads the whole file
WHILE_SALVAGING: Final = "the journal is damaged, and what can be read is taken over into a new one"


class Recovering:
    """Salvage the file under an open journal. Called by the writer's task alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._not_before = 0.0  # monotonic

    async def look(self) -> None:
        """Salvage the file where SQLite has found damage; where that fails, say so and try again later."""
        database, now = self._store.database, self._store.clock().monotonic
        if database.damage is None or not database.is_file or now < self._not_before:
            return
        self._not_before = now + TRY_AGAIN.total_seconds()
        try:
            await self._salvage(database.damage)
        except StorageError as error:
            log.error("%s; it is tried again in ten minutes, hearing goes on in memory", error)  # noqa: TRY400 - no bug: no trace
            self._store.sound(AlarmKind.DAMAGED, str(error))
        else:
            self._not_before = 0.0
            self._store.wrong.pop(AlarmKind.DAMAGED, None)
            self._store.ring()

    async def _salvage(self, why: str) -> None:
        database = self._store.database
        async with self._store.reading:
            await database.exchange(lambda: salvage(database.path, why), WHILE_SALVAGING)
            await self._catch_up()

    async def _catch_up(self) -> None:
        """Bring the new file to what memory knows, and memory to what is left."""
        store = self._store
        store.quota = store.quota.with_pages_of(await store.database.page_bytes())
        ((words,),) = await store.database.fetch("SELECT value FROM box WHERE name = ?", (MARK,))
        store.quota = store.quota.with_pages_of(await store.database.page_bytes())
        kept = {one.number: one for one in (await destinations.load(store.database)).values()}
        for known in store.destinations.values():
            if known.number in kept:
                _take_over(known, kept[known.number])
        there = await segments.load(store.database, store.segments.last_row, store.segments.segment_bytes)
        store.segments.take_over(there)
        at = store.clock().utc
        steps: list[Step] = [
            *store.words.all(),
            *store.sessions.whole(),
            *destinations.whole(store.destinations.values()),
            raised(AlarmKind.DAMAGED, at, words),
            Statement("DELETE FROM box WHERE name = ?", (MARK,)),
            Insert("REPLACE INTO box", [(OPEN, 1)]),
        ]
        await store.apply_alone(steps)
        await store.database.empty_log()
        log.warning("%s: the journal goes on in a new file", store.database.path)


def _take_over(known: Destination, kept: Destination) -> None:
    """Let a destination pass over what is lost, which the new file counts."""
    known.cursor = known.cursor.joined(kept.cursor.since(0))
    known.lost = max(known.lost, kept.lost)
    known.held, known.retries = kept.held, kept.retries
