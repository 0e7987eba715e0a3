"""Keeping: changes reach the disk, or wait in bounded memory while it takes nothing, and are counted when even that is full.

When memory is full the newest goes, not the oldest. The newest can still be undone: its counter goes back, and the device's next
try counts as new. An older one cannot, for what the same session said after it waits behind it with a greater counter. Nothing
that was acknowledged can go: that was on the disk before.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Final

from gateway.errors import StorageError
from gateway.journal import Changes, Journal

logger = logging.getLogger(__name__)

WAITING_LIMIT: Final = 5_000  # frames kept in memory while the disk takes nothing; about 10 MB, 45 s of a full radio
STORAGE_RETRY_S: Final = 1.0  # between two tries at a disk that takes nothing
KEPT_AT_ONCE: Final = (
    200  # of those that waited, one transaction each: 5,000 at once may be more than there is room for
)


class Kept(Enum):
    """What became of a change."""

    AT_ONCE = (
        "at once"  # only then may it be answered: a disk that hesitates has used up the time, and promises nothing
    )
    LATER = "later"
    LOST = "lost"


@dataclass(slots=True, eq=False)
class _Waiting:
    changes: Changes
    is_kept: bool = False


class Keeping:
    """The way into the journal. What waits goes in as it came: whoever comes meanwhile waits behind it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._line: dict[_Waiting, None] = {}  # a set that keeps its order, the oldest first
        self._has_failed = False  # the last try
        self._lead = asyncio.Lock()  # its holder keeps what it and the next in line want kept
        self.counts: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many changes wait for the disk."""
        return len(self._line)

    async def keep(self, changes: Changes) -> Kept:
        """Commit; while the disk takes nothing, keep trying."""
        if not self._line:
            try:
                await self._journal.commit(changes)
            except StorageError as error:
                self._tell_of(error)
            else:
                return Kept.AT_ONCE
        if len(self._line) >= WAITING_LIMIT:
            self.counts["lost_for_want_of_disk"] += len(changes.uplinks)
            return Kept.LOST
        await self._stand_in_line(_Waiting(changes))
        return Kept.LATER

    def _tell_of(self, error: StorageError) -> None:
        self._has_failed = True
        if not self._line:
            self.counts["disk_took_nothing"] += 1
            logger.error("%s: hearing goes on in memory, nothing is acknowledged", error)

    async def _stand_in_line(self, one: _Waiting) -> None:
        self._line[one] = None
        try:
            async with self._lead:  # as long as the disk takes nothing: WAITING_LIMIT bounds who waits
                await self._keep_trying(one)
        finally:
            self._line.pop(one, None)

    async def _keep_trying(self, first: _Waiting) -> None:
        """Keep ``first`` and those behind it; after a failure it alone, for which there may be room."""
        while not first.is_kept:
            if self._has_failed:
                await asyncio.sleep(STORAGE_RETRY_S)
            together = _together(self._line, 1 if self._has_failed else KEPT_AT_ONCE)
            try:
                await self._journal.commit(_joined(together))
            except StorageError:
                self._has_failed = True
            else:
                self._note_kept(together)

    def _note_kept(self, together: Sequence[_Waiting]) -> None:
        self._has_failed = False
        for one in together:
            one.is_kept = True
            self._line.pop(one, None)
        if not self._line:
            logger.info("the disk takes again what is heard, and what waited is safe")


def _together(line: Iterable[_Waiting], most: int) -> Sequence[_Waiting]:
    """Return those of ``line`` that one commit may hold, its first among them.

    What begins an activation goes alone: its name may be one that a change before it has retired.
    """
    chosen = list[_Waiting]()
    for one in line:
        if chosen and (len(chosen) == most or one.changes.begun or chosen[0].changes.begun):
            break
        chosen.append(one)
    return chosen


def _joined(together: Iterable[_Waiting]) -> Changes:
    columns = zip(*(one.changes for one in together), strict=True)
    return Changes._make(tuple(chain.from_iterable(column)) for column in columns)
