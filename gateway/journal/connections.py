"""Connections to the database's file: opened where there is one, and opened anew after an error that leaves them in doubt."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import aiosqlite

Open = Callable[[Path], Awaitable[aiosqlite.Connection]]


class Line:
    """One connection, opened anew before it is used again after an error that leaves it in doubt."""

    def __init__(self, path: Path, connection: aiosqlite.Connection, open_anew: Open | None) -> None:
        self._path = path
        self._open = open_anew
        self._connection = connection
        self._in_doubt = False
        self._turn = asyncio.Lock()

    async def connection(self) -> aiosqlite.Connection:
        """Return it; a new one is there before the old one goes, for SQLite empties its log with the last."""
        if self._in_doubt and self._open is not None:
            async with self._turn:
                if self._in_doubt:
                    old, self._connection = self._connection, await self._open(self._path)
                    self._in_doubt = False
                    await closed(old)
        return self._connection

    def doubt(self) -> None:
        """Believe it no more."""
        self._in_doubt = True

    async def close(self) -> None:
        """Close it; used again it is opened again."""
        self._in_doubt = True
        await self._connection.close()


def name_of(path: Path) -> str:
    """Return the name of a file that is there: SQLite would make an empty one in the place of a journal that went with its disk."""
    return f"file:{quote(str(path))}?mode=rw"


async def opened(
    path: Path, pragmas: Sequence[str], factory: type[sqlite3.Connection] = sqlite3.Connection
) -> aiosqlite.Connection:
    """Open the file with ``pragmas`` set. Raises sqlite3.Error."""
    made = await aiosqlite.connect(name_of(path), factory=factory, isolation_level=None, uri=True)
    try:
        for pragma in pragmas:
            await made.execute_fetchall(f"PRAGMA {pragma}")
    except BaseException:
        await closed(made)
        raise
    return made


async def closed(connection: aiosqlite.Connection) -> None:
    """Close a connection that nobody wants any more, whatever it says to that."""
    with contextlib.suppress(sqlite3.Error):
        await connection.close()
