"""The pages of a database, whatever is wrong with them: its file's, and over them the newest copies that its log holds."""

from __future__ import annotations

import contextlib
import mmap
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
    file: bytes | mmap.mmap
    log: bytes
    logged: Mapping[int, int]  # where in the log a page lies

    def page(self, number: int) -> bytes | None:
        """Return a page's octets; None where the file is too short."""
        at, source = self.logged.get(number), self.log
        if at is None:
            at, source = (number - 1) * self.page_size, self.file  # type: ignore[assignment]  # a slice of either is bytes
        octets = source[at : at + self.page_size] if number > 0 else b""
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
        file = _mapped(path, closing)
        size = _page_size(file, known)
        frames = known.all_frames if known is not None and known.page_size == size else ()
        inside = [frame.page for frame in frames]
        yield Image(
            page_size=size,
            count=max(len(file) // size, *inside, 0) if inside else len(file) // size,
            file=file,
            log=log.read_bytes() if frames and log is not None else b"",
            logged={frame.page: frame.offset for frame in frames},
        )


def _mapped(path: Path, closing: contextlib.ExitStack) -> bytes | mmap.mmap:
    if not path.exists() or not path.stat().st_size:
        return b""
    file = closing.enter_context(path.open("rb"))
    return closing.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _page_size(file: bytes | mmap.mmap, log: wal.Wal | None) -> int:
    told = _number(file[SIZE_AT])
    if log is not None and (told not in PAGE_SIZES or not len(file)):
        return log.page_size
    return told if told in PAGE_SIZES else PAGE_SIZE


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")
