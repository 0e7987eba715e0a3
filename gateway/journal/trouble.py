"""Why a commit failed: SQLite says the same of a full disk and of a full journal, and of a quota that it is an I/O error."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3

from gateway.errors import StorageError
from gateway.journal.database import Database
from gateway.journal.faults import takes_nothing


async def why(database: Database, error: StorageError, max_pages: int, page_bytes: int) -> tuple[str, bool]:
    """Return what is wrong in words for people, and whether it is that the disk is full; the file may have ``max_pages``."""
    code, path = getattr(error.__cause__, "sqlite_errorcode", None), database.path
    if code == sqlite3.SQLITE_IOERR_WRITE and database.is_file and await asyncio.to_thread(takes_nothing, path):
        return f"{path}: the disk is full (what this user may have of it is used up): make room on it", True
    if code != sqlite3.SQLITE_FULL:
        return str(error), False
    try:
        room, free = (max_pages - await database.used_pages()) * page_bytes, shutil.disk_usage(path.parent).free
    except (StorageError, OSError):
        return str(error), False
    if free < room:
        return f"{path}: the disk is full ({free // 1000} kB free): make room on it", True
    return f"{path}: the journal is full: bring its destinations back, or raise journal.limit", False
