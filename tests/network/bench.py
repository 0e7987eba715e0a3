"""A network with all around it: a real journal, a radio that remembers, a clock that stands still, devices to register."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from gateway.journal import Journal, Registration
from gateway.lorawan.mac_layer import Wanted
from gateway.lorawan.region import EU868, Region
from gateway.model import Activation, DevAddr, Device, Downlink, Eui64, Reception, RootKeys, Session
from gateway.network import Network
from simulators.end_device import EndDevice
from tests.network.radio import FailingJournal, Radio, StandingClock, frame, reception

DEV_EUI = Eui64("a81758fffe051d02")
CITY = "city"


@dataclass
class Bench:
    """A network with all around it."""

    network: Network
    journal: FailingJournal
    radio: Radio
    clock: StandingClock

    async def hear(self, phy_payload: bytes, *receptions: Reception) -> None:
        await self.network.hear(frame(phy_payload, self.clock, *receptions))

    async def settle(self) -> None:
        """Let tasks that wait for nothing but a turn of the loop and a commit come to their end."""
        for _ in range(5):
            await asyncio.sleep(0)
            await cast("Journal", self.journal).flush()

    async def talk(
        self, device: EndDevice, payload: bytes = b"\x01", *, confirmed: bool = False, snr_db: float = 9.0
    ) -> None:
        """Send an uplink, let the device hear what answers it, and let a minute pass."""
        before = len(self.radio.sent)
        octets = device.uplink(2, payload, confirmed=confirmed)
        await self.hear(octets, as_sent(device, snr_db))
        await self.settle()
        for request in self.radio.sent[before:]:
            device.hear(request.phy_payload)
        self.clock.seconds += 60

    async def downlinks(self) -> Sequence[Downlink]:
        return await cast("Journal", self.journal).downlinks()

    async def answered(self) -> bytes:
        """Return what the radio was told to send last; waits for it."""
        async with asyncio.timeout(5):
            await self.radio.told.wait()
        self.radio.told.clear()
        return self.radio.sent[-1].phy_payload

    async def rows(self) -> list[int]:
        """Return the counters of the uplinks in the journal."""
        journal = cast("Journal", self.journal)
        return [row.uplink.f_cnt for row in await journal.read(CITY, 100)]

    async def join(self, device: EndDevice) -> bool:
        """Let a device join, and a minute pass."""
        await self.hear(device.join_request(), as_sent(device))
        await self.settle()
        self.clock.seconds += 60
        return device.accept(self.radio.sent[-1].phy_payload)

    async def session(self) -> Session:
        (session,) = await cast("Journal", self.journal).sessions()
        return session


@asynccontextmanager
async def network_on(
    path: Path, clock: StandingClock, *, region: Region = EU868, wanted: Wanted | None = None
) -> AsyncIterator[Bench]:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    failing, radio = FailingJournal(journal), Radio()
    network = Network(
        journal=cast("Journal", failing),
        sources={"radio": radio},
        region=region,
        net_id=0x13,
        clock=clock,
        wanted=wanted,
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(network.run())
            await asyncio.sleep(0)
            yield Bench(network, failing, radio, clock)
            running.cancel()
    finally:
        await journal.close()


def as_sent(device: EndDevice, snr_db: float = 9.0) -> Reception:
    """Return a reception of what a device has just sent."""
    on_air = device.on_air
    return replace(reception(snr_db=snr_db), frequency_hz=on_air.frequency_hz, data_rate=on_air.data_rate)


async def register(bench: Bench, *devices: EndDevice, device_class: str = "A") -> None:
    journal = cast("Journal", bench.journal)
    await journal.put_devices([registration(device, device_class) for device in devices])
    await bench.network.load()


def registration(device: EndDevice, device_class: str = "A") -> Registration:
    if device.keys is None:
        keys = RootKeys(app_key=device.app_key, nwk_key=device.nwk_key)
        described = Device(
            dev_eui=device.dev_eui,
            join_eui=device.join_eui,
            mac_version=device.mac_version,
            device_class=device_class,
        )
        return Registration(device=described, root_keys=keys)
    assert device.dev_addr is not None
    session = Session(
        dev_eui=device.dev_eui,
        dev_addr=device.dev_addr,
        activation=f"{device.dev_addr}-abp0",
        mac_version=device.mac_version,
        keys=device.keys,
    )
    described = Device(
        dev_eui=device.dev_eui,
        activation=Activation.ABP,
        mac_version=device.mac_version,
        device_class=device_class,
    )
    return Registration(device=described, session=session)


def abp(dev_eui: Eui64 = DEV_EUI) -> EndDevice:
    return EndDevice.abp(dev_eui, DevAddr("26011234"))
