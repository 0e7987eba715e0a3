"""When what lies in the write-ahead log is brought into the file: beside the commits, so that hearing does not wait for it.

SQLite does that in the middle of the commit that crosses a limit, and on a card that took up to 190 ms where a commit takes
28 (docs/decisions/0051-flash.md). Here a connection of its own brings most of it while commits go on; the few frames that they
leave the writer brings between two of them, and then the log is used again from its beginning.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from gateway.errors import StorageError
from gateway.journal import wal
from gateway.journal.database import LOG_BYTES, Database

log = logging.getLogger(__name__)

FEW: Final = 64  # frames, those of some twenty commits: at most as many pages, which lie close together


class Checkpoints:
    """Keep the log small. Called by the writer's task alone, after each commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._log = wal.beside(database.path)
        self._copied = 0  # frames of the log that are in the file, too
        self._due = 0  # frames from which on there is something to do
        self._task: asyncio.Task[int] | None = None
        self._failed = False  # said once per episode

    async def tidy(self, page_bytes: int) -> None:
        """Begin to empty a log that has grown, or end it; never waits for a disk longer than a commit does."""
        frames, limit = wal.frames_in_use(self._log), LOG_BYTES // (page_bytes + wal.FRAME.size)
        if frames < self._copied:  # it was begun anew
            self._copied, self._due = 0, limit
        if frames < max(self._due, limit) or frames == self._copied or not self._is_free(frames + limit // 2):
            return
        if self._copied and frames - self._copied <= FEW:
            self._copied = await self._database.empty_log()
        else:
            # No TaskGroup: the journal may be opened and closed by different tasks. Its database waits for this one's end.
            self._task = asyncio.create_task(self._database.empty_log_beside(), name="journal checkpoint")

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
        if copied <= self._copied:
            self._due = next_due
        self._copied = copied
        return True

    def _told(self, error: StorageError) -> None:
        if not self._failed:
            log.warning("the journal's log could not be brought into its file: %s", error)
        self._failed = True
