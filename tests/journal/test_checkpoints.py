"""The write-ahead log goes into the file beside the commits."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import struct
from bisect import bisect_left
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal import AlarmKind, Journal, checkpoints, wal
from gateway.journal.database import LAST_RESORT_PAGES, Database
from gateway.journal.schema import PAGE_SIZE
from tests.journal.samples import CITY, clock, given, hear
from tests.journal.test_segments import fill

FRAME = PAGE_SIZE + wal.FRAME.size
LIMIT = 150  # frames


@pytest.fixture(autouse=True)
def small_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LOG_BYTES", LIMIT * FRAME)


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def frames_in_use(log: Path) -> int:
    """Return how many frames of a log are of its present round, by their salts: frames of earlier rounds lie behind them."""
    try:
        descriptor = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        head = os.pread(descriptor, wal.HEADER.size, 0)
        if len(head) < wal.HEADER.size:
            return 0
        _, _, page_size, _, *salts, _, _ = wal.HEADER.unpack(head)
        step, wanted = wal.FRAME.size + page_size, struct.pack(">2I", *salts)
        return bisect_left(
            range(os.fstat(descriptor).st_size // step),
            True,
            key=lambda frame: (
                os.pread(descriptor, len(wanted), wal.HEADER.size + frame * step + wal.SALTS_AT) != wanted
            ),
        )
    finally:
        os.close(descriptor)


async def under_way() -> None:
    """Wait for what brings the log into the file, however busy the machine is."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "journal checkpoint"))


def test_frames_of_earlier_rounds_are_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "any.db"
    index, counted, in_use = wal.Index(path), list[int](), list[int]()

    def count() -> None:
        counted.append(index.last_frame())
        in_use.append(frames_in_use(log_of(path)))

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (a)")
        for _ in range(10):
            connection.execute("INSERT INTO t VALUES (randomblob(300))")
            count()
        ((_, told, _),) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.execute("INSERT INTO t VALUES (1)")
        count()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        count()
    index.close()

    *before, after, cut = counted
    assert before == sorted(before)
    assert before[-1] == told
    assert 0 < after < 4
    assert cut == 0
    assert counted == in_use


async def test_the_log_is_used_again_from_its_beginning_and_does_not_grow(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    largest, rounds, before = 0, 0, 0

    for batch in range(60):
        await fill(journal, 1, batch * 200)
        await under_way()
        frames = frames_in_use(log_of(path))
        largest, rounds, before = max(largest, frames), rounds + (frames < before), frames
    size = log_of(path).stat().st_size
    rows = len(await given(journal, limit=100_000))
    await journal.close()

    assert rounds >= 3
    assert largest < LIMIT * 4
    assert size < LIMIT * 5 * FRAME
    assert rows == 12_000


async def test_commits_go_on_while_the_log_goes_into_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    begun, done = asyncio.Event(), asyncio.Event()
    empty = Database.empty_log_beside

    async def slow(self: Database) -> int:
        begun.set()
        await done.wait()
        return await empty(self)

    monkeypatch.setattr(Database, "empty_log_beside", slow)
    batch = 0
    while not begun.is_set():
        await fill(journal, 1, batch * 200)
        batch += 1

    async with asyncio.timeout(5):
        for f_cnt in range(50):
            await hear(journal, [100_000 + f_cnt])
    done.set()
    for f_cnt in range(50):
        await hear(journal, [200_000 + f_cnt])
        await under_way()
    emptied = frames_in_use(log_of(path))
    await journal.close()

    assert emptied < LIMIT


async def test_a_reader_that_holds_the_log_up_is_no_harm(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, [0])
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM words").fetchone()
        for batch in range(20):
            await fill(journal, 1, 1 + batch * 200)
        held_up = frames_in_use(log_of(path))
        reader.execute("COMMIT")
    for batch in range(20, 40):
        await fill(journal, 1, 1 + batch * 200)
        await under_way()
    after = frames_in_use(log_of(path))
    rows = len(await given(journal, limit=100_000))
    await journal.close()

    assert held_up > LIMIT
    assert after < held_up
    assert rows == 8001


async def test_a_log_that_grew_beside_a_reader_is_told_of_and_cut_when_he_has_gone(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, [0])
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM words").fetchone()
        for batch in range(40):
            await fill(journal, 1, 1 + batch * 200)
            await under_way()
        grown, during = log_of(path).stat().st_size, await journal.alarms()
        reader.execute("COMMIT")
    for f_cnt in range(LIMIT):
        await hear(journal, [20_000 + f_cnt])
        await under_way()
    left, after = log_of(path).stat().st_size, await journal.alarms()
    (last_resort,) = await journal._store.database.tune("wal_autocheckpoint")
    rows = len(await given(journal, limit=100_000))
    await journal.close()

    assert grown > 3 * LIMIT * FRAME
    assert [alarm.kind for alarm in during] == [AlarmKind.LONG_LOG]
    assert "another process reads the journal" in during[0].words
    assert left < grown / 2
    assert after == []
    assert last_resort == (LAST_RESORT_PAGES,)
    assert rows == 8001 + LIMIT


async def test_closing_waits_for_what_is_under_way(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    database = journal._store.database
    beside = asyncio.create_task(database.empty_log_beside())
    await asyncio.sleep(0)

    await journal.close()

    assert beside.done()
    assert not log_of(path).exists()
