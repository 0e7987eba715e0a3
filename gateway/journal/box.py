"""What the box knows of itself; and skipping ahead, so that no counter is used twice after an older state came back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from gateway.journal import abp, downlinks
from gateway.journal.alarms import raised
from gateway.journal.database import Database, Insert, Statement, Step
from gateway.journal.records import microseconds, moment
from gateway.journal.store import Store
from gateway.journal.values import AlarmKind, Changes, SkippedAhead
from gateway.journal.writer import Writer
from gateway.model import Downlink, DownlinkState, MacVersion, Session

DOWNLINK_MARGIN: Final = 1_000  # devices before 1.0.4 refuse a gap of 16,384 (LoRaWAN 1.0.3, 4.3.1.5)
JOIN_NONCE_MARGIN: Final = 100  # of 16,777,216
ABP_MARGIN: Final = 100  # declared counter resets
LAST_COUNTER: Final = 2**32 - 1

MACHINE, FIRST_JOIN_NONCE, SKIPPED_AT, SKIPPED_WHY = "machine", "first_join_nonce", "skipped_at", "skipped_why"
SALVAGED: Final = "salvaged"  # what happened, until the counters have skipped
PROVED: Final = "proved"  # when a commit was asked for to see whether one goes through
AIR: Final = "air"  # what was sent in the last hour, opaque here
OTHER_MACHINE: Final = "the journal lay on another machine before"
DAMAGED: Final = "the journal was damaged"
NOT_SENT: Final = (
    "queued before the backup that was restored: it may have been sent since; send it again if it is still wanted"
)


class Box:
    """Which machine the journal lies on, and whether its counters were raised for safety."""

    def __init__(self, store: Store, writer: Writer, alone: asyncio.Lock) -> None:
        self._store = store
        self._writer = writer
        self._alone = alone

    async def skipped_ahead(self) -> SkippedAhead | None:
        """Return when and why the counters were raised last."""
        at = await _value(self._store.database, SKIPPED_AT)
        return None if at is None else SkippedAhead(moment(at), await _value(self._store.database, SKIPPED_WHY) or "")

    async def air(self) -> bytes | None:
        """Return what `remember_air` was given last."""
        record: bytes | None = await _value(self._store.database, AIR)
        return record

    async def remember_air(self, record: bytes) -> None:
        """Keep the record of what was sent in the last hour."""
        await self._writer.submit(steps=[_stored(AIR, record)])

    async def prove_commit(self) -> None:
        """Commit a mark; returns when it is on the disk, raises StorageError where that takes nothing."""
        await self._writer.submit(steps=[_stored(PROVED, microseconds(self._store.clock().utc))])

    async def settle_on(self, machine: str | None) -> SkippedAhead | None:
        """Remember the machine; where the journal knows another one, skip ahead and return why.

        None is a machine that cannot be told from others: nothing changes.
        """
        async with self._alone:
            known = await _value(self._store.database, MACHINE)
            if machine is None or machine == known:
                return None
            moved = known is not None
            await self._commit([_stored(MACHINE, machine)], OTHER_MACHINE if moved else None, ())
        return await self.skipped_ahead() if moved else None

    async def settle_damage(self) -> str | None:
        """Skip ahead where the journal was salvaged or its log was lost, raise an alarm, and return what happened in words."""
        async with self._alone:
            words = await _value(self._store.database, SALVAGED)
            if words is None:
                return None
            forget = Statement("DELETE FROM box WHERE name = ?", (SALVAGED,))
            alarm = raised(AlarmKind.DAMAGED, self._store.clock().utc, words)
            await self._commit([forget, alarm], f"{DAMAGED}: {words.partition(chr(10))[0]}", ())
        return str(words)

    async def restored(self, machine: str | None, why: str) -> None:
        """Skip ahead, for this journal is a backup; downlinks that were waiting are dropped.

        Between the backup and now they may have been sent, and a command to a valve must not come twice.
        """
        async with self._alone:
            waiting = await downlinks.load(self._store.database, None, open_only=True, limit=-1)
            forget = Statement("DELETE FROM box WHERE name = ?", (MACHINE,))
            step = forget if machine is None else _stored(MACHINE, machine)
            await self._commit([step], why, [_dropped(one) for one in waiting])

    async def _commit(self, steps: Sequence[Step], why: str | None, ended: Sequence[Downlink]) -> None:
        """Store ``steps``, together with the skip where there is a reason for one."""
        sessions = () if why is None else tuple(map(_ahead, self._store.sessions.all()))
        skipping = [] if why is None else [*self._skipped(why, await first_join_nonce(self._store.database))]
        await self._writer.submit(changes=Changes(sessions=sessions, downlinks=tuple(ended)), steps=[*steps, *skipping])

    def _skipped(self, why: str, first: int) -> Iterator[Step]:
        """Yield what raises the numbers that lie in no session."""
        yield Statement("UPDATE join_nonces SET next = next + ?", (JOIN_NONCE_MARGIN,))
        yield _stored(FIRST_JOIN_NONCE, first + JOIN_NONCE_MARGIN)  # of devices that joined first after the backup
        yield abp.ahead(DOWNLINK_MARGIN, LAST_COUNTER)
        yield Statement("UPDATE abp_activations SET last = last + ?", (ABP_MARGIN,))
        yield _stored(SKIPPED_AT, microseconds(self._store.clock().utc))
        yield _stored(SKIPPED_WHY, why)


async def first_join_nonce(database: Database) -> int:
    """Return the JoinNonce of a device that never joined here."""
    return int(await _value(database, FIRST_JOIN_NONCE) or 0)


def _ahead(session: Session) -> Session:
    """Return a session whose downlink counters no frame before can have had; 1.0.x has one of them."""
    a_f_cnt_down = session.a_f_cnt_down
    if session.mac_version is MacVersion.V1_1:
        a_f_cnt_down = min(a_f_cnt_down + DOWNLINK_MARGIN, LAST_COUNTER)
    n_f_cnt_down = min(session.n_f_cnt_down + DOWNLINK_MARGIN, LAST_COUNTER)
    return replace(session, n_f_cnt_down=n_f_cnt_down, a_f_cnt_down=a_f_cnt_down)


def _dropped(downlink: Downlink) -> Downlink:
    return replace(downlink, state=DownlinkState.DROPPED, detail=NOT_SENT)


def _stored(name: str, value: Any) -> Step:
    return Insert("REPLACE INTO box", [(name, value)])


async def _value(database: Database, name: str) -> Any:
    rows = await database.fetch("SELECT value FROM box WHERE name = ?", (name,))
    return rows[0][0] if rows else None
