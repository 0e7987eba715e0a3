"""The journal: keeps what was heard until every destination has it (docs/architecture.md, laws 1 to 5).

journal = await Journal.open(path, clock=clock, destinations=["goteborg"])
(row,) = await journal.commit(Changes(uplinks=(uplink,), sessions=(session,)))  # durable now
await journal.wait("goteborg")
rows = await journal.read("goteborg", 100)
await journal.settle("goteborg", Settlement(delivered=frozenset(row.id for row in rows)))
await journal.close()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Self
from uuid import UUID

from gateway.dating import Boots, Spans, age, learned
from gateway.errors import ConfigError
from gateway.journal import boots, downlinks, sealing, unclaimed
from gateway.journal.again import ToldAgain
from gateway.journal.alarms import Alarms
from gateway.journal.box import Box
from gateway.journal.checkpoints import Checkpoints
from gateway.journal.command_states import CommandStates
from gateway.journal.devices import Registry
from gateway.journal.held import HeldRows
from gateway.journal.opening import Opening, from_file
from gateway.journal.quota import Quota
from gateway.journal.reader import Reader
from gateway.journal.records import encode_uplink, microseconds, moment
from gateway.journal.recovering import Recovering
from gateway.journal.relayed import RelayedFrames
from gateway.journal.roll import Roll
from gateway.journal.room import Room
from gateway.journal.served import Place
from gateway.journal.spare import GiveBack, Spare
from gateway.journal.store import Store
from gateway.journal.values import (
    Ahead,
    Alarm,
    AlarmKind,
    Begin,
    Changes,
    Depth,
    Event,
    HeldKind,
    HeldRow,
    ImportResult,
    PutBack,
    Registration,
    Row,
    Settlement,
    Stats,
    Unclaimed,
    WhenFull,
)
from gateway.journal.writer import Writer
from gateway.model import Clock, Downlink, Eui64, Frame, Json, RowId, Session, TimeQuality, Uplink
from gateway.pulse import Pulse

LIMIT_BYTES = 512 * 1024 * 1024  # some four million rows
SMALLEST_LIMIT = 1024 * 1024
KEY_FILE = "brygga.key"  # beside the database, where no other place is named
LOOK_BACK = 100_000  # rows that are searched for a device's last ones: 10 MB, a day and more of a busy box
KEEP_UNCLAIMED = 20_000  # frames of nobody; 3 MB, a day of a busy town
KEEP_DELIVERED = timedelta(days=7)  # for people who look back; 75 MB at one row a second


class Journal:
    """One open journal; a second one of the same file is refused, in this process and in others."""

    def __init__(self, store: Store, clock: Clock, known_boots: dict[str, Spans], closing: AsyncExitStack) -> None:
        self._store = store
        self._clock = clock
        self._boots = known_boots
        self._closing = closing
        self._reader = Reader(store)
        self._room, self._recovering = Room(store, known_boots), Recovering(store)
        self._checkpoints = Checkpoints(store)
        self._spare = Spare(store)
        self._writer = Writer(store, self._tidy)
        self._alone = asyncio.Lock()  # for what reads, decides and writes
        self._held = HeldRows(store, self._reader, self._writer, self._alone)
        self._again = ToldAgain(store, self._reader, self._writer, self._alone)
        self._registry = Registry(store, self._writer, self._alone)
        self._roll = Roll(store, self._writer, self._alone)
        self.command_states = CommandStates(store, self._writer)
        self.box = Box(store, self._writer, self._alone)
        self._alarms = Alarms(store, self._writer)
        self.relayed = RelayedFrames(store, self._writer, self._alone)
        self._attending: list[Callable[[Sequence[Uplink]], None]] = []

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        limit_bytes: int = LIMIT_BYTES,
        keep_delivered: timedelta = KEEP_DELIVERED,
        when_full: WhenFull = WhenFull.DROP_OLDEST,
        destinations: Collection[str] | None = None,
        begins: Mapping[str, Begin] = MappingProxyType({}),
        former: Collection[str] = (),
        key_file: Path | None = None,
        opening: Opening = from_file,
    ) -> Self:
        """Open or make the database at ``path``, whose folder must be there; ``opening`` says how, by default as a file.

        Device keys are sealed under the key in ``key_file``, by default "brygga.key" beside the database; it is made where it is
        not there.

        Of ``destinations`` those never seen before begin as ``begins`` says, by default with what no destination was to have yet.
        Those that the journal knows and that are not named stay until remove_destination() or rename_destination(), their rows
        only where there is room, unless they are among ``former``; None does not say who is configured, and all count as that.
        A name is "<name>" or "<name>@<city>": one that is configured with another city than before has moved, and what the
        journal knows under the former one ends with the rows that are there (`Roll.configure`). Rows that all have settled are
        kept for ``keep_delivered``, less where room is short. Raises Busy when another process has the journal open,
        ConfigError for a file, folder or limit that cannot be, StorageError when the disk fails.
        """
        if limit_bytes < SMALLEST_LIMIT:
            raise ConfigError(
                f"{path}: a journal limit of {limit_bytes} bytes where at least {SMALLEST_LIMIT} are needed"
            )
        key = key_file or path.with_name(KEY_FILE)
        async with AsyncExitStack() as closing:
            database = await closing.enter_async_context(opening(path, key))
            vault = await sealing.vault(database, key)
            await sealing.seal_all(database, vault)
            store = await Store.load(
                database,
                quota=Quota.of(limit_bytes),
                keep_delivered=keep_delivered,
                when_full=when_full,
                clock=clock,
                vault=vault,
            )
            journal = cls(store, clock, await boots.load(database, store.words), closing)
            closing.push_async_callback(journal._writer.close)
            await journal.box.settle_damage()
            if destinations is not None:
                await journal._roll.configure(destinations, begins, former)
            journal._closing = closing.pop_all()
            return journal

    async def close(self) -> None:
        """Commit what waits, cursors too, and let the file go."""
        await self._closing.aclose()

    @property
    def pulse(self) -> Pulse:
        """Return the writer's pulse."""
        return self._writer.pulse

    async def _tidy(self) -> None:
        await self._recovering.look()
        if self._store.behind is not None:
            return
        try:
            await self._room.tidy()
            await self._spare.tidy()
        finally:
            await self._checkpoints.tidy(self._store.quota.page_bytes)

    # ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def commit(self, changes: Changes) -> tuple[RowId, ...]:
        """Store ``changes``, all or nothing, and return the rows of its uplinks; durable when it returns.

        Raises StorageError when the disk did not take it: nothing of it is stored, and the next commit may work.
        No counter of a session moves back.
        """
        words = self._store.words
        rows = await self._writer.submit(
            records=[encode_uplink(uplink, words) for uplink in changes.uplinks], changes=changes
        )
        for tell in self._attending:
            tell(changes.uplinks)
        return rows

    @contextmanager
    def attend(self, tell: Callable[[Sequence[Uplink]], None]) -> Iterator[None]:
        """Have ``tell`` called with the uplinks of each commit that is on disk, for as long as the block lasts; it raises nothing."""
        self._attending.append(tell)
        try:
            yield
        finally:
            self._attending.remove(tell)

    async def take_in(self, uplinks: Sequence[Uplink], told_to: Collection[str]) -> tuple[RowId, ...]:
        """Store uplinks that were heard elsewhere or before, for the destinations ``told_to`` alone; no counter moves.

        Durable when it returns, for everybody or not at all; whoever is not among them has passed them over.
        """
        words, others = self._store.words, self._store.destinations.keys() - set(told_to)
        records = [encode_uplink(uplink, words) for uplink in uplinks]
        return await self._writer.submit(records=records, not_for=frozenset(others))

    async def learn_boot(self, boot_id: str, utc_at_zero: datetime, quality: TimeQuality) -> None:
        """Remember what the wall clock says at monotonic 0 of a boot; UNSYNCHRONISED only that there is the boot."""
        now, known = self._clock(), self._boots.get(boot_id, ())
        spans = learned(known, now.monotonic if now.boot_id == boot_id else 0.0, utc_at_zero, quality)
        if spans != known:
            await self._writer.submit(steps=boots.stored(self._store.words.number(boot_id), spans))
            self._boots[boot_id] = spans

    def boots(self) -> Boots:
        """Return what is known of the boots of this box: it dates their rows."""
        return MappingProxyType(self._boots)

    # ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def configure(
        self,
        destinations: Collection[str],
        *,
        begins: Mapping[str, Begin] = MappingProxyType({}),
        former: Collection[str] = (),
    ) -> None:
        """Keep uplinks for these destinations from now on, as `open` does. Raises StorageError; a second time changes nothing."""
        await self._roll.configure(destinations, begins, former)

    async def add_destination(self, name: str, *, from_start: bool) -> None:
        """Begin a destination with the oldest kept row, or with the next uplink; one that is known stays as it is."""
        await self._roll.begin(name, Begin.OLDEST if from_start else Begin.NOW)

    async def remove_destination(self, name: str) -> None:
        """Forget a destination: its cursor, its held rows, its memory; KeyError when there is none."""
        await self._roll.forget(name)

    async def rename_destination(self, old: str, new: str) -> None:
        """Give ``new`` the backlog, the held rows and the memory of ``old``, which is no more; KeyError when there is no ``old``.

        What ``new`` has settled already, if it was there, is not told again.
        """
        await self._roll.rename(old, new)

    def former(self) -> Mapping[str, str]:
        """Return the destinations that have moved to another city: the name that each ended under, and its present one."""
        return self._roll.former()

    def destinations(self) -> tuple[str, ...]:
        """Return the names of all destinations that the journal knows."""
        return tuple(self._store.destinations)

    async def read(self, destination: str, limit: int, *, after: RowId | None = None) -> Sequence[Row]:
        """Return up to ``limit`` rows: those to be retried, then what is not settled, oldest first.

        With ``after`` only rows after that one, and none that is retried: the live lane. A row is given again until it is
        settled. Fewer than ``limit`` does not mean that there are no more.
        """
        rows = await self._reader.next_rows(self._store.destinations[destination], limit, after)
        if self._store.riding:
            self._writer.note_settled()  # rows that are gone were counted, and an alarm waits: nothing may be heard for long
        return rows

    async def wait(self, destination: str, *, after: RowId | None = None) -> None:
        """Return when read() would give something. Has no limit: a quiet night is no fault; cancel it as you like."""
        while not self._store.destinations[destination].waiting(self._store.segments.last_row, after):
            await self._store.news.wait()

    def ahead(self, destination: str, after: RowId) -> Ahead:
        """Return what lies before a destination, and how much of it after the row ``after``; costs next to nothing."""
        return self._store.destinations[destination].ahead(self._store.segments.last_row, after)

    def unsaved(self, destination: str) -> int:
        """Return how many rows it has settled that are not known to be on disk: a crash now repeats so many."""
        return self._store.destinations[destination].pending().rows

    async def settle(self, destination: str, settlement: Settlement) -> None:
        """Take over what was decided about rows that read() gave, in any order; a second time changes nothing.

        Durable with the next commit, or after a hundred rows or a second without one: a crash before repeats the rows.
        """
        self._store.destinations[destination].settle(settlement, microseconds(self._clock().utc))
        self._writer.note_settled()

    async def flush(self) -> None:
        """Return when all that was settled is on disk."""
        await self._writer.submit()

    def memory(self, destination: str) -> Mapping[str, Json]:
        """Return what settlements have asked to remember; a view, not a copy."""
        return MappingProxyType(self._store.destinations[destination].memory)

    async def depth(self, destination: str) -> Depth:
        """Return how much lies before a destination."""
        known = self._store.destinations[destination]
        oldest, now = await self._reader.oldest(known), self._clock()
        old = None if oldest is None else age(oldest, now, self._boots, TimeQuality.SYSTEM)
        as_stamped = None if oldest is None else oldest.utc
        held = {kind: known.held[kind] for kind in HeldKind}
        return Depth(
            waiting=known.waiting(self._store.segments.last_row),
            oldest=as_stamped if old is None else now.utc - old,
            held=held,
            lost=known.lost,
            held_lost=known.held_lost,
            moved=known.ended is not None,
            has_settled=known.began is None or bool(known.cursor.since(known.began)),
            given_up=known.given_up,
            given_up_since=None if known.given_up_since is None else moment(known.given_up_since),
        )

    def damaged(self) -> int:
        """Return how many records were found that cannot be read; they lie in "<journal>.damaged" and were passed over."""
        return self._reader.damage.count

    async def latest(self, dev_eui: Eui64, limit: int, among: int = LOOK_BACK) -> Sequence[Row]:
        """Return a device's newest rows, the newest first, of the newest ``among`` rows that are kept."""
        return await self._reader.latest(dev_eui, limit, among)

    async def held(
        self,
        destination: str | None = None,
        kind: HeldKind | None = None,
        limit: int = 100,
        ids: Sequence[RowId] | None = None,
    ) -> Sequence[HeldRow]:
        """Return rows that destinations have set aside, oldest first; None means every one."""
        return await self._held.list((destination, kind, ids), limit)

    async def retry(self, destination: str | None, kind: HeldKind | None, ids: Sequence[RowId] | None = None) -> int:
        """Put held rows back to the front of read() and return how many; None means every one."""
        return await self._held.retry(destination, kind, ids)

    async def retry_decoder_changed(self, current: Mapping[str, str]) -> int:
        """Put back the undecoded rows that another decoder would read now, and return how many.

        ``current`` has the revision of each installed decoder by its name. A row goes back when its device's decoder is among
        them and is not the one, in that revision, that failed.
        """
        return await self._held.retry_decoder_changed(current)

    async def retry_reason(self, word: str, owners: Collection[Eui64] | None = None) -> int:
        """Put back the undecoded rows whose reason begins with ``word``, and return how many; of ``owners`` only, where given."""
        return await self._held.retry_reason(word, owners)

    async def rows_of(self, dev_euis: Collection[Eui64], since: datetime | None = None) -> Sequence[Row]:
        """Return the rows of devices that are kept, oldest first, and were heard since then; those without a true time, too."""
        return await self._again.rows(dev_euis, since)

    async def tell_again(self, destination: str, rows: Sequence[RowId]) -> PutBack:
        """Put rows that ``destination`` has had back to the front of read(), the oldest first, as many as there is room for.

        What it has not settled yet is told anyway and is not among them; what it holds back is tried again, too.
        """
        return await self._again.tell(self._store.destinations[destination], rows)

    async def drop_held(
        self, destination: str | None, kind: HeldKind | None, ids: Sequence[RowId] | None = None
    ) -> int:
        """Forget held rows for ever and return how many; None means every one."""
        return await self._held.drop(destination, kind, ids)

    # ── devices ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def put_devices(self, devices: Sequence[Registration]) -> ImportResult:
        """Register devices in one transaction; the same devices a second time change nothing.

        An ABP session with the address and keys of the present one continues it, counters and all. Another address or
        key, or an activation "-abp<n>" with a greater n (a declared counter reset), begins the next activation and ends the one before.
        Where that address and these keys were in use before, their counters go on, unless a reset is declared.
        A device without a session keeps what it has, unless it has become an OTAA device.

        An OTAA session from elsewhere keeps its name. One that is here already goes on with the greater counters of the two;
        one that came here before it ends. Raises ConfigError that names every device that has joined here and is heard: its
        own session would be lost. Nonces are added to those known, and a JoinNonce never moves back.
        """
        return await self._registry.put(devices)

    async def reset_counters(self, dev_euis: Iterable[Eui64]) -> int:
        """Begin the next activation of ABP devices whose counters were set to 0, and return how many have one."""
        return await self._registry.reset_counters(dev_euis)

    async def remove_devices(self, dev_euis: Iterable[Eui64]) -> int:
        """Forget devices, their keys and sessions, and return how many there were; used nonces and ABP counters stay."""
        return await self._registry.remove(dev_euis)

    async def devices(self, dev_euis: Collection[Eui64] | None = None) -> Sequence[Registration]:
        """Return all registrations by DevEUI, or those of ``dev_euis`` that are there; an ABP device's with its present session."""
        return await (self._registry.all() if dev_euis is None else self._registry.of(dev_euis))

    async def whole_devices(self) -> Sequence[Registration]:
        """Return all registrations as another box needs them: with the session in use, and with their nonces."""
        return await self._registry.whole()

    async def sessions(self) -> Sequence[Session]:
        """Return all sessions with their counters, oldest first."""
        return self._store.sessions.all()

    async def dev_nonces(self, dev_eui: Eui64) -> frozenset[int]:
        """Return the DevNonces that a device has used."""
        return await self._registry.dev_nonces(dev_eui)

    async def join_nonce(self, dev_eui: Eui64) -> int:
        """Return the next JoinNonce of a device; for one that never joined 0, in a box that skipped ahead more."""
        return await self._registry.join_nonce(dev_eui)

    async def abp_activations(self) -> Mapping[Eui64, int]:
        """Return the number of the last activation of each ABP device that there ever was."""
        return await self._registry.abp_activations()

    async def rejoin_count(self, dev_eui: Eui64, join_eui: Eui64) -> int | None:
        """Return the last RJcount1 that a device has used with a JoinEUI; None before the first (LoRaWAN 1.1)."""
        return await self._registry.rejoin_count(dev_eui, join_eui)

    def has_told(self, dev_eui: Eui64, id_: UUID) -> bool:
        """Tell whether an uplink that a network server told is on disk, as far back as is known."""
        return self._store.served.has(dev_eui, id_)

    def place_behind(self, dev_eui: Eui64) -> Place | None:
        """Return through which source a network server told a device's last uplink; None for a device that none ever told."""
        return self._store.served.place(dev_eui)

    def mac_state(self, session: Session) -> bytes | None:
        """Return a session's MAC state as it was committed last; None where it has none."""
        return self._store.sessions.mac_state(session)

    async def downlinks(
        self, dev_eui: Eui64 | None = None, *, open_only: bool = False, limit: int = 1000
    ) -> Sequence[Downlink]:
        """Return downlinks of a device or of all, the oldest first; of more than ``limit`` the newest."""
        return await downlinks.load(self._store.database, dev_eui, open_only=open_only, limit=limit)

    async def downlink(self, number: int) -> Downlink | None:
        """Return one downlink; None for one that was never there, or ended long ago."""
        return await downlinks.find(self._store.database, number)

    async def last_downlink(self) -> int:
        """Return the greatest id that a downlink ever had, 0 before the first."""
        return await downlinks.last_id(self._store.database)

    async def events(self, dev_eui: Eui64) -> Sequence[Event]:
        """Return what happened to a device, the oldest first, twenty events at most."""
        return await downlinks.events(self._store.database, dev_eui)

    async def keep_unclaimed(self, frames: Sequence[Frame], kept: int = KEEP_UNCLAIMED) -> None:
        """Put frames of nobody into the ring, from which all but the newest ``kept`` go."""
        async with self._alone:
            first = await unclaimed.last_id(self._store.database) + 1
            await self._writer.submit(steps=unclaimed.stored(first, frames, self._store.words, kept))

    async def unclaimed(self) -> Sequence[Unclaimed]:
        """Return the frames of nobody, the oldest first."""
        return await unclaimed.load(self._store.database, self._store.words)

    async def forget_unclaimed(self, ids: Sequence[int]) -> None:
        """Let go of frames that were claimed."""
        await self._writer.submit(steps=unclaimed.taken(ids))

    async def alarms(self) -> Sequence[Alarm]:
        """Return what is wrong, the oldest first: some of it goes by itself, the rest stays until it is forgotten."""
        return await self._alarms.all()

    async def forget_alarms(self, kind: AlarmKind | None = None) -> int:
        """Forget alarms that a person has seen, of one kind or all, and return how many; those that go by themselves stay."""
        return await self._alarms.forget(kind)

    async def give_back(self, most_pages: int) -> int:
        """Give up to ``most_pages`` free pages back to the file system beside the next commit; return how many went, 0 for none left.

        Of a file that an older version made nothing goes: `rebuilding.rebuild` makes it anew while no agent has it. A hundred pages take
        a few milliseconds.
        """
        step = GiveBack(most_pages)
        await self._writer.submit(steps=(step,))
        return step.given

    async def stats(self) -> Stats:
        """Return the journal in numbers."""
        return await self._store.stats()
