"""The one writer: whatever waits when the last commit ends is the next commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

from gateway.errors import StorageError
from gateway.journal.database import Step
from gateway.journal.values import Changes
from gateway.model import RowId
from gateway.pulse import Pulse

CURSOR_DELAY = 1.0  # seconds that a cursor waits for a commit to ride in; a crash repeats what it had settled meanwhile
CURSOR_WINDOW = 100  # settled rows that do not wait as long

NOTHING = Changes()
Rows = tuple[RowId, ...]

log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """What one caller wants in the next commit. A tuple, for each uplink is one: it is made in a third of the time."""

    records: Sequence[bytes]  # of changes.uplinks
    changes: Changes
    steps: Sequence[Step]
    done: asyncio.Future[Rows]
    not_for: frozenset[str] = frozenset()  # destinations that are not to have its rows


class Store(Protocol):
    """What the writer writes to."""

    def unsaved(self) -> int:
        """Return how many settlements wait for a commit to ride in."""
        ...

    async def write(self, entries: Sequence[Entry]) -> Sequence[Rows]:
        """Commit ``entries`` and all that is unsaved; return each entry's rows, or raise StorageError."""
        ...


class Writer:
    """A task that commits for all who wait. A bug in it reaches each of them, so that it ends the process."""

    def __init__(self, store: Store, tidy: Callable[[], Awaitable[None]]) -> None:
        """``tidy`` makes room where room is due. It is called after each commit, also a failed one, and may raise StorageError."""
        self._store = store
        self._make_room = tidy
        self._waiting: list[Entry] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._unsaved_since: float | None = None  # in the loop's time, as is the next
        self._retry_at = 0.0  # cursors do not go alone before: after a failure the disk gets a pause
        self._cramped = False  # no room could be made: said once per episode
        self.pulse = Pulse("the journal's writer")
        # No TaskGroup: open() and close() may run in different tasks. What ends this one is raised by submit() and close().
        self._task = asyncio.create_task(self._run(), name="journal writer")

    def submit(
        self,
        *,
        records: Sequence[bytes] = (),
        changes: Changes = NOTHING,
        steps: Sequence[Step] = (),
        not_for: frozenset[str] = frozenset(),
    ) -> asyncio.Future[Rows]:
        """Return what will be the rows that ``records`` became, when all of it is durable; StorageError when none of it is.

        Has no time limit: how long a disk may take is for the caller to say. Who cancels does not know the outcome.
        """
        if self._closing:
            raise StorageError("the journal is closed")
        if self._task.done():
            raise RuntimeError("the journal's writer has failed")
        done: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        self._waiting.append(Entry(records, changes, steps, done, not_for))
        self._wake.set()
        return done

    def note_settled(self) -> None:
        """Tell that settlements are unsaved."""
        if self._unsaved_since is None or self._store.unsaved() >= CURSOR_WINDOW:
            self._wake.set()

    async def close(self) -> None:
        """Commit what waits, cursors too, and end."""
        self._closing = True
        self._wake.set()
        await self._task

    async def _run(self) -> None:
        try:
            while not self._closing:
                await self._something_to_write()
                with self.pulse.round():
                    await self._commit()
            await self._commit()
        except BaseException as error:
            _reject(self._waiting, error)
            raise

    async def _something_to_write(self) -> None:
        """Wait for an entry, for a window of settled rows, or for the first of fewer to have waited long enough."""
        loop = asyncio.get_running_loop()
        while not (self._waiting or self._closing):
            deadline = self._deadline(loop.time())
            if deadline is not None and deadline <= loop.time():
                return
            self._wake.clear()
            try:
                async with asyncio.timeout_at(deadline):  # None: nothing is unsaved, only news ends the wait
                    await self._wake.wait()
            except TimeoutError:
                return

    def _deadline(self, now: float) -> float | None:
        unsaved = self._store.unsaved()
        if not unsaved:
            self._unsaved_since = None
            return None
        if self._unsaved_since is None:
            self._unsaved_since = now
        patience = 0.0 if unsaved >= CURSOR_WINDOW else CURSOR_DELAY
        return max(self._unsaved_since + patience, self._retry_at)

    async def _commit(self) -> None:
        entries, self._waiting = self._waiting, []
        self._unsaved_since = None
        if not (entries or self._store.unsaved()):
            return
        try:
            rows = await self._store.write(entries)
        except StorageError as error:
            self._retry_at = asyncio.get_running_loop().time() + CURSOR_DELAY
            _reject(entries, error)
        except BaseException as error:
            _reject(entries, error)
            raise
        else:
            _resolve(entries, rows)
        self.pulse.beat()
        await self._tidy()

    async def _tidy(self) -> None:
        try:
            await self._make_room()
        except StorageError as error:
            if not self._cramped:
                log.warning("no room could be made in the journal: %s", error)
            self._cramped = True
        else:
            self._cramped = False


def _resolve(entries: Sequence[Entry], rows: Sequence[Rows]) -> None:
    for entry, ids in zip(entries, rows, strict=True):
        if not entry.done.done():
            entry.done.set_result(ids)


def _reject(entries: Sequence[Entry], error: BaseException) -> None:
    for entry in entries:
        if entry.done.done():
            continue
        if isinstance(error, asyncio.CancelledError):
            entry.done.cancel()
        else:
            entry.done.set_exception(_own(error))


def _own(error: BaseException) -> BaseException:
    """Return an exception of its own for one waiter: a shared one would gather the traces of all."""
    own = StorageError(str(error)) if isinstance(error, StorageError) else RuntimeError("the journal's writer failed")
    own.__cause__ = error
    return own
