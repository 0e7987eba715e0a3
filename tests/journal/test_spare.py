"""Room that nobody needs goes back to the file system."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.errors import Busy, ConfigError
from gateway.journal import Journal, spare, wal
from gateway.journal.looking import looking
from gateway.journal.rebuilding import rebuild
from gateway.journal.schema import PAGE_SIZE
from tests.journal.samples import CITY, clock, given, hear
from tests.journal.test_segments import drain, fill

LIMIT = 4 * 1024 * 1024  # segments of 256 kB
KEPT = LIMIT // 16 // PAGE_SIZE
AT_ONCE = 64


@pytest.fixture(autouse=True)
def one_segment_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spare, "KEPT_SEGMENTS", 1)
    monkeypatch.setattr(spare, "PAGES_AT_ONCE", AT_ONCE)


def pragma(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def size_of(path: Path) -> int:
    return path.stat().st_size


async def backlog(path: Path, batches: int) -> Journal:
    journal = await Journal.open(path, clock=clock, limit_bytes=LIMIT, keep_delivered=timedelta(0), destinations=[CITY])
    await fill(journal, batches)
    return journal


async def test_after_a_backlog_the_file_shrinks_by_small_steps_until_only_room_of_use_is_left(path: Path) -> None:
    journal = await backlog(path, 60)
    before = (await journal.stats()).file_bytes
    await drain(journal)
    await journal.flush()

    free, steps = [await journal._store.free_pages()], 0
    while (now := await journal._store.free_pages()) > KEPT:
        await hear(journal, [12_000 + steps])
        steps += 1
        free.append(now)
        assert steps < 200
    rows = await given(journal)
    await journal.close()

    assert steps > 10
    assert max(one - following for one, following in pairwise(free[1:])) <= AT_ONCE + 2  # with the map of pages
    assert rows == list(range(12_000, 12_000 + steps))
    assert size_of(path) < before * 2 / 3
    assert pragma(path, "freelist_count") <= KEPT + 8  # of what closing frees
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_who_asks_gets_all_back_in_as_many_steps_as_wanted(path: Path) -> None:
    journal = await backlog(path, 60)
    await drain(journal)
    await journal.flush()
    await journal.flush()
    free = await journal._store.free_pages()

    first = await journal.give_back(100)
    while await journal.give_back(1000):
        pass
    left = await journal._store.free_pages()
    await journal.close()

    assert 100 <= first <= 102
    assert left == 0
    assert free > 100
    assert pragma(path, "page_count") < 2 * KEPT


async def test_a_journal_of_an_older_version_is_written_anew_with_all_its_rows(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA page_size=1024")
        connection.execute("PRAGMA journal_mode=WAL")
    journal = await backlog(path, 20)
    rows = await given(journal, limit=5000)
    assert await journal.give_back(1000) == 0
    await journal.close()

    saved = rebuild(path)

    assert (pragma(path, "page_size"), pragma(path, "auto_vacuum")) == (PAGE_SIZE, 2)
    assert saved == pytest.approx(0, abs=200_000)
    journal = await Journal.open(path, clock=clock, limit_bytes=LIMIT, destinations=[CITY])
    assert await given(journal, limit=5000) == rows == list(range(4000))
    assert len(await hear(journal, [9000])) == 1
    await journal.close()


async def test_a_journal_that_is_in_use_is_not_written_anew(path: Path) -> None:
    journal = await backlog(path, 1)

    with pytest.raises(Busy):
        rebuild(path)

    assert len(await given(journal)) == 200
    await journal.close()
    assert rebuild(path) >= 0
    assert sorted(file.name for file in path.parent.iterdir() if "rebuilt" in file.name) == []


async def test_a_journal_that_somebody_still_reads_is_not_written_anew(path: Path) -> None:
    journal = await backlog(path, 5)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM words").fetchone()
        heard = await hear(journal, range(9000, 9040))
        await journal.close()

        with pytest.raises(Busy, match="somebody reads the journal"):
            rebuild(path, patience_s=0.0)

    rebuild(path)
    journal = await Journal.open(path, clock=clock, limit_bytes=LIMIT, destinations=[CITY])
    rows = await given(journal, limit=5000)
    await journal.close()
    assert rows[-len(heard) :] == list(range(9000, 9040))
    assert len(rows) == 1040


async def test_who_looks_between_two_reads_goes_on_in_the_old_file_and_leaves_no_log_to_the_new_one(path: Path) -> None:
    await (await backlog(path, 5)).close()
    with looking(path) as found:
        before = found.firsts()
        rebuild(path)
        after = found.firsts()
        left = wal.beside(path).exists()
    journal = await Journal.open(path, clock=clock, limit_bytes=LIMIT, destinations=[CITY])
    rows, alarms = await given(journal, limit=5000), await journal.alarms()
    await journal.close()

    assert before == after
    assert not left
    assert (len(rows), alarms) == (1000, [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_what_root_writes_anew_belongs_to_whom_the_folder_belongs(path: Path) -> None:
    await (await backlog(path, 1)).close()
    os.chown(path.parent, 1234, 1235)

    rebuild(path)

    owned = [(file.stat().st_uid, file.stat().st_gid) for file in (path, path.with_name("journal.db.lock"))]
    assert owned == [(1234, 1235)] * 2


def test_another_database_is_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = path.read_bytes()

    with pytest.raises(ConfigError, match="no Brygga journal"):
        rebuild(path)

    assert path.read_bytes() == before
