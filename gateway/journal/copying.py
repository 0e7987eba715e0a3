"""A consistent copy of the database while its agent goes on writing."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.errors import ConfigError, StorageError
from gateway.journal.schema import APPLICATION_ID, PRIVATE, SCRIPTS

PAGES_AT_ONCE: Final = 512  # of 512 octets: a quarter of a megabyte; a flash card reads it in some 10 ms
PAUSE_S: Final = 0.005  # between two steps, for whoever else wants the disk: 512 MB take ten seconds more
LIMIT_S: Final = 900.0  # meanwhile the agent's log only grows, by 7 kB an uplink; 512 MB at 1 MB/s take nine minutes


def copy(path: Path, target: Path) -> None:
    """Copy the database at ``path`` into the new file ``target``, as it is at one moment.

    One read transaction is held throughout: writers go on beside it (WAL), and only their WAL cannot be used again in place
    until the copy is done, or given up after LIMIT_S. Raises ConfigError for what is no journal of this version, StorageError when
    a disk fails or is too slow.
    """
    target.touch(mode=PRIVATE, exist_ok=False)
    try:
        with (
            contextlib.closing(sqlite3.connect(_name(path), isolation_level=None, uri=True)) as source,
            contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copied,
        ):
            source.execute("BEGIN")
            _check(source, path)
            source.backup(copied, pages=PAGES_AT_ONCE, progress=_pausing(target))
            source.execute("COMMIT")
            copied.execute("DELETE FROM box WHERE name = 'open'")  # the copy is whole without a log (opening.py)
    except sqlite3.DatabaseError as error:
        raise StorageError(f"{path}: the copy failed: {error}") from error


def empty_wal(path: Path) -> None:
    """Bring what lies in the WAL of a database that nobody uses into its file; one that is damaged stays as it is."""
    with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _name(path: Path) -> str:
    """Return the name under which it is only read: the last connection that may write takes the log away.

    After a crash of the agent, who starts next would miss it (opening.py).
    """
    return f"file:{quote(str(path))}?mode=ro"


def _pausing(target: Path) -> Callable[[int, int, int], None]:
    until = time.monotonic() + LIMIT_S

    def pause(_status: int, remaining: int, total: int) -> None:
        if time.monotonic() > until:
            raise StorageError(
                f"{target}: {total - remaining} of {total} pages were copied in {LIMIT_S / 60:.0f} minutes, and the agent's log grows "
                "until all are: give a place on a quicker disk"
            )
        time.sleep(PAUSE_S)

    return pause


def _check(source: sqlite3.Connection, path: Path) -> None:
    (application,) = source.execute("PRAGMA application_id").fetchone()
    (version,) = source.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise ConfigError(f"{path}: this database is no Brygga journal")
    if version != len(SCRIPTS):  # before version 2 keys stood in clear
        raise ConfigError(
            f"{path}: the journal is of version {version} and this Brygga's is {len(SCRIPTS)}: start the agent once, "
            "it brings the journal to its version"
        )
