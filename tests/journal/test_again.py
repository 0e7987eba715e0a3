"""Rows that a destination has had are told again: a decoder has learned to read more of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.journal import Changes, HeldKind, Hold, Journal, PutBack, Settlement
from gateway.model import RowId, TimeQuality, eui64
from tests.journal.samples import CITY, DEV_EUI, NOW, clock, deliver, given, hear, uplink
from tests.journal.test_segments import SMALL

OTHER = eui64("70b3d57ed0000077")
HELD = Hold(kind=HeldKind.UNDECODED, reason="unknown_port: 9", decoder="acme/th-1@3")


async def test_delivered_rows_are_given_again_before_others_and_no_longer_when_they_are_settled(
    journal: Journal,
) -> None:
    rows = await hear(journal, range(4))
    await deliver(journal, rows[:3])

    assert await journal.tell_again(CITY, rows[:2]) == PutBack(tuple(rows[:2]))

    assert await given(journal) == [0, 1, 3]
    assert await journal.held() == []
    await deliver(journal, rows)
    assert await given(journal) == []
    assert (await journal.depth(CITY)).waiting == 0


async def test_they_wait_over_a_restart(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(2))
    await deliver(journal, rows)
    await journal.tell_again(CITY, rows[:1])
    await journal.close()

    journal = await Journal.open(path, clock=clock, destinations=[CITY])

    assert await given(journal) == [0]
    await journal.close()


async def test_what_was_not_told_yet_or_is_on_its_way_again_is_not_counted_twice(journal: Journal) -> None:
    rows = await hear(journal, range(3))
    await deliver(journal, rows[:1])
    await journal.tell_again(CITY, rows)

    again = await journal.tell_again(CITY, rows)

    assert again == PutBack(())
    assert (await journal.depth(CITY)).waiting == 3


async def test_a_held_row_is_tried_again_and_may_be_held_anew(journal: Journal) -> None:
    rows = await hear(journal, range(1))
    await journal.settle(CITY, Settlement(held={rows[0]: HELD}))

    assert await journal.tell_again(CITY, rows) == PutBack(tuple(rows))

    assert (await journal.depth(CITY)).held[HeldKind.UNDECODED] == 0
    assert await given(journal) == [0]
    await journal.settle(CITY, Settlement(held={rows[0]: HELD}))
    assert [(row.id, row.kind) for row in await journal.held()] == [(rows[0], HeldKind.UNDECODED)]


async def test_their_records_outlive_the_segment_that_they_lay_in(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, keep_delivered=timedelta(0), destinations=[CITY])
    rows = await hear(journal, range(5))
    await deliver(journal, rows)
    await journal.tell_again(CITY, rows[:2])

    for start in range(200, 2000, 200):
        await deliver(journal, await hear(journal, range(start, start + 200)))

    assert (await journal.stats()).dropped_rows > 5
    assert await given(journal) == [0, 1]
    await journal.close()


async def test_no_more_are_told_again_than_there_is_room_for(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = await hear(journal, range(10))
    await deliver(journal, rows)
    store = journal._store
    monkeypatch.setattr(store, "quota", replace(store.quota, held_rows=8))

    assert await journal.tell_again(CITY, rows) == PutBack(tuple(rows[:6]), left=4)

    assert await given(journal) == [0, 1, 2, 3, 4, 5]


async def test_rows_are_found_by_device_and_time(journal: Journal) -> None:
    early = replace(clock(), utc=NOW - timedelta(days=2))
    lost = replace(clock(), utc=NOW - timedelta(days=20_000), quality=TimeQuality.UNSYNCHRONISED)
    wanted = [replace(uplink(number), heard_at=at) for number, at in enumerate((early, clock(), lost))]
    await journal.commit(Changes(uplinks=(*wanted, uplink(9, OTHER))))

    async def found(*dev_euis: str, days: int | None = None) -> list[RowId]:
        since = None if days is None else NOW - timedelta(days=days)
        return [row.id for row in await journal.rows_of([eui64(one) for one in dev_euis], since)]

    assert await found(DEV_EUI) == [1, 2, 3]
    assert await found(DEV_EUI, OTHER) == [1, 2, 3, 4]
    assert await found(DEV_EUI, days=1) == [2, 3]
    assert await found("00" * 8) == []
