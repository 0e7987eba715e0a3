"""Rows that were told already, put back to the front for a destination: a decoder has learned to read more of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from gateway.journal.database import Each
from gateway.journal.destinations import Destination
from gateway.journal.held import Choice, chosen, in_hand
from gateway.journal.reader import Reader
from gateway.journal.records import dev_eui_of, microseconds
from gateway.journal.segments import rows_in, select
from gateway.journal.store import Store
from gateway.journal.values import PutBack, Row
from gateway.journal.writer import Writer
from gateway.model import Eui64, RowId, TimeQuality

AGAIN: Final = (
    "again"  # the kind of a held row with which nothing is wrong; it is always among the retries, and so never listed
)
ROOM: Final = 3 / 4  # of what may be held back: told again are so many at most, or dead letters would go for them


class ToldAgain:
    """Find rows by their devices, and put them back; like held rows they outlive their segment meanwhile."""

    def __init__(self, store: Store, reader: Reader, writer: Writer, alone: asyncio.Lock) -> None:
        self._store = store
        self._reader = reader
        self._writer = writer
        self._alone = alone

    async def rows(self, dev_euis: Collection[Eui64], since: datetime | None) -> list[Row]:
        """Return the rows of devices that are kept and were heard since then, oldest first; those without a true time, too."""
        wanted = frozenset(dev_euis)
        found: list[Row] = []
        segments = self._store.segments
        at = segments.first_row
        while at <= segments.last_row:
            async with self._store.reading_log():  # one segment at a time: hearing is not to wait for all
                pieces = segments.pieces([(max(at, segments.first_row), segments.last_row)])
                if not pieces:
                    break
                sql, values = select(pieces[:1])
                records = rows_in(pieces[:1], await self._store.database.fetch(sql, values))
            theirs = [one for one in records if dev_eui_of(one[1]) in wanted]
            found += [row for row in await self._decoded(theirs) if since is None or _is_since(row, since)]
            at = pieces[0][2] + 1
        return found

    async def _decoded(self, records: Sequence[tuple[int, bytes]]) -> list[Row]:
        uplinks = [(row, await self._reader.damage.uplink(row, record)) for row, record in records]
        return [Row(RowId(row), uplink) for row, uplink in uplinks if uplink is not None]

    async def tell(self, destination: Destination, rows: Sequence[RowId]) -> PutBack:
        """Put ``rows`` back to the front for ``destination``, the oldest first, as many as there is room for.

        What it has not settled yet is told anyway and is not among them; what it holds back is tried again, too.
        """
        async with in_hand(self._store, self._alone):
            await self._writer.submit()  # what was just settled is to be seen
            under_way = await self._under_way(destination, rows)
            wanted = [row for row in sorted(rows) if row in destination.cursor and row not in under_way]
            open_rows = wanted[: self._room()]
            left = len(wanted) - len(open_rows)
            if not open_rows:
                return PutBack((), left)
            held = await chosen(self._store.database, Choice(destination=destination.number, ids=open_rows))
            now = microseconds(self._store.clock().utc)
            await self._writer.submit(
                steps=(
                    Each(
                        "INSERT OR IGNORE INTO held VALUES (?, ?, ?, '', '', ?)",
                        [(destination.number, row, AGAIN, now) for row in open_rows],
                    ),
                    Each(
                        "INSERT OR IGNORE INTO retries VALUES (?, ?)", [(destination.number, row) for row in open_rows]
                    ),
                )
            )
            for entry in held:
                destination.held[entry.kind] -= 1
            destination.retries += len(open_rows)
            self._store.ring()
            return PutBack(tuple(open_rows), left)

    async def _under_way(self, destination: Destination, rows: Sequence[RowId]) -> set[int]:
        sql = "SELECT id FROM retries WHERE destination = ? AND id IN (SELECT value FROM json_each(?))"
        return {row for (row,) in await self._store.database.fetch(sql, (destination.number, json.dumps(rows)))}

    def _room(self) -> int:
        store = self._store
        held = sum(one.held.total() + one.retries for one in store.destinations.values())
        return max(0, int(store.quota.held_rows * ROOM) - held)


def _is_since(row: Row, since: datetime) -> bool:
    heard_at = row.uplink.heard_at
    return heard_at.quality is TimeQuality.UNSYNCHRONISED or heard_at.utc >= since
