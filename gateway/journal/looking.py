"""A journal's file, read beside whoever writes it: short reads on a connection of its own, which changes nothing.

A long read would keep the writer's log from being used again, so that it grows; each look here ends after one segment. Opened
to read only: the last connection that may write would take the log away, which who starts next would miss (opening.py).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from gateway.dating import Spans
from gateway.errors import ConfigError, StorageError
from gateway.journal import boots, segments
from gateway.journal.groups import Stored, unpacked
from gateway.journal.schema import APPLICATION_ID, SCRIPTS
from gateway.journal.words import Words

PATIENCE_S: Final = 5.0  # for a lock; only a journal that is just being made holds one


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment as it was at one moment."""

    first: int
    last: int  # first - 1 where it has no row yet
    thinned: int  # how many of its rows are gone on purpose
    rows: Sequence[Stored]  # in the order of their ids


class Looking:
    """Read a journal's tables. Raises StorageError when the disk or the file fails."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return all rows of a query."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StorageError(f"{self.path}: {error}") from error

    def number(self, pragma: str) -> int:
        """Return what a pragma says."""
        ((value,),) = self.fetch(f"PRAGMA {pragma}")
        return int(value)

    def tables(self) -> list[str]:
        """Return the names of all tables."""
        return [name for (name,) in self.fetch("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]

    def firsts(self) -> list[int]:
        """Return the first row of each segment, the oldest first."""
        names = (name.removeprefix("log_") for name in self.tables() if name.startswith("log_"))
        return sorted(int(digits) for digits in names if digits.isdecimal())

    def words(self) -> Words:
        """Return the texts that records have numbers for, as they are now."""
        return Words(self.fetch("SELECT number, word FROM words ORDER BY number"))

    def boots(self) -> Mapping[str, Spans]:
        """Return what is known of the boots of this box."""
        rows = self.fetch(boots.LISTED)
        return boots.listed(rows, self.words())

    def piece(self, first: int) -> Piece | None:
        """Return a segment; None where it has gone meanwhile."""
        with self._one_moment():
            following = next((one for one in self.firsts() if one > first), None)
            if segments.table(first) not in self.tables():
                return None
            stored = self.fetch(f"SELECT id, record FROM {segments.table(first)} ORDER BY id")  # noqa: S608 — a name of ours
            thinned = sum(count for (count,) in self.fetch("SELECT rows FROM thinned WHERE first = ?", (first,)))
        rows = [*unpacked(stored)]
        newest = rows[-1][0] if rows else first - 1
        return Piece(first, newest if following is None else following - 1, thinned, rows)

    def pieces(self) -> Iterator[Piece]:
        """Yield the segments, the oldest first; those that begin meanwhile, too."""
        done = 0
        while (first := next((one for one in self.firsts() if one > done), None)) is not None:
            piece, done = self.piece(first), first
            if piece is not None:
                yield piece

    @contextlib.contextmanager
    def _one_moment(self) -> Iterator[None]:
        self.fetch("BEGIN")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.DatabaseError):  # it has ended by itself after an I/O error
                self._connection.execute("ROLLBACK")


@contextlib.contextmanager
def looking(path: Path) -> Iterator[Looking]:
    """Have the journal at ``path`` to look at. Raises ConfigError for what is no journal of our version, StorageError."""
    if not path.exists():
        raise ConfigError(f"{path}: there is no journal yet (gateway.data names its folder)")
    name = f"file:{quote(str(path))}?mode=ro"
    try:
        connection = sqlite3.connect(name, uri=True, isolation_level=None, timeout=PATIENCE_S)
    except sqlite3.DatabaseError as error:
        raise StorageError(f"{path}: {error}") from error
    with contextlib.closing(connection):
        found = Looking(connection, path)
        _check(found)
        yield found


def _check(found: Looking) -> None:
    if found.number("application_id") != APPLICATION_ID:
        raise ConfigError(f"{found.path}: this database is no Brygga journal")
    version = found.number("user_version")
    if version < len(SCRIPTS):
        raise ConfigError(
            f"{found.path}: the journal is of version {version} and this Brygga's is {len(SCRIPTS)}: start the agent once, "
            "it brings the journal to its version"
        )
    if version > len(SCRIPTS):
        raise ConfigError(
            f"{found.path}: the journal was written by a newer Brygga (database version {version}, this one knows up to "
            f"{len(SCRIPTS)}); install that Brygga again"
        )
