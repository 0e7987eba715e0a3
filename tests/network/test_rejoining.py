"""A device of LoRaWAN 1.1 that is told to rejoin, from the wish to the first uplink of its new session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from gateway.errors import ConfigError, StorageError
from gateway.journal import Journal
from gateway.lorawan.mac_commands import ForceRejoinReq
from gateway.lorawan.mac_layer.state import FORCE_TRIES
from gateway.lorawan.region import EU868
from gateway.model import Device, MacVersion
from gateway.network.office import RunningOffice, StoppedOffice
from simulators.end_device import EndDevice
from tests.network.bench import DEV_EUI, Bench, abp, as_sent, network_on, register, registration
from tests.network.radio import StandingClock


def modern() -> EndDevice:
    return EndDevice(DEV_EUI, mac_version=MacVersion.V1_1)


def described(device: EndDevice) -> Device:
    return registration(device).device


async def events(bench: Bench) -> Sequence[str]:
    return [one.what for one in await cast("Journal", bench.journal).events(DEV_EUI)]


async def asked_to_rejoin(bench: Bench, device: EndDevice, rejoin_type: int) -> ForceRejoinReq | None:
    """Return what a joined device is told after its next uplink."""
    await register(bench, device)
    await bench.join(device)
    await bench.talk(device)
    await RunningOffice(bench.network).force_rejoin(registration_of(bench), rejoin_type)
    await bench.talk(device)
    return device.rejoin_wanted


def registration_of(bench: Bench) -> Device:
    known = bench.network.device(DEV_EUI)
    assert known is not None
    return known


async def rejoin(bench: Bench, device: EndDevice, rejoin_type: int) -> bool:
    await bench.hear(device.rejoin_request(rejoin_type), as_sent(device))
    await bench.settle()
    bench.clock.seconds += 60
    return device.accept(bench.radio.sent[-1].phy_payload)


@pytest.mark.parametrize("rejoin_type", [0, 2])
async def test_a_device_that_is_told_rejoins_and_goes_on_in_its_new_session(bench: Bench, rejoin_type: int) -> None:
    device = modern()

    wanted = await asked_to_rejoin(bench, device, rejoin_type)
    before = device.dev_addr
    accepted = await rejoin(bench, device, rejoin_type)
    await bench.talk(device)
    await bench.talk(device)

    live = bench.network.session(DEV_EUI)
    assert live is not None
    assert wanted is not None
    assert wanted.rejoin_type == rejoin_type
    assert accepted
    assert device.dev_addr != before
    assert live.session.dev_addr == device.dev_addr
    assert live.mac.force_rejoin is None
    assert device.rejoin_wanted is None
    assert any(f"rejoined (type {rejoin_type})" in what for what in await events(bench))


@pytest.mark.parametrize("rejoin_type", [0, 2])
@pytest.mark.parametrize("data_rate", range(6))
def test_whichever_way_a_device_reads_its_octets_the_request_says_the_same(rejoin_type: int, data_rate: int) -> None:
    octets = ForceRejoinReq.alike(rejoin_type, data_rate).to_bytes()

    read = ForceRejoinReq.from_bytes(octets)

    assert octets[1] == octets[2]
    assert (read.rejoin_type, read.data_rate) == (rejoin_type, data_rate)


async def test_a_wish_that_was_left_with_a_stopped_agent_waits_in_the_journal(path: Path) -> None:
    device, clock = modern(), StandingClock()
    known = described(device)
    async with network_on(path, clock) as bench:
        await register(bench, device)
        await bench.join(device)
        await bench.talk(device)
    async with network_on(path, clock) as bench:
        office = StoppedOffice(cast("Journal", bench.journal), EU868)
        await office.force_rejoin(known, 0)
    async with network_on(path, clock) as bench:
        await bench.network.load()
        await bench.talk(device)

        assert device.rejoin_wanted is not None


async def test_a_device_that_does_not_rejoin_is_told_some_times_and_then_left_alone(bench: Bench) -> None:
    device = modern()
    await asked_to_rejoin(bench, device, 0)
    live = bench.network.session(DEV_EUI)
    assert live is not None

    told = 1
    for _ in range(FORCE_TRIES + 3):
        await bench.talk(device)
        told += any(isinstance(one, ForceRejoinReq) for one in live.mac.asked)

    assert told == FORCE_TRIES
    assert live.mac.force_rejoin is None
    assert any("does not rejoin" in what for what in await events(bench))


async def test_a_request_whose_accept_is_lost_does_not_have_the_device_told_again(bench: Bench) -> None:
    device = modern()
    await asked_to_rejoin(bench, device, 0)
    await bench.hear(device.rejoin_request(0), as_sent(device))
    await bench.settle()

    bench.clock.seconds += 60
    await bench.talk(device)

    assert device.rejoin_wanted is None


async def test_a_wish_that_the_disk_does_not_take_is_not_promised(bench: Bench) -> None:
    device = modern()
    await register(bench, device)
    await bench.join(device)
    await bench.talk(device)
    bench.journal.failures = 1

    with pytest.raises(StorageError):
        await RunningOffice(bench.network).force_rejoin(registration_of(bench), 0)
    await bench.talk(device)

    assert device.rejoin_wanted is None


@pytest.mark.parametrize(
    ("device", "words"),
    [
        (abp(), "is personalised (ABP): it has nothing that it could rejoin with"),
        (EndDevice(DEV_EUI), "LoRaWAN 1.0.3 knows no ForceRejoinReq, 1.1 does: switch it off and on"),
        (modern(), "has not joined yet: switch it on"),
    ],
    ids=["abp", "1.0.3", "not joined"],
)
async def test_a_device_that_never_will_is_refused_in_words(bench: Bench, device: EndDevice, words: str) -> None:
    await register(bench, device)

    for office in (RunningOffice(bench.network), StoppedOffice(cast("Journal", bench.journal), EU868)):
        with pytest.raises(ConfigError) as caught:
            await office.force_rejoin(described(device), 0)
        assert words in str(caught.value)


async def test_a_session_that_signed_is_kept_though_later_offers_do_not_arrive(bench: Bench) -> None:
    """The device has shown that it uses it; no uplink of it has come, and two accepts were lost on the air."""
    device = modern()
    await register(bench, device)
    await bench.join(device)
    await bench.talk(device)
    assert await rejoin(bench, device, 1)
    for rejoin_type in (0, 1):
        await bench.hear(device.rejoin_request(rejoin_type), as_sent(device))
        await bench.settle()
        bench.clock.seconds += 60

    await bench.talk(device, b"\x07")

    live = bench.network.session(DEV_EUI)
    assert live is not None
    assert live.session.dev_addr == device.dev_addr
    assert bench.network.counts["uplinks"] == 2
