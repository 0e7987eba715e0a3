"""Rows of the log, for reading: by a destination's cursor, or one by one wherever they lie now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from gateway.journal.damage import Damage
from gateway.journal.destinations import Destination
from gateway.journal.groups import MOST, unpacked
from gateway.journal.losses import MISSING, UNREADABLE, Losses
from gateway.journal.records import dev_eui_of
from gateway.journal.segments import rows_in, select
from gateway.journal.store import Store
from gateway.journal.values import Row
from gateway.model import Eui64, Instant, RowId


class Reader:
    """Read what is committed, beside the writer and not in its way."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.damage = Damage(store.database.path, store.words)
        self.losses = Losses(store)

    async def next_rows(self, destination: Destination, limit: int, after: int | None = None) -> list[Row]:
        """Return the rows to be retried, then those not settled yet, oldest first; with ``after`` only the latter, of those after it."""
        rows = await self._again(destination, limit) if destination.retries and after is None else {}
        records = sorted(rows.items())
        records += await self._unsettled(destination, limit - len(rows), after or 0)
        found = [replace(row, is_again=True) if row.id in rows else row for row in await self._decoded(records)]
        if damaged := {row for row, _ in records} - {row.id for row in found}:
            self.losses.lose(destination, damaged, UNREADABLE)
        return found

    async def _again(self, destination: Destination, limit: int) -> dict[int, bytes]:
        """Return rows to be retried; those whose records are gone are lost: they would be asked for without end."""
        rows: dict[int, bytes] = {}
        while len(rows) < limit and (asked := await self._retries(destination, limit)):
            rows = await self.by_ids(asked)
            destination.given.update(rows)
            gone = set(asked) - rows.keys()
            if not gone:
                break
            gone.intersection_update(await self._retries(destination, limit))  # what was settled meanwhile is not
            destination.given.update(gone)
            self.losses.lose(destination, gone, MISSING)
        return rows

    async def oldest(self, destination: Destination) -> Instant | None:
        """Return when the first row before ``destination`` was heard, as the clock stood then."""
        retried = await self._retries(destination, 1) if destination.retries else []
        records = [*(await self.by_ids(retried)).items()] or await self._unsettled(destination, 1)
        uplink = await self.damage.uplink(*records[0]) if records else None
        return None if uplink is None else uplink.heard_at

    async def by_ids(self, ids: Collection[int]) -> dict[int, bytes]:
        """Return the records of ``ids``, from the log or from those copied aside."""
        if not ids:
            return {}
        async with self._store.reading_log():
            found = await self._named("kept", ids)
            for table in self._store.segments.tables_of(ids):
                if len(found) == len(ids):
                    break
                found |= await self._named(table, ids)
        return found

    async def latest(self, dev_eui: Eui64, limit: int, among: int) -> list[Row]:
        """Return a device's newest rows, the newest first, of the newest ``among`` rows of the log."""
        found: list[Row] = []
        segments = self._store.segments
        at, first = segments.last_row, segments.last_row - among + 1
        while len(found) < limit:
            async with self._store.reading_log():  # one segment at a time: hearing is not to wait for all
                piece = segments.newest_piece(max(first, segments.first_row), at)
                if piece is None:
                    break
                found += await self._latest_of(*piece, dev_eui, limit - len(found))
            at = piece[1] - 1
        return found

    async def _latest_of(self, table: str, first: int, last: int, dev_eui: Eui64, limit: int) -> list[Row]:
        """Return a device's newest rows of one table; its DevEUI stands in clear in a record as in a group, and by chance elsewhere."""
        sql = f"SELECT id, record FROM {table} WHERE id BETWEEN ? AND ? AND instr(record, ?) ORDER BY id DESC LIMIT ?"  # noqa: S608 — a name of ours
        found: list[Row] = []
        while len(found) < limit:
            stored = await self._store.database.fetch(sql, (first, last, bytes.fromhex(dev_eui), limit))
            rows = [one for one in unpacked(stored) if one[0] >= first and dev_eui_of(one[1]) == dev_eui]
            found += await self._decoded(sorted(rows, reverse=True))
            if len(stored) < limit:
                break
            last = stored[-1][0] - 1
        return found[:limit]

    async def _decoded(self, records: Iterable[tuple[int, bytes]]) -> list[Row]:
        """Return the rows of those records that are not damaged."""
        decoded = [(row, await self.damage.uplink(row, record)) for row, record in records]
        return [Row(RowId(row), uplink) for row, uplink in decoded if uplink is not None]

    async def _named(self, table: str, ids: Collection[int]) -> dict[int, bytes]:
        sql = (
            f"SELECT id, record FROM {table} WHERE id IN"  # noqa: S608 — a name of ours
            f" (SELECT (SELECT min(id) FROM {table} WHERE id >= value) FROM json_each(?))"
        )
        wanted = set(ids)
        stored = await self._store.database.fetch(sql, (json.dumps(list(wanted)),))
        return {row: record for row, record in unpacked(stored) if row in wanted}

    async def _retries(self, destination: Destination, limit: int) -> list[int]:
        settled = destination.not_wanted()  # before the query: a commit may end meanwhile
        sql = "SELECT id FROM retries WHERE destination = ? ORDER BY id LIMIT ?"
        rows = await self._store.database.fetch(sql, (destination.number, limit + len(settled)))
        return [row for (row,) in rows if row not in settled][:limit]

    async def _unsettled(self, destination: Destination, limit: int, after: int = 0) -> Sequence[tuple[int, bytes]]:
        segments = self._store.segments
        while True:
            async with self._store.reading_log():
                destination.cursor.forget_below(segments.first_row)
                asked = segments.pieces(destination.cursor.gaps(destination.until(segments.last_row), limit, after))
                if not asked:
                    return []
                sql, values = select(asked)
                rows = rows_in(asked, await self._store.database.fetch(sql, values))
                are_known = any(segments.thinned.get(first) for first in segments.firsts_of(asked))
                end = await self._end_of_gap(asked[-1]) if are_known and not rows else 0
            self._pass_over_missing(destination, asked, rows, are_known=are_known)
            if not end:
                return rows
            destination.cursor = destination.cursor.joined([(asked[-1][1], end)])

    async def _end_of_gap(self, piece: tuple[str, int, int]) -> int:
        """Return up to which row at least there is none from ``piece`` on, of which there is none: a gap may have thousands."""
        name, _, last = piece
        sql = f"SELECT min(id) FROM {name} WHERE id > ?"  # noqa: S608 — a name of ours
        ((found,),) = await self._store.database.fetch(sql, (last,))
        end = self._store.segments.end_of(last)
        return end if found is None else max(last, min(end, found - MOST))

    def _pass_over_missing(
        self,
        destination: Destination,
        asked: Iterable[tuple[str, int, int]],
        rows: Sequence[tuple[int, bytes]],
        *,
        are_known: bool,
    ) -> None:
        """Pass over rows that the file has not: let go of and counted then, or deleted by someone, and waiting brings none back."""
        if sum(last - first + 1 for _, first, last in asked) == len(rows):
            return
        there = {row for row, _ in rows}
        missing = [row for _, first, last in asked for row in range(first, last + 1) if row not in there]
        if not are_known:
            self.losses.lose(destination, missing, MISSING)
            return
        for row in missing:
            destination.cursor.add(row)
        destination.unsaved.moved = True
