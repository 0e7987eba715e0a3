"""A 1.1 device signs with the number of its channel, also of one that it was given a moment ago."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.errors import BadFrameReason
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Eui64, Frame, MacVersion
from simulators.end_device import EndDevice
from tests.network.bench import Bench, network_on, register
from tests.network.radio import StandingClock, reception

DEFAULT = len(EU868.default_channels)


def personalised() -> EndDevice:
    return EndDevice.abp(Eui64("a81758fffe051d02"), DevAddr("26011234"), mac_version=MacVersion.V1_1)


async def speak(bench: Bench, device: EndDevice) -> None:
    """Send an uplink as the device hops, and let it hear the answer."""
    octets = device.uplink(2, b"\x01", confirmed=True)
    sent = replace(
        reception(), frequency_hz=device.on_air.frequency_hz, data_rate=device.on_air.data_rate, timestamp_us=1_000_000
    )
    await bench.network.hear(Frame(octets, (sent,), bench.clock()))
    if device.f_cnt_up - 1 in await bench.rows():
        device.hear(await bench.answered())
    bench.clock.seconds += 60


async def test_the_first_uplink_on_a_channel_that_was_just_given_is_proved(tmp_path: Path) -> None:
    device = personalised()
    async with network_on(tmp_path / "journal.db", StandingClock()) as bench:
        await register(bench, device)
        while device.on_air.channel < DEFAULT and device.f_cnt_up < 50:
            await speak(bench, device)

        assert device.on_air.channel >= DEFAULT
        assert bench.network.refused[BadFrameReason.MIC] == 0
        assert await bench.rows() == list(range(device.f_cnt_up))
