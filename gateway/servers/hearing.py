"""Servers: what network servers tell reaches the journal, each uplink once.

    told ─► known? ─► an uplink with the server's identity and time ─► one commit with what makes it known again

A source may acknowledge to its broker when `hear` has returned. While the disk takes nothing it does not return: the broker
keeps what it has for us, and memory holds no more than the source has under way.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Self
from uuid import UUID

from gateway.errors import StorageError
from gateway.journal import Changes, Event, Journal, Served
from gateway.model import (
    Clock,
    Device,
    Eui64,
    FromServer,
    Json,
    ServerNews,
    ServerReceipt,
    ServerUplink,
    TimeQuality,
    Uplink,
)
from gateway.network import Network
from gateway.network.keeping import Keeping
from gateway.network.unclaimed import Stranger
from gateway.servers.downlinks import Parts, ServerDownlinks
from gateway.servers.strangers import Strangers
from gateway.servers.uplinks import is_too_large, served_id, uplink_of

logger = logging.getLogger(__name__)

STORAGE_RETRY_S: Final = 1.0  # between two tries at a disk that takes nothing

FindDevice = Callable[[Eui64], Device | None]


class Servers:
    """The way of network servers' words into the journal; ``hear`` may be called many times at once."""

    def __init__(
        self,
        *,
        journal: Journal,
        find: FindDevice,
        clock: Clock,
        trust: TimeQuality,
        last_heard: dict[Eui64, float],
        downlinks: ServerDownlinks,
    ) -> None:
        """``last_heard`` is the network's: when each device was heard, monotonic."""
        self._journal = journal
        self._find = find
        self._clock = clock
        self._trust = trust
        self._last_heard = last_heard
        self._under_way: dict[UUID, asyncio.Event] = {}
        self._disk_waits = False
        self._strangers = Strangers()
        self.downlinks = downlinks
        self.counts: Counter[str] = Counter()

    @classmethod
    def of(
        cls,
        network: Network,
        journal: Journal,
        sources: Mapping[str, object],
        clock: Clock,
        trust: TimeQuality,
        *,
        has_radio: bool = True,
    ) -> Self:
        """Return the servers' side of a network's box; its downlinks that are for devices behind a server go to ``sources``.

        Where none of them ``has_radio``, nobody is answered from here, whatever session an import has brought.
        """
        downlinks = ServerDownlinks(
            Parts(
                journal=journal,
                keeping=Keeping(journal),
                queue=network.queue,
                sources=sources,
                has_session=lambda dev_eui: has_radio and network.session(dev_eui) is not None,
                clock=clock,
            )
        )
        network.dispatch.queued = downlinks.look
        return cls(
            journal=journal,
            find=network.device,
            clock=clock,
            trust=trust,
            last_heard=network.last_heard,
            downlinks=downlinks,
        )

    async def hear(self, told: FromServer) -> None:
        """Return when what was told is on disk, or was known; waits while the disk takes nothing."""
        match told:
            case ServerUplink():
                await self._hear_uplink(told)
            case ServerNews():
                await self._keep(Changes(events=(Event(told.dev_eui, told.at or self._clock().utc, told.what),)))
                self.counts["news"] += 1
            case ServerReceipt():
                await self.downlinks.take(told)

    def strangers(self) -> Sequence[Stranger]:
        """Return the devices that servers told of and nobody has registered, since the start."""
        return self._strangers.all()

    def claimed(self) -> Sequence[Eui64]:
        """Return the strangers that are registered now; they are none any more."""
        known = [Eui64(one.address) for one in self._strangers.all() if self._find(Eui64(one.address)) is not None]
        return [dev_eui for dev_eui in known if self._strangers.forget(dev_eui)]

    def status(self) -> Mapping[str, Json]:
        """Return counters since the start."""
        return {
            "counts": dict(self.counts),
            "strangers": len(self._strangers),
            "downlinks": dict(self.downlinks.counts),
        }

    # ── uplinks ──

    async def _hear_uplink(self, told: ServerUplink) -> None:
        id_ = served_id(told.dev_eui, told.id)
        while (other := self._under_way.get(id_)) is not None:
            await other.wait()  # no limit of its own: it ends when the other one is safe, or given up
        if self._journal.has_told(told.dev_eui, id_):
            self.counts["repeated"] += 1
            return
        self._under_way[id_] = asyncio.Event()
        try:
            await self._take(told)
        finally:
            self._under_way.pop(id_).set()

    async def _take(self, told: ServerUplink) -> None:
        device = self._find(told.dev_eui)
        uplink = uplink_of(told, device, self._trust)
        if device is not None:  # else anybody who may publish could fill the memory with names
            self._note_heard(uplink)
        if not told.f_port:
            self.counts["without_payload"] += 1
            return
        if is_too_large(told.decoded):
            self.counts["decoded_too_large"] += 1
        served = Served(told.dev_eui, told.source, told.address, uplink.id)
        await self._keep(Changes(uplinks=(uplink,), served=(served,)))
        self.counts["uplinks"] += 1
        if device is None:
            self.counts["of_strangers"] += 1
            self._strangers.note(uplink, told.source)
        else:
            self.counts["with_session_here"] += self.downlinks.is_answered_here(device.dev_eui)
            self.downlinks.look()  # what waits for a device that was never told of has a way now

    def _note_heard(self, uplink: Uplink) -> None:
        now = self._clock()
        age_s = max(0.0, (now.utc - uplink.heard_at.utc).total_seconds()) if now.quality >= self._trust else 0.0
        before = self._last_heard.get(uplink.dev_eui, 0.0)
        self._last_heard[uplink.dev_eui] = max(before, now.monotonic - age_s)

    async def _keep(self, changes: Changes) -> None:
        while True:
            try:
                await self._journal.commit(changes)
            except StorageError as error:
                if not self._disk_waits:
                    logger.error("what network servers tell waits for the disk, and is not acknowledged: %s", error)  # noqa: TRY400 - no bug: no trace
                self._disk_waits = True
                self.counts["disk_took_nothing"] += 1
            else:
                self._disk_waits = False
                return
            await asyncio.sleep(STORAGE_RETRY_S)
