"""How a journal's database is had: a file that nobody else has open, or what stands for one where a test wants no disk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError, StorageError
from gateway.journal import examining, schema, wal
from gateway.journal.database import Database, Insert, Step, Transaction
from gateway.journal.disk import Ballast
from gateway.journal.faults import Damaged, takes_nothing
from gateway.journal.lock import FileLock
from gateway.journal.salvage import MARK, NEW

log = logging.getLogger(__name__)

Opening = Callable[[Path, Path], AbstractAsyncContextManager[Database]]
"""Have the database of that path, and of that key file, ready for as long as the block lasts.

Raises Busy, ConfigError, StorageError.
"""

OPEN: Final = "open"  # in the table `box`: 1 from when a process has the file to when it has closed it in order
ALL_PAGES: Final = 0x7FFF_FFFF  # no quota
LOG_LOST: Final = "its log is gone: what was committed last is lost"


@asynccontextmanager
async def from_file(path: Path, key_file: Path) -> AsyncIterator[Database]:
    """Make or open the file at ``path``, whose folder must be there, and keep other processes from it.

    A damaged one is salvaged first, and so is one that turns out to be damaged within the block when it is opened next. Where
    ``key_file`` is there, an empty file was none before.
    """
    lock = FileLock(path.with_name(path.name + ".lock"))
    was_in_use = any(sign.exists() for sign in (key_file, lock.path, Ballast(path, 1).path))
    lock.acquire()
    try:
        await asyncio.to_thread(make_way, path)
        had_log = await asyncio.to_thread(make_ready, path, was_in_use=was_in_use)
        database = await Database.connect(path)
        try:
            await _begin(database, had_log=had_log)
            yield database
        except Damaged as error:
            suspect(path).write_text(f"{error}\n", encoding="utf-8")
            raise
        finally:
            await _end(database)
    finally:
        lock.release()


def make_way(path: Path) -> None:
    """Let go of the ballast where the disk is full: a journal that is opened writes, and an agent that cannot start hears nothing."""
    if path.exists() and takes_nothing(path) and Ballast(path, 1).let_go():
        log.warning("%s: the disk is full, and the ballast goes so that the journal can be opened", path)


def make_ready(path: Path, *, was_in_use: bool = False) -> bool:
    """Salvage the journal at ``path`` where it is damaged, make it where there is none, and bring it to our version.

    ``was_in_use`` says that an empty file held something before. Return whether it had a log with something in it. Raises
    ConfigError for a file that is no journal of ours, StorageError when the disk fails.
    """
    try:
        if path.with_name(path.name + NEW).exists():
            from gateway.journal.salvage.salvage import finish  # its page reader is for those who need it: a megabyte

            finish(path)
        had_log = wal.holds(wal.beside(path))
        wrong = _told_before(path) or examining.damage(path, schema.scripts(), was_in_use=was_in_use)
        if wrong is not None:
            from gateway.journal.salvage.salvage import salvage

            salvage(path, wrong)
        suspect(path).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{path}: the journal cannot be opened: {error}") from error
    schema.prepare(path, schema.scripts())
    return had_log


def suspect(path: Path) -> Path:
    """Return the file that says what was found wrong when the journal was open."""
    return path.with_name(path.name + ".suspect")


def _told_before(path: Path) -> str | None:
    return suspect(path).read_text(encoding="utf-8").strip() if suspect(path).exists() and path.exists() else None


def marked(*, is_open: bool) -> Step:
    """Return what notes in the file that a process has it, and so that a log belongs to it."""
    return Insert("REPLACE INTO box", [(OPEN, int(is_open))])


async def _begin(database: Database, *, had_log: bool) -> None:
    """Note in the file itself that it is in use: without its log it would look like one that was closed in order."""
    rows = dict(await database.fetch("SELECT name, value FROM box WHERE name IN (?, ?)", (OPEN, MARK)))
    if rows.get(OPEN) and not had_log and MARK not in rows:
        await _store(database, [(MARK, LOG_LOST)])
    await _store(database, [(OPEN, 1)])
    await database.empty_log()


async def _end(database: Database) -> None:
    try:
        with contextlib.suppress(StorageError):  # the next start finds it open, and looks for its log
            await _store(database, [(OPEN, 0)])
    finally:
        await database.close()


async def _store(database: Database, marks: Sequence[tuple[str, object]]) -> None:
    await database.apply(Transaction([Insert("REPLACE INTO box", marks)], ALL_PAGES))
