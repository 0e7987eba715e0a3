"""What a start makes of what lies there: a file that was emptied, a log that is gone, and whoever has looked at them before."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Journal, schema, wal
from gateway.journal.database import Database
from gateway.journal.looking import looking
from gateway.journal.verifying import Matter, verify
from tests.journal.samples import CITY, clock, hear

EMPTIED = "it is empty, and held something before"
LOG_GONE = "its log is gone: what was committed last is lost"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    return tmp_path / "keys" / "my.key"


async def begun(path: Path, key_file: Path) -> Journal:
    return await Journal.open(path, clock=clock, destinations=[CITY], key_file=key_file)


async def alarms(path: Path, key_file: Path) -> list[str]:
    journal = await begun(path, key_file)
    words = [alarm.words for alarm in await journal.alarms()]
    await journal.close()
    return words


def keep(_: Path, __: Path) -> None:
    """Leave all signs."""


def take_key(_: Path, key_file: Path) -> None:
    key_file.unlink()


def take_lock(path: Path, _: Path) -> None:
    path.with_name("journal.db.lock").unlink()
    path.with_name("journal.db.ballast").unlink(missing_ok=True)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("take", [keep, take_key, take_lock])
async def test_a_journal_that_was_emptied_is_told_of_wherever_its_key_file_lies(
    path: Path, key_file: Path, take: Callable[[Path, Path], None]
) -> None:
    journal = await begun(path, key_file)
    await hear(journal, range(3))
    await journal.close()
    os.truncate(path, 0)
    take(path, key_file)

    (words,) = await alarms(path, key_file)

    assert EMPTIED in words


async def test_a_first_start_that_could_write_nothing_leaves_no_empty_file(
    path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as there:
        there.setattr(schema, "_begin", full)
        with pytest.raises(StorageError, match="full"):
            await begun(path, key_file)

    assert names(path.parent) == ["journal.db.lock", "keys"]
    assert await alarms(path, key_file) == []


def copied(path: Path, there: Path, *files: str) -> None:
    there.mkdir()
    for name in files:
        shutil.copy(path.with_name(name), there / name)


async def killed(path: Path, key_file: Path, there: Path, *files: str) -> Path:
    """Return what a killed agent leaves of ``files`` and nothing else."""
    journal = await begun(path, key_file)
    await hear(journal, range(5))
    copied(path, there, *files)
    await journal.close()
    return there / "journal.db"


async def test_looking_at_a_journal_without_its_log_does_not_silence_the_alarm(
    path: Path, key_file: Path, tmp_path: Path
) -> None:
    copy = await killed(path, key_file, tmp_path / "copy", "journal.db")
    with looking(copy) as found:
        told = verify(found, key_file, lambda _, __: None)

    words = await alarms(copy, key_file)

    assert [(one.matter, LOG_GONE in one.words) for one in told.findings] == [(Matter.LOG, True)]
    assert [LOG_GONE in one for one in words] == [True]


async def test_a_log_that_was_emptied_in_order_before_a_kill_is_no_loss(
    path: Path, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied = tmp_path / "emptied"
    truncate = Database.cut_log

    async def seen(self: Database) -> bool:
        cut = await truncate(self)
        copied(path, emptied, "journal.db", "journal.db-wal")
        return cut

    journal = await begun(path, key_file)
    await hear(journal, range(5))
    monkeypatch.setattr(Database, "cut_log", seen)
    await journal._store.database.empty_log()
    cut = await journal._checkpoints.cut()
    with looking(path) as found:
        beside = verify(found, key_file, lambda _, __: None)
    await journal.close()

    assert cut
    assert (emptied / "journal.db-wal").stat().st_size == 0
    assert not wal.holds(emptied / "journal.db-wal")
    assert await alarms(emptied / "journal.db", key_file) == []
    assert beside.findings == []
