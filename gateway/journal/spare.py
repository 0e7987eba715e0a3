"""Room that the file has and nobody needs: given back to the file system in small steps, as one drains a long backlog.

SQLite keeps the pages of a dropped segment for rows to come. After weeks without a platform that may be most of the file. Each
step moves pages from the file's end into holes and cuts it off; 64 of them take a few milliseconds beside a commit.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from gateway.journal.schema import number
from gateway.journal.store import Store

PAGES_AT_ONCE: Final = 64
KEPT_SEGMENTS: Final = 8  # so much free room stays: retention drops a segment for each that begins


@dataclass(slots=True)
class GiveBack:
    """Cut up to ``most`` pages off the file, and leave ``kept`` free ones; nothing where the file was made without that."""

    most: int
    kept: int = 0
    given: int = 0  # by run()

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it inside the open transaction."""
        before, free = number(connection, "page_count"), number(connection, "freelist_count")
        for _ in range(min(self.most, free - self.kept)):
            connection.execute(
                "PRAGMA incremental_vacuum(1)"
            )  # of more sqlite3's cursor would do one, and forget the rest
        self.given = before - number(connection, "page_count")


class Spare:
    """Give back what is free beyond what rows to come will take. Called by the writer's task alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first_row = 0  # when it was looked last
        self._is_giving = False

    async def tidy(self) -> None:
        """Do one step where segments have gone since, and then one after each commit until no more is free than is of use."""
        store = self._store
        if store.segments.first_row == self._first_row and not self._is_giving:
            return
        self._first_row = store.segments.first_row
        kept = KEPT_SEGMENTS * store.segments.segment_bytes // store.quota.page_bytes
        if await store.free_pages() <= kept:
            self._is_giving = False
            return
        step = GiveBack(PAGES_AT_ONCE, kept)
        await store.apply_alone([step])
        self._is_giving = step.given > 0
