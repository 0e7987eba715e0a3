"""The SQLite file: one connection that writes whole transactions, one that reads.

Each crossing into aiosqlite's thread costs some 60 µs, and each statement there lets the interpreter lock go. So a transaction
crosses once, and many rows are one statement. After a flush the thread must win the lock back, and an event loop that never
rests can keep it from that for up to seconds: `sys.setswitchinterval(0.0005)` in the process that runs it keeps it to milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiosqlite

from gateway.errors import StorageError
from gateway.journal import wal
from gateway.journal.connections import Line, Open, closed, name_of, opened
from gateway.journal.faults import Fault, fault_of, told

LOG_BYTES = (
    1_000_000  # of the WAL: from here on it goes into the file, and is used again in place; one that grows costs twice
)
LAST_RESORT_PAGES = 8000  # the WAL goes into the file in the middle of a commit, where `Checkpoints` does not get to it
READ_CACHE_KIB = 256  # of SQLite's own 2000: the log is read once, from one end to the other
WRITE_CACHE_KIB = (
    512  # of SQLite's own 2000: what commits touch again and again, counters above all, is a tenth of that
)
ROWS_AT_ONCE = 64  # rows in one INSERT; halved for the rest, so that few statements fill the statement cache

CHECKPOINT = "wal_checkpoint(PASSIVE)"

Values = tuple[Any, ...]
Exchanged = TypeVar("Exchanged")


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


class Step(Protocol):
    """What is done inside a transaction."""

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it inside the open transaction."""
        ...


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
    """The two connections. Only sqlite3's ProgrammingError (a bug) leaves here untranslated.

    After an I/O error a connection is not believed any more: it is opened anew, and what was promised is looked for in the log
    on the disk before anything more is (`wal.verify`). Damaged says that the file itself is broken.
    """

    def __init__(
        self,
        path: Path,
        writing: aiosqlite.Connection,
        reading: aiosqlite.Connection,
        *,
        open_anew: tuple[Open, Open] | None = None,
        index: wal.Index | None = None,
        is_file: bool = True,
    ) -> None:
        """``open_anew`` opens a connection that writes, and one that reads; without it these two are for good.

        ``index`` is closed with them.
        """
        to_write, to_read = open_anew or (None, None)
        self.path = path
        self._writing = Line(path, writing, to_write)
        self._reading = Line(path, reading, to_read)
        self._index = index
        self._away: str | None = None  # why there is no file just now
        self._beside = asyncio.Lock()  # held while a third connection is open
        self.is_file = is_file  # on a disk, which may be full or damaged
        self.damage: str | None = None  # what SQLite finds wrong with the file

    @classmethod
    async def connect(cls, path: Path) -> Database:
        """Open a database that `opening` has made ready; StorageError when the disk fails, Damaged when the file is."""
        index = wal.Index(path)
        to_write = partial(_open_to_write, index=index)
        try:
            writing = await to_write(path)
            try:
                reading = await _open_to_read(path)
            except BaseException:
                await closed(writing)
                raise
        except BaseException as error:
            index.close()
            if isinstance(error, sqlite3.Error):
                raise told(path, error) from error
            raise
        return cls(path, writing, reading, index=index, open_anew=(to_write, _open_to_read))

    async def apply(self, transaction: Transaction) -> None:
        """Return when ``transaction`` is on disk; StorageError when none of it is."""
        self._check_there()
        try:
            await (await self._writing.connection()).executemany("", transaction)
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise self._told(self._writing, error) from error

    async def wiping(self, transaction: Transaction) -> None:
        """Apply ``transaction`` so that nothing of what it replaces stays readable in the file or in the WAL."""
        writing = await self._writing.connection()
        await writing.execute_fetchall("PRAGMA secure_delete=1")
        try:
            await self.apply(transaction)
            await self.cut_log()
        finally:
            await writing.execute_fetchall("PRAGMA secure_delete=0")

    async def cut_log(self) -> bool:
        """Bring all of the log into the file and cut it to nothing; False where somebody reads, and it stays."""
        ((busy, *_),) = await self.tune("wal_checkpoint(TRUNCATE)")
        return not busy

    async def tune(self, pragma: str) -> list[Any]:
        """Run a pragma on the connection that writes, and return what it says. Raises StorageError."""
        try:
            return list(await (await self._writing.connection()).execute_fetchall(f"PRAGMA {pragma}"))
        except sqlite3.Error as error:
            raise self._told(self._writing, error) from error

    def log_frames(self) -> int:
        """Return how many frames the log has in its present round, as its index says; 0 where there is none to be read."""
        try:
            return 0 if self._index is None else self._index.last_frame()
        except OSError:
            return 0

    async def empty_log(self) -> int:
        """Bring what the log holds into the file as far as that can be done now; return how many of its frames are there."""
        return _copied(await self.tune(CHECKPOINT))

    async def empty_log_beside(self) -> int:
        """Do the same on a connection of its own, while commits go on: what they write meanwhile stays in the log."""
        async with self._beside:  # SQLite removes the log with its last connection, which this one must not be
            self._check_there()
            try:
                return await asyncio.to_thread(_empty_log, self.path)
            except sqlite3.Error as error:
                raise told(self.path, error) from error

    async def fetch(self, sql: str, values: Values = ()) -> list[Any]:
        """Return all rows of a query over what is committed."""
        self._check_there()
        try:
            return list(await (await self._reading.connection()).execute_fetchall(sql, values))
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise self._told(self._reading, error) from error

    async def page_bytes(self) -> int:
        """Return how many octets a page of the file has; a file keeps what it began with."""
        ((size,),) = await self.fetch("PRAGMA page_size")
        return int(size)

    async def used_pages(self) -> int:
        """Return how many pages of the file hold something."""
        ((pages,),) = await self.fetch("PRAGMA page_count")
        ((free,),) = await self.fetch("PRAGMA freelist_count")
        return int(pages) - int(free)

    async def exchange(self, put_another: Callable[[], Exchanged], why: str) -> Exchanged:
        """Let go of the file, have ``put_another`` put one in its place, in a thread, and open that.

        StorageError says ``why`` to whoever wants the database meanwhile.
        """
        self._away = f"{self.path}: {why}"
        try:
            async with self._beside:
                pass
            for line in (self._reading, self._writing):
                with contextlib.suppress(sqlite3.Error):
                    await line.close()
            self._let_go_of_index()
            put = await asyncio.to_thread(put_another)
            self.damage = None
            return put
        finally:
            self._away = None

    async def close(self) -> None:
        """Close both connections; the last one empties the WAL into the file."""
        async with self._beside:
            pass
        try:
            await self._reading.close()
        finally:
            try:
                await self._writing.close()
            finally:
                self._let_go_of_index()

    def _let_go_of_index(self) -> None:
        if self._index is not None:
            self._index.close()

    def _told(self, line: Line, error: sqlite3.Error) -> StorageError:
        """Return ``error`` in our words, and remember what it says of the connection and of the file."""
        match fault_of(error):
            case Fault.IN_DOUBT:
                line.doubt()
            case Fault.DAMAGED:
                self.damage = str(error)
        return told(self.path, error)

    def _check_there(self) -> None:
        if self._away is not None:
            raise StorageError(self._away)


def _empty_log(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(name_of(path), isolation_level=None, uri=True)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        return _copied(connection.execute(f"PRAGMA {CHECKPOINT}").fetchall())


def _copied(rows: Iterable[Any]) -> int:
    ((_busy, _frames, copied),) = rows
    return int(copied)


async def _open_to_write(path: Path, index: wal.Index) -> aiosqlite.Connection:
    pragmas = (
        "synchronous=FULL",
        f"wal_autocheckpoint={LAST_RESORT_PAGES}",
        "secure_delete=0",
        "temp_store=2",
        f"cache_size={-WRITE_CACHE_KIB}",
    )
    writing = await opened(path, pragmas, factory=_Writing)
    try:
        await asyncio.to_thread(wal.verify, path, index)
    except BaseException:
        await closed(writing)
        raise
    return writing


async def _open_to_read(path: Path) -> aiosqlite.Connection:
    return await opened(path, (f"cache_size={-READ_CACHE_KIB}",))
