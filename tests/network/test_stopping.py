"""A network that is being stopped still keeps what it hears, and answers nobody."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from gateway.journal import Journal
from gateway.lorawan.region import EU868
from gateway.network import Network
from simulators.end_device import EndDevice
from tests.network.bench import CITY, abp, registration
from tests.network.radio import Radio, StandingClock, frame


async def test_an_uplink_that_comes_while_the_network_ends_is_kept_and_not_answered(tmp_path: Path) -> None:
    clock, device, radio = StandingClock(), abp(), Radio()
    journal = await Journal.open(tmp_path / "journal.db", clock=clock, destinations=[CITY])
    try:
        await journal.put_devices([registration(device)])
        network = Network(journal=journal, sources={"radio": radio}, region=EU868, net_id=0x13, clock=clock)
        await network.load()
        await _run_and_stop(network, device, clock)

        await network.hear(frame(device.uplink(2, b"\x02", confirmed=True), clock))

        assert [row.uplink.f_cnt for row in await journal.read(CITY, 10)] == [0, 1]
        assert network.dispatch.counts == {"not_running": 1}
    finally:
        await journal.close()


async def _run_and_stop(network: Network, device: EndDevice, clock: StandingClock) -> None:
    running = asyncio.create_task(network.run())
    async with asyncio.timeout(5):
        while not network.dispatch.is_running:  # noqa: ASYNC110 - the network tells nobody when it has begun
            await asyncio.sleep(0)
    await network.hear(frame(device.uplink(2, b"\x01", confirmed=True), clock))
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
