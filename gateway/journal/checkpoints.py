"""When what lies in the write-ahead log is brought into the file: beside the commits, so that hearing does not wait for it.

SQLite does that in the middle of the commit that crosses a limit, and on a card that took up to 190 ms where a commit takes
28 (docs/decisions/0051-flash.md). Here a connection of its own brings most of it while commits go on; the few frames that they
leave the writer brings between two of them, and then the log is used again from its beginning.

A log that another process reads cannot be used again, and grows. That is told, and when the reader has gone the log is cut once:
its size would stay on the disk. Until then no commit brings it into the file by itself, which might be many megabytes.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from gateway.errors import StorageError
from gateway.journal import wal
from gateway.journal.database import LAST_RESORT_PAGES, LOG_BYTES, Transaction
from gateway.journal.opening import ALL_PAGES, marked
from gateway.journal.store import Store
from gateway.journal.values import AlarmKind

log = logging.getLogger(__name__)

FEW: Final = 64  # frames, those of some twenty commits: at most as many pages, which lie close together
TOO_LONG: Final = 2  # times LOG_BYTES; the journal's limit counts on that much
PATIENCE_MS: Final = 5000  # for a lock, as sqlite3 has it by default


class Checkpoints:
    """Keep the log small. Called by the writer's task alone, after each commit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._database = store.database
        self._log = wal.beside(store.database.path)
        self._copied = 0  # frames of the log that are in the file, too
        self._due = 0  # frames from which on there is something to do
        self._task: asyncio.Task[int] | None = None
        self._failed = False  # said once per episode
        self._is_held_up = False  # the last one brought nothing
        self._has_grown = False  # beside a reader, and was not cut since

    async def tidy(self, page_bytes: int) -> None:
        """Begin to empty a log that has grown, or end it; never waits for a disk longer than a commit does."""
        step = page_bytes + wal.FRAME.size
        frames, limit = self._database.log_frames(), LOG_BYTES // step
        if frames < self._copied:  # it was begun anew
            self._copied, self._due = 0, limit
        if self._has_grown and frames - self._copied <= FEW and await self.cut():
            return
        if frames < max(self._due, limit) or frames == self._copied or not self._is_free(frames + limit // 2):
            return
        if self._is_held_up and frames * step > TOO_LONG * LOG_BYTES:
            await self._tell_of_a_reader(frames * step)
        if self._copied and frames - self._copied <= FEW:
            self._copied = await self._database.empty_log()
        else:
            # No TaskGroup: the journal may be opened and closed by different tasks. Its database waits for this one's end.
            self._task = asyncio.create_task(self._database.empty_log_beside(), name="journal checkpoint")

    async def cut(self) -> bool:
        """Bring the last of the log into the file and cut it to nothing; False where somebody reads just now.

        In the file the journal counts as closed meanwhile: for a moment it has no log, and a kill then loses nothing.
        """
        await self._mark(is_open=False)
        await self._database.tune("busy_timeout=0")  # a reader must not keep commits waiting
        try:
            was_cut = await self._database.cut_log()
        finally:
            await self._database.tune(f"busy_timeout={PATIENCE_MS}")
            await self._mark(is_open=True)
        if not was_cut:
            return False
        self._copied = self._due = 0
        await self._database.tune(f"wal_autocheckpoint={LAST_RESORT_PAGES}")
        self._is_held_up = self._has_grown = False
        self._store.wrong.pop(AlarmKind.LONG_LOG, None)
        return True

    async def _mark(self, *, is_open: bool) -> None:
        await self._database.apply(Transaction([marked(is_open=is_open)], ALL_PAGES))

    async def _tell_of_a_reader(self, size: int) -> None:
        words = (
            f"{self._log}: {size / 1e6:.1f} MB and growing, for another process reads the journal and has not ended: wait for the backup's end, "
            "or end what else has the file open (`fuser` tells)"
        )
        if not self._has_grown:
            log.warning(words)
            await self._database.tune("wal_autocheckpoint=0")
        self._has_grown = True
        self._store.sound(AlarmKind.LONG_LOG, words)

    def _is_free(self, next_due: int) -> bool:
        """Take over what the last one did; False while it is under way. One that a reader held up is tried again later."""
        if self._task is None:
            return True
        if not self._task.done():
            return False
        task, self._task = self._task, None
        try:
            copied = task.result()
        except StorageError as error:
            self._told(error)
            self._due = next_due
            return False
        self._failed = False
        self._is_held_up = copied <= self._copied
        if self._is_held_up:
            self._due = next_due
        self._copied = copied
        return True

    def _told(self, error: StorageError) -> None:
        if not self._failed:
            log.warning("the journal's log could not be brought into its file: %s", error)
        self._failed = True
