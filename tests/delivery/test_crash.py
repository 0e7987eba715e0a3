"""A kill at any point: nothing is lost, and no more than one batch is told a second time."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.journal import Changes, Journal, Settlement
from gateway.journal.database import Database, Transaction
from gateway.model import Answer, Request
from tests.delivery.scene import CITY, EachAlone, LoopClock, Platform, telling, uplink

BATCH = 10


@dataclass
class Moment:
    """The disk as a kill left it, and what the platform had until then."""

    folder: Path
    heard: set[int]  # and committed
    told: list[int]


@dataclass
class Camera:
    """Copy the files at each moment that a kill may come. A process that is killed leaves what it has written: no cache is lost."""

    journal: Path
    album: Path
    platform: Witness
    heard: set[int] = field(default_factory=set)
    moments: list[Moment] = field(default_factory=list)

    def click(self) -> None:
        folder = self.album / str(len(self.moments))
        folder.mkdir(parents=True)
        for name in (self.journal.name, f"{self.journal.name}-wal", "brygga.key"):
            source = self.journal.with_name(name)  # the database before its WAL: of a WAL a part is enough, too
            if source.exists():
                shutil.copyfile(source, folder / name)
        self.moments.append(Moment(folder, {*self.heard}, [*self.platform.counters]))


@dataclass
class Witness(Platform):
    """A platform that has everything at once, and answers later."""

    camera: Camera | None = None

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        answers = await super().send(requests)
        if self.camera is not None:
            self.camera.click()  # it has them, and nobody knows
            await asyncio.sleep(0)
            self.camera.click()
        return answers


async def repeated_and_lost(moment: Moment) -> tuple[list[int], set[int]]:
    """Return what is told a second time after a kill at ``moment``, and what never was and never will be."""
    journal = await Journal.open(moment.folder / "journal.db", clock=LoopClock(), destinations=[CITY])
    again: list[int] = []
    while rows := await journal.read(CITY, 1000):
        again += [row.uplink.f_cnt for row in rows]
        await journal.settle(CITY, Settlement(delivered=frozenset(row.id for row in rows)))
    await journal.close()
    return [f_cnt for f_cnt in again if f_cnt in moment.told], moment.heard - {*again, *moment.told}


async def drain(folder: Path, monkeypatch: pytest.MonkeyPatch, rounds: Sequence[range]) -> list[Moment]:
    """Hear the counters of each round and tell them, and return all moments at which that may be cut off."""
    clock, platform = LoopClock(), Witness()
    path = folder / "journal.db"
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    loop = telling(journal, platform, clock, EachAlone(), batch=BATCH)
    platform.camera = camera = Camera(path, folder / "album", platform)
    apply = Database.apply

    async def watched(self: Database, transaction: Transaction) -> None:
        camera.click()
        await apply(self, transaction)
        camera.click()

    monkeypatch.setattr(Database, "apply", watched)
    try:
        for counters in rounds:
            await journal.commit(Changes(uplinks=tuple(uplink(one, clock()) for one in counters)))
            camera.heard.update(counters)
            while (await journal.depth(CITY)).waiting:
                await loop.turn()
    finally:
        await journal.close()
        monkeypatch.undo()
    return camera.moments


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param([range(1, 51)], id="history"),
        pytest.param([range(one, one + 1) for one in range(1, 15)], id="one after the other"),
        pytest.param([range(1, 5), range(5, 15), range(15, 40), range(40, 44)], id="by turns"),
    ],
)
async def test_a_kill_at_any_point_repeats_a_batch_at_most_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: Sequence[range]
) -> None:
    moments = await drain(tmp_path, monkeypatch, rounds)
    outcomes = [await repeated_and_lost(one) for one in moments]

    assert len(moments) > 2 * sum(map(len, rounds)) // BATCH
    assert max(len(repeated) for repeated, _ in outcomes) <= BATCH
    assert [lost for _, lost in outcomes if lost] == []
