"""A damaged journal is set aside, and a new one begins with all of it that can be read.

    <journal>.salvaged              the new one, until it is whole
    <journal>.damaged-<UTC time>    the damaged one, with its log; the time is when it was last written

Crash-proof: the new file is whole, and says so, before the damaged one is moved; what was begun is finished at the next start.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.errors import StorageError
from gateway.journal import schema, wal
from gateway.journal.disk import Ballast
from gateway.journal.faults import UNREADABLE
from gateway.journal.salvage import MARK, NEW
from gateway.journal.salvage.content import readable_text
from gateway.journal.salvage.image import Image, opened
from gateway.journal.salvage.mending import mend
from gateway.journal.salvage.report import words_of
from gateway.journal.salvage.tables import find, made_by, shapes, version
from gateway.journal.salvage.taking import OLD, Taken, take_log, take_tables, whole

log = logging.getLogger(__name__)

ASIDE = ".damaged-"
ORIGIN = "salvaged_from"  # in the table `box`, beside MARK: of which file
OF_SQLITE: Final = "*** in database main *** "  # how it begins what it finds: there is no other database
ALL_THERE: Final = "all that was in it could be read"
WITH_A_BOX: Final = 2  # the first version that has that table
MOST_ASIDE: Final = 2  # damaged files that are kept: a dying card would fill itself with them
ROOM_KEPT: Final = 4 / 5  # of a disk that cannot hold a second journal: the rest is for what is heard next


def salvage(path: Path, why: str) -> None:
    """Put a new journal in the place of the damaged one at ``path``, with all that can be read. Raises StorageError."""
    log.error("%s: the journal is damaged: %s; what can be read is taken over into a new one", path, why)
    new = path.with_name(path.name + NEW)
    try:
        if finish(path):
            return  # an attempt before has made it whole, and the disk took no more than that
        _remove(new)
        _make_room(path)
        for line in _fill(path, new, why):
            log.error("%s: %s", path, line)
        _exchange(path, new)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{path}: the damaged journal cannot be salvaged: {error}") from error


def finish(path: Path) -> bool:
    """Finish what a crash has interrupted, and tell whether a whole new journal has taken the damaged one's place; half of one goes."""
    new = path.with_name(path.name + NEW)
    if not new.exists():
        return False
    told = _origin_told_by(new)
    if told is None or (path.exists() and told != _origin(path)):
        _remove(new)
        return False
    _exchange(path, new)
    return True


def _fill(path: Path, new: Path, why: str) -> list[str]:
    """Fill the new database, in the version of the old one at first, and return what a person should know."""
    own, scripts = own_log(path), schema.scripts()
    with opened(path, own) as image:
        made = version(image, scripts)
        schema.prepare(new, scripts[: max(made, WITH_A_BOX)])
        with contextlib.closing(_connected(new)) as connection:
            wanted = {name: shape for name, shape in shapes(connection).items() if name in made_by(scripts[:made])}
            found = find(image, wanted)
            good = whole(connection) if _attached(connection, path, own) else frozenset[str]()
            connection.execute("BEGIN")
            rows = take_tables(connection, image, found, wanted, good)
            taken = take_log(connection, image, found, good, _most_segments(path, image, len(found.firsts)))
            connection.execute("COMMIT")
    schema.prepare(new, scripts)
    lost = [*words_of(found, rows, taken)]
    words = [why.replace(OF_SQLITE, ""), *(lost or [ALL_THERE])]
    if own is None and wal.read(wal.beside(path)) is not None:
        words.append("its log is another database's, and was left out")
    words += _mended(path, new, taken, {*found.broken, *found.lost, *rows}, words)
    _settle(new)
    return words


def _mended(path: Path, new: Path, taken: Taken, damaged: Collection[str], words: Sequence[str]) -> list[str]:
    """Make the new database consistent and whole, and return what more there is to say."""
    name = _aside(path).name
    aside = f"the damaged file is kept as {name}: it may be deleted when nobody wants to look into it"
    if taken.left:
        aside = (
            f"the damaged file is kept as {name}. Before it is deleted: `brygga journal export --from {path.with_name(name)} FILE` "
            "writes what is in it to another disk, and `brygga journal import --for NAME FILE` takes in what is not here"
        )
    with contextlib.closing(_connected(new)) as connection:
        connection.execute("BEGIN")
        more = [*mend(connection, taken, damaged), aside]
        marks = ((MARK, "\n".join([*words, *more])), (ORIGIN, _origin(path)))
        connection.executemany("REPLACE INTO box VALUES (?, ?)", marks)
        connection.execute("COMMIT")
    return more


def _connected(new: Path) -> sqlite3.Connection:
    """Open the new database for one quick load: it is thrown away where that does not come to its end."""
    connection = sqlite3.connect(f"file:{quote(str(new))}?mode=rw", isolation_level=None, uri=True)
    connection.text_factory = readable_text
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    return connection


def _attached(connection: sqlite3.Connection, path: Path, own: Path | None) -> bool:
    """Attach the damaged database, so that it is only read; False where SQLite would not see all that it holds."""
    known = None if own is None else wal.read(own)
    if not path.exists() or (known is not None and known.behind):
        return False
    name = f"file:{quote(str(path))}?mode=ro" + ("&immutable=1" if own is None else "")
    try:
        connection.execute(f"ATTACH ? AS {OLD}", (name,))
    except UNREADABLE:
        return False
    return True


def own_log(path: Path) -> Path | None:
    """Return the log beside a database if it is that database's: without another's the file alone is whole."""
    beside = wal.beside(path)
    known = wal.read(beside)
    if known is None:
        return None
    if not path.exists() or not path.stat().st_size:
        return beside
    with opened(path, None) as alone, opened(path, beside) as both:
        if alone.page_size != known.page_size:
            return None
        return None if find(both, {}).broken and not find(alone, {}).broken else beside


def _make_room(path: Path) -> None:
    """Let go of the ballast where the disk cannot hold a second journal: what is in this one is worth more."""
    size = path.stat().st_size if path.exists() else 0
    if shutil.disk_usage(path.parent).free * ROOM_KEPT <= size and Ballast(path, 1).let_go():
        log.warning("%s: the ballast goes so that more of the damaged journal can be taken over", path)


def _most_segments(path: Path, image: Image, segments: int) -> int | None:
    """Return how many segments of the log the disk has room for; None: all."""
    size, free = image.count * image.page_size, shutil.disk_usage(path.parent).free
    if free * ROOM_KEPT > size or not segments:
        return None
    return max(1, int(free * ROOM_KEPT / size * segments))  # the newest has what counters are read from


# ── files ──


def _exchange(path: Path, new: Path) -> None:
    """Set the damaged file aside and put the new one in its place; begun again after a crash, it goes on where it was."""
    aside, beside = _aside(path), wal.beside(path)
    if beside.exists():
        beside.replace(wal.beside(aside))
    if path.exists():
        path.replace(aside)
    wal.index_beside(path).unlink(missing_ok=True)
    new.replace(path)
    _sync(path.parent)
    for old in sorted(path.parent.glob(f"{path.name}{ASIDE}*Z"))[:-MOST_ASIDE]:
        log.warning("%s: it is deleted, for %d newer ones are kept", old, MOST_ASIDE)
        _remove(old)


def _aside(path: Path) -> Path:
    """Return where the damaged file goes: named by when it was last written."""
    there = path if path.exists() else wal.beside(path)
    written = datetime.fromtimestamp(there.stat().st_mtime if there.exists() else 0, tz=UTC)
    return path.with_name(f"{path.name}{ASIDE}{written:%Y%m%dT%H%M%SZ}")


def _origin(path: Path) -> str:
    if not path.exists():
        return "nothing"
    told = path.stat()
    return f"{told.st_ino} {told.st_size} {told.st_mtime_ns}"


def _origin_told_by(new: Path) -> str | None:
    """Return of which file a new one was made; None where it is not whole."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(new))}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT value FROM box WHERE name = ?", (ORIGIN,)).fetchall()
    except sqlite3.Error:
        return None
    return str(rows[0][0]) if rows else None


def _settle(new: Path) -> None:
    """Give the new file the log that a journal has, and bring it to the disk."""
    with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    _sync(new)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    for file in (path, wal.beside(path), wal.index_beside(path)):
        file.unlink(missing_ok=True)
