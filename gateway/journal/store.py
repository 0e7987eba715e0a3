"""What is on disk and what memory knows of it: composes a commit, and follows only when it is durable."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from gateway.errors import StorageError
from gateway.journal import destination_rows, downlinks, nonces, segments, served, sessions, state_rows, trouble
from gateway.journal.database import Database, Step, Transaction
from gateway.journal.destinations import Destination
from gateway.journal.passing import Passing, passing
from gateway.journal.quota import Quota
from gateway.journal.segments import Segments
from gateway.journal.served import ServedDevices
from gateway.journal.sessions import Sessions
from gateway.journal.values import AlarmKind, Stats, WhenFull
from gateway.journal.vault import Vault
from gateway.journal.words import Words
from gateway.journal.writer import Entry, Rows
from gateway.model import Clock, CommandState, Eui64, RowId

TOLD, UNTOLD_LOST = "told", "untold_lost"  # in the table `box`
NAMES_LOST = "names_lost"  # the same: after damage, a destination that is not known may have been known


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
    served: ServedDevices
    destinations: dict[str, Destination]
    news: asyncio.Event = field(default_factory=asyncio.Event)  # replaced by a new one when it is set
    commits: int = 0
    committed_rows: int = 0
    failed_commits: int = 0
    untold: Counter[str] = field(default_factory=Counter)  # states of commands that wait, by destination
    shed: Counter[str] = field(
        default_factory=Counter
    )  # held rows that went before they were written; Room tells of them
    _to_tell: Counter[str] = field(default_factory=Counter)  # those of the commit under way
    _passing: Sequence[Passing] = ()  # rows of the commit under way that are not for everybody
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by a query of the log, see reading_log()
    behind: str | None = (
        None  # why nothing is committed and no row read: the file is a new one, and lacks what memory knows
    )
    riding: list[Step] = field(default_factory=list)  # what else waits for a commit to ride in
    _riding: int = 0  # how many of them are in the commit under way
    configured: set[str] | None = None  # destinations that the configuration names; None: whoever asks does not say
    told: int = 0  # rows up to here are no news for a destination that begins when there is none
    names_lost: bool = False  # of destinations, with a damaged file
    untold_lost: int = 0  # rows that went before there was any destination
    look: bool = True  # whether the file may have become crowded
    refused: bool = False  # the last commit of rows failed
    unreadable: set[Eui64] = field(default_factory=set)  # devices whose registration is damaged
    held_in_hand: bool = False  # someone who has read held rows is about to change them
    trouble: str | None = None  # why the last commit failed
    troubles: int = 0  # how often commits began to fail
    disk_full_since: float | None = None  # monotonic; until there is room again, not until the next commit
    wrong: dict[AlarmKind, tuple[datetime, str]] = field(default_factory=dict)  # at the moment, with since when

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
        known = await destination_rows.load(database)
        lows = [destination.cursor.low for destination in known.values()]
        names = (TOLD, UNTOLD_LOST, NAMES_LOST)
        box = dict(await database.fetch("SELECT name, value FROM box WHERE name IN (?, ?, ?)", names))
        return cls(
            database=database,
            quota=quota.with_pages_of(await database.page_bytes()),
            keep_delivered=keep_delivered,
            when_full=when_full,
            clock=clock,
            vault=vault,
            words=Words(await database.fetch("SELECT number, word FROM words ORDER BY number")),
            segments=await segments.load(database, max(lows, default=0), quota.segment_bytes),
            sessions=await sessions.load(database, vault),
            served=await served.load(database),
            destinations=known,
            untold=Counter(await state_rows.waiting(database)),
            told=box.get(TOLD, 0),
            untold_lost=box.get(UNTOLD_LOST, 0),
            names_lost=NAMES_LOST in box,
        )

    # ── the writer's side ───────────────────────────────────────────────────────────────────────────────────────

    def unsaved(self) -> int:
        """Return how many settlements wait for a commit to ride in."""
        settled = sum(max(1, known.unsaved.rows) for known in self.destinations.values() if known.unsaved)
        return settled + len(self.riding)

    async def write(self, entries: Sequence[Entry]) -> Sequence[Rows]:
        """Commit ``entries`` and all that is unsaved; return each entry's rows, or raise StorageError."""
        if self.behind is not None:
            raise StorageError(self.behind)
        records = [record for entry in entries for record in entry.records]
        ids, steps = self._stage(entries, records)
        try:
            if steps:
                await self._apply(steps, self.quota.log_pages if records else self.quota.all_pages)
        except BaseException:
            self._undo()
            self.refused |= bool(records)
            raise
        self._confirm(records)
        return _shared_out(segments.row_ids(ids), entries)

    async def apply_alone(self, steps: Sequence[Step]) -> None:
        """Commit ``steps`` and all settlements, beyond the log's quota: what makes room must get through."""
        try:
            await self._apply([*self._settlements(), *steps], self.quota.all_pages)
        except BaseException:
            self._undo()
            raise
        self._confirm_settlements()

    async def apply_bare(self, steps: Sequence[Step]) -> None:
        """Commit ``steps`` and nothing else: settlements may be what there is no room for."""
        await self._apply(steps, self.quota.all_pages)

    def is_configured(self, name: str) -> bool:
        """Tell whether a destination is one of the configuration's."""
        return self.configured is None or name in self.configured

    @asynccontextmanager
    async def reading_log(self) -> AsyncIterator[None]:
        """Let no segment go while rows of the log are read; StorageError while the file is not what memory takes it for."""
        async with self.reading:
            if self.behind is not None:
                raise StorageError(self.behind)
            yield

    async def used_pages(self) -> int:
        """Return how many pages of the file hold something."""
        return await self.database.used_pages()

    async def free_pages(self) -> int:
        """Return how many pages of the file wait for rows to come."""
        ((free,),) = await self.database.fetch("PRAGMA freelist_count")
        return int(free)

    def ring(self) -> None:
        """Wake all who wait for rows."""
        self.news.set()
        self.news = asyncio.Event()

    async def stats(self) -> Stats:
        """Return the journal in numbers."""
        pages = await self.used_pages()
        log = self.segments
        return Stats(
            rows=log.last_row - log.first_row + 1 - sum(log.thinned.values()),
            segments=len(log.firsts),
            dropped_rows=log.first_row - 1,
            last_row=RowId(log.last_row),
            file_bytes=_size(self.database.path),
            wal_bytes=_size(self.database.path.with_name(self.database.path.name + "-wal")),
            used_bytes=pages * self.quota.page_bytes,
            quota_bytes=self.quota.log_pages * self.quota.page_bytes,
            commits=self.commits,
            committed_rows=self.committed_rows,
            failed_commits=self.failed_commits,
            untold_lost=self.untold_lost,
            trouble=self.trouble,
            troubles=self.troubles,
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
            self.sessions.stage(changes.sessions, changes.retired, changes.begun)
            if changes.mac_states:
                self.sessions.stage_mac_states(changes.mac_states)
            if changes.served:
                self.served.stage(changes.served)
            steps += entry.steps
            if changes.downlinks:
                steps += downlinks.stored(changes.downlinks, now)
                to_tell += (state_rows.state_of(one, now) for one in changes.downlinks if one.origin)
            to_tell += changes.command_states
            if changes.events:
                steps += downlinks.told(changes.events)
        steps += state_rows.to_tell(to_tell)
        self._to_tell = Counter(one.destination for one in to_tell)
        steps += self.sessions.steps()
        steps += self.served.steps()
        steps += nonces.moved(entries)
        steps += self._settlements()
        some_pass = any(entry.not_for for entry in entries)
        self._passing = passing(entries, [*ids], self.destinations.values()) if some_pass else ()
        steps += (one.step() for one in self._passing)
        return ids, steps

    def _settlements(self) -> list[Step]:
        self._shed_held_rows()
        self._riding = len(self.riding)
        settled = [step for known in self.destinations.values() if known.unsaved for step in known.stage()]
        return [*settled, *self.riding]

    def _shed_held_rows(self) -> None:
        """Let held rows go that are beyond their share before they are written: while commits fail they would outgrow all room there is."""
        unsaved = sum(len(one.unsaved.held) for one in self.destinations.values())
        if unsaved > self.quota.held_rows and not self.held_in_hand:
            most = max(self.destinations.values(), key=lambda one: len(one.unsaved.held))
            self.shed[most.name] += most.shed(unsaved - self.quota.held_rows)

    def _confirm(self, records: Sequence[bytes]) -> None:
        self.words.confirm()
        self.sessions.confirm()
        self.served.confirm()
        self._confirm_settlements()
        for one in self._passing:
            one.confirm()
        if self._to_tell:
            self.untold += self._to_tell
            self.ring()
        if records:
            self.look |= self.segments.is_full  # a segment has begun
            self.segments.confirm(records)
            self.committed_rows += len(records)
            self.ring()

    def _confirm_settlements(self) -> None:
        del self.riding[: self._riding]
        for known in self.destinations.values():
            known.confirm()

    def _undo(self) -> None:
        self.sessions.undo()
        self.served.undo()
        for known in self.destinations.values():
            known.undo()

    async def _apply(self, steps: Sequence[Step], max_pages: int) -> None:
        try:
            await self.database.apply(Transaction(steps, max_pages))
        except StorageError as error:
            self.failed_commits += 1
            self.troubles += self.trouble is None
            self.trouble = await self._why(error, max_pages)
            self.sound(AlarmKind.DISK, self.trouble)
            raise StorageError(self.trouble) from error
        self.commits += 1
        self.trouble = None
        self.wrong.pop(AlarmKind.DISK, None)

    def sound(self, kind: AlarmKind, words: str) -> None:
        """Let an alarm say ``words``, since when it began."""
        since, _ = self.wrong.get(kind, (self.clock().utc, ""))
        self.wrong[kind] = since, words

    async def _why(self, error: StorageError, max_pages: int) -> str:
        """Return why a commit failed, in words; that the disk is full is remembered."""
        words, is_full = await trouble.why(self.database, error, max_pages, self.quota.page_bytes)
        if is_full and self.disk_full_since is None:
            self.disk_full_since = self.clock().monotonic
        return words


def _shared_out(ids: Sequence[RowId], entries: Sequence[Entry]) -> Sequence[Rows]:
    """Return the rows of each entry; nearly all have one, as nearly all are an uplink."""
    if len(ids) == len(entries) and all(len(entry.records) == 1 for entry in entries):
        return [*zip(ids, strict=True)]
    numbers = iter(ids)
    return [tuple(islice(numbers, len(entry.records))) for entry in entries]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # a WAL that was never written
