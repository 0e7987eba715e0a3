"""What a disk or a database file can do to us, told apart by SQLite's result codes (sqlite.org/rescode.html)."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from enum import Enum
from pathlib import Path
from typing import Final

from gateway.errors import StorageError


class Damaged(StorageError):
    """Say that the database file is damaged: trying again is of no use, what can be read is to be salvaged."""


class Fault(Enum):
    """What an error says of the connection that it came from."""

    NONE_OF_IT = "none of it"  # the statement was wrong, or the database is busy
    FULL = "full"  # the transaction was rolled back, and the next one may do
    IN_DOUBT = "in doubt"  # what was written may be lost though the kernel holds it for written: to be opened anew
    DAMAGED = "damaged"


PROBE, PROBE_BYTES = ".probe", 8192
UNREADABLE: Final = (sqlite3.DatabaseError, UnicodeDecodeError)  # the latter where an error quotes a damaged schema
LOWEST_OCTET: Final = 0xFF  # of an extended result code: the primary one
FAULTS: Final = {
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.DAMAGED,
    sqlite3.SQLITE_IOERR: Fault.IN_DOUBT,  # a failed fsync() among them: the kernel may have dropped the pages as clean
    sqlite3.SQLITE_CANTOPEN: Fault.IN_DOUBT,  # the file system went, and may come back as another one
    sqlite3.SQLITE_READONLY: Fault.IN_DOUBT,  # a connection that was opened read-only stays so
    sqlite3.SQLITE_PERM: Fault.IN_DOUBT,
    sqlite3.SQLITE_PROTOCOL: Fault.IN_DOUBT,
}
# What a person may want to know besides SQLite's own words.
WORDS: Final = {
    sqlite3.SQLITE_READONLY: ": the disk is read-only; a card turns so when it comes to its end (`dmesg` tells)",
    sqlite3.SQLITE_CANTOPEN: ": is the disk still there?",
    sqlite3.SQLITE_IOERR: ": the disk fails (`dmesg` tells)",
}


def fault_of(error: sqlite3.Error) -> Fault:
    """Return what ``error`` says of the connection it came from."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return FAULTS.get(code & LOWEST_OCTET, Fault.NONE_OF_IT)
    return Fault.NONE_OF_IT if isinstance(error, sqlite3.OperationalError) else Fault.IN_DOUBT


def told(path: Path, error: sqlite3.Error) -> StorageError:
    """Return ``error`` of the database at ``path`` in our words."""
    kind = Damaged if fault_of(error) is Fault.DAMAGED else StorageError
    code = getattr(error, "sqlite_errorcode", None)
    more = "" if code is None else WORDS.get(code & LOWEST_OCTET, "")
    return kind(f"{path}: {error}{more}")


def takes_nothing(path: Path) -> bool:
    """Tell whether the disk under ``path`` has no room for a few octets more, for this user."""
    probe = path.with_name(path.name + PROBE)
    try:
        with probe.open("wb", buffering=0) as file:
            file.write(bytes(PROBE_BYTES))
    except OSError as error:
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return False
