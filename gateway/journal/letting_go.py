"""Rows let go of for want of room: a segment dropped, or thinned out; each loss is counted for who has it, in the same commit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.journal import segments
from gateway.journal.database import Insert, Statement, Step
from gateway.journal.destinations import Destination
from gateway.journal.disk import Disk
from gateway.journal.store import UNTOLD_LOST, Store
from gateway.journal.thinning import Range, Thin, others, survivors

WORTH_IT: Final = 1 / 2  # of a segment's rows stay at most: where each device is heard once an hour, nothing is gained
MOST_RANGES: Final = 20_000  # that thinning out may leave in one cursor, 200 kB: beyond it whole segments go

Lost = dict[str, int]  # rows by destination


class LettingGo:
    """Drop segments and thin them out. Called by the writer's task alone."""

    def __init__(self, store: Store, disk: Disk) -> None:
        self._store = store
        self._disk = disk

    async def drop(self, first: int, last: int) -> Lost:
        """Let go of a segment, and return what each destination has lost with it."""
        store, gone = self._store, [(first, last)]
        async with store.reading:
            losing = [one for one in store.destinations.values() if one.low < last]
            untold = self._untold(first, last)
            count = [Insert("REPLACE INTO box", [(UNTOLD_LOST, store.untold_lost + untold)])] if untold else []
            forget = Statement("DELETE FROM thinned WHERE first = ?", (first,))
            begin = store.segments.begin_after(last)
            await self._apply([*begin, *segments.drop(first, last), forget, *_counted(losing, gone), *count])
            store.segments.forget(first, last)
            store.untold_lost += untold
            lost = {one.name: one.lose(last) for one in losing}
        return {name: count for name, count in lost.items() if count}

    async def thin_out(self) -> Lost | None:
        """Thin out the oldest segment that is not thinned out; None where that gains nothing, and a segment is to be dropped."""
        store = self._store
        found = next((one for one in store.segments.closed() if one[0] not in store.segments.thinned), None)
        if found is None or any(one.cursor.ranges > MOST_RANGES for one in store.destinations.values()):
            return None
        first, last = found
        rows = await self._rows(first, last)
        kept = await asyncio.to_thread(survivors, rows, self._waited_for(first, last), store.words)
        if len(kept) > WORTH_IT * (last - first + 1):
            return None
        return await self._leave(first, last, kept)

    async def _leave(self, first: int, last: int, kept: Sequence[tuple[int, bytes]]) -> Lost:
        store, gone = self._store, [*others(first, last, kept)]
        count = sum(end - begin + 1 for begin, end in gone)
        async with store.reading:
            losing = [one for one in store.destinations.values() if one.low < last]
            thinned = Insert("REPLACE INTO thinned", [(first, count)])
            aside = segments.KeepHeld(first, last)
            await self._apply([aside, Thin(first, kept), thinned, *_counted(losing, gone)])
            store.segments.thinned[first] = count
            lost = {one.name: one.lose_some(gone) for one in losing}
        return {name: count for name, count in lost.items() if count}

    async def _rows(self, first: int, last: int) -> Sequence[tuple[int, bytes]]:
        piece = [(segments.table(first), first, last)]
        sql, values = segments.select(piece)
        async with self._store.reading:
            return segments.rows_in(piece, await self._store.database.fetch(sql, values))

    def _waited_for(self, first: int, last: int) -> frozenset[int]:
        """Return which rows of a segment some destination waits for; without any destination, whoever comes first."""
        known = self._store.destinations.values()
        if not known:
            return frozenset(range(max(first, self._store.told + 1), last + 1))
        return frozenset(
            row for one in known for begin, end in one.open_rows(first, last) for row in range(begin, end + 1)
        )

    def _untold(self, first: int, last: int) -> int:
        return 0 if self._store.destinations else max(0, last - max(self._store.told, first - 1))

    async def _apply(self, steps: Sequence[Step]) -> None:
        """Commit what makes room; on a full disk it takes the room of the ballast."""
        if self._store.disk_full_since is not None:
            self._disk.make_way()
        await self._store.apply_alone(steps)


def _counted(losing: Sequence[Destination], gone: Sequence[Range]) -> Iterator[Step]:
    """Yield what counts the rows ``gone`` for each destination that still waits for some."""
    for one in losing:
        count = sum(end - begin + 1 for first, last in gone for begin, end in one.open_rows(first, last))
        if count:
            yield Statement("UPDATE destinations SET lost = ? WHERE number = ?", (one.lost + count, one.number))
