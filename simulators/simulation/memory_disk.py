"""A journal's database in memory: SQLite in the loop's own thread, which outlives the journals that are opened on it.

    disk = MemoryDisk()
    journal = await Journal.open(path, clock=clock, opening=disk.opening())  # as often as wanted, one at a time

The journal's code is the real one, down to `Database`; only aiosqlite's two connections are others. A `Seam` sees each
commit and each query, and may delay it, have it fail, or let the process die before or after it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, closing
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import aiosqlite

from gateway.errors import Busy
from gateway.journal import schema
from gateway.journal.database import Database, Transaction
from gateway.journal.opening import Opening


class Seam:
    """What may happen between the journal and its disk; this one lets everything pass."""

    async def before(self, transaction: Transaction) -> Transaction:
        """Return what is to be committed; raises sqlite3.Error when the disk does not take it."""
        await asyncio.sleep(0)  # a commit takes at least one turn of the loop, as it does with a thread
        return transaction

    def committed(self) -> None:
        """Be told that a commit is durable, before anybody else is."""

    async def after(self) -> None:
        """Let time pass between a commit and its report."""

    async def reading(self) -> None:
        """Let time pass before a query; raises sqlite3.Error when the disk does not answer."""
        await asyncio.sleep(0)


class MemoryDisk:
    """A disk with one journal on it."""

    def __init__(self) -> None:
        self.sqlite = sqlite3.connect(":memory:", isolation_level=None)
        _new_journal().backup(self.sqlite)
        self._in_use = False

    def opening(self, seam: Seam | None = None) -> Opening:
        """Return what `Journal.open` takes; the paths it is given are only names."""
        return lambda path, _: _Opened(self, path, seam or Seam())

    def close(self) -> None:
        """Forget all that is on it."""
        self.sqlite.close()

    def cut_power(self) -> None:
        """Free the journal, for its process is no more."""
        self._in_use = False

    def take(self, path: Path) -> None:
        """Take the one place there is; raises Busy."""
        if self._in_use:
            raise Busy(f"{path}: process {os.getpid()} holds the journal")
        self._in_use = True


class _Opened(AbstractAsyncContextManager[Database]):
    # No generator: one that a dead process leaves behind would be closed by the garbage collector, and go on.
    def __init__(self, disk: MemoryDisk, path: Path, seam: Seam) -> None:
        self._disk, self._path, self._seam = disk, path, seam

    async def __aenter__(self) -> Database:
        self._disk.take(self._path)
        connection = cast("aiosqlite.Connection", _InLoop(self._disk.sqlite, self._seam))

        async def again(_: Path) -> aiosqlite.Connection:
            return connection

        return Database(self._path, connection, connection, open_anew=(again, again), is_file=False)

    async def __aexit__(self, *_: object) -> None:
        self._disk.cut_power()


class _InLoop:
    """What the journal uses of an `aiosqlite.Connection`."""

    def __init__(self, connection: sqlite3.Connection, seam: Seam) -> None:
        self._sqlite = connection
        self._seam = seam

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> None:
        """Apply a Transaction, as the writing connection does."""
        assert isinstance(parameters, Transaction), sql
        transaction = await self._seam.before(parameters)
        transaction.run(self._sqlite)
        self._seam.committed()
        await self._seam.after()

    async def execute_fetchall(self, sql: str, parameters: Iterable[Any] = ()) -> list[Any]:
        """Return all rows of a query; nothing can be under way that is not committed."""
        await self._seam.reading()
        return self._sqlite.execute(sql, tuple(parameters)).fetchall()

    async def close(self) -> None:
        """Keep the one connection there is."""


@lru_cache(maxsize=1)
def _new_journal() -> sqlite3.Connection:
    """Return an empty journal as the real code makes it, to be copied."""
    made = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with tempfile.TemporaryDirectory(prefix="brygga-") as folder:
        path = Path(folder) / "journal.db"
        schema.prepare(path, schema.scripts())
        with closing(sqlite3.connect(path)) as file:
            file.backup(made)
    return made
