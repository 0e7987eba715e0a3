"""What is on disk and what memory knows of it: composes a commit, and follows only when it is durable."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from gateway.errors import StorageError
from gateway.journal import destinations, downlinks, segments, sessions, state_rows
from gateway.journal.database import WAL_PAGES, Database, Each, Insert, Step, Transaction
from gateway.journal.destinations import Destination
from gateway.journal.records import EPOCH, decode_uplink
from gateway.journal.schema import PAGE_SIZE
from gateway.journal.segments import Segments
from gateway.journal.sessions import Sessions, eui_number
from gateway.journal.values import Stats, WhenFull
from gateway.journal.vault import Vault
from gateway.journal.words import Words
from gateway.journal.writer import Entry, Rows
from gateway.model import Clock, CommandState, RowId

log = logging.getLogger(__name__)

SEGMENT_BYTES = 1_250_000  # some 10,000 rows; a thousand pages are dropped in a few milliseconds
SEGMENTS_IN_LIMIT = 16  # at least: with a small limit the segments are smaller
CROWDED = 0.75  # of the log's pages in use: delivered segments go before the quota is reached
FULL = 0.9  # from here on undelivered segments go, if they may; a segment is at most a sixteenth
JOIN_NONCE = (  # never back: a device refuses a JoinNonce that it knows
    "INSERT INTO join_nonces VALUES (?, ?) ON CONFLICT (dev_eui) DO UPDATE SET next = max(next, excluded.next)"
)
REJOIN_COUNT = (
    "INSERT INTO rejoin_counts VALUES (?, ?, ?)"
    " ON CONFLICT (dev_eui, join_eui) DO UPDATE SET last = max(last, excluded.last)"
)
DROPS_WHEN_CROWDED = 2  # for each segment that begins, so that the file empties


@dataclass(frozen=True, slots=True)
class Quota:
    """How many pages of the file may be in use; the WAL has its share of the limit."""

    log_pages: int  # for rows
    all_pages: int  # for cursors, held rows copied aside: these must get through when the log is full
    segment_bytes: int

    @classmethod
    def of(cls, limit_bytes: int) -> Quota:
        """Divide ``limit_bytes``: a quarter at most for the WAL, an eighth of the rest for what is not the log."""
        wal = min(2 * WAL_PAGES * PAGE_SIZE, limit_bytes // 4)
        pages = (limit_bytes - wal) // PAGE_SIZE
        return cls(pages * 7 // 8, pages, min(SEGMENT_BYTES, limit_bytes // SEGMENTS_IN_LIMIT))


@dataclass(slots=True, kw_only=True)
class Store:
    """The one state behind the journal; changed by the writer's task alone, but for settlements."""

    database: Database
    quota: Quota
    keep_delivered: timedelta
    when_full: WhenFull
    clock: Clock
    vault: Vault
    words: Words
    segments: Segments
    sessions: Sessions
    destinations: dict[str, Destination]
    news: asyncio.Event = field(default_factory=asyncio.Event)  # replaced by a new one when it is set
    commits: int = 0
    committed_rows: int = 0
    failed_commits: int = 0
    untold: Counter[str] = field(default_factory=Counter)  # states of commands that wait, by destination
    _to_tell: Counter[str] = field(default_factory=Counter)  # those of the commit under way
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by a query of the log: no segment goes meanwhile
    _wanted_drops: int = 0  # of delivered segments that retention would keep, to make room
    _newest: tuple[int, datetime] = (0, EPOCH)  # the last row of the oldest closed segment, and when it was heard
    _overrun: bool = False  # undelivered rows are going
    _look: bool = True  # whether the file may have become crowded

    @classmethod
    async def load(
        cls,
        database: Database,
        *,
        quota: Quota,
        keep_delivered: timedelta,
        when_full: WhenFull,
        clock: Clock,
        vault: Vault,
    ) -> Store:
        """Read all that memory must know; rows of the log stay on disk."""
        known = await destinations.load(database)
        lows = [destination.cursor.low for destination in known.values()]
        return cls(
            database=database,
            quota=quota,
            keep_delivered=keep_delivered,
            when_full=when_full,
            clock=clock,
            vault=vault,
            words=Words(await database.fetch("SELECT number, word FROM words ORDER BY number")),
            segments=await _load_segments(database, max(lows, default=0), quota.segment_bytes),
            sessions=await sessions.load(database, vault),
            destinations=known,
            untold=Counter(await state_rows.waiting(database)),
        )

    # ── the writer's side ───────────────────────────────────────────────────────────────────────────────────────

    def unsaved(self) -> int:
        """Return how many settlements wait for a commit to ride in."""
        return sum(max(1, known.unsaved.rows) for known in self.destinations.values() if known.unsaved)

    async def write(self, entries: Sequence[Entry]) -> Sequence[Rows]:
        """Commit ``entries`` and all that is unsaved; return each entry's rows, or raise StorageError."""
        records = [record for entry in entries for record in entry.records]
        ids, steps = self._stage(entries, records)
        try:
            if steps:
                await self._apply(steps, self.quota.log_pages if records else self.quota.all_pages)
        except BaseException:
            self._undo()
            self._wanted_drops = max(self._wanted_drops, bool(records))
            raise
        self._confirm(records)
        numbers = iter(segments.row_ids(ids))
        return [tuple(islice(numbers, len(entry.records))) for entry in entries]

    async def tidy(self) -> None:
        """Drop the oldest segments that every destination has settled, as retention and quota ask.

        Where none is left of those and the log is nearly full, the oldest go all the same, if they may.
        """
        looking, self._look = self._look, False
        if looking:
            self._wanted_drops = DROPS_WHEN_CROWDED if await self._use() > CROWDED else 0
        while (due := await self._due()) is not None:
            await self._drop(*due)
            self._wanted_drops = max(0, self._wanted_drops - 1)
        if looking and self.when_full is WhenFull.DROP_OLDEST:
            await self._make_way()

    async def used_pages(self) -> int:
        """Return how many pages of the file hold something."""
        ((pages,),) = await self.database.fetch("PRAGMA page_count")
        ((free,),) = await self.database.fetch("PRAGMA freelist_count")
        return int(pages) - int(free)

    def ring(self) -> None:
        """Wake all who wait for rows."""
        self.news.set()
        self.news = asyncio.Event()

    async def stats(self) -> Stats:
        """Return the journal in numbers."""
        pages = await self.used_pages()
        log = self.segments
        return Stats(
            rows=log.last_row - log.first_row + 1,
            segments=len(log.firsts),
            dropped_rows=log.first_row - 1,
            last_row=RowId(log.last_row),
            file_bytes=_size(self.database.path),
            wal_bytes=_size(self.database.path.with_name(self.database.path.name + "-wal")),
            used_bytes=pages * PAGE_SIZE,
            quota_bytes=self.quota.log_pages * PAGE_SIZE,
            commits=self.commits,
            committed_rows=self.committed_rows,
            failed_commits=self.failed_commits,
        )

    def _stage(self, entries: Sequence[Entry], records: Sequence[bytes]) -> tuple[Iterable[int], list[Step]]:
        ids: Iterable[int] = ()
        steps: list[Step] = [*self.words.stage()]
        if records:
            ids, log = self.segments.stage(records)
            steps += log
        now, to_tell = self.clock(), list[CommandState]()
        for entry in entries:
            changes = entry.changes
            self.sessions.stage(changes.sessions, changes.retired)
            self.sessions.stage_mac_states(changes.mac_states)
            steps += entry.steps
            steps += downlinks.stored(changes.downlinks, now)
            to_tell += (state_rows.state_of(one, now) for one in changes.downlinks if one.origin)
            to_tell += changes.command_states
            steps += downlinks.told(changes.events)
        steps += state_rows.to_tell(to_tell)
        self._to_tell = Counter(one.destination for one in to_tell)
        steps += self.sessions.steps()
        steps += _nonces(entries)
        steps += self._settlements()
        return ids, steps

    def _settlements(self) -> list[Step]:
        return [step for known in self.destinations.values() if known.unsaved for step in known.stage()]

    def _confirm(self, records: Sequence[bytes]) -> None:
        self.words.confirm()
        self.sessions.confirm()
        self._confirm_settlements()
        if self._to_tell:
            self.untold += self._to_tell
            self.ring()
        if records:
            self._look |= self.segments.is_full  # a segment has begun
            self.segments.confirm(records)
            self.committed_rows += len(records)
            self.ring()

    def _confirm_settlements(self) -> None:
        for known in self.destinations.values():
            known.confirm()

    def _undo(self) -> None:
        self.sessions.undo()
        for known in self.destinations.values():
            known.undo()

    async def _apply(self, steps: Sequence[Step], max_pages: int) -> None:
        try:
            await self.database.apply(Transaction(steps, max_pages))
        except StorageError:
            self.failed_commits += 1
            raise
        self.commits += 1

    async def _due(self) -> tuple[int, int] | None:
        oldest = self.segments.oldest_closed()
        settled = min((known.cursor.low for known in self.destinations.values()), default=0)
        if oldest is None or oldest[1] > settled:
            return None
        return oldest if self._wanted_drops or await self._is_old(*oldest) else None

    async def _is_old(self, first: int, last: int) -> bool:
        """Tell whether the newest row of a segment was heard long ago; without a clock that is so at once."""
        if self._newest[0] != last:
            sql, values = segments.select([(segments.table(first), last, last)])
            heard = [
                decode_uplink(record, self.words).heard_at.utc for _, record in await self.database.fetch(sql, values)
            ]
            self._newest = last, heard[0] if heard else EPOCH
        return self.clock().utc - self._newest[1] >= self.keep_delivered

    async def _drop(self, first: int, last: int) -> None:
        async with self.reading:
            try:
                await self._apply([*self._settlements(), *segments.drop(first, last)], self.quota.all_pages)
            except BaseException:
                self._undo()
                raise
            self._confirm_settlements()
            self.segments.firsts.remove(first)

    async def _make_way(self) -> None:
        """Let go of the oldest undelivered segment, for the log is nearly full; told once an episode, counted always."""
        oldest = self.segments.oldest_closed()
        if oldest is None or await self._use() <= FULL:
            self._overrun = False
            return
        lost = {known.name: known.lose(oldest[1]) for known in self.destinations.values()}
        if not self._overrun:
            waiting = ", ".join(f"{name} loses {count}" for name, count in lost.items() if count)
            log.error("the journal is full of undelivered uplinks, and the oldest go: %s to begin with", waiting)
        self._overrun = True
        await self._drop(*oldest)

    async def _use(self) -> float:
        """Return which part of the log's pages is in use."""
        return await self.used_pages() / self.quota.log_pages


def _nonces(entries: Sequence[Entry]) -> list[Step]:
    used = [(eui_number(eui), nonce) for entry in entries for eui, nonce in entry.changes.dev_nonces]
    following = [(eui_number(eui), nonce) for entry in entries for eui, nonce in entry.changes.join_nonces]
    rejoined = [
        (eui_number(eui), eui_number(join_eui), count)
        for entry in entries
        for eui, join_eui, count in entry.changes.rejoin_counts
    ]
    return [
        *([Insert("INSERT OR IGNORE INTO dev_nonces", used)] if used else []),
        *([Each(JOIN_NONCE, following)] if following else []),
        *([Each(REJOIN_COUNT, rejoined)] if rejoined else []),
    ]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # a WAL that was never written


async def _load_segments(database: Database, settled: int, segment_bytes: int) -> Segments:
    """Find the segments. SQLite would number an emptied table from 1 again, below cursors: names and cursors forbid it."""
    rows = await database.fetch(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'log\\_%' ESCAPE '\\'"
    )
    firsts = sorted(int(name.removeprefix("log_")) for (name,) in rows)
    table = segments.table(firsts[-1])
    ((last, written),) = await database.fetch(f"SELECT max(id), sum(length(record)) FROM {table}")  # noqa: S608 — a name of ours
    return Segments(firsts, max(last or 0, firsts[-1] - 1, settled), written or 0, segment_bytes)
