"""Downlinks to devices behind a network server: handed to the server, which chooses the window and says what became of them.

    queued ─► handed to the source's command topic ─► sent ─► acknowledged, or failed

A device is behind the server that told its last uplink, as long as it has no session here. What was handed on is not handed on
again, but for a crash between the server's taking it and our writing that down: ChirpStack knows it by its id then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol, runtime_checkable
from uuid import UUID

from gateway.journal import Changes, Journal, Place
from gateway.model import (
    UPLINK_NAMESPACE,
    Answer,
    Clock,
    Downlink,
    DownlinkState,
    Eui64,
    ServerReceipt,
    Verdict,
    name_based_uuid,
)
from gateway.network.downlinks import DownlinkQueue
from gateway.network.keeping import Keeping

logger = logging.getLogger(__name__)

PAUSE_S: Final = 2.0  # between two tries at a server that is away, and two looks at what has no way yet
IDLE_S: Final = 30.0  # between two looks at an empty queue


@runtime_checkable
class Commands(Protocol):
    """A source whose network server takes downlinks."""

    async def command(self, address: str, downlink: Downlink, reference: UUID) -> Answer:
        """Hand a downlink on; ``reference`` comes back with each `ServerReceipt`. Never raises for what a server can do."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What handing on needs."""

    journal: Journal
    keeping: Keeping
    queue: DownlinkQueue
    sources: Mapping[str, object]  # by name; those that are `Commands` take downlinks
    has_session: Callable[[Eui64], bool]
    clock: Clock


def reference_of(downlink: Downlink) -> UUID:
    """Return what a server knows a downlink by: no other box's, and none of an earlier journal's, is the same."""
    name = f"downlink/{downlink.dev_eui}/{downlink.id}/{downlink.queued_at.isoformat()}"
    return name_based_uuid(UPLINK_NAMESPACE, name)


class ServerDownlinks:
    """The way of downlinks to network servers; lives while `run` runs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._news = asyncio.Event()
        self.counts: Counter[str] = Counter()

    def look(self) -> None:
        """Look at the queue soon: something has changed."""
        self._news.set()

    def is_answered_here(self, dev_eui: Eui64) -> bool:
        """Tell whether a device has a session here, and so gets its downlinks by this box's radios."""
        return self._parts.has_session(dev_eui)

    async def run(self) -> None:
        """Hand on what is queued; ends by cancellation."""
        while True:
            self._news.clear()
            await self.turn()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S if len(self._parts.queue) else IDLE_S):
                    await self._news.wait()

    async def turn(self) -> None:
        """Look at the queue once."""
        for dev_eui in self._parts.queue.devices():
            place = self._place(dev_eui)
            if place is None:
                continue
            for downlink in self._parts.queue.of(dev_eui):
                if (
                    downlink.state is DownlinkState.QUEUED
                    and not downlink.tries
                    and not await self._hand(downlink, place)
                ):
                    break  # in their order: the next one does not overtake it

    def _place(self, dev_eui: Eui64) -> Place | None:
        return None if self.is_answered_here(dev_eui) else self._parts.journal.place_behind(dev_eui)

    async def _hand(self, downlink: Downlink, place: Place) -> bool:
        """Hand one on; False where it is to be tried again."""
        source = self._parts.sources.get(place.source)
        if source is None:  # it is called otherwise now, or gone: the device's next uplink tells
            self.counts["waits"] += 1
            return False
        if not isinstance(source, Commands):
            return await self._fail(downlink, f"{place.source} takes no downlinks: it only pushes what was heard")
        answer = await source.command(place.address, downlink, reference_of(downlink))
        if downlink not in self._parts.queue.of(downlink.dev_eui):
            return True  # the server's own word was quicker than its broker's answer, or somebody has dropped it
        match answer.verdict:
            case Verdict.REFUSED:
                return await self._fail(downlink, answer.detail)
            case Verdict.LATER:
                self.counts["waits"] += 1
                return False
            case Verdict.TAKEN | Verdict.UNCLEAR:  # one that may be there is not told twice
                words = f"handed to {place.source}"
                said = words if answer.verdict is Verdict.TAKEN else f"{words}, which did not say that it has it"
                await self._move(replace(downlink, tries=1, detail=said))
                self.counts["handed"] += 1
        return True

    async def take(self, receipt: ServerReceipt) -> None:
        """Take over what a server says of a downlink; of one that nobody here knows it is counted."""
        waiting = self._parts.queue.of(receipt.dev_eui)
        downlink = next((one for one in waiting if reference_of(one) == receipt.reference), None)
        if downlink is None:
            self.counts["of_others"] += 1
            return
        if receipt.state is DownlinkState.QUEUED and downlink.state is not DownlinkState.QUEUED:
            return  # the events of two topics may overtake each other
        is_sent = receipt.state is DownlinkState.SENT
        moved = replace(
            downlink,
            state=receipt.state,
            tries=max(downlink.tries + (is_sent and downlink.state is DownlinkState.SENT), 1),
            f_cnt=downlink.f_cnt if receipt.f_cnt is None else receipt.f_cnt,
            sent_at=self._parts.clock().utc if is_sent else downlink.sent_at,
            detail=receipt.detail,
        )
        await self._move(moved)
        self.counts[str(receipt.state)] += 1

    async def _fail(self, downlink: Downlink, why: str) -> bool:
        logger.warning("downlink %d to %s: %s", downlink.id, downlink.dev_eui, why)
        self.counts["refused"] += 1
        await self._move(replace(downlink, state=DownlinkState.FAILED, detail=why))
        return True

    async def _move(self, downlink: Downlink) -> None:
        await self._parts.keeping.keep(Changes(downlinks=(self._parts.queue.moved(downlink),)))
