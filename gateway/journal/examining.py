"""Whether a journal's file is whole, found out before anything is written to it.

SQLite has no checksums: it trusts the file's header, throws away the log of an emptied file, and replays whichever log lies
beside. So what it would believe is looked at first; then SQLite looks at its tables, for a bounded time.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.journal import wal
from gateway.journal.faults import Fault, fault_of
from gateway.journal.salvage import content
from gateway.journal.schema import APPLICATION_ID, MAGIC, PAGE_SIZES

CHECKED_WHOLE: Final = 32 * 2**20  # octets, a quarter of a second; of a larger file tables, the newest first
CHECKED_CLOSED: Final = 4 * 2**20  # of one that was closed in order: commands open it, too, and people wait for them
CHECK_LIMIT_S: Final = 5.0  # 388 MB take 3 s on a quick disk (measured), ten times as much on a card
SIGNS: Final = (b"CREATE TABLE abp_activations", b"CREATE TABLE join_nonces")  # a journal has them, and nothing else
LOOKED_THROUGH: Final = 16 * 2**20  # octets in which they are looked for

# The file's header (sqlite.org/fileformat2.html, 1.3): where, what must stand there, and what it is.
HEADER: Final = (
    (18, b"\x02\x02\x00\x40\x20\x20", "version, or division of pages"),
    (44, b"\x00\x00\x00\x04", "schema format"),
    (56, b"\x00\x00\x00\x01", "text encoding"),
    (68, APPLICATION_ID.to_bytes(4, "big"), "application id"),
    (72, bytes(20), "reserved octets"),
)
SIZE_AT: Final = slice(16, 18)  # of a page
LARGEST_ROOT_AT, INCREMENTAL_AT = slice(52, 56), slice(64, 68)  # both are 0 in a file that cannot give pages back
VERSIONS_TO_COME: Final = 100  # a greater number is no newer Brygga's, which would be refused and left alone
VERSION_AT: Final = slice(60, 64)
ID_AT: Final = slice(68, 72)
HEADER_OCTETS: Final = 100


def damage(path: Path, versions: Sequence[str], *, was_in_use: bool) -> str | None:
    """Return what is wrong with the journal at ``path``, in words; None where nothing is found, or the file is not ours.

    ``versions`` are the scripts that lead from one version to the next; ``was_in_use`` tells of what lies around it that a file
    without a single octet was a journal. Raises OSError.
    """
    log = wal.read(wal.beside(path))
    file = _octets(path, HEADER_OCTETS)
    head = _logged(path, log, 1)[:HEADER_OCTETS] or file  # as SQLite sees it: through the log
    if not file and not head:
        return "it is empty, and held something before" if was_in_use and path.exists() else None
    if not _is_ours(path, file, head):
        return None
    told = int.from_bytes(head[VERSION_AT], "big", signed=True)
    return (
        next(_header_problems(file, head), None)
        or _log_problem(log, _number_at(head, SIZE_AT))
        or _table_problem(path, told, versions)
    )


def _octets(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return b""


def _logged(path: Path, log: wal.Wal | None, page: int) -> bytes:
    """Return a page as the log has it; nothing where it has not."""
    offsets = [frame.offset for frame in log.frames if frame.page == page] if log else []
    if log is None or not offsets:
        return b""
    with wal.beside(path).open("rb") as file:
        file.seek(offsets[-1])
        return file.read(log.page_size)


def _is_ours(path: Path, file: bytes, head: bytes) -> bool:
    if head[:16] == MAGIC and int.from_bytes(head[ID_AT], "big") == APPLICATION_ID:
        return True
    if 0 < len(file) < HEADER_OCTETS and MAGIC.startswith(file[:16]):
        return True
    texts = (_octets(path, LOOKED_THROUGH), _octets(wal.beside(path), LOOKED_THROUGH))
    return any(sign in text for text in texts for sign in SIGNS)


def _header_problems(file: bytes, head: bytes) -> Iterator[str]:
    if not file:
        yield "the file is empty or gone, and its log is not"
    elif file[:16] != MAGIC or _number_at(file, SIZE_AT) not in PAGE_SIZES:
        yield "its first octets are those of no journal"
    elif len(file) < HEADER_OCTETS:
        yield f"it ends after {len(file)} octets"
    if _number_at(head, SIZE_AT) not in PAGE_SIZES:
        yield "its header is damaged (page size)"
    if _number_at(head, INCREMENTAL_AT) != bool(_number_at(head, LARGEST_ROOT_AT)):
        yield "its header is damaged (vacuum mode)"
    for at, right, what in HEADER:
        if head[at : at + len(right)] != right:
            yield f"its header is damaged ({what})"


def _number_at(octets: bytes, where: slice) -> int:
    return int.from_bytes(octets[where], "big")


def _log_problem(log: wal.Wal | None, page_size: int) -> str | None:
    if log is None:
        return None
    if log.page_size != page_size:
        return f"the log beside it is another database's: its pages have {log.page_size} octets"
    if log.behind:
        return f"its log is damaged after {len(log.frames)} pages, and {len(log.behind)} promised ones follow"
    return None


def _table_problem(path: Path, version: int, versions: Sequence[str]) -> str | None:
    name = f"file:{quote(str(path))}?mode=ro"  # what only reads does not bring the log into the file
    try:
        with contextlib.closing(sqlite3.connect(name, uri=True)) as connection:
            connection.text_factory = content.readable_text
            return (
                _version_problem(connection, version, versions)
                or _unsound(connection, path.stat().st_size, was_open=wal.holds(wal.beside(path)))
                or next(content.problems(connection), None)
            )
    except UnicodeDecodeError:
        return "its schema is damaged"
    except sqlite3.DatabaseError as error:
        return str(error) if fault_of(error) is Fault.DAMAGED else None  # what else there is, who opens it will see


def _unsound(connection: sqlite3.Connection, size: int, *, was_open: bool) -> str | None:
    """Return what SQLite finds wrong: in the whole file, or in as many tables as there is time for."""
    if size <= (CHECKED_WHOLE if was_open else CHECKED_CLOSED):
        return _checked(connection, "")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    segments = sorted((name for name in tables if name.startswith("log_")), key=_number, reverse=True)
    others = [name for name in tables if name not in segments]
    until = time.monotonic() + CHECK_LIMIT_S
    for name in (*others, *(segments if was_open else segments[:1])):
        if (wrong := _checked(connection, f"'{name}'")) is not None or time.monotonic() > until:
            return wrong
    return None


def _checked(connection: sqlite3.Connection, table: str) -> str | None:
    ((said,), *_) = connection.execute(f"PRAGMA quick_check({table or 1})").fetchall()
    return None if said == "ok" else said.strip().replace("\n", " ")


def _number(segment: str) -> int:
    digits = segment.removeprefix("log_")
    return int(digits) if digits.isdecimal() else 0


def _version_problem(connection: sqlite3.Connection, version: int, versions: Sequence[str]) -> str | None:
    """Return what is wrong with the number of the version: its tables are those of another one that we know."""
    if len(versions) <= version < len(versions) + VERSIONS_TO_COME:
        return None
    there = _columns(connection)
    if 0 <= version < len(versions) and there == _columns_of(versions[:version]):
        return None
    known = [number for number in range(1, len(versions) + 1) if there == _columns_of(versions[:number])]
    return f"its header says version {version}, its tables are those of {known[-1]}" if known else None


def _columns_of(scripts: Sequence[str]) -> dict[str, list[str]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for script in scripts:
            connection.executescript(script)
        return _columns(connection)


def _columns(connection: sqlite3.Connection) -> dict[str, list[str]]:
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'log_[0-9]*'")
    return {
        name: [column for _, column, *_ in connection.execute(f"PRAGMA table_info({name})")]
        for (name,) in tables.fetchall()
    }
