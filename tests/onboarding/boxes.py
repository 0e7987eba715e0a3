"""A box as far as devices see it: a network on a journal of its own, and a radio that remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.devices_file import read_csv
from gateway.journal import Journal, Registration
from gateway.lorawan.phy import DataFrame, parse
from gateway.lorawan.region import EU868
from gateway.model import Device, RootKeys, Uplink
from gateway.network import Network
from simulators.end_device import EndDevice
from tests.network.radio import Radio, StandingClock, frame, reception

CITY = "city"
BETWEEN_FRAMES_S = 300.0  # no answer meets another one in its window, and the duty cycle allows all


@dataclass
class Box:
    """One box."""

    network: Network
    journal: Journal
    radio: Radio
    clock: StandingClock = field(default_factory=StandingClock)

    async def hear(self, device: EndDevice, phy_payload: bytes) -> None:
        """Hear a frame as the device sends it, some minutes after the last."""
        self.clock.seconds += BETWEEN_FRAMES_S
        self.radio.told.clear()
        air = device.on_air
        copy = replace(reception(), frequency_hz=air.frequency_hz, data_rate=air.data_rate)
        await self.network.hear(frame(phy_payload, self.clock, copy))

    async def answered(self) -> bytes:
        """Return what the radio was told to send; waits for it."""
        async with asyncio.timeout(5):
            await self.radio.told.wait()
        self.radio.told.clear()
        return self.radio.sent[-1].phy_payload

    def downlink_counters(self) -> list[int]:
        """Return the counters of all data frames that the radio sent."""
        frames = [parse(request.phy_payload) for request in self.radio.sent]
        return [one.f_cnt16 for one in frames if isinstance(one, DataFrame)]

    async def join(self, device: EndDevice) -> bool:
        """Let a device join, and tell whether it took the answer."""
        await self.hear(device, device.join_request())
        return device.accept(await self.answered())

    async def uplinks(self) -> list[Uplink]:
        return [row.uplink for row in await self.journal.read(CITY, 100)]

    async def take(self, text: str) -> Sequence[str]:
        """Import a devices CSV, as the desk does."""
        known = {one.device.dev_eui: one for one in await self.journal.devices()}
        registrations, problems = read_csv(text, "devices.csv", known)
        await self.journal.put_devices(registrations)
        await self.network.load()
        return problems


@asynccontextmanager
async def box_on(path: Path) -> AsyncIterator[Box]:
    """Have a box for as long as the block lasts; its folder is made."""
    path.parent.mkdir(exist_ok=True)
    clock, radio = StandingClock(), Radio()
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    network = Network(journal=journal, sources={"radio": radio}, region=EU868, net_id=0x13, clock=clock)
    try:
        await network.load()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(network.run(), name="network")
            yield Box(network, journal, radio, clock)
            running.cancel()
    finally:
        await journal.close()


def registered(device: EndDevice) -> Registration:
    """Return the registration of a device that is to join."""
    return Registration(
        device=Device(dev_eui=device.dev_eui, join_eui=device.join_eui, mac_version=device.mac_version),
        root_keys=RootKeys(app_key=device.app_key, nwk_key=device.nwk_key),
    )
