"""Frames of nobody: gathered in memory, kept in the journal in groups, told when their device appears."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.errors import BadFrame, StorageError
from gateway.journal import Journal
from gateway.journal import Unclaimed as Kept
from gateway.lorawan.operators import operator
from gateway.lorawan.phy import DataFrame, Direction, JoinRequest, parse
from gateway.model import DevAddr, Eui64, Frame, Json

logger = logging.getLogger(__name__)

WRITE_EVERY_S: Final = 10.0  # a flash card is not for other people's frames: one commit for all that came meanwhile
MOST_IN_MEMORY: Final = 2_000  # between two commits: three times what an SX1302 can hear


@dataclass(slots=True)
class Stranger:
    """Who was heard and belongs to nobody: a DevAddr, or a DevEUI that asks to join."""

    kind: str  # "data" or "join"; "served": a network server has told it
    address: str
    join_eui: Eui64 | None
    last: Frame
    frames: int = 0
    gateways: set[Eui64] = field(default_factory=set)  # that heard it
    source: str = ""  # which told it


class UnclaimedFrames:
    """The frames of nobody of this box."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._fresh: deque[Frame] = deque(maxlen=MOST_IN_MEMORY)
        self.counts: Counter[str] = Counter()

    def keep(self, frame: Frame) -> None:
        """Keep a frame whose device is unknown; it is on disk within ten seconds."""
        if len(self._fresh) == MOST_IN_MEMORY:
            self.counts["overwritten"] += 1
        self._fresh.append(frame)
        self.counts["kept"] += 1

    async def run(self) -> None:
        """Write what has gathered, every ten seconds; ends by cancellation, and writes the rest then."""
        try:
            while True:
                await asyncio.sleep(WRITE_EVERY_S)
                await self.write()
        finally:
            await self.write()

    async def write(self) -> None:
        """Put what has gathered into the journal's ring; what the disk does not take stays in memory."""
        if not self._fresh:
            return
        frames, self._fresh = [*self._fresh], deque(maxlen=MOST_IN_MEMORY)
        try:
            await self._journal.keep_unclaimed(frames)
        except StorageError as error:
            logger.warning("frames of unknown devices are not kept: %s", error)
            self._fresh = deque([*frames, *self._fresh], maxlen=MOST_IN_MEMORY)

    async def of_addresses(self, addresses: frozenset[DevAddr]) -> Sequence[Kept]:
        """Return the kept data frames that carry one of ``addresses``, the oldest first."""
        await self.write()
        return [one for one in await self._journal.unclaimed() if _address(one.frame) in addresses]

    async def forget(self, ids: Sequence[int]) -> None:
        """Let go of frames that were claimed."""
        await self._journal.forget_unclaimed(ids)

    async def strangers(self) -> Sequence[Stranger]:
        """Return who transmits nearby and belongs to nobody, the last heard first."""
        await self.write()
        strangers: dict[tuple[str, str], Stranger] = {}
        for kept in await self._journal.unclaimed():
            for found in _strangers(kept.frame):
                known = strangers.setdefault((found.kind, found.address), found)
                known.frames += 1
                known.last = kept.frame
                known.gateways |= {reception.gateway for reception in kept.frame.receptions}
        return sorted(strangers.values(), key=lambda one: one.last.heard_at.utc, reverse=True)


def _address(frame: Frame) -> DevAddr | None:
    try:
        parsed = parse(frame.phy_payload)
    except BadFrame:
        return None
    return parsed.dev_addr if isinstance(parsed, DataFrame) else None


def _strangers(frame: Frame) -> Iterator[Stranger]:
    match parse(frame.phy_payload):
        case DataFrame(dev_addr=dev_addr, direction=Direction.UPLINK):
            yield Stranger("data", dev_addr, None, frame)
        case JoinRequest(dev_eui=dev_eui, join_eui=join_eui):
            yield Stranger("join", dev_eui, join_eui, frame)


def as_json(stranger: Stranger, now: datetime) -> Mapping[str, Json]:
    """Return a stranger as the commands show it."""
    best = next(iter(stranger.last.receptions), None)  # not every network server tells how it was heard
    return {
        "kind": stranger.kind,
        "address": stranger.address,
        "join_eui": stranger.join_eui,
        "operator": operator(DevAddr(stranger.address)) if stranger.kind == "data" else None,
        "frames": stranger.frames,
        "last_heard": stranger.last.heard_at.utc.isoformat(),
        "age_s": round((now - stranger.last.heard_at.utc).total_seconds(), 1),
        "rssi_dbm": None if best is None else best.rssi_dbm,
        "snr_db": None if best is None else best.snr_db,
        "data_rate": "" if best is None else str(best.data_rate),
        "gateways": sorted(stranger.gateways),
        "source": stranger.source,
    }
