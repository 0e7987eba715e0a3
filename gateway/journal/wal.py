"""A write-ahead log as it lies on the disk: which of its frames count, and whether all that was promised is in it.

    file    header, then frames; a frame is a header and one page of the database
    header  magic, version, page size, checkpoints, two salts, two checksums: eight 32-bit words, big endian
    frame   page number, pages of the database after a commit (0: not its last frame), the salts, two checksums

A frame counts where its salts are the header's and its checksums, which run on from the frame before, are right; and only
up to the last commit. Source: sqlite.org/fileformat2.html, section 4.
"""

from __future__ import annotations

import os
import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.journal.faults import Damaged

HEADER: Final = struct.Struct(">8I")
FRAME: Final = struct.Struct(">6I")
SALTS_AT: Final = 8  # in a frame's header
INDEX: Final = struct.Struct("=16x2I24x")  # of the "-shm" file: the last frame's number, and pages of the database
INDEX_CHECKSUMS: Final = slice(24, 32)  # of the last frame, in the machine's order
MAGIC: Final = 0x377F0682  # the lowest bit says that checksums are made of big-endian words
MASK: Final = 0xFFFF_FFFF
SUFFIX, INDEX_SUFFIX = "-wal", "-shm"

Sums = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """A page as a commit wrote it."""

    page: int
    pages: int  # of the database after the commit that this frame ends; 0 where it ends none
    offset: int  # of the page's octets in the file
    sums: Sums


@dataclass(frozen=True, slots=True)
class Wal:
    """The frames that count, and those behind a damaged one, which SQLite passes over.

    A commit is on the disk before the next one begins: of the frames behind, those of all commits but the last were promised.
    """

    page_size: int
    frames: tuple[Frame, ...]
    behind: tuple[Frame, ...] = ()

    @property
    def all_frames(self) -> tuple[Frame, ...]:
        """All frames of commits that were promised, the newest last."""
        return self.frames + self.behind


def beside(path: Path) -> Path:
    """Return the log of the database at ``path``."""
    return path.with_name(path.name + SUFFIX)


def index_beside(path: Path) -> Path:
    """Return the log's index, which lives as long as a process has the database open."""
    return path.with_name(path.name + INDEX_SUFFIX)


def holds(path: Path) -> bool:
    """Tell whether there is a log that something was written to: who only looks leaves an empty one. Raises OSError."""
    try:
        with path.open("rb") as file:
            octets = file.read(HEADER.size)
    except FileNotFoundError:
        return False
    return len(octets) == HEADER.size and _begun(octets) is not None


def read(path: Path) -> Wal | None:
    """Return what a log holds; None where there is none, or nothing in it. Raises OSError."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(octets) < HEADER.size or (begun := _begun(octets)) is None:
        return None
    page_size, salts, sums, is_big = begun
    return _frames(octets, page_size, salts, sums, is_big=is_big)


class Index:
    """The index of an open database's log, for reading.

    Its file stays open as long as a connection of this process does: closing it would take SQLite's own locks on it away
    (fcntl(2)), and the next process to come would take the database for one that nobody has open, and make the index anew.
    """

    def __init__(self, path: Path) -> None:
        """``path`` is the database's."""
        self._path = index_beside(path)
        self._descriptor: int | None = None

    def head(self) -> bytes:
        """Return its header. Raises OSError."""
        if self._descriptor is None or not os.path.samestat(os.fstat(self._descriptor), self._path.stat()):
            self.close()  # of a file that is no more nobody holds a lock
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        return os.pread(self._descriptor, INDEX.size, 0)

    def last_frame(self) -> int:
        """Return the number of the log's last frame, 0 for an empty one. Raises OSError."""
        head = self.head()
        return int(INDEX.unpack(head)[0]) if len(head) == INDEX.size else 0

    def close(self) -> None:
        """Let go of the file. Connections go first."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def verify(path: Path, its_index: Index) -> None:
    """Raise Damaged where the log of the open database at ``path`` has on the disk less than was committed.

    After an error the kernel's memory may tell more than the disk has: what it holds for written is read anew.
    """
    try:
        index = its_index.head()
        last, _ = INDEX.unpack(index) if len(index) == INDEX.size else (0, 0)
        if not last:
            return
        log = beside(path)
        _forget_cached(log)
        known = read(log)
    except OSError as error:
        raise Damaged(f"{path}: its log cannot be read: {error.strerror}") from error
    there = known.frames if known else ()
    if len(there) < last or there[last - 1].sums != struct.unpack("=2I", index[INDEX_CHECKSUMS]):
        raise Damaged(f"{path}: of {last} pages committed to its log {min(len(there), last)} are on the disk")


def _forget_cached(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _begun(octets: bytes) -> tuple[int, tuple[int, ...], Sums, bool] | None:
    """Return page size, salts, checksums and their order as a log's header has them; None where it is no header."""
    magic, _, page_size, _, *salts, first, second = HEADER.unpack_from(octets)
    is_big = bool(magic & 1)
    sums = _sums(octets[: HEADER.size - 8], (0, 0), is_big=is_big)
    if magic & ~1 != MAGIC or sums != (first, second) or not page_size:
        return None
    return page_size, tuple(salts), sums, is_big


def _frames(octets: bytes, page_size: int, salts: tuple[int, ...], sums: Sums, *, is_big: bool) -> Wal:
    step, found = FRAME.size + page_size, list[Frame]()
    for place in range(HEADER.size, len(octets) - step + 1, step):
        frame = _frame(octets, place, salts)
        if frame is None:
            break
        sums = _sums(octets[place : place + 8], sums, is_big=is_big)
        sums = _sums(octets[place + FRAME.size : place + step], sums, is_big=is_big)
        if sums != frame.sums:
            return Wal(page_size, _committed(found), _promised(octets, place + step, step, salts))
        found.append(frame)
    return Wal(page_size, _committed(found))


def _frame(octets: bytes, place: int, salts: tuple[int, ...]) -> Frame | None:
    """Return the frame at ``place``; None where it is of an earlier round."""
    page, pages, *salt, first, second = FRAME.unpack_from(octets, place)
    return Frame(page, pages, place + FRAME.size, (first, second)) if page and tuple(salt) == salts else None


def _promised(octets: bytes, place: int, step: int, salts: tuple[int, ...]) -> tuple[Frame, ...]:
    """Return the frames from ``place`` on up to the last commit but one."""
    there = (_frame(octets, at, salts) for at in range(place, len(octets) - step + 1, step))
    found = [frame for frame in there if frame is not None]
    ends = [place for place, frame in enumerate(found) if frame.pages]
    return _committed(found[: ends[-1]]) if ends else ()


def _committed(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Return ``frames`` up to the last that ends a commit."""
    ends = [place for place, frame in enumerate(frames, start=1) if frame.pages]
    return tuple(frames[: ends[-1]]) if ends else ()


def _sums(octets: bytes, sums: Sums, *, is_big: bool) -> Sums:
    words = array("I", octets)
    if is_big != (sys.byteorder == "big"):
        words.byteswap()
    first, second = sums
    pairs = iter(words)
    for one, other in zip(pairs, pairs, strict=True):
        first = (first + one + second) & MASK
        second = (second + other + first) & MASK
    return first, second
