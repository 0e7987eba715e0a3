"""A journal written anew into a file without holes, while no agent has it open."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Final

from gateway.errors import Busy, ConfigError, StorageError
from gateway.journal import wal
from gateway.journal.lock import FileLock
from gateway.journal.owner import belong
from gateway.journal.schema import APPLICATION_ID, INCREMENTAL, PAGE_SIZE, PRIVATE, number

SUFFIX: Final = ".rebuilt"
PATIENCE_S: Final = 5.0  # for who reads one segment; a backup takes longer


def rebuild(path: Path, patience_s: float = PATIENCE_S) -> int:
    """Write the journal at ``path`` anew, with pages of our size that can be given back in steps; return how many octets that saves.

    The old file is there until the new one is whole. Raises Busy where another process has the journal, or still reads it after
    ``patience_s``: what lies in its log could not be brought into the file, and the log would be taken for the new file's.
    Raises ConfigError for what is no journal, StorageError when the disk fails or has no room for both.
    """
    lock = FileLock(path.with_name(path.name + ".lock"))
    lock.acquire()
    new = path.with_name(path.name + SUFFIX)
    try:
        new.unlink(missing_ok=True)
        before = path.stat().st_size
        _write_anew(path, new, patience_s)
        after = new.stat().st_size
        for file in (new, lock.path):
            belong(file, path.parent)
        _take_log_away(path)
        new.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    finally:
        new.unlink(missing_ok=True)
        lock.release()
    return before - after


def _write_anew(path: Path, new: Path, patience_s: float) -> None:
    new.touch(mode=PRIVATE)
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=patience_s)) as old:
            if number(old, "application_id") != APPLICATION_ID:
                raise ConfigError(f"{path}: this database is no Brygga journal")
            old.execute(f"PRAGMA page_size={PAGE_SIZE}")
            old.execute(f"PRAGMA auto_vacuum={INCREMENTAL}")
            # After the pragmas, which write into the old file's log, too.
            ((busy, *_),) = old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            if busy:
                raise _read_by_somebody(path)
            old.execute("VACUUM INTO ?", (str(new),))
        with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as made:
            ((said,),) = made.execute("PRAGMA quick_check(1)").fetchall()
            made.execute("PRAGMA journal_mode=WAL")
        if said != "ok":
            raise StorageError(f"{path}: the new file is damaged: {said}")
        with new.open("rb+") as file:
            os.fsync(file.fileno())
    except sqlite3.Error as error:
        raise StorageError(f"{path}: {error}") from error


def _take_log_away(path: Path) -> None:
    """Leave no log that would be replayed into the new file; an empty one stays where somebody looked on meanwhile."""
    log = wal.beside(path)
    if log.exists() and log.stat().st_size:
        raise _read_by_somebody(path)
    for file in (log, wal.index_beside(path)):
        file.unlink(missing_ok=True)


def _read_by_somebody(path: Path) -> Busy:
    return Busy(f"{path}: somebody reads the journal (backup, verify, export): say it again when they are done")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)  # the new file's name must survive a power cut like its rows
    finally:
        os.close(descriptor)
