"""This boot's time is learned when the clock is trusted, whatever the disk says meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway import clock as clock_module
from gateway.clock import learn_boots
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
