"""Rows that lie in groups are rows like others for whoever reads them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.journal import Changes, HeldKind, Hold, Journal, Settlement
from gateway.model import RowId, eui64
from tests.journal.samples import CITY, DEV_EUI, clock, deliver, given, uplink
from tests.journal.test_segments import SMALL, drain, fill

OTHER = eui64("70b3d57ed0009999")


async def together(journal: Journal, count: int, start: int = 0) -> list[RowId]:
    """Commit the uplinks of two devices in turn at once."""
    many = (uplink(n, DEV_EUI if n % 2 else OTHER) for n in range(start, start + count))
    return list(await journal.commit(Changes(uplinks=tuple(many))))


async def test_they_are_told_in_order_from_wherever_a_destination_is(journal: Journal) -> None:
    rows = await together(journal, 230)
    await together(journal, 2, 230)
    await together(journal, 7, 232)

    assert await given(journal, limit=3) == [0, 1, 2]
    await deliver(journal, rows[:40] + rows[45:130])
    assert await given(journal, limit=7) == [40, 41, 42, 43, 44, 130, 131]
    assert await given(journal) == [40, 41, 42, 43, 44, *range(130, 239)]


async def test_a_devices_rows_are_found_among_others(journal: Journal) -> None:
    await together(journal, 101)

    latest = [row.uplink.f_cnt for row in await journal.latest(DEV_EUI, 30)]
    few = [row.uplink.f_cnt for row in await journal.latest(OTHER, 3, among=5)]
    theirs = [row.uplink.f_cnt for row in await journal.rows_of([OTHER])]

    assert latest == list(range(99, 39, -2))
    assert few == [100, 98, 96]
    assert theirs == list(range(0, 101, 2))


async def test_single_ones_are_held_told_again_and_kept_when_their_segment_goes(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, keep_delivered=timedelta(0), destinations=[CITY])
    rows = await fill(journal, 4)
    refused = {row: Hold(kind=HeldKind.REFUSED, reason="400") for row in (rows[3], rows[77], rows[199])}
    await journal.settle(CITY, Settlement(held=refused))
    await drain(journal)
    for batch in range(4, 16):
        await fill(journal, 1, batch * 200)
        await drain(journal)
    await journal.flush()
    dropped = (await journal.stats()).dropped_rows
    with closing(sqlite3.connect(path)) as connection:
        kept = [row for (row,) in connection.execute("SELECT id FROM kept ORDER BY id")]

    listed = [row.uplink.f_cnt for row in await journal.held(CITY)]
    retried = await journal.retry(CITY, None)
    again = await given(journal)
    await journal.close()

    assert dropped > 200
    assert kept == [4, 78, 200]
    assert listed == again == [3, 77, 199]
    assert retried == 3


async def test_a_damaged_group_costs_its_rows_and_no_others(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await together(journal, 60)
    await journal.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        ((record,),) = connection.execute("SELECT record FROM log_1 WHERE id = 50")
        broken = bytearray(record)
        broken[-3] ^= 1
        connection.execute("UPDATE log_1 SET record = ? WHERE id = 50", (bytes(broken),))
    journal = await Journal.open(path, clock=clock, destinations=[CITY])

    rows = await given(journal)
    damaged, waiting = journal.damaged(), (await journal.depth(CITY)).waiting
    await journal.close()

    assert rows == list(range(50, 60))
    assert (damaged, waiting) == (50, 10)
    assert "row 10: a damaged record" in caplog.text
