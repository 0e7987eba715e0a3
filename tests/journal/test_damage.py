"""A damaged record costs itself and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gateway.journal import AlarmKind, Changes, HeldKind, Hold, Journal, Settlement
from tests.journal.samples import CITY, DEV_EUI, clock, deliver, given, hear, uplink


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
    assert (depth.waiting, depth.lost, count) == (2, 1, 1)
    assert path.with_name("journal.db.damaged").read_text() == "2 8301ff\n"
    [line] = [record.getMessage() for record in caplog.records if "a damaged record" in record.getMessage()]
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
    assert (depth.waiting, depth.held_lost) == (1, 1)


async def test_the_file_holds_a_record_once_however_often_the_journal_is_opened(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, [1, 2])
    for _ in range(3):
        journal = await open_again(journal, path, 1)
        await journal.depth(CITY)
    await journal.close()

    assert path.with_name("journal.db.damaged").read_text() == "1 8301ff\n"


async def test_what_is_passed_over_is_counted_and_told_until_it_is_seen(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, [1, 2, 3])
    journal = await open_again(journal, path, 2)
    for _ in range(2):
        await given(journal)
    await journal.close()

    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    (alarm,), depth = await journal.alarms(), await journal.depth(CITY)
    forgotten = await journal.forget_alarms(AlarmKind.UNREADABLE)
    left = await journal.alarms()
    await journal.close()

    assert (alarm.kind, alarm.until_seen) == (AlarmKind.UNREADABLE, True)
    assert "city loses 1" in alarm.words
    assert (depth.lost, forgotten, left) == (1, 1, [])


async def test_a_group_that_is_damaged_is_counted_with_all_its_rows(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await journal.commit(Changes(uplinks=tuple(uplink(f_cnt) for f_cnt in range(20))))
    await journal.close()
    with sqlite3.connect(path) as database:
        ((record,),) = database.execute("SELECT record FROM log_1")
        database.execute("UPDATE log_1 SET record = ?", (record[:-9] + bytes([record[-9] ^ 1]) + record[-8:],))
    database.close()

    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    told, depth = await given(journal), await journal.depth(CITY)
    await journal.close()

    assert (told, depth.waiting, depth.lost) == ([], 0, 20)


async def test_held_rows_that_are_gone_end_their_retry_and_leave_the_batch_to_others(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(12))
    hold = Hold(kind=HeldKind.REFUSED, reason="400")
    await journal.settle(CITY, Settlement(held=dict.fromkeys(rows[:10], hold)))
    await journal.close()
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM log_1 WHERE id <= 9")
    database.close()
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await journal.retry(CITY, None)

    told = await journal.read(CITY, 4)
    await deliver(journal, [row.id for row in told])
    await journal.flush()
    depth = await journal.depth(CITY)
    await journal.close()
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    after = await journal.depth(CITY)
    await journal.close()

    assert [(row.uplink.f_cnt, row.is_again) for row in told] == [(9, True), (10, False), (11, False)]
    assert (depth.waiting, depth.held_lost, depth.lost) == (0, 9, 0)
    assert (after.waiting, after.held_lost, after.held[HeldKind.REFUSED]) == (0, 9, 0)
    assert "missing in the journal" in caplog.text
