"""Records that cannot be read any more: set aside in a file beside the journal, counted, and passed over."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from gateway.errors import StorageError
from gateway.journal.records import decode_uplink
from gateway.journal.words import Words
from gateway.model import Uplink

log = logging.getLogger(__name__)

MOST_KEPT = 1000  # records, 250 kB as hex digits; a disk that loses more loses the file as well
MOST_TOLD = 10  # in the log: one damaged page may cost some hundred
SUFFIX = ".damaged"


class Damage:
    """What was found damaged since the start; each record goes to the file once."""

    def __init__(self, path: Path, words: Words) -> None:
        self._path = path
        self._file = path.with_name(path.name + SUFFIX)
        self._words = words
        self._found: set[int] = set()

    @property
    def count(self) -> int:
        """Return how many records were found damaged."""
        return len(self._found)

    async def uplink(self, row: int, record: bytes) -> Uplink | None:
        """Return the uplink of a record; None when it is damaged, which is told and kept for whoever wants to look."""
        try:
            return decode_uplink(record, self._words)
        except StorageError as error:
            if row not in self._found:
                self._found.add(row)
                self._tell(row, error)
                await asyncio.to_thread(self._keep, row, record)
            return None

    def _tell(self, row: int, error: StorageError) -> None:
        if self.count <= MOST_TOLD:
            log.error("%s: row %d: %s; it is passed over, and kept in %s", self._path, row, error, self._file)
        elif self.count == MOST_TOLD + 1:
            log.error("%s: row %d is damaged, too; from here on they are only counted, and kept", self._path, row)

    def _keep(self, row: int, record: bytes) -> None:
        line = f"{row} {record.hex()}\n"
        try:
            known = self._file.read_text(encoding="ascii") if self._file.exists() else ""
            if line not in known and known.count("\n") < MOST_KEPT:
                with self._file.open("a", encoding="ascii") as file:
                    file.write(line)
        except (OSError, ValueError) as error:
            log.warning("%s: row %d is not kept there: %s; its octets are %s", self._file, row, error, record.hex())
