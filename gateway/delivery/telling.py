"""Telling: one loop per destination, from the journal's cursor to the platform's receipt.

    read ─► date ─► decode ─► normalise ─► share ─► converse ─► settle
      ▲                                                │
      └────────── back off with full jitter ◄──────────┘

A row leaves the loop in one of five ways, each of them on disk: delivered, skipped (not selected, not shared), held (refused by
the platform, undecodable, undatable), given up (waited for too long), or still undecided and read again. After a crash no more
than a batch is told a second time: what is settled and not on disk yet, and what is on its way, are one batch together.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.codecs import Codecs
from gateway.delivery.acquaintance import acquaint
from gateway.delivery.answers import LastAnswers
from gateway.delivery.backoff import Backoff
from gateway.delivery.destination import Destination, FindDevice
from gateway.delivery.giving_up import AT_ONCE, READINGS, GivingUp
from gateway.delivery.giving_way import GivingWay
from gateway.delivery.lanes import TURN_S, Lanes, Pace
from gateway.delivery.sorting import Batch, Sorter
from gateway.delivery.strikes import Strikes
from gateway.errors import Hindrance, StorageError, Unreachable
from gateway.journal import Ahead, HeldKind, Hold, Journal, Row, Settlement
from gateway.line import Line
from gateway.model import Clock, Item, Json, Receipt, RowId, TimeQuality
from gateway.pulse import Pulse
from gateway.revisions import noted
from gateway.standing import Standing
from gateway.transports.jitter import FIRST_DELAY

logger = logging.getLogger(__name__)

# Seconds between two answers of a platform, of a loop that moves: a hundred requests, four at a time, at a limit of 60 s each, take half of it.
TURN_LIMIT_S: Final = 3000.0


class Telling:
    """The loop of one destination, and what `status` shows of it."""

    def __init__(
        self,
        destination: Destination,
        *,
        journal: Journal,
        codecs: Codecs,
        find: FindDevice,
        clock: Clock,
        trust: TimeQuality,
    ) -> None:
        self.destination = destination
        self._journal = journal
        self._clock = clock
        self._sorter = Sorter(codecs=codecs, find=find, clock=clock, trust=trust, boots=journal.boots)
        self._backoff = Backoff()
        self._strikes = Strikes()
        self._standing = Standing(clock)
        self.last_answers = LastAnswers(clock)
        self._lanes = Lanes(batch=destination.batch, strict=destination.strict, per_s=destination.backlog_per_s)
        self._pace = Pace()  # of what waited
        self._giving_up = GivingUp(destination.give_up, clock=clock, trust=trust, boots=journal.boots)
        self._live_at = 0.0  # monotonic; the live lane waits for the clock, and is not looked at before
        self._may_give_way = True  # the last turn of history that was ended early has brought something nevertheless
        self._in_turn = asyncio.Lock()
        self.pulse = Pulse(f"telling {destination.name}", TURN_LIMIT_S)

    async def run(self) -> None:
        """Tell for ever. Ends only by cancellation; what is undecided then is told again after the next start."""
        await asyncio.sleep(random.uniform(0.0, self.destination.first_contact_s))  # noqa: S311 - jitter
        while not await self._is_acquainted():  # noqa: ASYNC110 - no disk tells when it takes something again
            await asyncio.sleep(self._backoff.failed(self.destination.longest_delay))
        while True:
            await self._journal.wait(self.destination.name)
            await self._gather()
            async with self._in_turn:  # no limit: it is free but for whoever pauses the loop to end it
                with self.pulse.round():
                    delay = await self.turn()
            if delay:
                await self._rest(delay)

    async def _gather(self) -> None:
        """Wait for more rows to go together, unless a batch is full already."""
        if self.destination.gather_s and self._ahead().waiting < self.destination.batch:
            await asyncio.sleep(self.destination.gather_s)

    async def turn(self) -> float:
        """Bring the next rows as far as they go, and return how many seconds to wait before the next turn."""
        began = self._clock().monotonic
        try:
            await self._give_up()
            is_history, rows = await self._next_rows(began)
        except StorageError as error:
            return self._stalled(f"the journal cannot be read: {error}", Hindrance.DISK)
        batch = await self._sorter.sort(rows, self.destination)
        self._standing.waits("the clock" if batch.waiting else "")
        way = self._way(began, is_history=is_history)
        line = Line(way or self.destination.transport)
        await self._make_durable(len(batch.items))
        try:
            receipt = await self._converse(batch.items, line)
        except Unreachable as error:
            await self._settle(batch, Receipt())
            return self._stalled(str(error), error.hindrance)
        await self._settle(batch, receipt if line.lost else self._strikes.counted(receipt))
        if is_history:
            self._note_history(len(rows) - len(batch.waiting) - len(receipt.undecided), began, way)
        if receipt.undecided and (way is None or not way.gave_way or way.is_troubled):
            return self._stalled(next(iter(receipt.undecided.values())), self.last_answers.hindrance, receipt)
        self._recovered()
        return self._pause(batch, is_history=is_history)

    def status(self) -> Mapping[str, Json]:
        """Return what this loop has done since it started, and what it is doing."""
        return self._standing.as_json(self.destination.transport.status(), self._lane())

    async def pause(self) -> None:
        """Return when no turn is under way, and let none begin any more: what ends the loop then leaves nothing half told."""
        await self._in_turn.acquire()  # no limit: a turn takes as long as the platform does

    async def close(self) -> None:
        """Leave the platform in good order."""
        await self.destination.transport.close()

    # ── which rows, and when ──

    async def _next_rows(self, now: float) -> tuple[bool, Sequence[Row]]:
        """Return the rows of this turn, and whether they are history: what waited while the destination is behind."""
        name, lanes = self.destination.name, self._lanes
        lanes.look(self._ahead())
        if lanes.mark is not None and now >= self._live_at:
            live = await self._journal.read(name, self.destination.batch, after=lanes.mark)
            if live:
                return False, live
        return lanes.is_behind, await self._journal.read(name, lanes.limit())

    def _ahead(self) -> Ahead:
        return self._journal.ahead(self.destination.name, self._lanes.mark or RowId(0))

    def _pause(self, batch: Batch, *, is_history: bool) -> float:
        now = self._clock().monotonic
        if batch.waiting and not is_history and self._lanes.is_behind:
            self._live_at = now + FIRST_DELAY  # history has its turns meanwhile
        elif batch.waiting:
            return FIRST_DELAY
        return self._lanes.pause_s(now)

    async def _rest(self, delay: float) -> None:
        """Wait; where the platform does well, no longer than until something live is heard."""
        mark, now = self._lanes.mark, self._clock().monotonic
        if mark is None or self._standing.trouble or now < self._live_at:
            await asyncio.sleep(delay)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._journal.wait(self.destination.name, after=mark)

    def _way(self, began: float, *, is_history: bool) -> GivingWay | None:
        """Return the way for a turn of history that is live-first; None for the transport itself."""
        if not is_history or self._lanes.mark is None:
            return None

        def is_wanted() -> bool:
            now = self._clock().monotonic
            is_over = self._may_give_way and now - began >= TURN_S and now >= self._live_at
            return is_over and self._ahead().after > 0

        return GivingWay(self.destination.transport, side_by_side=self.destination.side_by_side, is_wanted=is_wanted)

    def _note_history(self, settled: int, began: float, way: GivingWay | None) -> None:
        now, gave_way = self._clock().monotonic, way is not None and way.gave_way
        self._may_give_way = settled > 0 or not gave_way
        self._lanes.told(settled, began, now, gave_way=gave_way)
        if settled:
            self._pace.note(settled, now)

    def _lane(self) -> Mapping[str, Json]:
        history, per_s = self._lanes.history(self._ahead()), self._pace.per_s(self._clock().monotonic)
        name = "strict" if self.destination.strict else "catching up" if history else "live"
        left_s = round(history / per_s, 1) if history and per_s else None
        return {"name": name, "history": history, "per_s": round(per_s, 2), "left_s": left_s}

    # ── what is put back, and what is let go ──

    async def _is_acquainted(self) -> bool:
        try:
            await acquaint(self.destination, self._journal)
        except StorageError as error:
            self._standing.stall(f"the journal takes nothing: {error}", Hindrance.DISK)
            return False
        return True

    async def _give_up(self) -> None:
        """Let go of rows that have waited for too long."""
        name, readings = self.destination.name, 0
        while readings < READINGS and self._giving_up.is_due():
            rows = await self._journal.read(name, AT_ONCE, after=self._giving_up.after)
            old = self._giving_up.too_old(rows)
            gone = frozenset(row.id for row in rows if row.id in old and self._sorter.is_for(row, self.destination))
            readings += 1
            if old:
                await self._journal.settle(name, Settlement(given_up=gone, skipped=old - gone))
                await self._remember_order()
            if gone and self._standing.gives_up(len(gone)):
                words = "%s: %d uplinks have waited for more than %s and are let go (give_up), row %d first"
                logger.error(words, name, len(gone), self.destination.give_up, min(gone))

    async def _remember_order(self) -> None:
        """In strict order, have on disk what is let go before anything newer is told: after a crash it would be told behind that."""
        if self.destination.strict:
            with contextlib.suppress(StorageError):  # as for `_make_durable`
                await self._journal.flush()

    # ── a turn's steps ──

    async def _make_durable(self, more: int) -> None:
        """Bring on disk what is settled where with ``more`` rows on their way it would be above a batch."""
        if self._journal.unsaved(self.destination.name) + more > self.destination.batch:
            with contextlib.suppress(
                StorageError
            ):  # a disk that takes nothing stops no telling: the ids make repeats harmless
                await self._journal.flush()

    async def _converse(self, items: Sequence[Item], line: Line) -> Receipt:
        if not items:
            return Receipt()
        conversation = self.destination.format.deliver(items, self._journal.memory(self.destination.name))
        try:
            requests = next(conversation)
            while True:
                answers = await line.send(requests)
                self.pulse.beat()
                self.last_answers.note(requests, answers)
                requests = conversation.send(answers)
        except StopIteration as end:
            return _whole(end.value, items)
        finally:
            conversation.close()

    async def _settle(self, batch: Batch, receipt: Receipt) -> None:
        refused = {row: Hold(kind=HeldKind.REFUSED, reason=reason) for row, reason in receipt.refused.items()}
        tellers = noted(self._journal.memory(self.destination.name), batch.told) if receipt.accepted else {}
        settlement = Settlement(
            delivered=receipt.accepted,
            skipped=frozenset(batch.skipped | batch.not_shared),
            held=batch.held | refused,
            memory={**receipt.memory, **tellers},
        )
        if settlement.delivered or settlement.skipped or settlement.held or settlement.memory:
            await self._journal.settle(self.destination.name, settlement)
        self._count(batch, receipt)

    def _count(self, batch: Batch, receipt: Receipt) -> None:
        counts = self._standing.counts
        counts["delivered"] += len(receipt.accepted)
        counts["refused"] += len(receipt.refused)
        counts["skipped"] += len(batch.skipped)
        counts["not_shared"] += len(batch.not_shared)
        counts["undecoded"] += sum(hold.kind is HeldKind.UNDECODED for hold in batch.held.values())
        counts["undated"] += sum(hold.kind is HeldKind.UNDATED for hold in batch.held.values())
        self._standing.note(batch.problems)
        self._standing.note(Counter(receipt.warnings))
        self._standing.note({f"{name} cannot be said in this format": n for name, n in receipt.inexpressible.items()})
        if self._standing.decided(accepted=len(receipt.accepted), refused=[*receipt.refused.values()]):
            row, reason = next(iter(receipt.refused.items()))
            words = "%s refuses uplinks, row %d first: %s; `brygga dead-letters list` has them"
            logger.warning(words, self.destination.name, row, reason)

    # ── trouble ──

    def _stalled(self, trouble: str, hindrance: Hindrance, receipt: Receipt | None = None) -> float:
        if self._standing.stall(trouble, hindrance):
            logger.warning("%s: %s", self.destination.name, trouble)
        return self._backoff.failed(
            self.destination.longest_delay,
            got_through=receipt is not None and bool(receipt.accepted),
            asked_for=None if receipt is None else receipt.retry_after,
        )

    def _recovered(self) -> None:
        if self._standing.recover():
            logger.warning("%s: delivering again", self.destination.name)
        self._backoff.succeeded()


def _whole(receipt: Receipt, items: Sequence[Item]) -> Receipt:
    """Name the rows that a format left out as undecided: nothing is read again without a reason on show."""
    decided = receipt.accepted | receipt.refused.keys() | receipt.undecided.keys()
    open_rows = {item.row: "no answer about this row" for item in items if item.row not in decided}
    return replace(receipt, undecided={**receipt.undecided, **open_rows}) if open_rows else receipt
