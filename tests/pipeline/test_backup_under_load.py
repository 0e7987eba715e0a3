"""A backup is taken while frames come in, and its box goes on from it on a new card."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.backup import back_up_with_key, restore
from gateway.config import load
from gateway.journal import copying
from gateway.journal.looking import looking
from gateway.journal.verifying import verify
from gateway.model import Eui64, dev_addr
from simulators.end_device import EndDevice
from tests.pipeline.rig import Rig, Roof, clock, registration, rig

BEFORE = 24  # frames


def device(place: int) -> EndDevice:
    return EndDevice.abp(Eui64(f"a81758fffe05{place:04x}"), dev_addr(f"0100{place:04x}"))


async def speak(roof: Roof, devices: Sequence[EndDevice]) -> None:
    """Let each device say something."""
    for one in devices:
        await roof.push(one.uplink(5, bytes.fromhex("0100e2")))


async def back_up_under_load(box: Rig, roof: Roof, devices: Sequence[EndDevice], folder: Path) -> int:
    """Back up while devices go on, and return how many rounds they spoke."""
    settings, rounds = load(folder / "brygga.toml"), 0
    work = asyncio.create_task(asyncio.to_thread(back_up_with_key, settings, folder / "roof.backup", clock))
    while not work.done():
        await speak(roof, devices)
        rounds += 1
    await work
    return rounds


async def test_a_backup_of_an_agent_at_work_is_whole_and_its_box_goes_on_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGES_AT_ONCE", 1)
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    devices = [device(place) for place in range(4)]
    async with rig(old) as box:
        await box.register(*map(registration, devices))
        roof = await box.roof()
        for _ in range(BEFORE // len(devices)):
            await speak(roof, devices)
        await box.rows(BEFORE)
        rounds = await back_up_under_load(box, roof, devices, old)
        heard = len(await box.rows(BEFORE + rounds * len(devices)))

    (new / "brygga.toml").write_bytes((old / "brygga.toml").read_bytes())
    settings = load(new / "brygga.toml")
    restored = await restore(settings, old / "roof.backup", clock)
    with looking(settings.journal_path) as found:
        verified = verify(found, settings.gateway.key_file, lambda *_: None)
    async with rig(new) as box:
        again = await box.roof()
        await speak(again, devices)
        rows = await box.rows(verified.rows + len(devices))
        alarms = await box.agent.journal.alarms()

    assert rounds > 0
    assert verified.findings == []
    assert BEFORE <= verified.rows <= heard
    assert restored.sessions == len(devices)
    assert len({row.uplink.id for row in rows}) == len(rows) == verified.rows + len(devices)
    assert alarms == []
