"""A box dies in the middle of a backlog; another one takes its place from the last backup."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.model import DevAddr, Eui64
from simulators.concentrator import Transmission
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder, Signal
from simulators.platforms.event_receiver import EventReceiver, Fault
from simulators.torture.agent_process import AgentProcess
from tests.forked import launch
from tests.pipeline.box import LIMIT_S, Box, brygga
from tests.pipeline.rig import ROOF, registration, until

HEARD = 24
PAYLOAD = bytes.fromhex("0100e2")


def destination(url: str) -> str:
    """Return a city that is told one uplink at a time, so that a kill finds it in the middle."""
    lines = (
        'name = "city"',
        f'url = "{url}"',
        'format = "json"',
        'options.topic = "/brygga/{dev_eui}/event"',
        "batch = 1",
        "concurrency = 1",
        "retry_max_s = 0.2",
    )
    return "\n".join(["[[destination]]", *lines, ""])


def told(platform: EventReceiver) -> set[int]:
    """Return the counters of the uplinks that arrived."""
    return {int(one.json["radio"]["f_cnt"]) for one in platform.kept.messages}


async def answered(device: EndDevice, forwarder: PacketForwarder, sent: asyncio.Queue[Transmission]) -> int:
    """Let a device ask for an acknowledgement, and return the counter of the downlink that it took."""
    assert await forwarder.push(Signal(phy_payload=device.uplink(5, PAYLOAD, confirmed=True)))
    async with asyncio.timeout(LIMIT_S):
        while not ((downlink := device.hear((await sent.get()).phy_payload)) is not None and downlink.ack):
            pass  # what the network wants of the device goes first
    return device.f_cnt_down


async def test_each_uplink_arrives_no_counter_is_used_twice_and_devices_are_answered(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    device = EndDevice.abp(Eui64("a81758fffe051d02"), DevAddr("00011234"))
    platform, sent = EventReceiver(), asyncio.Queue[Transmission]()
    platform.mood = Fault(status=503)
    await platform.start()
    old = Box(tmp_path / "old")
    old.forwarder = PacketForwarder(ROOF, old.server, keep_alive_s=0.2, deliver=sent.put_nowait)
    new = AgentProcess(tmp_path / "new" / "brygga.toml", tmp_path / "agent.log", launch=launch)
    try:
        async with old.forwarder as forwarder:
            await old.start(registration(device), destinations=[destination(platform.url)])
            await old.push(*(device.uplink(5, PAYLOAD) for _ in range(HEARD)))
            await until(lambda: platform.answers[503] > 0)
            first = await answered(device, forwarder, sent)
            backed_up = await brygga(old.folder, "backup", "--with-keys", str(tmp_path / "roof.backup"))
            second = await answered(device, forwarder, sent)  # of which the backup knows nothing
            platform.mood = Fault(delay_s=0.05)
            await until(lambda: len(platform.kept.messages) >= 3)
            await old.agent.kill()
            of_old = len(platform.kept.messages)

            restored = await brygga(tmp_path / "new", "restore", "--with-config", str(tmp_path / "roof.backup"))
            assert restored.code == 0, restored.err
        platform.mood = None
        await new.start()
        async with PacketForwarder(ROOF, old.server, keep_alive_s=0.2, deliver=sent.put_nowait) as forwarder:
            async with asyncio.timeout(LIMIT_S):
                await forwarder.connected()
            third = await answered(device, forwarder, sent)
            await until(
                lambda: told(platform) >= {*range(HEARD + 1), HEARD + 2}
            )  # the second went down with the old card
    finally:
        await new.stop()
        await platform.stop()

    assert backed_up.code == 0
    assert 3 <= of_old < HEARD
    assert first < second < third
    bodies = {one.uplink: one.body for one in platform.kept.messages}
    assert "" not in bodies
    assert all(
        bodies[one.uplink] == one.body for one in platform.kept.messages
    )  # what came twice is the same under its id
