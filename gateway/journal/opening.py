"""How a journal's database is had: a file that nobody else has open, or what stands for one where a test wants no disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from gateway.journal import schema
from gateway.journal.database import Database
from gateway.journal.lock import FileLock

Opening = Callable[[Path], AbstractAsyncContextManager[Database]]
"""Have the database of that path ready for as long as the block lasts. Raises Busy, ConfigError, StorageError."""


@asynccontextmanager
async def from_file(path: Path) -> AsyncIterator[Database]:
    """Make or open the file at ``path``, whose folder must be there, and keep other processes from it."""
    lock = FileLock(path.with_name(path.name + ".lock"))
    lock.acquire()
    try:
        await asyncio.to_thread(schema.prepare, path, schema.scripts())
        database = await Database.connect(path)
        try:
            yield database
        finally:
            await database.close()
    finally:
        lock.release()
