"""The SQLite file: one connection that writes whole transactions, one that reads.

Each crossing into aiosqlite's thread costs some 60 µs, and each statement there lets the interpreter lock go. So a transaction
crosses once, and many rows are one statement. After a flush the thread must win the lock back, and an event loop that never
rests can keep it from that for up to seconds: `sys.setswitchinterval(0.0005)` in the process that runs it keeps it to milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite

from gateway.errors import StorageError

WAL_PAGES = 1000  # checkpointed at this size and used again in place: a WAL that grows costs twice the bytes
READ_CACHE_KIB = 256  # of SQLite's own 2000: the log is read once, from one end to the other
ROWS_AT_ONCE = 64  # rows in one INSERT; halved for the rest, so that few statements fill the statement cache

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, run once."""

    sql: str
    values: Values = ()

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it inside the open transaction."""
        connection.execute(self.sql, self.values)


@dataclass(frozen=True, slots=True)
class Each:
    """One statement, run for each of ``rows``."""

    sql: str
    rows: Sequence[Values]

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it inside the open transaction."""
        connection.executemany(self.sql, self.rows)


@dataclass(frozen=True, slots=True)
class Insert:
    """Many rows in few statements; ``into`` ends before VALUES."""

    into: str
    rows: Sequence[Values]

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it inside the open transaction."""
        size, start, count = ROWS_AT_ONCE, 0, len(self.rows)
        while start < count:
            while size > count - start:
                size //= 2
            chunk = self.rows[start : start + size]
            one = f"({','.join('?' * len(chunk[0]))})"
            connection.execute(f"{self.into} VALUES {','.join([one] * size)}", [v for row in chunk for v in row])
            start += size


Step = Statement | Each | Insert


@dataclass(frozen=True, slots=True)
class Transaction:
    """Steps that are applied all or none, with the database never larger than ``max_pages``.

    Its repr tells no values: aiosqlite writes its calls to the log at level DEBUG, and keys are among them.
    """

    steps: Sequence[Step]
    max_pages: int

    def __repr__(self) -> str:
        return f"Transaction({len(self.steps)} steps)"

    def __iter__(self) -> Iterator[Values]:
        return iter(())  # so that it may travel as executemany's rows

    def run(self, connection: sqlite3.Connection) -> None:
        """Apply all steps, or raise with none of them applied."""
        connection.execute(f"PRAGMA max_page_count={self.max_pages}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            for step in self.steps:
                step.run(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite has rolled back by itself after most I/O errors
                connection.execute("ROLLBACK")
            raise


class _Writing(sqlite3.Connection):
    """A connection whose executemany() also takes a whole Transaction: one crossing of aiosqlite's thread."""

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        if not isinstance(parameters, Transaction):
            return super().executemany(sql, parameters)
        parameters.run(self)
        return self.cursor()


class Database:
    """The two connections. Only sqlite3's ProgrammingError (a bug) leaves here untranslated."""

    def __init__(self, path: Path, writing: aiosqlite.Connection, reading: aiosqlite.Connection) -> None:
        self.path = path
        self._writing = writing
        self._reading = reading

    @classmethod
    async def connect(cls, path: Path) -> Database:
        """Open a database that `schema.prepare` has made ready."""
        writing = await aiosqlite.connect(path, factory=_Writing, isolation_level=None)
        try:
            for pragma in ("synchronous=FULL", f"wal_autocheckpoint={WAL_PAGES}", "secure_delete=0", "temp_store=2"):
                await writing.execute_fetchall(f"PRAGMA {pragma}")
            reading = await aiosqlite.connect(path, isolation_level=None)
            await reading.execute_fetchall(f"PRAGMA cache_size={-READ_CACHE_KIB}")
        except BaseException:
            await writing.close()
            raise
        return cls(path, writing, reading)

    async def apply(self, transaction: Transaction) -> None:
        """Return when ``transaction`` is on disk; StorageError when none of it is."""
        try:
            await self._writing.executemany("", transaction)
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise StorageError(f"{self.path}: {error}") from error

    async def wiping(self, transaction: Transaction) -> None:
        """Apply ``transaction`` so that nothing of what it replaces stays readable in the file or in the WAL."""
        await self._writing.execute_fetchall("PRAGMA secure_delete=1")
        try:
            await self.apply(transaction)
            await self._writing.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            await self._writing.execute_fetchall("PRAGMA secure_delete=0")

    async def fetch(self, sql: str, values: Values = ()) -> list[Any]:
        """Return all rows of a query over what is committed."""
        try:
            return list(await self._reading.execute_fetchall(sql, values))
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise StorageError(f"{self.path}: {error}") from error

    async def close(self) -> None:
        """Close both connections; the last one empties the WAL into the file."""
        try:
            await self._reading.close()
        finally:
            await self._writing.close()
