"""What two lanes ask of the journal: rows behind a row, what lies ahead, rows that are let go, and what is not on disk yet."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.journal import Ahead, HeldKind, Hold, Journal, Settlement
from tests.journal.samples import CITY, NOW, clock, given, hear


async def test_the_live_lane_is_what_lies_behind_a_row_and_nothing_that_is_retried(journal: Journal) -> None:
    rows = await hear(journal, range(6))
    refused = {rows[0]: Hold(kind=HeldKind.REFUSED, reason="no")}
    await journal.settle(CITY, Settlement(held=refused, delivered=frozenset({rows[4]})))
    await journal.retry(CITY, HeldKind.REFUSED)

    live = [row.uplink.f_cnt for row in await journal.read(CITY, 10, after=rows[2])]

    assert live == [3, 5]
    assert await given(journal) == [0, 1, 2, 3, 5]
    assert journal.ahead(CITY, rows[2]) == Ahead(waiting=5, after=2, last=rows[5])


async def test_who_waits_for_the_live_lane_is_not_woken_by_history(journal: Journal) -> None:
    rows = await hear(journal, range(3))
    waiting = asyncio.create_task(journal.wait(CITY, after=rows[2]))
    await asyncio.sleep(0)
    before = waiting.done()

    await hear(journal, [3])
    async with asyncio.timeout(5):
        await waiting

    assert before is False


async def test_rows_that_are_given_up_are_settled_counted_and_stay_so(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(4))
    for _ in range(2):
        await journal.settle(CITY, Settlement(given_up=frozenset(rows[:3])))

    depths = [await journal.depth(CITY)]
    await journal.close()
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    depths.append(await journal.depth(CITY))
    await journal.close()

    assert [(one.given_up, one.given_up_since, one.waiting) for one in depths] == [(3, NOW, 1)] * 2


async def test_what_is_settled_and_not_on_disk_yet_is_known(journal: Journal) -> None:
    rows = await hear(journal, range(4))
    await journal.settle(CITY, Settlement(delivered=frozenset(rows[:3])))
    before = journal.unsaved(CITY)

    await journal.flush()

    assert (before, journal.unsaved(CITY)) == (3, 0)


async def test_what_was_given_up_goes_with_a_destination_to_its_new_name(journal: Journal) -> None:
    rows = await hear(journal, range(3))
    await journal.settle(CITY, Settlement(given_up=frozenset(rows[:2])))

    await journal.rename_destination(CITY, "other")

    assert ((await journal.depth("other")).given_up, (await journal.depth("other")).waiting) == (2, 1)
