"""What a recording dates itself, in a whole agent: its readings are dated with what somebody vouches for, or with nothing."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.agent import running
from gateway.config import load
from gateway.dating import Dated, Undatable, date
from gateway.journal import Journal
from gateway.model import DevAddr, Eui64, TimeQuality
from simulators.end_device import EndDevice
from tests.pipeline.rig import LIMIT_S, NOON, PAUSE_S, clock, registration
from tests.sources.conftest import GATEWAY

BEGAN = datetime(2025, 12, 24, 18, tzinfo=UTC)
CONFIGURATION = """\
[gateway]
name = "test"
data = "data"
[[source]]
name = "old"
type = "recording"
file = "old.jsonl"
speed = "fastest"
"""


async def dated(folder: Path, more: str) -> tuple[datetime, Dated | Undatable]:
    """Hear an uplink of 90 s after the beginning; return the time of its row, and how it is dated for a destination."""
    device = EndDevice.abp(Eui64("a81758fffe051d02"), DevAddr("00011234"))
    frame = {
        "at_s": 90.0,
        "protocol": "lorawan",
        "gateway": GATEWAY,
        "hex": device.uplink(1, b"\1").hex(),
        "frequency_hz": 868_100_000,
        "data_rate": "SF7BW125",
        "rssi_dbm": -57,
    }
    lines = [{"recording": 1, "began": BEGAN.isoformat()}, frame]
    (folder / "old.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (folder / "brygga.toml").write_text(CONFIGURATION + more, encoding="utf-8")
    settings = load(folder / "brygga.toml")
    settings.gateway.data.mkdir()
    journal = await Journal.open(settings.journal_path, clock=clock, destinations=["test"])
    await journal.put_devices([registration(device, "")])
    await journal.close()
    async with running(settings, clock) as agent, asyncio.timeout(LIMIT_S):
        await agent.journal.add_destination("test", from_start=True)
        while not (rows := await agent.journal.read("test", 10)):  # noqa: ASYNC110 - a journal tells nobody
            await asyncio.sleep(PAUSE_S)
        found = date(rows[0].uplink, agent.journal.boots(), settings.clock.trust, clock().boot_id)
    assert isinstance(found, Dated | Undatable)
    return rows[0].uplink.heard_at.utc, found


async def test_without_more_it_is_heard_now(tmp_path: Path) -> None:
    at, found = await dated(tmp_path, "")

    assert at == NOON
    assert isinstance(found, Dated)


async def test_a_clock_that_somebody_vouches_for_dates_it(tmp_path: Path) -> None:
    at, found = await dated(tmp_path, 'time = "recorded"\ntime_quality = "ntp"\n')

    assert at == BEGAN + timedelta(seconds=90)
    assert isinstance(found, Dated)
    assert found.uplink.heard_at.quality is TimeQuality.NTP


@pytest.mark.parametrize("more", ["", 'time_quality = "system"\n'])
async def test_a_clock_that_nobody_vouches_for_is_not_dated_with_the_time_of_its_being_played(
    tmp_path: Path, more: str
) -> None:
    at, found = await dated(tmp_path, f'time = "recorded"\n{more}')

    assert at == BEGAN + timedelta(seconds=90)
    assert isinstance(found, Undatable)
