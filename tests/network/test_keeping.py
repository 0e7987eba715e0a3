"""A disk that takes nothing for a while: what waits in memory goes in as it came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from gateway.errors import StorageError
from gateway.journal import Changes, Journal
from gateway.model import RowId
from gateway.network import keeping
from gateway.network.keeping import Keeping, Kept
from tests.journal.samples import session, uplink

RETRY_S = 0.001
LIMIT_S = 10.0


class Disk:
    """A journal that takes what it has room for."""

    def __init__(self) -> None:
        self.room = 0  # uplinks; a commit of more is refused
        self.taken: list[int] = []
        self.sizes: list[int] = []  # of the commits that were taken
        self.tries = 0

    async def commit(self, changes: Changes) -> tuple[RowId, ...]:
        self.tries += 1
        await asyncio.sleep(0)
        if len(changes.uplinks) > self.room:
            raise StorageError("journal.db: the disk is full")
        self.room -= len(changes.uplinks)
        self.taken += [one.f_cnt for one in changes.uplinks]
        self.sizes.append(len(changes.uplinks))
        return ()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(keeping, "STORAGE_RETRY_S", RETRY_S)
    return Disk()


def heard(f_cnt: int, begun: Sequence[int] = ()) -> Changes:
    return Changes(
        uplinks=(uplink(f_cnt),),
        sessions=(session(f_cnt + 1),),
        begun=tuple((session(0).dev_eui, f"26011bda-abp{number}") for number in begun),
    )


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 — nobody rings
        await asyncio.sleep(0)


async def outcomes(disk: Disk, keeper: Keeping, room: int, changes: Sequence[Changes]) -> list[Kept]:
    """Let all of ``changes`` be refused, and then have room."""
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(keeper.keep(one)) for one in changes]
        await until(lambda: keeper.waiting == len(changes))
        disk.room = room
    return [task.result() for task in waiting]


async def test_what_waits_goes_in_as_it_came_and_in_few_commits(disk: Disk) -> None:
    keeper = Keeping(cast("Journal", disk))

    kept = await outcomes(disk, keeper, 10**6, [heard(n) for n in range(1000)])

    assert set(kept) == {Kept.LATER}
    assert disk.taken == list(range(1000))
    assert len(disk.sizes) <= 1 + 1000 // keeping.KEPT_AT_ONCE + 1
    assert keeper.waiting == 0


async def test_who_comes_meanwhile_waits_behind_those_that_wait(disk: Disk) -> None:
    keeper = Keeping(cast("Journal", disk))
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        first = tasks.create_task(keeper.keep(heard(0)))
        await until(lambda: keeper.waiting > 0)
        disk.room = 10
        second = tasks.create_task(keeper.keep(heard(1)))

    assert (first.result(), second.result()) == (Kept.LATER, Kept.LATER), "it hesitates: nothing is answered"
    assert disk.taken == [0, 1]
    assert await keeper.keep(heard(2)) is Kept.AT_ONCE


async def test_where_there_is_room_for_some_the_oldest_go_in(disk: Disk) -> None:
    keeper = Keeping(cast("Journal", disk))
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(keeper.keep(heard(n))) for n in range(20)]
        await until(lambda: keeper.waiting == 20)
        disk.room = 5
        await until(lambda: disk.room == 0)
        taken = list(disk.taken)
        disk.room = 100

    assert taken == [0, 1, 2, 3, 4]
    assert disk.taken == list(range(20))
    assert {task.result() for task in waiting} == {Kept.LATER}


async def test_when_memory_is_full_the_newest_goes(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "WAITING_LIMIT", 3)
    keeper = Keeping(cast("Journal", disk))
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(keeper.keep(heard(n))) for n in range(3)]
        await until(lambda: keeper.waiting == 3)
        newest = await keeper.keep(heard(3))
        disk.room = 100

    assert newest is Kept.LOST
    assert disk.taken == [0, 1, 2]
    assert {task.result() for task in waiting} == {Kept.LATER}
    assert keeper.counts["lost_for_want_of_disk"] == 1


async def test_what_begins_an_activation_goes_in_a_commit_of_its_own(disk: Disk) -> None:
    keeper = Keeping(cast("Journal", disk))

    await outcomes(disk, keeper, 100, [heard(0), heard(1, begun=[1]), heard(2), heard(3)])

    assert disk.taken == [0, 1, 2, 3]
    assert disk.sizes == [1, 1, 2]


async def test_who_is_cancelled_leaves_the_line_and_the_next_leads(disk: Disk) -> None:
    keeper = Keeping(cast("Journal", disk))
    async with asyncio.timeout(LIMIT_S):
        waiting = [asyncio.create_task(keeper.keep(heard(n))) for n in range(3)]
        await until(lambda: keeper.waiting == 3)
        waiting[0].cancel()
        await asyncio.gather(waiting[0], return_exceptions=True)
        disk.room = 100
        kept = await asyncio.gather(*waiting[1:])

    assert kept == [Kept.LATER, Kept.LATER]
    assert disk.taken == [1, 2]


async def test_an_outage_is_told_once_and_counted(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeping(cast("Journal", disk))

    await outcomes(disk, keeper, 100, [heard(n) for n in range(10)])

    assert caplog.text.count("nothing is acknowledged") == 1
    assert keeper.counts["disk_took_nothing"] == 1
