"""The uplinks of a damaged database, read page by page and written nowhere: what a salvage had no room for can be had elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.dating import Spans
from gateway.errors import ConfigError, StorageError
from gateway.journal import boots, registrations, schema
from gateway.journal.groups import Stored, unpacked
from gateway.journal.salvage.content import BLIND, is_readable
from gateway.journal.salvage.image import Image, opened
from gateway.journal.salvage.mending import LOST_WORD
from gateway.journal.salvage.salvage import own_log
from gateway.journal.salvage.tables import LOG, Found, Shape, find, shapes_of, version
from gateway.journal.salvage.taking import Entries, rows_of_pages
from gateway.journal.salvage.trees import Walk
from gateway.journal.segments import table
from gateway.journal.sessions import eui_of
from gateway.journal.words import Words
from gateway.model import Eui64

KEPT: Final = "kept"  # dead letters whose segment is gone
UNCLAIMED: Final = "unclaimed"


class Readable(Words):
    """The texts that are left; a lost one reads as salvage writes it, so that its rows can be read."""

    def text(self, number: int) -> str:
        """Return the text that was numbered ``number``."""
        return self._texts.get(number) or LOST_WORD.format(number)


@dataclass(frozen=True, slots=True)
class Remains:
    """What a damaged database still has."""

    image: Image
    shapes: Mapping[str, Shape]
    found: Found

    def words(self) -> Words:
        """Return the texts that records have numbers for."""
        return Readable(self._rows("words"))

    def boots(self) -> Mapping[str, Spans]:
        """Return what is known of the boots of its box; up to version 4 a boot has one row, which is good for all of it."""
        spans = [*self._rows("boot_spans"), *((word, 0, 0, at, quality) for word, at, quality in self._rows("boots"))]
        return boots.listed(sorted(spans), self.words())

    def names(self) -> Mapping[Eui64, str]:
        """Return the name of each device that has one."""
        told = {eui_of(eui): registrations.decode(eui, record, BLIND) for eui, record in self._rows("devices")}
        return {eui: registration.device.name for eui, registration in told.items() if registration.device.name}

    def frames(self) -> Iterator[bytes]:
        """Yield the records of frames of nobody."""
        return (record for _, record in self._rows(UNCLAIMED))

    def rows(self) -> Iterator[Stored]:
        """Yield the rows of the log in their order, before them those of dead letters that are older, each once."""
        pages = self.found.pages
        aside = [*unpacked((last, record) for _, last, record in Entries(self.image, pages.get(KEPT, ())))]
        yield from aside
        done, before = {row for row, _ in aside}, 0
        of_log = [number for first in self.found.firsts for number in pages[table(first)]]
        for _, last, stored in Entries(self.image, [*of_log, *pages.get(LOG, ())]):
            if last > before:
                yield from ((row, record) for row, record in unpacked([(last, stored)]) if row not in done)
            before = max(before, last)

    def _rows(self, name: str) -> Iterator[tuple[Any, ...]]:
        shape = self.shapes.get(name)
        for row in rows_of_pages(self.image, Walk(), self.found.pages.get(name, ())):
            if shape is not None and shape.fits(row) and is_readable(name, values := shape.values(row)):
                yield values


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Remains]:
    """Have what is left of the database at ``path``, with its own log. ConfigError where it is none, StorageError when the disk fails."""
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file; `brygga status` names the damaged one")
    try:
        with opened(path, own_log(path)) as image:
            shapes = shapes_of(schema.scripts()[: version(image, schema.scripts())])
            found = find(image, shapes)
            if not found.firsts and LOG not in found.pages:
                raise ConfigError(f"{path}: no uplink of a Brygga journal is in it")
            yield Remains(image, shapes, found)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
