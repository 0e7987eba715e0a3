from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import ConfigError, StorageError
from gateway.journal import Journal
from gateway.journal.schema import prepare, scripts
from tests.journal.samples import CITY, clock, given, hear

FAKE_NEXT = """
-- A column with a default; and a semicolon; in a comment.
ALTER TABLE devices ADD COLUMN note TEXT NOT NULL DEFAULT ';';
CREATE TABLE commands (id INTEGER PRIMARY KEY);
"""
BROKEN_NEXT = "CREATE TABLE half (id INTEGER);\nCREATE TABLE half (id INTEGER);\n"


def pragma(path: Path, name: str) -> object:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_a_new_database_has_the_newest_version_and_write_ahead_logging(path: Path) -> None:
    prepare(path, scripts())

    assert (pragma(path, "user_version"), pragma(path, "journal_mode")) == (len(scripts()), "wal")
    assert (pragma(path, "page_size"), pragma(path, "auto_vacuum")) == (512, 2)


async def test_a_stored_version_is_brought_to_the_next_with_its_rows(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, range(3))
    await journal.close()

    prepare(path, [*scripts(), FAKE_NEXT])

    assert pragma(path, "user_version") == len(scripts()) + 1
    assert "commands" in tables(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM log_1").fetchone() == (3,)


async def test_a_migration_that_fails_leaves_the_old_version_whole(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, range(3))
    await journal.close()

    with pytest.raises(StorageError, match="half"):
        prepare(path, [*scripts(), BROKEN_NEXT])

    assert "half" not in tables(path)
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    assert await given(journal) == [0, 1, 2]
    await journal.close()


async def test_a_newer_database_says_what_to_do(path: Path) -> None:
    prepare(path, [*scripts(), FAKE_NEXT])

    newest = len(scripts())
    words = rf"newer Brygga \(database version {newest + 1}, this one knows up to {newest}\); install"
    with pytest.raises(ConfigError, match=words):
        await Journal.open(path, clock=clock)


async def test_after_a_refusal_the_lock_is_free(path: Path) -> None:
    prepare(path, [*scripts(), FAKE_NEXT])
    with pytest.raises(ConfigError):
        await Journal.open(path, clock=clock)

    with pytest.raises(ConfigError):  # and not Busy
        await Journal.open(path, clock=clock)


@pytest.mark.parametrize("content", [b"dev_eui,name\n" * 200, b"x", b"SQLite format 3\x00" + bytes(2000)])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(ConfigError, match="no Brygga journal"):
        prepare(path, scripts())

    assert path.read_bytes() == content


async def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")

    with pytest.raises(ConfigError, match="no Brygga journal"):
        await Journal.open(path, clock=clock)

    assert tables(path) == {"theirs"}
