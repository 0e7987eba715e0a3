"""This boot's time is learned when the clock is trusted, whatever the disk says meanwhile."""

from __future__ import annotations

import asyncio
import ctypes
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import clock as clock_module
from gateway.clock import SystemClock, learn_boots
from gateway.dating import Span
from gateway.errors import StorageError
from gateway.model import Instant, TimeQuality

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def clock() -> Instant:
    return Instant(NOON, 60.0, "boot", TimeQuality.NTP)


async def test_a_disk_that_takes_nothing_is_asked_again_and_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(clock_module, "LEARN_AGAIN", 0.0)
    learned = asyncio.Event()
    asked: list[tuple[str, datetime, TimeQuality]] = []

    async def learn(boot_id: str, utc_at_zero: datetime, quality: TimeQuality) -> None:
        asked.append((boot_id, utc_at_zero, quality))
        if len(asked) < 4:
            raise StorageError("database or disk is full")
        learned.set()

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(learn_boots(clock, TimeQuality.NTP, learn), name="clock")
        await learned.wait()
        task.cancel()

    assert asked == [("boot", NOON - timedelta(seconds=60), TimeQuality.NTP)] * 4
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_boot_whose_clock_is_not_trusted_is_told_of_once_and_learned_when_it_is() -> None:
    quality = TimeQuality.UNSYNCHRONISED
    told: list[TimeQuality] = []
    learned = asyncio.Event()

    def looked_at() -> Instant:
        return Instant(NOON, 60.0, "boot", quality)

    async def learn(_boot: str, _at: datetime, found: TimeQuality) -> None:
        nonlocal quality
        told.append(found)
        quality = TimeQuality.NTP
        if found is TimeQuality.NTP:
            learned.set()

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(learn_boots(looked_at, TimeQuality.NTP, learn), name="clock")
        await learned.wait()
        task.cancel()

    assert told == [TimeQuality.UNSYNCHRONISED, TimeQuality.NTP]


class Kernel:
    """A C library whose `adjtimex` says what it is told to."""

    def __init__(self, error_us: int, answer: int = 5) -> None:
        self.error_us, self.answer, self.asked = error_us, answer, 0

    def adjtimex(self, reference: Any) -> int:
        self.asked += 1
        reference._obj.maxerror = self.error_us
        return self.answer


@pytest.mark.parametrize(
    ("error_us", "quality"),
    [
        (2_000, TimeQuality.NTP),  # the flag STA_UNSYNC, and so the answer 5, is chrony's without rtcsync
        (15_999_999, TimeQuality.NTP),
        (16_000_000, TimeQuality.UNSYNCHRONISED),
    ],
)
def test_the_kernels_greatest_error_says_whether_anything_disciplines_it(
    monkeypatch: pytest.MonkeyPatch, error_us: int, quality: TimeQuality
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Kernel(error_us))

    assert clock_module.kernel_quality() is quality


@pytest.mark.parametrize(("there", "quality"), [(True, TimeQuality.NTP), (False, TimeQuality.UNSYNCHRONISED)])
def test_where_the_kernel_may_not_be_asked_timesyncds_mark_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quality: TimeQuality, *, there: bool
) -> None:
    mark = tmp_path / "synchronized"
    if there:
        mark.touch()
    monkeypatch.setattr(clock_module, "TIMESYNCD", mark)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Kernel(0, answer=-1))

    assert clock_module.kernel_quality() is quality


def test_a_clock_that_was_set_is_asked_about_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, wall = Kernel(2_000), [time.time()]
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: kernel)
    monkeypatch.setattr(time, "time", lambda: wall[0])
    machine = SystemClock()
    before = machine()

    kernel.error_us = 16_000_000
    wall[0] += 7.0
    after = machine()

    assert (before.quality, after.quality) == (TimeQuality.NTP, TimeQuality.UNSYNCHRONISED)


def test_an_agent_that_starts_again_knows_what_it_knew_of_this_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Kernel(2_000))
    machine = SystemClock()
    right = machine()
    zero = right.utc - timedelta(seconds=right.monotonic)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600.0)
    again = SystemClock()

    again.recall({again.boot_id: (Span(0.0, right.monotonic, zero, TimeQuality.NTP),)})

    assert abs(again().utc - right.utc) < timedelta(minutes=1)
    assert again.not_followed_s == pytest.approx(3600.0, abs=60.0)


def test_a_clock_that_a_person_vouches_for_is_believed_anew_by_an_agent_that_starts_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Kernel(16_000_000))
    machine = SystemClock(at_least=TimeQuality.SYSTEM)

    machine.recall({machine.boot_id: (Span(0.0, 9.0, NOON - timedelta(days=900), TimeQuality.SYSTEM),)})

    assert abs(machine().utc.timestamp() - time.time()) < 60.0
    assert machine.not_followed_s is None
