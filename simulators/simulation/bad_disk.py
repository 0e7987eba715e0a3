"""The disk of one story: slow, full, failing; a commit that it says it has not taken may be there after a power cut."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from gateway.journal.database import Transaction
from gateway.journal.opening import Opening
from simulators.simulation.memory_disk import MemoryDisk, Seam
from simulators.simulation.process import Process
from simulators.simulation.trace import Trace

TORN: Final = 0.5  # of the commits that failed last before a power cut: what was written of them is whole

FAILURES: Final = {  # what SQLite says, with its code
    "write error": ("disk I/O error", sqlite3.SQLITE_IOERR_WRITE),
    "read-only": ("attempt to write a readonly database", sqlite3.SQLITE_READONLY),
    "full": ("database or disk is full", sqlite3.SQLITE_FULL),
}
UNREADABLE: Final = ("disk I/O error", sqlite3.SQLITE_IOERR_READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskMood:
    """How the disk behaves for a time."""

    fails: str = ""  # a key of FAILURES
    share: float = 1.0  # of the commits that fail so
    free_pages: int | None = None  # that are left on it; None: enough
    unreadable: float = 0.0  # share of queries
    slowest_s: float = 0.0  # of each half of a commit


SOUND: Final = DiskMood()


class BadDisk:
    """A journal's disk, and the seam that each process sees it through."""

    def __init__(self, random: Random, trace: Trace, committed: Callable[[], None]) -> None:
        """``committed`` is called when a commit is durable, and nobody has been told."""
        self.memory = MemoryDisk()
        self.random = random
        self.trace = trace
        self.committed = committed
        self.mood = SOUND
        self._changed_s = 0.0  # when its mood changed last, in the loop's time
        self._written: Transaction | None = None  # of the last commit that failed: it may be whole

    def opening(self, process: Process) -> Opening:
        """Return how ``process`` opens its journal."""
        return self.memory.opening(_Seen(self, process))

    def cut_power(self) -> None:
        """Lose what was not written; what was written and not reported may be there."""
        self.memory.cut_power()
        written, self._written = self._written, None
        if written is not None and self.random.random() < TORN:
            self.trace.note("the commit that failed last is there")
            written.run(self.memory.sqlite)
            self.committed()

    def wait_s(self) -> float:
        """Draw how long half a commit takes."""
        return self.random.uniform(0.0, self.mood.slowest_s)

    def admit(self, transaction: Transaction) -> Transaction:
        """Return what can be committed now; raises sqlite3.Error."""
        mood = self.mood
        if mood.fails and self.random.random() < mood.share:
            self._written = transaction
            self.trace.note(f"a commit fails: {mood.fails}")
            raise _error(*FAILURES[mood.fails])
        if mood.free_pages is None:
            return transaction
        return replace(transaction, max_pages=min(transaction.max_pages, mood.free_pages))

    def taken(self) -> None:
        """Note that a commit is durable: it has overwritten what was left of the one before."""
        self._written = None
        self.committed()

    def fill(self, free_pages: int) -> None:
        """Leave only so many pages more than are there."""
        ((pages,),) = self.memory.sqlite.execute("PRAGMA page_count").fetchall()
        self.turn(DiskMood(free_pages=pages + free_pages))

    def turn(self, mood: DiskMood) -> None:
        """Have another mood from now on."""
        self.mood, self._changed_s = mood, asyncio.get_running_loop().time()

    @property
    def trouble_s(self) -> float:
        """When something was last wrong with it, in the loop's time."""
        return self._changed_s if self.mood == SOUND else asyncio.get_running_loop().time()


class _Seen(Seam):
    """The disk as one process sees it; a dead one sees nothing."""

    def __init__(self, disk: BadDisk, process: Process) -> None:
        self._disk = disk
        self._process = process

    async def before(self, transaction: Transaction) -> Transaction:
        await asyncio.sleep(self._disk.wait_s())
        self._process.reach("before a commit")
        return self._disk.admit(transaction)

    def committed(self) -> None:
        self._disk.taken()

    async def after(self) -> None:
        self._process.reach("after a commit")
        await asyncio.sleep(self._disk.wait_s())
        self._process.reach("after a commit")

    async def reading(self) -> None:
        await asyncio.sleep(0)
        self._process.reach("while reading")
        if self._disk.random.random() < self._disk.mood.unreadable:
            raise _error(*UNREADABLE)


def _error(words: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error
