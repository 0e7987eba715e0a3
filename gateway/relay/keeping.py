"""Frames that a server has not got: gathered in memory, kept in the journal in groups."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from gateway.errors import StorageError
from gateway.journal import Journal
from gateway.model import Frame

logger = logging.getLogger(__name__)

WRITE_EVERY_S: Final = 10.0  # a flash card is not for other people's frames: one commit for all that came meanwhile
MOST_IN_MEMORY: Final = 2_000  # between two commits: ten seconds of the busiest concentrator
LET_GO_EVERY: Final = 360  # writes, an hour: also where nothing comes, what is too old goes


class RawFrames:
    """The frames of one relay that are on their way to the disk; what the disk does not take waits in memory, bounded."""

    def __init__(self, journal: Journal, relay: str, keep: timedelta) -> None:
        self._journal = journal
        self._relay = relay
        self._keep = keep
        self._fresh: deque[Frame] = deque()
        self._is_losing = False
        self.counts: Counter[str] = Counter()

    def keep(self, frames: Sequence[Frame]) -> None:
        """Keep frames; they are on disk within ten seconds."""
        self._fresh.extend(frames)
        self.counts["kept_raw"] += len(frames)
        while len(self._fresh) > MOST_IN_MEMORY:
            self._fresh.popleft()
            self.counts["overwritten"] += 1

    async def run(self) -> None:
        """Write what has gathered, every ten seconds; ends by cancellation, and writes the rest then."""
        turn = 0
        try:
            while True:
                await self.write(also_without=turn % LET_GO_EVERY == 0)
                turn += 1
                await asyncio.sleep(WRITE_EVERY_S)
        finally:
            await self.write()

    async def write(self, *, also_without: bool = False) -> None:
        """Put what has gathered into the journal; ``also_without`` frames, so that what is too old goes."""
        if not self._fresh and not also_without:
            return
        frames, self._fresh = [*self._fresh], deque()
        writing = asyncio.create_task(self._written(frames), name=f"raw frames of {self._relay} into the journal")
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:  # who is stopped in the middle must not take the frames along
            await writing  # no limit: a disk takes as long as it takes
            raise

    async def _written(self, frames: list[Frame]) -> None:
        try:
            gone = await self._journal.relayed.keep(self._relay, frames, self._keep)
        except StorageError as error:
            logger.warning("frames for the server of %r are not kept: %s", self._relay, error)
            self._fresh.extendleft(reversed(frames))
            return
        self._tell_of(gone)

    def _tell_of(self, gone: int) -> None:
        if gone and not self._is_losing:
            logger.warning(
                "relay %r: the oldest of the frames that its server has not got go, for they are too old or there is no room: %d to"
                " begin with; `brygga relay export %s` writes the others into a file",
                self._relay,
                gone,
                self._relay,
            )
        self._is_losing = gone > 0
