"""Keeping: changes reach the disk, or wait in bounded memory while it takes nothing, and are counted when even that is full."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from enum import Enum
from typing import Final

from gateway.errors import StorageError
from gateway.journal import Changes, Journal

logger = logging.getLogger(__name__)

WAITING_LIMIT: Final = 5_000  # frames kept in memory while the disk takes nothing; about 10 MB, 45 s of a full radio
STORAGE_RETRY_S: Final = 1.0  # between two tries at a disk that takes nothing


class Kept(Enum):
    """What became of a change."""

    AT_ONCE = (
        "at once"  # only then may it be answered: a disk that hesitates has used up the time, and promises nothing
    )
    LATER = "later"
    LOST = "lost"


class Keeping:
    """The way into the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.waiting = 0
        self.counts: Counter[str] = Counter()

    async def keep(self, changes: Changes) -> Kept:
        """Commit; while the disk takes nothing, keep trying."""
        try:
            await self._journal.commit(changes)
        except StorageError as error:
            if self.waiting == 0:
                logger.error("%s: hearing goes on in memory, nothing is acknowledged", error)  # noqa: TRY400 - no bug: no trace
        else:
            return Kept.AT_ONCE
        if self.waiting >= WAITING_LIMIT:
            self.counts["lost_for_want_of_disk"] += len(changes.uplinks)
            return Kept.LOST
        self.waiting += 1
        try:
            await self._keep_trying(changes)
        finally:
            self.waiting -= 1
        return Kept.LATER

    async def _keep_trying(self, changes: Changes) -> None:
        while True:
            await asyncio.sleep(STORAGE_RETRY_S)
            try:
                await self._journal.commit(changes)
            except StorageError:
                continue
            return
