"""A copy of the database while uplinks are committed beside it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from gateway.errors import ConfigError, StorageError
from gateway.journal import Changes, Journal, copying
from gateway.journal.schema import SCRIPTS
from tests.journal.samples import CITY, clock, given, hear, otaa, uplink


async def test_a_copy_is_the_journal_of_one_moment_and_hearing_goes_on_meanwhile(
    journal: Journal, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    def pause(_status: int, remaining: int, _total: int) -> None:
        left.append(remaining)
        time.sleep(copying.PAUSE_S)

    monkeypatch.setattr(copying, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(copying, "_pausing", lambda _: pause)
    await hear(journal, range(20))
    target = tmp_path / "copy" / "journal.db"
    target.parent.mkdir()

    copied = asyncio.create_task(asyncio.to_thread(copying.copy, path, target))
    heard = 20
    while not copied.done():
        await journal.commit(Changes(uplinks=(uplink(heard),)))
        heard += 1
    await copied
    (tmp_path / "copy" / "brygga.key").write_bytes((tmp_path / "brygga.key").read_bytes())
    other = await Journal.open(target, clock=clock)
    there = await given(other)
    await other.close()

    assert heard > 22
    assert 20 <= len(there) < heard
    assert there == list(range(len(there)))
    assert left == sorted(left, reverse=True)  # never begun again for what was written meanwhile
    assert len(left) > 10
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in target.parent.glob("*-wal")] == []


async def test_copying_takes_nothing_from_a_journal_whose_agent_was_killed(
    journal: Journal, path: Path, tmp_path: Path
) -> None:
    await hear(journal, range(5))
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("journal.db", "journal.db-wal", "brygga.key"):
        (killed / name).write_bytes((tmp_path / name).read_bytes())

    await asyncio.to_thread(copying.copy, killed / "journal.db", tmp_path / "copy.db")
    again = await Journal.open(killed / "journal.db", clock=clock)
    alarms = await again.alarms()
    await again.close()

    assert alarms == []


async def test_a_copy_onto_a_disk_that_is_too_slow_is_given_up(
    journal: Journal, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(copying, "LIMIT_S", 0.0)

    with pytest.raises(StorageError, match=r"copy\.db: \d+ of \d+ pages were copied in 0 minutes.*a quicker disk"):
        await asyncio.to_thread(copying.copy, path, tmp_path / "copy.db")

    assert len(await hear(journal, [1])) == 1


async def test_a_copy_is_whole(journal: Journal, path: Path, tmp_path: Path) -> None:
    await journal.put_devices([otaa(index) for index in range(100)])

    await asyncio.to_thread(copying.copy, path, tmp_path / "copy.db")

    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM devices").fetchone() == (100,)


def test_a_journal_of_an_older_version_is_not_copied_for_its_keys_stand_in_clear(tmp_path: Path) -> None:
    old = Path(__file__).parent.parent / "vectors" / "journal" / "v1.db"
    (tmp_path / "journal.db").write_bytes(old.read_bytes())

    with pytest.raises(ConfigError, match=rf"version 1 and this Brygga's is {len(SCRIPTS)}: start the agent once"):
        copying.copy(tmp_path / "journal.db", tmp_path / "copy.db")


def test_another_database_is_not_copied(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE a (b)")

    with pytest.raises(ConfigError, match="no Brygga journal"):
        copying.copy(tmp_path / "other.db", tmp_path / "copy.db")


async def test_rows_in_the_wal_are_in_the_file_after_it_was_emptied(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, [1, 2])
    files = {name: (path.parent / name).read_bytes() for name in ("journal.db", "journal.db-wal")}
    await journal.close()
    for name, octets in files.items():
        (path.parent / name).write_bytes(octets)

    copying.empty_wal(path)
    (path.parent / "journal.db-wal").unlink(missing_ok=True)

    journal = await Journal.open(path, clock=clock)
    assert await given(journal) == [1, 2]
    await journal.close()
