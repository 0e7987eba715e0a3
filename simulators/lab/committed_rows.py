"""What is on the disk: the rows that each commit has added, read from the disk and not from the agent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from gateway.journal.groups import unpacked
from gateway.journal.records import decode_uplink
from gateway.journal.words import Words
from gateway.model import Uplink

LOG_TABLES: Final = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'log\\_%' ESCAPE '\\' ORDER BY CAST(substr(name, 5) AS INTEGER)"


class CommittedRows:
    """The uplinks of a journal, each once, as soon as it is durable."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._last = 0

    def new(self) -> Iterator[Uplink]:
        """Yield what was added since the last time; raises StorageError for a record that cannot be read."""
        words: Words | None = None
        for (table,) in self._database.execute(LOG_TABLES).fetchall():
            stored = self._database.execute(
                f"SELECT id, record FROM {table} WHERE id > ? ORDER BY id",  # noqa: S608 - the journal's own names
                (self._last,),
            ).fetchall()
            for row, record in unpacked(stored):
                words = words or Words(self._database.execute("SELECT number, word FROM words ORDER BY number"))
                self._last = max(self._last, row)
                yield decode_uplink(record, words)
