"""Devices that speak in the tests of faults, under ids that they reckon themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.model import DevAddr, Eui64, uplink_id
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder
from simulators.platforms.mqtt import Subscriber
from tests.pipeline.box import Box
from tests.pipeline.rig import TOWER

DEV_EUI, DEV_ADDR = Eui64("a81758fffe051d02"), DevAddr("00011234")
CLIMATE = bytes.fromhex("0100e2 0229")
F_PORT = 5
LIMIT_S = 60.0


def sensor() -> EndDevice:
    return EndDevice.abp(DEV_EUI, DEV_ADDR)


async def speak(box: Box, device: EndDevice, times: int) -> list[str]:
    """Let ``device`` say something so many times, each heard by the gateway; return the ids."""
    ids = []
    for _ in range(times):
        ids.append(str(uplink_id(DEV_EUI, f"{DEV_ADDR}-abp0", device.f_cnt_up)))
        await box.push(device.uplink(F_PORT, CLIMATE))
    return ids


def arrived(city: Subscriber) -> list[str]:
    """Return the ids of what came, each once, in the order in which it came first."""
    return list(dict.fromkeys(one.headers["uplink"] for one in city.received))


async def answers(box: Box) -> None:
    """Return when the agent, which was started again, answers a gateway."""
    async with asyncio.timeout(LIMIT_S), PacketForwarder(TOWER, box.server, keep_alive_s=0.1) as stranger:
        await stranger.connected()


@asynccontextmanager
async def listening(port: int, **settings: object) -> AsyncIterator[Subscriber]:
    """Listen as the city for as long as the block lasts."""
    city = Subscriber("127.0.0.1", port, **settings)  # type: ignore[arg-type]  # its own keywords
    task = asyncio.create_task(city.run(), name="city")
    try:
        async with asyncio.timeout(LIMIT_S):
            await city.subscribed.wait()
        yield city
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
