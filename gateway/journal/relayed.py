"""Frames that a relay could not pass on, for the record: raw, with how and when they were heard, in groups.

They have an eighth of the journal's room, all relays together; beyond it, and when they are as old as their relay keeps them, the
oldest go, counted. What the clock could not date goes for want of room alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import cbor2

from gateway.journal.database import Each, Insert, Statement, Step
from gateway.journal.records import microseconds, moment
from gateway.journal.store import Store
from gateway.journal.unclaimed import pack_frame, unpack_frame
from gateway.journal.words import Words
from gateway.journal.writer import Writer
from gateway.model import Frame, TimeQuality

FORMAT: Final = 1
SHARE: Final = 8  # this part of the journal's room
LOOKED_AT: Final = 64  # of the oldest rows, with each write
UNDATED: Final = 0  # in place of a time that nobody knew


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of one relay's frames."""

    frames: int = 0
    oldest: datetime | None = None  # until when the oldest of them were heard, where that is known
    lost: int = 0  # that went, for they were old or there was no room


class RelayedFrames:
    """The frames of all relays. One change at a time: each reads, decides and writes."""

    def __init__(self, store: Store, writer: Writer, alone: asyncio.Lock) -> None:
        self._store = store
        self._writer = writer
        self._alone = alone
        self._octets: int | None = None  # of all records; None: not counted yet

    async def keep(self, relay: str, frames: Sequence[Frame], keep: timedelta) -> int:
        """Keep ``frames`` in one commit, let go of what is older than ``keep`` or has no room, and return how many went so.

        Raises StorageError when the disk did not take it: nothing has changed then.
        """
        async with self._alone:
            octets = await self._counted()
            number, steps = await self._number(relay)
            record = _encode(frames, self._store.words) if frames else b""
            if frames:
                steps.append(await self._row(number, frames, record))
            gone = await self._gone(number, keep, octets + len(record))
            steps += _let_go(gone)
            if steps:
                await self._writer.submit(steps=steps)
            self._octets = octets + len(record) - sum(one.octets for one in gone)
        return sum(one.frames for one in gone)

    async def standing(self) -> Mapping[str, Standing]:
        """Return what is kept by the relays' names, those that are no longer configured among them."""
        rows = await self._store.database.fetch(
            "SELECT name, lost, total(frames), min(nullif(until, 0)) FROM relays LEFT JOIN relayed ON relay = number GROUP BY number"
        )
        return {
            name: Standing(int(frames), None if oldest is None else moment(oldest), lost)
            for name, lost, frames, oldest in rows
        }

    async def frames(self, relay: str) -> Sequence[Frame]:
        """Return what is kept of a relay's frames, the oldest write first; all of them, so for few."""
        sql = "SELECT record FROM relayed JOIN relays ON number = relay WHERE name = ? ORDER BY id"
        rows = await self._store.database.fetch(sql, (relay,))
        return [frame for (record,) in rows for frame in decode(record, self._store.words)]

    async def _counted(self) -> int:
        if self._octets is None:
            ((octets,),) = await self._store.database.fetch("SELECT total(length(record)) FROM relayed")
            self._octets = int(octets)
        return self._octets

    async def _number(self, relay: str) -> tuple[int, list[Step]]:
        known = dict(await self._store.database.fetch("SELECT name, number FROM relays"))
        if relay in known:
            return known[relay], []
        number = max(known.values(), default=0) + 1
        return number, [Insert("INSERT INTO relays (number, name)", [(number, relay)])]

    async def _row(self, number: int, frames: Sequence[Frame], record: bytes) -> Step:
        ((last,),) = await self._store.database.fetch("SELECT max(id) FROM relayed")
        return Insert("INSERT INTO relayed", [((last or 0) + 1, number, len(frames), _until(frames), record)])

    async def _gone(self, number: int, keep: timedelta, octets: int) -> list[_Row]:
        """Return which of the oldest rows go: those of this relay that are too old, and those for which there is no room."""
        quota, now = self._store.quota, self._store.clock()
        over = octets - quota.all_pages * quota.page_bytes // SHARE
        too_old = microseconds(now.utc - keep) if now.quality > TimeQuality.UNSYNCHRONISED else UNDATED
        gone: list[_Row] = []
        for row in await self._oldest():
            if over > 0 or (row.relay == number and UNDATED < row.until < too_old):
                gone.append(row)
                over -= row.octets
        return gone

    async def _oldest(self) -> list[_Row]:
        sql = "SELECT id, relay, frames, until, length(record) FROM relayed ORDER BY id LIMIT ?"
        return [_Row(*row) for row in await self._store.database.fetch(sql, (LOOKED_AT,))]


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    relay: int
    frames: int
    until: int
    octets: int


def _let_go(gone: Sequence[_Row]) -> Iterator[Step]:
    if gone:
        yield Each("DELETE FROM relayed WHERE id = ?", [(one.id,) for one in gone])
    for one in gone:
        yield Statement("UPDATE relays SET lost = lost + ? WHERE number = ?", (one.frames, one.relay))


def _until(frames: Sequence[Frame]) -> int:
    last = max(frames, key=lambda frame: frame.heard_at.monotonic).heard_at
    return microseconds(last.utc) if last.quality > TimeQuality.UNSYNCHRONISED else UNDATED


def _encode(frames: Sequence[Frame], words: Words) -> bytes:
    return cbor2.dumps([FORMAT, *(pack_frame(frame, words) for frame in frames)])


def decode(record: bytes, words: Words) -> list[Frame]:
    """Return the frames of a record; what is none raises one of `salvage.content.UNREADABLE`."""
    _, *packed = cbor2.loads(record)
    return [unpack_frame(one, words) for one in packed]
