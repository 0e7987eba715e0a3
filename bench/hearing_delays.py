"""How long uplinks wait for their commit while the log goes into the file: `python -m bench.hearing_delays FOLDER SECONDS PER_S`.

So many uplinks a second come whether or not the disk follows, each with a caller of its own, and three destinations take
everything. Prints JSON; `bench.checkpoints` runs it on a disk whose flushes are slow.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final
from unittest.mock import patch

from bench.flash_messages import session_after, uplinks
from gateway.clock import SystemClock
from gateway.journal import Changes, Journal, Settlement
from gateway.journal.database import Database
from gateway.model import Uplink

NAMES: Final = ("one", "two", "three")
KIND: Final = "uplink of 20 octets, heard by two"
BATCH: Final = 100
SLOW_MS: Final = 100.0  # that nobody who is heard may wait for the log's way into the file
SWITCH_S: Final = 0.0005  # as the agent sets it
Empty = Callable[[Database], Awaitable[int]]
DRAIN_S: Final = 60.0  # for what waits when the last has come


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """What uplinks waited, in ms; ``beside`` are those that waited while a checkpoint was under way."""

    uplinks: int
    checkpoints: int
    beside: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    longest_ms: float
    slow: int  # that waited for longer than SLOW_MS
    slow_beside: int  # of those, beside a checkpoint
    p999_apart_ms: float  # of those that met no checkpoint
    p50_beside_ms: float
    p999_beside_ms: float


@dataclass(slots=True)
class Watch:
    """When checkpoints were under way."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    def timed(self, empty: Empty) -> Empty:
        """Return what does the same, and notes when."""

        async def watched(database: Database) -> int:
            began = time.perf_counter()
            try:
                return await empty(database)
            finally:
                self.spans.append((began, time.perf_counter()))

        return watched

    def met(self, began: float, ended: float) -> bool:
        """Tell whether one was under way at some moment between."""
        return any(since < ended and until > began for since, until in self.spans)


async def measure(folder: Path, seconds: float, per_s: float) -> Delays:
    """Let uplinks come, and return what they waited."""
    watch, waits = Watch(), list[tuple[float, float]]()
    coming = list(islice(uplinks(KIND), int(seconds * per_s)))
    journal = await Journal.open(folder / "journal.db", clock=SystemClock(), destinations=NAMES)
    with (
        patch.object(Database, "empty_log_beside", watch.timed(Database.empty_log_beside)),
        patch.object(Database, "empty_log", watch.timed(Database.empty_log)),
    ):
        try:
            async with asyncio.TaskGroup() as telling:
                tasks = [telling.create_task(_tell(journal, name), name=name) for name in NAMES]
                await _hear(journal, coming, per_s, waits)
                for task in tasks:
                    task.cancel()
        finally:
            await journal.close()
    return _found(watch, waits)


async def _hear(journal: Journal, coming: Sequence[Uplink], per_s: float, waits: list[tuple[float, float]]) -> None:
    async def commit(uplink: Uplink) -> None:
        began = time.perf_counter()
        await journal.commit(Changes(uplinks=(uplink,), sessions=(session_after(uplink),)))
        waits.append((began, time.perf_counter()))

    began = time.perf_counter()
    async with asyncio.timeout(len(coming) / per_s + DRAIN_S), asyncio.TaskGroup() as hearing:
        for number, uplink in enumerate(coming):
            await asyncio.sleep(max(0.0, began + number / per_s - time.perf_counter()))
            hearing.create_task(commit(uplink), name="uplink")


async def _tell(journal: Journal, name: str) -> None:
    while True:  # until it is cancelled
        await journal.wait(name)
        rows = await journal.read(name, BATCH)
        await journal.settle(name, Settlement(delivered=frozenset(row.id for row in rows)))


def _found(watch: Watch, waits: Sequence[tuple[float, float]]) -> Delays:
    beside = [watch.met(began, ended) for began, ended in waits]
    took = [(ended - began) * 1000 for began, ended in waits]
    apart = [one for one, met in zip(took, beside, strict=True) if not met]
    with_it = [one for one, met in zip(took, beside, strict=True) if met] or [0.0]
    return Delays(
        uplinks=len(waits),
        checkpoints=len(watch.spans),
        beside=sum(beside),
        p50_ms=_at(took, 0.5),
        p99_ms=_at(took, 0.99),
        p999_ms=_at(took, 0.999),
        longest_ms=max(took),
        slow=sum(one > SLOW_MS for one in took),
        slow_beside=sum(one > SLOW_MS and met for one, met in zip(took, beside, strict=True)),
        p999_apart_ms=_at(apart, 0.999),
        p50_beside_ms=_at(with_it, 0.5),
        p999_beside_ms=_at(with_it, 0.999),
    )


def _at(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


if __name__ == "__main__":
    sys.setswitchinterval(SWITCH_S)
    where, lasts_s, pace = sys.argv[1:]
    print(json.dumps(asdict(asyncio.run(measure(Path(where), float(lasts_s), float(pace))))))
