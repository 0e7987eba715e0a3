"""Telling: one loop per destination, from the journal's cursor to the platform's receipt.

    read ─► date ─► decode ─► normalise ─► share ─► converse ─► settle
      ▲                                                │
      └────────── back off with jitter ◄───────────────┘

A row leaves the loop in one of four ways, each of them on disk: delivered, skipped (not selected, not shared), held (refused by
the platform, undecodable, undatable), or still undecided and read again.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from decoders.contract import DecodeError
from gateway import revisions
from gateway.codecs import Codecs
from gateway.errors import StorageError, Unreachable
from gateway.formats import Format
from gateway.journal import HeldKind, Hold, Journal, Row, Settlement
from gateway.line import Line
from gateway.model import (
    Clock,
    Device,
    Eui64,
    Item,
    Json,
    Receipt,
    RowId,
    TimeQuality,
    Uplink,
)
from gateway.normalise import normalise
from gateway.sharing import ALL, Share, shared
from gateway.standing import Standing
from gateway.transports import Transport

logger = logging.getLogger(__name__)

FIRST_DELAY = 1.0  # seconds before the second try
STRIKES = 10  # answers that left one row undecided while others went through, before it is set aside
LONGEST_REASON = 500  # characters that a dead letter keeps of why
NOT_REGISTERED = "its device is not registered any more: nobody can say what it measures"

FindDevice = Callable[[Eui64], Device | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where observations go: a city's words, the way there, and which devices it gets."""

    name: str
    format: Format
    transport: Transport
    selects: Callable[[Device], bool]
    share: Share = ALL
    batch: int = 100  # rows of one conversation
    longest_delay: float = 60.0  # seconds between two tries at a platform that is away


@dataclass(slots=True)
class _Batch:
    """The rows of one turn of the loop, sorted by what becomes of them."""

    items: list[Item] = field(default_factory=list)
    skipped: set[RowId] = field(default_factory=set)
    not_shared: set[RowId] = field(default_factory=set)
    held: dict[RowId, Hold] = field(default_factory=dict)
    waiting: set[RowId] = field(default_factory=set)  # for the clock
    told: dict[tuple[str, str], list[RowId]] = field(
        default_factory=dict
    )  # for the first time, by decoder and revision


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
        self._codecs = codecs
        self._find = find
        self._clock = clock
        self._trust = trust
        self._failures = 0  # turns in a row that brought nothing forward
        self._strikes: Counter[RowId] = Counter()
        self._standing = Standing(clock)

    async def run(self) -> None:
        """Tell for ever. Ends only by cancellation; what is undecided then is told again after the next start."""
        while True:
            await self._journal.wait(self.destination.name)
            delay = await self.turn()
            if delay:
                await asyncio.sleep(delay)

    async def turn(self) -> float:
        """Bring the next rows as far as they go, and return how many seconds to wait before the next turn."""
        try:
            rows = await self._journal.read(self.destination.name, self.destination.batch)
        except StorageError as error:
            return self._stalled(f"the journal cannot be read: {error}", None)
        batch = await self._sort(rows)
        self._standing.waits("the clock" if batch.waiting else "")
        line = Line(self.destination.transport)
        try:
            receipt = await self._converse(batch.items, line)
        except Unreachable as error:
            await self._settle(batch, Receipt())
            return self._stalled(str(error), None)
        await self._settle(batch, receipt if line.lost else self._set_aside(receipt))
        if receipt.undecided:
            return self._stalled(next(iter(receipt.undecided.values())), receipt)
        self._recovered()
        return FIRST_DELAY if batch.waiting else 0.0

    def status(self) -> Mapping[str, Json]:
        """Return what this loop has done since it started, and what it is doing."""
        return self._standing.as_json(self.destination.transport.status())

    async def close(self) -> None:
        """Leave the platform in good order."""
        await self.destination.transport.close()

    # ── a turn's steps ──

    async def _sort(self, rows: Sequence[Row]) -> _Batch:
        batch = _Batch()
        wanted: list[tuple[RowId, Uplink, Device]] = []
        for row in rows:
            device = self._find(row.uplink.dev_eui)
            if device is None:
                batch.held[row.id] = Hold(kind=HeldKind.UNDECODED, reason=NOT_REGISTERED)
            elif not self.destination.selects(device):
                batch.skipped.add(row.id)
            elif (dated := self._dated(row, batch)) is not None:
                wanted.append((row.id, dated, device))
        again = {row.id for row in rows if row.is_again}
        outcomes = await self._codecs.decode([(uplink, device) for _, uplink, device in wanted])
        for (row_id, uplink, device), outcome in zip(wanted, outcomes, strict=True):
            revision = self._codecs.revision(device.decoder)
            if isinstance(outcome, DecodeError):
                batch.held[row_id] = Hold(kind=HeldKind.UNDECODED, reason=str(outcome), decoder=revision)
                continue
            normalised = normalise(uplink, device, outcome, revision)
            if normalised.problems and not normalised.observations:
                reason = f"nothing of it can be said: {'; '.join(dict.fromkeys(normalised.problems))}"
                batch.held[row_id] = Hold(kind=HeldKind.UNDECODED, reason=reason[:LONGEST_REASON], decoder=revision)
                continue
            self._standing.note(Counter(normalised.problems))
            whole = Item(
                row=row_id,
                uplink=uplink,
                device=device,
                decoded=outcome,
                observations=normalised.observations,
                age=max(self._clock().utc - uplink.heard_at.utc, timedelta()),
            )
            item = self._shared(whole)
            if item is None:
                batch.not_shared.add(row_id)
                continue
            if row_id not in again:
                batch.told.setdefault((device.decoder, revision), []).append(row_id)
            batch.items.append(item)
        return batch

    def _shared(self, whole: Item) -> Item | None:
        """Return what of an uplink the destination may have, None where that is nothing."""
        found = shared(whole, self.destination.share)
        if found.withheld:
            self._standing.note(found.withheld)
        return found.item

    def _dated(self, row: Row, batch: _Batch) -> Uplink | None:
        """Return the uplink with a time that may be told; else sort its row (design, law 5)."""
        heard_at = row.uplink.heard_at
        if heard_at.quality >= self._trust:
            return row.uplink
        learned = self._journal.boots().get(heard_at.boot_id)
        if learned is not None and learned[1] >= self._trust:
            utc = learned[0] + timedelta(seconds=heard_at.monotonic)
            return replace(row.uplink, heard_at=replace(heard_at, utc=utc, quality=learned[1]))
        if heard_at.boot_id == self._clock().boot_id:
            batch.waiting.add(row.id)
        else:
            batch.held[row.id] = Hold(kind=HeldKind.UNDATED, reason="the clock was never synchronised in that boot")
        return None

    async def _converse(self, items: Sequence[Item], line: Line) -> Receipt:
        if not items:
            return Receipt()
        conversation = self.destination.format.deliver(items, self._journal.memory(self.destination.name))
        try:
            requests = next(conversation)
            while True:
                requests = conversation.send(await line.send(requests))
        except StopIteration as end:
            return _whole(end.value, items)
        finally:
            conversation.close()

    async def _settle(self, batch: _Batch, receipt: Receipt) -> None:
        refused = {row: Hold(kind=HeldKind.REFUSED, reason=reason) for row, reason in receipt.refused.items()}
        revisions_noted = (
            revisions.noted(self._journal.memory(self.destination.name), batch.told) if receipt.accepted else {}
        )
        settlement = Settlement(
            delivered=receipt.accepted,
            skipped=frozenset(batch.skipped | batch.not_shared),
            held=batch.held | refused,
            memory={**receipt.memory, **revisions_noted},
        )
        if settlement.delivered or settlement.skipped or settlement.held or settlement.memory:
            await self._journal.settle(self.destination.name, settlement)
        self._count(batch, receipt)

    def _count(self, batch: _Batch, receipt: Receipt) -> None:
        counts = self._standing.counts
        counts["delivered"] += len(receipt.accepted)
        counts["refused"] += len(receipt.refused)
        counts["skipped"] += len(batch.skipped)
        counts["not_shared"] += len(batch.not_shared)
        counts["undecoded"] += sum(hold.kind is HeldKind.UNDECODED for hold in batch.held.values())
        counts["undated"] += sum(hold.kind is HeldKind.UNDATED for hold in batch.held.values())
        self._standing.note(Counter(receipt.warnings))
        self._standing.note({f"{name} cannot be said in this format": n for name, n in receipt.inexpressible.items()})
        if self._standing.decided(accepted=len(receipt.accepted), refused=len(receipt.refused)):
            row, reason = next(iter(receipt.refused.items()))
            words = "%s refuses uplinks, row %d first: %s; `brygga dead-letters list` has them"
            logger.warning(words, self.destination.name, row, reason)

    # ── trouble ──

    def _set_aside(self, receipt: Receipt) -> Receipt:
        """Refuse a row that stays undecided while its neighbours go through: it is the row, not the platform."""
        newest = max(receipt.accepted, default=0)
        self._strikes.update(row for row in receipt.undecided if row < newest)  # those behind it had perhaps no turn
        for row in receipt.accepted | receipt.refused.keys():
            self._strikes.pop(row, None)
        given_up = {
            row: f"undecided {STRIKES} times while other uplinks were taken; last answer: {why}"
            for row, why in receipt.undecided.items()
            if self._strikes[row] >= STRIKES
        }
        for row in given_up:
            del self._strikes[row]
        undecided = {row: why for row, why in receipt.undecided.items() if row not in given_up}
        return replace(receipt, refused={**receipt.refused, **given_up}, undecided=undecided)

    def _stalled(self, trouble: str, receipt: Receipt | None) -> float:
        if self._standing.stall(trouble):
            logger.warning("%s: %s", self.destination.name, trouble)
        if receipt is not None and receipt.accepted:
            self._failures = 0
        self._failures += 1
        longest = self.destination.longest_delay
        delay = pause_s(self._failures, longest)
        if receipt is not None and receipt.retry_after is not None:
            delay = max(delay, min(receipt.retry_after.total_seconds(), 10 * longest))
        return delay

    def _recovered(self) -> None:
        if self._standing.recover():
            logger.warning("%s: delivering again", self.destination.name)
        self._failures = 0


def pause_s(failures: int, longest: float) -> float:
    """Return how many seconds to wait after so many failures in a row, at most ``longest``: doubled each time, jittered."""
    return min(longest, FIRST_DELAY * 2.0 ** min(failures - 1, 16)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


def _whole(receipt: Receipt, items: Sequence[Item]) -> Receipt:
    """Name the rows that a format left out as undecided: nothing is read again without a reason on show."""
    decided = receipt.accepted | receipt.refused.keys() | receipt.undecided.keys()
    open_rows = {item.row: "no answer about this row" for item in items if item.row not in decided}
    return replace(receipt, undecided={**receipt.undecided, **open_rows}) if open_rows else receipt
