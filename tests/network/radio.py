"""A source that remembers what it was told to send, a clock that stands still, and a journal whose disk can fail."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway.errors import StorageError
from gateway.journal import Changes, Journal
from gateway.model import Eui64, Frame, Instant, Json, LoraRate, Reception, RowId, TimeQuality, TxRequest, TxResult
from gateway.sources import Hear

ROOF = Eui64("0016c001ff10a235")
CELLAR = Eui64("0016c001ff10a236")
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class StandingClock:
    """A clock that moves when told to."""

    seconds: float = 100.0
    quality: TimeQuality = TimeQuality.NTP

    def __call__(self) -> Instant:
        return Instant(START + timedelta(seconds=self.seconds), self.seconds, "boot", self.quality)


@dataclass
class Radio:
    """A source whose transmissions are looked at; ``says`` are its results in order, then SENT."""

    name: str = "radio"
    says: deque[TxResult] = field(default_factory=deque)
    sent: list[TxRequest] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, hear: Hear) -> None:
        raise NotImplementedError

    async def listening(self) -> None:
        """Return at once: what is fed is heard."""

    async def transmit(self, request: TxRequest) -> TxResult:
        self.sent.append(request)
        result = self.says.popleft() if self.says else TxResult.SENT
        self.told.set()
        return result

    def status(self) -> Mapping[str, Json]:
        return {}


class FailingJournal:
    """A real journal whose next commits fail as often as told to."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.failures = 0
        self.commits: list[Changes] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    async def commit(self, changes: Changes) -> tuple[RowId, ...]:
        if self.failures:
            self.failures -= 1
            await asyncio.sleep(0)  # a disk takes its time to say no
            await asyncio.sleep(0)
            raise StorageError("journal.db: disk full")
        rows = await self._journal.commit(changes)
        self.commits.append(changes)
        return rows


def reception(
    gateway: Eui64 = ROOF, *, snr_db: float = 9.0, timestamp_us: int | None = 1_000_000, source: str = "radio"
) -> Reception:
    return Reception(
        gateway=gateway,
        frequency_hz=868_100_000,
        data_rate=LoraRate(7, 125_000),
        rssi_dbm=-57.0,
        snr_db=snr_db,
        timestamp_us=timestamp_us,
        source=source,
    )


def frame(phy_payload: bytes, clock: StandingClock, *receptions: Reception) -> Frame:
    return Frame(phy_payload, receptions or (reception(),), clock())
