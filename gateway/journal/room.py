"""Room in the journal: which rows go when they are old, when the log is crowded or full, and how many held rows stay."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Final

from gateway.dating import Boots, age
from gateway.errors import StorageError
from gateway.journal import segments
from gateway.journal.database import Statement
from gateway.journal.destinations import Destination
from gateway.journal.disk import Disk
from gateway.journal.held import Choice, chosen, forget
from gateway.journal.letting_go import LettingGo
from gateway.journal.records import decode_uplink
from gateway.journal.store import Store
from gateway.journal.values import AlarmKind, HeldKind, WhenFull
from gateway.journal.words import Words
from gateway.model import Instant, TimeQuality

log = logging.getLogger(__name__)

JOURNAL, DISK = "journal", "disk"  # what may be full

CROWDED: Final = 0.75  # of the log's pages in use: delivered segments go before the quota is reached
FULL: Final = 0.9  # from here on undelivered segments go, if they may; a segment is at most a sixteenth
FULL_DISK_S: Final = (
    60.0  # a full disk may be somebody's log that is about to be rotated: undelivered uplinks go after that
)
MOST_AT_ONCE: Final = 16  # segments let go of between two commits; one that is thinned out already frees little
DROPS_WHEN_CROWDED: Final = 2  # for each segment that begins, so that the file empties
HELD_AFTER: Final = 15 / 16  # of their share is left when held rows have gone: not one goes at a time
HELD_AT_EASE: Final = 3 / 4  # of their share: below, the next overrun is told anew


class Room:
    """Make room after a commit. Called by the writer's task alone."""

    def __init__(self, store: Store, boots: Boots) -> None:
        self._store = store
        self._boots = boots
        self._disk = Disk(store)
        self._letting_go = LettingGo(store, self._disk)
        self._wanted_drops = 0  # of delivered segments that retention would keep, to make room
        self._newest: tuple[int, Instant | None] = (
            0,
            None,
        )  # the last row of the oldest closed segment, and when it was heard
        self._overrun: str | None = None  # what is full, while undelivered rows are going
        self._held_overrun = False  # held rows are going
        self._told: set[str] = set()  # destinations that are no longer configured, and whose loss was logged

    async def tidy(self) -> None:
        """Drop the oldest segments that every destination has settled, as retention and quota ask.

        Where the log is crowded a destination that is no longer configured keeps none of them. Where it is nearly full, the oldest
        go all the same, if they may. Held rows keep to their share.
        """
        try:
            await self._tidy_log()
        finally:
            await self._keep_held_rows_to_their_share()  # also where the log's turn found no room for itself

    async def _tidy_log(self) -> None:
        looking, refused = self._look()
        if looking:
            is_crowded = self._disk.is_nearly_full or await self._use() > CROWDED
            self._wanted_drops = DROPS_WHEN_CROWDED if is_crowded else 0
        if refused:
            self._wanted_drops = max(self._wanted_drops, 1)
        made = False
        while (due := await self._due()) is not None:
            self._tell_of_the_unconfigured(await self._letting_go.drop(*due))
            self._wanted_drops, made = max(0, self._wanted_drops - 1), True
        if self._overrun == DISK and self._store.disk_full_since is None:
            self._end_overrun()
        if (looking or refused) and not made:
            await self._make_way(looking=looking)

    def _look(self) -> tuple[bool, bool]:
        """Return whether the file may have become crowded, and whether rows were refused."""
        self._disk.look()
        looking, self._store.look = self._store.look, False
        refused, self._store.refused = self._store.refused, False
        return looking, refused

    async def _use(self) -> float:
        """Return which part of the log's pages is in use."""
        return await self._store.used_pages() / self._store.quota.log_pages

    # ── the log ──

    async def _due(self) -> tuple[int, int] | None:
        store = self._store
        oldest = self._oldest()
        if oldest is None:
            return None
        known = store.destinations.values()
        if oldest[1] <= _settled(known, store.told):
            return oldest if self._wanted_drops or await self._is_old(*oldest) else None
        configured = [one for one in known if store.is_configured(one.name)]
        return oldest if self._wanted_drops and oldest[1] <= _settled(configured, 0) else None

    def _oldest(self) -> tuple[int, int] | None:
        """Return the oldest segment that may go: on a full disk also the one that is being written."""
        log = self._store.segments
        return log.oldest_closed() if self._store.disk_full_since is None else log.oldest()

    async def _is_old(self, first: int, last: int) -> bool:
        """Tell whether the newest row of a segment was heard long ago; one whose age nobody knows goes when there is no room."""
        store = self._store
        if self._newest[0] != last:
            piece = [(segments.table(first), last, last)]
            sql, values = segments.select(piece)
            rows = segments.rows_in(piece, await store.database.fetch(sql, values))
            self._newest = last, _heard_at(rows[0][1], store.words) if rows else None
        heard_at = self._newest[1]
        if heard_at is None:  # damaged or gone: it keeps no segment alive
            return True
        old = age(heard_at, store.clock(), self._boots, TimeQuality.SYSTEM)
        return old is not None and old >= store.keep_delivered

    async def _make_way(self, *, looking: bool) -> None:
        """Let undelivered uplinks go where there is no other way, as the policy says; told once an episode, counted always."""
        for _ in range(MOST_AT_ONCE):
            what, oldest = await self._what_is_full(looking=looking), self._oldest()
            if what == DISK and oldest is None:
                self._disk.make_way()  # nothing is to be dropped: the ballast's room is for what is heard
            if what is None or oldest is None:
                break
            await self._let_go(what, oldest)
            if what == DISK:
                return
        if looking and self._overrun == JOURNAL and await self._use() < CROWDED:
            self._end_overrun()

    async def _let_go(self, what: str, oldest: tuple[int, int]) -> None:
        """Thin a segment out, or let go of the oldest."""
        lost = await self._letting_go.thin_out() if self._store.when_full is WhenFull.THIN_OUT else None
        how = "the oldest go" if lost is None else "the oldest are thinned out to one an hour of each device"
        if lost is None:
            lost = await self._letting_go.drop(*oldest)
        self._tell_of_the_overrun(what, how, lost)

    async def _what_is_full(self, *, looking: bool) -> str | None:
        """Return what forces undelivered uplinks to go: the journal's limit, or a disk that has been full for a while."""
        store = self._store
        if store.when_full is WhenFull.REFUSE:
            return None
        if looking and await self._use() > FULL:
            return JOURNAL
        since = store.disk_full_since
        if since is None or store.clock().monotonic - since < FULL_DISK_S:
            return None
        return DISK if not looking or await self._is_cramped() else None

    async def _is_cramped(self) -> bool:
        """Tell whether the file has no room for another segment within itself."""
        ((free,),) = await self._store.database.fetch("PRAGMA freelist_count")
        return int(free) * self._store.quota.page_bytes < self._store.quota.segment_bytes

    def _end_overrun(self) -> None:
        self._overrun = None
        self._store.wrong.pop(AlarmKind.LETTING_GO, None)

    def _tell_of_the_overrun(self, what: str, how: str, lost: Mapping[str, int]) -> None:
        who = ", ".join(f"{name} loses {count}" for name, count in lost.items()) or "no destination was to have them"
        words = f"the {what} is full of undelivered uplinks, and {how}: {who} to begin with"
        if self._overrun is None:
            log.error(words)
            self._store.sound(AlarmKind.LETTING_GO, words)
        self._overrun = what

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
        for name, gone in store.shed.items():
            self._tell_of_held(gone, name, "not on disk yet")
        store.shed.clear()
        count = sum(one.held.total() + one.retries for one in store.destinations.values())
        if count < most * HELD_AT_EASE:
            self._held_overrun = False
        if count <= most or store.held_in_hand:
            return
        destination, kind = max(
            ((one, kind) for one in store.destinations.values() for kind in HeldKind), key=lambda it: it[0].held[it[1]]
        )
        gone = await self._let_go_of_held(destination, kind, count - int(most * HELD_AFTER))
        if gone:
            self._tell_of_held(gone, destination.name, kind)

    def _tell_of_held(self, gone: int, name: str, kind: str) -> None:
        if not self._held_overrun:
            self._held_overrun = True
            log.error(
                "more than %d uplinks are held back, and the oldest go, %d of %s (%s) to begin with; `brygga dead-letters list`"
                " tells why",
                self._store.quota.held_rows,
                gone,
                name,
                kind,
            )

    async def _let_go_of_held(self, destination: Destination, kind: HeldKind, count: int) -> int:
        choice = Choice(destination=destination.number, kind=kind)
        entries = await chosen(self._store.database, choice, count)
        if entries:
            lost = Statement(
                "UPDATE destinations SET held_lost = held_lost + ? WHERE number = ?", (len(entries), destination.number)
            )
            await self._store.apply_bare([*forget(entries), lost])
            destination.held[kind] -= len(entries)
            destination.held_lost += len(entries)
        return len(entries)


def _settled(destinations: Collection[Destination], without_any: int) -> float:
    """Return the last row up to which all of ``destinations`` have settled."""
    return min((one.low for one in destinations), default=without_any)


def _heard_at(record: bytes, words: Words) -> Instant | None:
    try:
        return decode_uplink(record, words).heard_at
    except StorageError:
        return None
