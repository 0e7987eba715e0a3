"""A disk that is truly full: another program has filled it, and nobody comes to empty it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.errors import StorageError
from gateway.journal import Alarm, AlarmKind, Changes, Journal, WhenFull, trouble
from gateway.journal.database import Transaction
from gateway.journal.room import FULL_DISK_S
from gateway.model import Instant, RowId
from tests.journal.samples import CITY, clock, deliver, given, session, uplink

DISK_BYTES = 8 * 2**20
LIMIT = 64 * 2**20  # the journal was promised more than there is
BATCH = 100
ENOUGH = 400  # batches, far more than fit
A_WHILE = FULL_DISK_S + 1


class Standing:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> Instant:
        now = clock()
        return replace(now, utc=now.utc + timedelta(seconds=self.seconds), monotonic=now.monotonic + self.seconds)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, so small that it fills."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    if mount is None or os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system needs root, and a kernel that lets it mount one")
    yield place
    subprocess.run(["umount", str(place)], check=True)


class Other:
    """Another program's file: it takes all there is, and gives it back."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "somebody.log"

    def fill(self) -> None:
        with self._path.open("ab", buffering=0) as file:
            for size in (65536, 4096, 512):
                while True:
                    try:
                        file.write(bytes(size))
                    except OSError:
                        break

    def empty(self) -> None:
        self._path.unlink()


async def hear(journal: Journal, batch: int) -> tuple[RowId, ...]:
    first = batch * BATCH
    uplinks = tuple(uplink(first + n, payload=os.urandom(100)) for n in range(BATCH))
    return await journal.commit(Changes(uplinks=uplinks, sessions=(session(first + BATCH),)))


async def hear_until_full(journal: Journal, batch: int) -> int:
    """Commit until the disk takes no more, and return the first batch that was not taken."""
    for number in range(batch, batch + ENOUGH):
        try:
            await hear(journal, number)
        except StorageError:
            return number
    raise AssertionError("the disk did not fill")


@asynccontextmanager
async def journal_on(disk: Path, now: Standing, when_full: WhenFull) -> AsyncIterator[Journal]:
    journal = await Journal.open(
        disk / "journal.db", clock=now, limit_bytes=LIMIT, destinations=[CITY], when_full=when_full
    )
    try:
        yield journal
    finally:
        await journal.close()


def kinds(alarms: Sequence[Alarm]) -> set[AlarmKind]:
    return {alarm.kind for alarm in alarms}


async def test_hearing_goes_on_by_itself_when_there_is_room_again(small_disk: Path) -> None:
    now, other = Standing(), Other(small_disk)
    async with journal_on(small_disk, now, WhenFull.REFUSE) as journal:
        await hear(journal, 0)
        other.fill()
        full = await hear_until_full(journal, 1)
        (known,) = await journal.sessions()
        now.seconds += A_WHILE
        with pytest.raises(StorageError, match="the disk is full"):
            await hear(journal, full)
        during = await journal.alarms()

        other.empty()
        now.seconds += A_WHILE
        await hear(journal, full)
        after, depth, stats = await journal.alarms(), await journal.depth(CITY), await journal.stats()
        heard = await given(journal, limit=10**6)
        (moved,) = await journal.sessions()

    assert known.f_cnt_up == full * BATCH, "the counter of what was refused did not move"
    assert AlarmKind.DISK in kinds(during)
    assert (kinds(after), depth.lost, stats.troubles) == (set(), 0, 1)
    assert heard == list(range((full + 1) * BATCH))
    assert moved.f_cnt_up == (full + 1) * BATCH


async def test_what_was_delivered_goes_from_a_full_disk_at_once(small_disk: Path) -> None:
    now, other = Standing(), Other(small_disk)
    async with journal_on(small_disk, now, WhenFull.REFUSE) as journal:
        delivered = await hear(journal, 0)
        await deliver(journal, delivered)
        await journal.flush()
        other.fill()
        full = await hear_until_full(journal, 1)
        waiting = (await journal.depth(CITY)).waiting
        await deliver(journal, [row.id for row in await journal.read(CITY, 10**6)])

        for batch in range(full, full + 20):
            with contextlib.suppress(StorageError):  # the first makes the room that the others find
                await hear(journal, batch)
        stats, depth = await journal.stats(), await journal.depth(CITY)

    assert waiting == (full - 1) * BATCH
    assert stats.dropped_rows >= full * BATCH
    assert depth.waiting >= 19 * BATCH
    assert depth.lost == 0


@pytest.mark.parametrize("policy", [WhenFull.DROP_OLDEST, WhenFull.THIN_OUT])
async def test_undelivered_uplinks_go_from_a_full_disk_after_a_while_and_are_counted(
    small_disk: Path, policy: WhenFull
) -> None:
    now, other = Standing(), Other(small_disk)
    async with journal_on(small_disk, now, policy) as journal:
        for batch in range(10):
            await hear(journal, batch)
        other.fill()
        full = await hear_until_full(journal, 10)
        now.seconds += FULL_DISK_S / 2
        with pytest.raises(StorageError):
            await hear(journal, full)
        at_first = (await journal.depth(CITY)).lost

        now.seconds += A_WHILE
        taken = 0
        for batch in range(full, full + 20):
            with contextlib.suppress(StorageError):
                taken += len(await hear(journal, batch))
        depth, alarms = await journal.depth(CITY), await journal.alarms()
        other.empty()
        now.seconds += A_WHILE
        await hear(journal, full + 20)
        after = await journal.alarms()

    assert at_first == 0
    assert taken >= 19 * BATCH
    assert depth.lost > 0
    assert depth.lost + depth.waiting == full * BATCH + taken
    assert AlarmKind.LETTING_GO in kinds(alarms)
    assert kinds(after) == set()


async def test_a_disk_that_is_nearly_full_is_told_of_before_it_is_full(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=200_000))
    async with journal_on(path.parent, Standing(), WhenFull.REFUSE) as journal:
        await hear(journal, 0)
        await hear(journal, 1)
        alarms = await journal.alarms()

    assert kinds(alarms) == {AlarmKind.NEARLY_FULL}
    assert caplog.text.count("the disk is nearly full, 200 kB are left") == 1


async def test_a_used_up_quota_is_a_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with journal_on(path.parent, Standing(), WhenFull.REFUSE) as journal:
        monkeypatch.setattr(trouble, "takes_nothing", lambda _: True)
        monkeypatch.setattr(Transaction, "run", _no_write)

        with pytest.raises(StorageError, match=r"the disk is full \(what this user may have of it is used up"):
            await hear(journal, 0)


def _no_write(self: Transaction, connection: sqlite3.Connection) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    raise error
