"""A journal written anew into a file without holes, while no agent has it open."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError, StorageError
from gateway.journal.lock import FileLock
from gateway.journal.schema import APPLICATION_ID, INCREMENTAL, PAGE_SIZE, PRIVATE, number

SUFFIX: Final = ".rebuilt"


def rebuild(path: Path) -> int:
    """Write the journal at ``path`` anew, with pages of our size that can be given back in steps; return how many octets that saves.

    The old file is there until the new one is whole. Raises Busy where another process has the journal, ConfigError for what
    is none, StorageError when the disk fails or has no room for both.
    """
    lock = FileLock(path.with_name(path.name + ".lock"))
    lock.acquire()
    new = path.with_name(path.name + SUFFIX)
    try:
        new.unlink(missing_ok=True)
        before = path.stat().st_size
        _write_anew(path, new)
        after = new.stat().st_size
        new.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    finally:
        new.unlink(missing_ok=True)
        lock.release()
    return before - after


def _write_anew(path: Path, new: Path) -> None:
    new.touch(mode=PRIVATE)
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as old:
            if number(old, "application_id") != APPLICATION_ID:
                raise ConfigError(f"{path}: this database is no Brygga journal")
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            old.execute(f"PRAGMA page_size={PAGE_SIZE}")
            old.execute(f"PRAGMA auto_vacuum={INCREMENTAL}")
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


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)  # the new file's name must survive a power cut like its rows
    finally:
        os.close(descriptor)
