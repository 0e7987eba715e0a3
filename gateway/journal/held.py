"""Held rows: dead letters and rows that wait for a codec or a clock, listed, sent again, dropped."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gateway.journal import devices
from gateway.journal.database import Database, Each, Step
from gateway.journal.destinations import FORGET_KEPT, Destination
from gateway.journal.reader import Reader
from gateway.journal.records import dev_eui_of, moment
from gateway.journal.store import Store
from gateway.journal.values import HeldKind, HeldRow
from gateway.journal.writer import Writer
from gateway.model import Eui64, RowId, Uplink

ROWS_AT_ONCE = 500  # undecoded rows looked at between two turns of the event loop
Chosen = tuple[str | None, HeldKind | None, Sequence[RowId] | None]  # a destination's name, a kind, ids; None means all
LISTED = (
    "SELECT held.destination, held.id, held.kind, held.reason, held.decoder, held.held_at FROM held"
    " WHERE NOT EXISTS (SELECT 1 FROM retries WHERE retries.destination = held.destination AND retries.id = held.id)"
)


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """A line of the table of held rows; one that is being retried is none."""

    destination: int
    id: int
    kind: HeldKind
    reason: str
    decoder: str
    held_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which held rows are meant; None means all."""

    destination: int | None = None
    kind: HeldKind | None = None
    ids: Sequence[int] | None = None

    def where(self) -> tuple[str, tuple[Any, ...]]:
        """Return the condition as SQL, and its values."""
        conditions = (
            (" AND held.destination = ?", self.destination),
            (" AND held.kind = ?", self.kind),
            (" AND held.id IN (SELECT value FROM json_each(?))", None if self.ids is None else json.dumps(self.ids)),
        )
        asked = [(sql, value) for sql, value in conditions if value is not None]
        return "".join(sql for sql, _ in asked), tuple(value for _, value in asked)


async def chosen(database: Database, choice: Choice, limit: int = -1) -> list[HeldEntry]:
    """Return the held rows that ``choice`` means, oldest first."""
    condition, values = choice.where()
    rows = await database.fetch(f"{LISTED}{condition} ORDER BY held.id, held.destination LIMIT ?", (*values, limit))
    return [HeldEntry(number, id_, HeldKind(kind), *rest) for number, id_, kind, *rest in rows]


def retry(entries: Sequence[HeldEntry]) -> tuple[Step, ...]:
    """Return what puts held rows back to the front."""
    return (Each("INSERT OR IGNORE INTO retries VALUES (?, ?)", [(entry.destination, entry.id) for entry in entries]),)


def forget(entries: Sequence[HeldEntry]) -> tuple[Step, ...]:
    """Return what drops held rows, and the records that nobody holds any more."""
    return (
        Each("DELETE FROM held WHERE destination = ? AND id = ?", [(entry.destination, entry.id) for entry in entries]),
        Each(FORGET_KEPT, [(entry.id,) for entry in entries]),
    )


def counts(entries: Iterable[HeldEntry]) -> Iterator[tuple[int, Counter[HeldKind]]]:
    """Yield for each destination how many of ``entries`` it has, by kind."""
    by_destination: dict[int, Counter[HeldKind]] = {}
    for entry in entries:
        by_destination.setdefault(entry.destination, Counter())[entry.kind] += 1
    yield from by_destination.items()


def decoder_changed(entry: HeldEntry, decoder: str | None, current: Mapping[str, str]) -> bool:
    """Tell whether another decoder than ``entry.decoder`` would read the row now.

    ``decoder`` is the device's present one ("" for none), None when the device is not registered any more.
    """
    name = entry.decoder.rpartition("@")[0] if decoder is None else decoder
    return name in current and f"{name}@{current[name]}" != entry.decoder


@asynccontextmanager
async def in_hand(store: Store, alone: asyncio.Lock) -> AsyncIterator[None]:
    """Hold ``alone``, and let no held row go for want of room meanwhile: who reads them is about to change them."""
    async with alone:
        store.held_in_hand = True
        try:
            yield
        finally:
            store.held_in_hand = False


class HeldRows:
    """What people and codecs do with held rows. One thing at a time: each reads, decides and writes."""

    def __init__(self, store: Store, reader: Reader, writer: Writer, alone: asyncio.Lock) -> None:
        self._store = store
        self._reader = reader
        self._writer = writer
        self._alone = alone

    async def list(self, choice: Chosen, limit: int) -> Sequence[HeldRow]:
        """Return held rows, oldest first."""
        async with in_hand(self._store, self._alone):
            await self._writer.submit()  # what was just settled is to be seen
            entries = await chosen(self._store.database, self._choice(*choice), limit)
            records = await self._reader.by_ids({entry.id for entry in entries})
        names = {known.number: known.name for known in self._store.destinations.values()}
        uplinks = {row: await self._reader.damage.uplink(row, record) for row, record in records.items()}
        return [
            _row(entry, names[entry.destination], uplink)
            for entry in entries
            if (uplink := uplinks.get(entry.id)) is not None
        ]

    async def retry(self, destination: str | None, kind: HeldKind | None, ids: Sequence[RowId] | None) -> int:
        """Put held rows back to the front."""
        async with in_hand(self._store, self._alone):
            await self._writer.submit()
            return await self._retry(await chosen(self._store.database, self._choice(destination, kind, ids)))

    async def retry_decoder_changed(self, current: Mapping[str, str]) -> int:
        """Put back the undecoded rows that another decoder would read now."""
        async with in_hand(self._store, self._alone):
            await self._writer.submit()
            decoders = await devices.decoders(self._store)
            entries = await chosen(self._store.database, Choice(kind=HeldKind.UNDECODED))
            found: list[HeldEntry] = []
            for batch in _batches(entries):
                records = await self._reader.by_ids({entry.id for entry in batch})
                owners = {row: dev_eui_of(record) for row, record in records.items()}
                found += [
                    e for e in batch if e.id in owners and decoder_changed(e, decoders.get(owners[e.id]), current)
                ]
            return await self._retry(found)

    async def retry_reason(self, word: str, owners: Collection[Eui64] | None) -> int:
        """Put back the undecoded rows whose reason begins with ``word``, those of ``owners`` only where they are given."""
        async with in_hand(self._store, self._alone):
            await self._writer.submit()
            entries = await chosen(self._store.database, Choice(kind=HeldKind.UNDECODED))
            found = [entry for entry in entries if entry.reason.startswith(word)]
            return await self._retry(found if owners is None else await self._owned(found, frozenset(owners)))

    async def _owned(self, entries: Sequence[HeldEntry], owners: frozenset[Eui64]) -> Sequence[HeldEntry]:
        owned: list[HeldEntry] = []
        for batch in _batches(entries):
            records = await self._reader.by_ids({entry.id for entry in batch})
            owned += [one for one in batch if one.id in records and dev_eui_of(records[one.id]) in owners]
        return owned

    async def drop(self, destination: str | None, kind: HeldKind | None, ids: Sequence[RowId] | None) -> int:
        """Forget held rows."""
        async with in_hand(self._store, self._alone):
            await self._writer.submit()
            entries = await chosen(self._store.database, self._choice(destination, kind, ids))
            if entries:
                await self._writer.submit(steps=forget(entries))
                self._uncount(entries)
            return len(entries)

    async def _retry(self, entries: Sequence[HeldEntry]) -> int:
        if entries:
            await self._writer.submit(steps=retry(entries))
            for destination, count in self._uncount(entries):
                destination.retries += count
            self._store.ring()
        return len(entries)

    def _uncount(self, entries: Sequence[HeldEntry]) -> Sequence[tuple[Destination, int]]:
        known = {destination.number: destination for destination in self._store.destinations.values()}
        counted = [(known[number], kinds) for number, kinds in counts(entries)]
        for destination, kinds in counted:
            destination.held -= kinds
        return [(destination, kinds.total()) for destination, kinds in counted]

    def _choice(self, destination: str | None, kind: HeldKind | None, ids: Sequence[RowId] | None = None) -> Choice:
        number = None if destination is None else self._store.destinations[destination].number
        return Choice(destination=number, kind=kind, ids=ids)


def _batches(entries: Sequence[HeldEntry]) -> Iterator[Sequence[HeldEntry]]:
    for start in range(0, len(entries), ROWS_AT_ONCE):
        yield entries[start : start + ROWS_AT_ONCE]


def _row(entry: HeldEntry, destination: str, uplink: Uplink) -> HeldRow:
    return HeldRow(
        id=RowId(entry.id),
        destination=destination,
        kind=entry.kind,
        reason=entry.reason,
        decoder=entry.decoder,
        held_at=moment(entry.held_at),
        uplink=uplink,
    )
