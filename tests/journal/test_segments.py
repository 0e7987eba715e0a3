from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.errors import StorageError
from gateway.journal import Changes, HeldKind, Hold, Journal, Settlement, WhenFull
from gateway.journal.segments import Segments
from gateway.model import RowId, TimeQuality, Uplink
from tests.journal.samples import CITY, NOW, clock, deliver, given, hear, session, uplink

SMALL = 1024 * 1024  # bytes: segments of 64 KiB, some 600 rows
BATCH = 200


@pytest.fixture
async def small(path: Path) -> AsyncIterator[Journal]:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, keep_delivered=timedelta(0), destinations=[CITY])
    yield journal
    await journal.close()


def noise(f_cnt: int) -> Uplink:
    """Return an uplink that takes a hundred octets of the log, in a group, too."""
    return uplink(f_cnt, payload=random.Random(f_cnt).randbytes(80))


async def fill(journal: Journal, batches: int, start: int = 0) -> list[RowId]:
    rows: list[RowId] = []
    for batch in range(batches):
        first = start + batch * BATCH
        rows += await journal.commit(Changes(uplinks=tuple(noise(first + n) for n in range(BATCH))))
    return rows


async def drain(journal: Journal, destination: str = CITY) -> list[int]:
    seen: list[int] = []
    while rows := await journal.read(destination, 250):
        seen += [row.uplink.f_cnt for row in rows]
        await deliver(journal, [row.id for row in rows], destination)
    return seen


async def test_a_read_crosses_from_one_segment_to_the_next(small: Journal) -> None:
    await fill(small, 10)

    assert (await small.stats()).segments > 2
    assert await given(small, limit=2000) == list(range(2000))


async def test_settled_segments_are_dropped_whole(small: Journal) -> None:
    await fill(small, 10)
    assert await drain(small) == list(range(2000))

    await small.flush()
    await small.flush()  # a commit begins when the tidying after the one before has ended

    stats = await small.stats()
    assert stats.segments == 1
    assert stats.rows + stats.dropped_rows == 2000
    assert stats.dropped_rows > 1000


async def test_what_one_destination_has_not_settled_stays(small: Journal) -> None:
    await small.add_destination("slow", from_start=True)
    await fill(small, 10)
    await drain(small)
    await small.flush()

    assert (await small.stats()).dropped_rows == 0
    assert await drain(small, "slow") == list(range(2000))
    await small.flush()
    assert (await small.stats()).dropped_rows > 1000


async def test_delivered_segments_are_kept_for_people_who_look_back(path: Path) -> None:
    now = NOW
    journal = await Journal.open(
        path,
        clock=lambda: replace(clock(), utc=now, boot_id="a later boot"),
        limit_bytes=SMALL,
        keep_delivered=timedelta(days=7),
        destinations=[CITY],
    )
    await fill(journal, 10)
    await drain(journal)

    now = NOW + timedelta(days=6)
    await hear(journal, [1])
    await journal.flush()
    assert (await journal.stats()).dropped_rows == 0

    now = NOW + timedelta(days=7)
    await hear(journal, [2])
    await journal.flush()
    assert (await journal.stats()).segments == 1
    await journal.close()


@pytest.mark.parametrize("said", [{}, {"boot_id": "a later boot", "quality": TimeQuality.UNSYNCHRONISED}])
async def test_a_wall_clock_that_jumps_years_ahead_lets_no_delivered_segment_go(
    path: Path, said: dict[str, Any]
) -> None:
    later = replace(clock(), utc=NOW + timedelta(days=3650), **said)
    journal = await Journal.open(
        path, clock=lambda: later, limit_bytes=SMALL, keep_delivered=timedelta(days=7), destinations=[CITY]
    )

    await fill(journal, 10)
    await drain(journal)
    await journal.flush()

    assert (await journal.stats()).dropped_rows == 0
    await journal.close()


async def test_delivered_segments_go_before_the_quota_is_reached(path: Path) -> None:
    journal = await Journal.open(
        path, clock=clock, limit_bytes=SMALL, keep_delivered=timedelta(days=1000), destinations=[CITY]
    )

    for batch in range(60):
        await fill(journal, 1, batch * BATCH)
        await drain(journal)

    stats = await journal.stats()
    assert stats.failed_commits == 0
    assert stats.dropped_rows > 0
    assert stats.used_bytes < stats.quota_bytes
    await journal.close()


@pytest.fixture
async def strict(path: Path) -> AsyncIterator[Journal]:
    journal = await Journal.open(
        path,
        clock=clock,
        limit_bytes=SMALL,
        keep_delivered=timedelta(0),
        when_full=WhenFull.REFUSE,
        destinations=[CITY],
    )
    yield journal
    await journal.close()


async def test_the_oldest_rows_give_way_in_a_full_journal_and_are_counted(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY])
    rows = await fill(journal, 98)
    before = await journal.depth(CITY)
    await journal.close()

    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY])
    depth, stats = await journal.depth(CITY), await journal.stats()
    delivered = await drain(journal)

    assert stats.failed_commits == 0
    assert depth.lost == before.lost > 0
    assert depth.lost + depth.waiting == len(rows)
    assert delivered == list(range(depth.lost, len(rows)))
    assert stats.used_bytes < stats.quota_bytes
    assert caplog.text.count("the oldest go") == 1
    await journal.close()


async def test_what_was_delivered_is_not_counted_as_lost(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY, "away"])
    for batch in range(100):
        await fill(journal, 1, batch * BATCH)
        await drain(journal)

    assert (await journal.depth(CITY)).lost == 0
    assert (await journal.depth("away")).lost > 0
    await journal.close()


async def test_a_held_row_survives_when_the_oldest_give_way(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY])
    rows = await fill(journal, 1)
    await journal.settle(CITY, Settlement(held={rows[3]: Hold(kind=HeldKind.REFUSED, reason="no")}))

    await fill(journal, 100, BATCH)

    assert [row.uplink.f_cnt for row in await journal.held()] == [3]
    assert (await journal.depth(CITY)).lost > 0
    await journal.close()


async def test_a_full_journal_refuses_and_goes_on_when_there_is_room(strict: Journal) -> None:
    with pytest.raises(StorageError, match="full"):
        await fill(strict, 100)
    kept = (await strict.stats()).last_row
    with pytest.raises(StorageError, match="full"):
        await strict.commit(Changes(uplinks=tuple(noise(n) for n in range(BATCH)), sessions=(session(99),)))

    assert (await strict.stats()).last_row == kept
    assert await strict.sessions() == ()
    assert await drain(strict) == list(range(kept))
    await strict.flush()
    assert await fill(strict, 1) == [kept + 1 + n for n in range(BATCH)]


async def test_a_full_journal_is_told_from_a_full_disk(strict: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageError, match=r"journal\.db: the journal is full: .*raise journal\.limit"):
        await fill(strict, 100)
    assert "the journal is full" in ((await strict.stats()).trouble or "")

    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    many = tuple(noise(n) for n in range(BATCH))
    with pytest.raises(StorageError, match=r"journal\.db: the disk is full \(0 kB free\)"):
        await strict.commit(Changes(uplinks=many))
    await drain(strict)
    await strict.flush()
    await hear(strict, [1])

    assert (await strict.stats()).trouble is None


async def test_a_failed_commit_rejects_each_of_its_waiters(strict: Journal) -> None:
    with pytest.raises(StorageError):
        await fill(strict, 100)
    many = tuple(noise(n) for n in range(BATCH))

    outcomes = await asyncio.gather(*(strict.commit(Changes(uplinks=many)) for _ in range(5)), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [StorageError] * 5


async def test_a_full_journal_still_stores_what_was_settled(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, when_full=WhenFull.REFUSE, destinations=[CITY])
    with pytest.raises(StorageError):
        await fill(journal, 100)
    first, second = (row.id for row in await journal.read(CITY, 2))
    refused = Settlement(delivered=frozenset([first]), held={second: Hold(kind=HeldKind.REFUSED, reason="no")})
    await journal.settle(CITY, refused)
    await journal.close()

    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, when_full=WhenFull.REFUSE, destinations=[CITY])

    assert await given(journal, limit=1) == [2]
    assert len(await journal.held()) == 1
    await journal.close()


async def test_held_rows_survive_their_segment_and_can_be_sent_again(small: Journal) -> None:
    rows = await fill(small, 10)
    hold = Hold(kind=HeldKind.REFUSED, reason="507 Insufficient Storage")
    await small.settle(CITY, Settlement(held={rows[3]: hold, rows[700]: hold}))
    await drain(small)
    await small.flush()
    assert (await small.stats()).dropped_rows > 700

    assert [row.uplink.f_cnt for row in await small.held()] == [3, 700]
    assert await small.retry(CITY, None) == 2
    assert await given(small) == [3, 700]
    await deliver(small, [rows[3], rows[700]])
    await small.flush()
    assert await given(small) == []


@pytest.mark.on_file
async def test_a_record_copied_aside_goes_with_the_last_who_holds_it(small: Journal, path: Path) -> None:
    await small.add_destination("other", from_start=True)
    rows = await fill(small, 10)
    hold = Hold(kind=HeldKind.REFUSED, reason="no")
    for destination in (CITY, "other"):
        await small.settle(destination, Settlement(held={rows[3]: hold}))
        await drain(small, destination)
    await small.flush()

    def kept() -> object:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT count(*) FROM kept").fetchone()[0]

    assert kept() == 1
    await small.drop_held(CITY, None)
    assert kept() == 1
    await small.drop_held("other", None)
    assert kept() == 0


@pytest.mark.on_file
async def test_an_emptied_log_never_gives_an_id_twice(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(5))
    await deliver(journal, rows)
    await journal.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM log_1")
        connection.commit()

    journal = await Journal.open(path, clock=clock, destinations=[CITY])

    assert await hear(journal, [5]) == (6,)
    assert await given(journal) == [5]
    await journal.close()


@pytest.mark.on_file
async def test_rows_that_vanished_from_the_file_do_not_stop_a_destination(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, range(5))
    await journal.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM log_1 WHERE id IN (2, 3)")
        connection.commit()

    journal = await Journal.open(path, clock=clock, destinations=[CITY])

    assert await given(journal) == [0, 3, 4]
    assert "2 rows from 2 on are missing" in caplog.text
    assert (await journal.depth(CITY)).waiting == 3
    await journal.close()


def test_an_id_lies_in_the_segment_that_begins_at_or_before_it() -> None:
    segments = Segments([1, 11, 21], last_row=25, written_bytes=0, segment_bytes=1)

    assert segments.pieces([(9, 12), (20, 99)]) == [
        ("log_1", 9, 10),
        ("log_11", 11, 12),
        ("log_11", 20, 20),
        ("log_21", 21, 25),
    ]
    assert segments.tables_of([1, 10, 25]) == ["log_1", "log_21"]
    assert [segments.newest_piece(5, last) for last in (25, 20, 10, 4)] == [
        ("log_21", 21, 25),
        ("log_11", 11, 20),
        ("log_1", 5, 10),
        None,
    ]
