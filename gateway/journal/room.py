"""Room in the journal: which rows go when they are old, when the log is crowded or full, and how many held rows stay."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Final

from gateway.errors import StorageError
from gateway.journal import segments
from gateway.journal.database import Insert, Statement
from gateway.journal.destinations import Destination
from gateway.journal.held import Choice, chosen, forget
from gateway.journal.records import EPOCH, decode_uplink
from gateway.journal.store import UNTOLD_LOST, Store
from gateway.journal.values import HeldKind, WhenFull
from gateway.journal.words import Words

log = logging.getLogger(__name__)

CROWDED: Final = 0.75  # of the log's pages in use: delivered segments go before the quota is reached
FULL: Final = 0.9  # from here on undelivered segments go, if they may; a segment is at most a sixteenth
DROPS_WHEN_CROWDED: Final = 2  # for each segment that begins, so that the file empties
HELD_AFTER: Final = 15 / 16  # of their share is left when held rows have gone: not one goes at a time
HELD_AT_EASE: Final = 3 / 4  # of their share: below, the next overrun is told anew


class Room:
    """Make room after a commit. Called by the writer's task alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wanted_drops = 0  # of delivered segments that retention would keep, to make room
        self._newest: tuple[int, datetime] = (
            0,
            EPOCH,
        )  # the last row of the oldest closed segment, and when it was heard
        self._overrun = False  # undelivered rows are going
        self._held_overrun = False  # held rows are going
        self._told: set[str] = set()  # destinations that are no longer configured, and whose loss was logged

    async def tidy(self) -> None:
        """Drop the oldest segments that every destination has settled, as retention and quota ask.

        Where the log is crowded a destination that is no longer configured keeps none of them. Where it is nearly full, the oldest
        go all the same, if they may. Held rows keep to their share.
        """
        looking = self._look()
        if looking:
            self._wanted_drops = DROPS_WHEN_CROWDED if await self._use() > CROWDED else 0
        if self._store.refused:
            self._store.refused, self._wanted_drops = False, max(self._wanted_drops, 1)
        while (due := await self._due()) is not None:
            self._tell_of_the_unconfigured(await self._drop(*due))
            self._wanted_drops = max(0, self._wanted_drops - 1)
        if looking and self._store.when_full is WhenFull.DROP_OLDEST:
            await self._make_way()
        await self._keep_held_rows_to_their_share()

    def _look(self) -> bool:
        looking, self._store.look = self._store.look, False
        return looking

    async def _use(self) -> float:
        """Return which part of the log's pages is in use."""
        return await self._store.used_pages() / self._store.quota.log_pages

    # ── the log ──

    async def _due(self) -> tuple[int, int] | None:
        store = self._store
        oldest = store.segments.oldest_closed()
        if oldest is None:
            return None
        known = store.destinations.values()
        if oldest[1] <= _settled(known, store.told):
            return oldest if self._wanted_drops or await self._is_old(*oldest) else None
        configured = [one for one in known if store.is_configured(one.name)]
        return oldest if self._wanted_drops and oldest[1] <= _settled(configured, 0) else None

    async def _is_old(self, first: int, last: int) -> bool:
        """Tell whether the newest row of a segment was heard long ago; without a clock that is so at once."""
        store = self._store
        if self._newest[0] != last:
            piece = [(segments.table(first), last, last)]
            sql, values = segments.select(piece)
            rows = segments.rows_in(piece, await store.database.fetch(sql, values))
            self._newest = last, _heard_at(rows[0][1], store.words) if rows else EPOCH
        return store.clock().utc - self._newest[1] >= store.keep_delivered

    async def _drop(self, first: int, last: int) -> dict[str, int]:
        """Let go of a segment, and return what each destination has lost with it."""
        store = self._store
        async with store.reading:
            lost = {one.name: one.lose(last) for one in store.destinations.values() if one.low < last}
            untold = 0 if store.destinations else max(0, last - max(store.told, first - 1))
            count = [Insert("REPLACE INTO box", [(UNTOLD_LOST, store.untold_lost + untold)])] if untold else []
            await store.apply_alone([*segments.drop(first, last), *count])
            store.segments.firsts.remove(first)
            store.untold_lost += untold
        return {name: count for name, count in lost.items() if count}

    async def _make_way(self) -> None:
        """Let go of the oldest undelivered segment, for the log is nearly full; told once an episode, counted always."""
        oldest = self._store.segments.oldest_closed()
        if oldest is None or await self._use() <= FULL:
            self._overrun = False
            return
        lost = await self._drop(*oldest)
        if not self._overrun:
            who = (
                ", ".join(f"{name} loses {count}" for name, count in lost.items()) or "no destination was to have them"
            )
            log.error("the journal is full of undelivered uplinks, and the oldest go: %s to begin with", who)
        self._overrun = True

    def _tell_of_the_unconfigured(self, lost: dict[str, int]) -> None:
        for name in lost.keys() - self._told:
            self._told.add(name)
            log.warning(
                "%s is no longer configured, and its oldest uplinks go to make room: `brygga destination rename %s NEW` gives the"
                " rest to another, `brygga destination forget %s` lets go of them",
                name,
                name,
                name,
            )

    # ── held rows ──

    async def _keep_held_rows_to_their_share(self) -> None:
        """Let the oldest held rows go where there are too many, of whoever holds most; told once an episode, counted always."""
        store, most = self._store, self._store.quota.held_rows
        count = sum(one.held.total() + one.retries for one in store.destinations.values())
        if count < most * HELD_AT_EASE:
            self._held_overrun = False
        if count <= most or store.held_in_hand:
            return
        destination, kind = max(
            ((one, kind) for one in store.destinations.values() for kind in HeldKind), key=lambda it: it[0].held[it[1]]
        )
        gone = await self._let_go(destination, kind, count - int(most * HELD_AFTER))
        if gone and not self._held_overrun:
            self._held_overrun = True
            log.error(
                "more than %d uplinks are held back, and the oldest go, %d of %s (%s) to begin with; `brygga dead-letters list`"
                " tells why",
                most,
                gone,
                destination.name,
                kind,
            )

    async def _let_go(self, destination: Destination, kind: HeldKind, count: int) -> int:
        choice = Choice(destination=destination.number, kind=kind)
        entries = await chosen(self._store.database, choice, count)
        if entries:
            lost = Statement(
                "UPDATE destinations SET held_lost = held_lost + ? WHERE number = ?", (len(entries), destination.number)
            )
            await self._store.apply_alone([*forget(entries), lost])
            destination.held[kind] -= len(entries)
            destination.held_lost += len(entries)
        return len(entries)


def _settled(destinations: Collection[Destination], without_any: int) -> float:
    """Return the last row up to which all of ``destinations`` have settled."""
    return min((one.low for one in destinations), default=without_any)


def _heard_at(record: bytes, words: Words) -> datetime:
    try:
        return decode_uplink(record, words).heard_at.utc
    except StorageError:  # of a damaged record nobody knows it: it keeps no segment alive
        return EPOCH
