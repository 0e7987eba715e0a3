"""A damaged record costs itself and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gateway.journal import HeldKind, Hold, Journal, Settlement
from tests.journal.samples import CITY, DEV_EUI, clock, given, hear


def damage(path: Path, row: int) -> None:
    with sqlite3.connect(path) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'log%'")]
        for table in (*tables, "kept"):
            database.execute(f"UPDATE {table} SET record = x'8301ff' WHERE id = ?", (row,))
    database.close()


async def open_again(journal: Journal, path: Path, row: int) -> Journal:
    await journal.close()
    damage(path, row)
    return await Journal.open(path, clock=clock, destinations=[CITY])


async def test_a_damaged_record_is_passed_over_and_kept_beside_the_journal(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, [1, 2, 3])
    journal = await open_again(journal, path, 2)

    first, second = await given(journal), await given(journal)
    depth, count = await journal.depth(CITY), journal.damaged()
    await journal.close()

    assert first == second == [1, 3]
    assert (depth.waiting, count) == (2, 1)
    assert path.with_name("journal.db.damaged").read_text() == "2 8301ff\n"
    [line] = [record.getMessage() for record in caplog.records if "damaged" in record.getMessage()]
    assert str(path) in line
    assert "row 2" in line


async def test_a_damaged_record_at_the_front_does_not_keep_status_from_answering(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, [1, 2])
    journal = await open_again(journal, path, 1)

    depth, latest = await journal.depth(CITY), await journal.latest(DEV_EUI, 10)
    await journal.close()

    assert (depth.waiting, depth.oldest) == (2, None)
    assert [row.uplink.f_cnt for row in latest] == [2]


async def test_a_held_row_that_is_damaged_is_left_out_of_the_list_and_ends_its_retry(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, [1, 2])
    held = {row: Hold(kind=HeldKind.REFUSED, reason="400") for row in rows}
    await journal.settle(CITY, Settlement(held=held))
    await journal.flush()
    journal = await open_again(journal, path, 1)

    listed = [row.uplink.f_cnt for row in await journal.held(CITY)]
    retried = await journal.retry(CITY, None)
    again = await given(journal)
    depth = await journal.depth(CITY)
    await journal.close()

    assert (listed, retried, again) == ([2], 2, [2])
    assert depth.waiting == 1


async def test_the_file_holds_a_record_once_however_often_the_journal_is_opened(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, [1, 2])
    for _ in range(3):
        journal = await open_again(journal, path, 1)
        await journal.depth(CITY)
    await journal.close()

    assert path.with_name("journal.db.damaged").read_text() == "1 8301ff\n"
