"""The pages of a database, whatever is wrong with them: its file's, and over them the newest copies that its log holds."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.journal import wal
from gateway.journal.schema import PAGE_SIZE, PAGE_SIZES

SIZE_AT: Final = slice(16, 18)  # of the file's header
FREE_AT: Final = slice(32, 36)  # the first page of the list of free ones
STEPWISE_AT: Final = slice(64, 68)  # not 0 where pages are given back in steps: then some tell who refers to which page
REFERENCE: Final = 5  # octets of such an entry (fileformat2, 1.8)
WORD: Final = 4


@dataclass(frozen=True, slots=True)
class Image:
    """Pages by their number, from 1 on. A page of another size than ``page_size`` is none."""

    page_size: int
    count: int
    file: int | None  # a descriptor; read page by page: half a gigabyte that is mapped counts as memory in use
    log: bytes
    logged: Mapping[int, int]  # where in the log a page lies

    def page(self, number: int) -> bytes | None:
        """Return a page's octets; None where the file is too short."""
        at, octets = self.logged.get(number), b""
        if at is not None:
            octets = self.log[at : at + self.page_size]
        elif self.file is not None and 0 < number <= self.count:
            octets = os.pread(self.file, self.page_size, (number - 1) * self.page_size)
        return octets if len(octets) == self.page_size else None

    def of_no_table(self) -> set[int]:
        """Return the pages that are free, as far as their list can be read (fileformat2, 1.5), and those that map the others."""
        first = self.page(1) or bytes(self.page_size)
        found, trunk = set[int](), _number(first[FREE_AT])
        if _number(first[STEPWISE_AT]):
            found.update(range(2, self.count + 1, self.page_size // REFERENCE + 1))
        while 0 < trunk <= self.count and trunk not in found and (octets := self.page(trunk)) is not None:
            found.add(trunk)
            leaves = min(_number(octets[WORD : 2 * WORD]), self.page_size // WORD - 2)
            found.update(_number(octets[at : at + WORD]) for at in range(2 * WORD, (leaves + 2) * WORD, WORD))
            trunk = _number(octets[:WORD])
        return found


@contextlib.contextmanager
def opened(path: Path, log: Path | None) -> Iterator[Image]:
    """Have the pages of the database at ``path``, with those that ``log`` holds over them. Raises OSError."""
    known = None if log is None else wal.read(log)
    with contextlib.ExitStack() as closing:
        file = closing.enter_context(path.open("rb")).fileno() if path.exists() else None
        length = 0 if file is None else os.fstat(file).st_size
        size = _page_size(b"" if file is None else os.pread(file, SIZE_AT.stop, 0), known)
        frames = known.all_frames if known is not None and known.page_size == size else ()
        yield Image(
            page_size=size,
            count=max([length // size, *(frame.page for frame in frames)]),
            file=file,
            log=log.read_bytes() if frames and log is not None else b"",
            logged={frame.page: frame.offset for frame in frames},
        )


def _page_size(head: bytes, log: wal.Wal | None) -> int:
    told = _number(head[SIZE_AT])
    if log is not None and (told not in PAGE_SIZES or not head):
        return log.page_size
    return told if told in PAGE_SIZES else PAGE_SIZE


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")
