"""The database file: made, recognised, brought to the present version."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

from gateway.errors import ConfigError, StorageError

APPLICATION_ID = 0x42525947  # "BRYG", in the file's header: tells our database from any other
MAGIC = b"SQLite format 3\x00"
PAGE_SIZE = 512  # octets; a commit of one row writes 6.5 kB, with 1024 it is 8.1, with 4096 17.5 (measured)
PAGE_SIZES = (PAGE_SIZE, 1024)  # of journals that are in use: a file keeps the size that it began with
INCREMENTAL = 2  # auto_vacuum: pages can be given back in small steps, for 3 % more bytes (measured)
PRIVATE = 0o600  # the database holds keys; SQLite gives the WAL the same mode

SCRIPTS: Sequence[str] = (
    "schema_v1.sql",
    "schema_v2.sql",
    "schema_v3.sql",
    "schema_v4.sql",
    "schema_v5.sql",
    "schema_v6.sql",
)  # the n-th leads from version n - 1 to n; a new file runs all


def scripts() -> tuple[str, ...]:
    """Return the text of every script, in order."""
    folder = resources.files("gateway.journal")
    return tuple(folder.joinpath(name).read_text("utf-8") for name in SCRIPTS)


def prepare(path: Path, versions: Sequence[str]) -> None:
    """Make the database, or bring it to the version that the last of ``versions`` makes, each step all or none.

    Raises ConfigError for a file that is not ours or is newer than we are, StorageError when the disk fails.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        head = os.pread(descriptor, len(MAGIC), 0)
        os.close(descriptor)
        if head not in {b"", MAGIC}:  # SQLite itself takes a file below 512 octets for an empty one
            raise ConfigError(f"{path}: this file is no Brygga journal; give another path")
        path.chmod(PRIVATE)
        connection = sqlite3.connect(path, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"{path}: the journal cannot be opened: {error}") from error
    try:
        _prepare(connection, path, versions)
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.OperationalError as error:
        raise StorageError(f"{path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path}: this file is no Brygga journal ({error}); give another path") from error
    finally:
        connection.close()
        if not path.stat().st_size:
            path.unlink()  # nothing could be written: an empty file would look like a journal that was emptied


def _prepare(connection: sqlite3.Connection, path: Path, versions: Sequence[str]) -> None:
    version = number(connection, "user_version")
    if _is_empty(connection):
        _begin(connection, path)
    elif number(connection, "application_id") != APPLICATION_ID:
        raise ConfigError(f"{path}: this database is no Brygga journal; give another path")
    elif version > len(versions):
        raise ConfigError(
            f"{path}: the journal was written by a newer Brygga (database version {version}, this one knows up to "
            f"{len(versions)}); install that Brygga again, or give another path"
        )
    for step, script in enumerate(versions[version:], start=version + 1):
        _run(connection, script, step)


def _begin(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
    connection.execute(f"PRAGMA auto_vacuum={INCREMENTAL}")
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise ConfigError(
            f"{path}: this file system has no shared memory for SQLite's WAL; give a path on a local disk"
        )
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # the new file's name must survive a power cut like its rows
    finally:
        os.close(folder)


def _run(connection: sqlite3.Connection, script: str, version: int) -> None:
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """Cut a script at its semicolons; executescript() would commit before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None


def number(connection: sqlite3.Connection, pragma: str) -> int:
    """Return what a pragma says."""
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
