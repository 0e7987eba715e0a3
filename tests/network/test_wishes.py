"""What the network wants of its devices: told as they join, or asked of them, and heeded from then on by both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from gateway.journal import Journal
from gateway.lorawan.mac_commands import (
    ADRParamSetupReq,
    DevStatusReq,
    LinkADRReq,
    MacCommand,
    RejoinParamSetupReq,
)
from gateway.lorawan.mac_layer import Wanted
from gateway.lorawan.region import AS923_1, EU433, EU868, Region
from gateway.model import LoraRate, MacVersion, TxResult
from simulators.end_device import EndDevice
from simulators.end_device.values import Make
from tests.network.bench import DEV_EUI, Bench, abp, network_on, register, registration
from tests.network.radio import StandingClock

QUIET = replace(Wanted.of(EU868), status_every=None)
SOON = 1_000_000  # when a reception ends, on the concentrator's clock
SECOND = 1_000_000
SITE_HZ = (867_100_000, 867_500_000)


def site(region: Region, *channels_hz: int) -> Region:
    return replace(region, cf_list_hz=channels_hz)


async def asked(bench: Bench, device: EndDevice, talks: int) -> list[MacCommand]:
    """Return what a device was asked during some talks."""
    found: list[MacCommand] = []
    for _ in range(talks):
        await bench.talk(device)
        live = bench.network.session(device.dev_eui)
        assert live is not None
        found += live.mac.asked
    return found


# ── windows ──


async def test_a_joining_device_is_told_its_windows_and_is_answered_in_them(path: Path) -> None:
    wanted = replace(QUIET, rx1_delay_s=5, rx1_dr_offset=1, rx2_data_rate=3)
    device = EndDevice(DEV_EUI)
    async with network_on(path, StandingClock(), wanted=wanted) as bench:
        await register(bench, device)
        await bench.join(device)
        await bench.talk(device, confirmed=True)

        answer = bench.radio.sent[-1]
        assert (device.rx1_delay_s, device.rx1_dr_offset, device.rx2_data_rate) == (5, 1, 3)
        assert answer.timestamp_us == SOON + 5 * SECOND
        assert answer.data_rate == LoraRate(8, 125_000)


async def test_a_personalised_device_is_asked_and_the_old_delay_holds_until_it_was_told(path: Path) -> None:
    device = abp()
    async with network_on(path, StandingClock(), wanted=replace(QUIET, rx1_delay_s=5)) as bench:
        await register(bench, device)
        await bench.talk(device, confirmed=True)
        before, delay = bench.radio.sent[-1], device.rx1_delay_s
        await bench.talk(device, confirmed=True)

        assert before.timestamp_us == SOON + SECOND
        assert delay == 5
        assert bench.radio.sent[-1].timestamp_us == SOON + 5 * SECOND
        assert (await bench.session()).rx1_delay_s == 5


async def test_a_device_that_did_not_hear_the_request_is_answered_as_before(path: Path) -> None:
    device = abp()
    async with network_on(path, StandingClock(), wanted=replace(QUIET, rx1_delay_s=5)) as bench:
        await register(bench, device)
        await bench.hear(device.uplink(2, b"\x01", confirmed=True))
        await bench.settle()
        bench.clock.seconds += 60
        await bench.hear(device.uplink(2, b"\x02", confirmed=True))
        await bench.settle()

        assert [one.timestamp_us for one in bench.radio.sent] == [SOON + SECOND, SOON + SECOND]


async def test_rx2_is_where_the_device_was_told_from_its_answer_on(path: Path) -> None:
    device = abp()
    wanted = replace(QUIET, rx2_data_rate=3, rx2_frequency_hz=868_800_000)
    async with network_on(path, StandingClock(), wanted=wanted) as bench:
        await register(bench, device)
        bench.radio.says.append(TxResult.TOO_LATE)
        await bench.talk(device, confirmed=True)
        before = bench.radio.sent[-1]
        bench.radio.says.append(TxResult.TOO_LATE)
        await bench.talk(device, confirmed=True)

        after = bench.radio.sent[-1]
        assert (before.frequency_hz, before.data_rate) == (869_525_000, LoraRate(12, 125_000))
        assert (after.frequency_hz, after.data_rate) == (868_800_000, LoraRate(9, 125_000))


# ── channels ──


@pytest.mark.parametrize(
    "region",
    [site(EU868, *SITE_HZ), site(EU433, 433_700_000), site(AS923_1, 922_000_000, 922_200_000)],
    ids=lambda region: region.name,
)
async def test_a_joining_device_gets_the_channels_of_the_site(path: Path, region: Region) -> None:
    device = EndDevice(DEV_EUI, make=Make(region=region))
    async with network_on(path, StandingClock(), region=region) as bench:
        await register(bench, device)

        joined = await bench.join(device)

        assert joined
        assert device.channels_hz == region.cf_list_hz


async def test_channels_that_a_join_accept_has_no_room_for_are_given_one_by_one(path: Path) -> None:
    many = (865_100_000, 865_300_000, 865_500_000, 865_700_000, 865_900_000, 866_100_000, 866_300_000)
    device = EndDevice(DEV_EUI)
    async with network_on(path, StandingClock(), region=site(EU868, *many)) as bench:
        await register(bench, device)
        await bench.join(device)
        at_first = device.channels_hz
        for _ in range(4):
            await bench.talk(device, confirmed=True)

        assert at_first == many[:5]
        assert device.channels_hz == many


async def test_a_channel_that_the_site_gives_up_is_switched_off(path: Path) -> None:
    device, clock = abp(), StandingClock()
    async with network_on(path, clock) as bench:
        await register(bench, device)
        for _ in range(6):
            await bench.talk(device, confirmed=True)
        before = device.setting.plan.enabled
    async with network_on(path, clock, region=site(EU868, *EU868.cf_list_hz[:2])) as bench:
        await bench.network.load()
        for _ in range(4):
            await bench.talk(device, confirmed=True)

        assert before == frozenset(range(8))
        assert device.setting.plan.enabled == frozenset(range(5))


# ── status, duty cycle ──


@pytest.mark.parametrize(("every", "times"), [(timedelta(minutes=10), 3), (None, 0)])
async def test_a_device_tells_its_status_as_often_as_it_is_wanted(
    path: Path, every: timedelta | None, times: int
) -> None:
    device = EndDevice(DEV_EUI)
    async with network_on(path, StandingClock(), wanted=replace(QUIET, status_every=every)) as bench:
        await register(bench, device)
        await bench.join(device)

        questions = await asked(bench, device, 25)

        assert questions.count(DevStatusReq()) == times


async def test_a_device_is_told_how_much_of_the_time_it_may_take(path: Path) -> None:
    device = EndDevice(DEV_EUI)
    async with network_on(path, StandingClock(), wanted=replace(QUIET, max_duty_cycle=9)) as bench:
        await register(bench, device)
        await bench.join(device)
        await bench.talk(device)
        await bench.talk(device)

        live = bench.network.session(DEV_EUI)
        assert live is not None
        assert (device.setting.max_duty_cycle, live.mac.max_duty_cycle) == (9, 9)


# ── ADR ──


@pytest.mark.parametrize(
    ("own_db", "network_db", "data_rate"),
    [(None, 10.0, 5), (25.0, 10.0, 1), (None, 25.0, 1), (10.0, 25.0, 5)],
)
async def test_the_margin_of_the_device_or_else_of_the_network_decides(
    path: Path, own_db: float | None, network_db: float, data_rate: int
) -> None:
    device = EndDevice(DEV_EUI, make=Make(adr=True, data_rate=0))
    async with network_on(path, StandingClock(), wanted=replace(QUIET, adr_margin_db=network_db)) as bench:
        known = registration(device)
        with_margin = replace(known, device=replace(known.device, adr_margin_db=own_db))
        await cast("Journal", bench.journal).put_devices([with_margin])
        await bench.network.load()
        await bench.join(device)

        await bench.talk(device, confirmed=True)  # 9 dB: 29 dB above what SF12 needs

        assert device.setting.data_rate == data_rate


async def test_adr_stays_within_the_data_rates_of_the_network(path: Path) -> None:
    device = EndDevice(DEV_EUI, make=Make(adr=True, data_rate=0))
    async with network_on(path, StandingClock(), wanted=replace(QUIET, adr_max_data_rate=3)) as bench:
        await register(bench, device)
        await bench.join(device)
        for _ in range(3):
            await bench.talk(device, confirmed=True)

        assert device.setting.data_rate == 3


async def test_where_adr_is_off_no_device_is_told_how_to_send(path: Path) -> None:
    device = EndDevice(DEV_EUI, make=Make(adr=True, data_rate=0))
    async with network_on(path, StandingClock(), wanted=replace(QUIET, adr=False)) as bench:
        await register(bench, device)
        await bench.join(device)

        questions = await asked(bench, device, 25)

        assert not [one for one in questions if isinstance(one, LinkADRReq)]
        assert device.setting.data_rate == 0


# ── LoRaWAN 1.1 ──


async def test_a_1_1_device_is_told_when_to_worry_and_when_to_rejoin_and_not_again(path: Path) -> None:
    silence, rejoining = ADRParamSetupReq(limit_exp=5, delay_exp=3), RejoinParamSetupReq(max_time_n=9, max_count_n=4)
    wanted = replace(QUIET, adr_param_setup=silence, rejoin_param_setup=rejoining)
    device, clock = EndDevice(DEV_EUI, mac_version=MacVersion.V1_1), StandingClock()
    async with network_on(path, clock, wanted=wanted) as bench:
        await register(bench, device)
        await bench.join(device)
        questions = await asked(bench, device, 5)
    async with network_on(path, clock, wanted=wanted) as bench:
        await bench.network.load()
        later = await asked(bench, device, 5)

        events = [one.what for one in await cast("Journal", bench.journal).events(DEV_EUI)]
        assert questions == [silence, rejoining]
        assert later == []
        assert (device.setting.adr_ack_limit, device.setting.adr_ack_delay) == (32, 8)
        assert any("keeps no time" in what for what in events)


async def test_a_1_0_device_is_not_asked_what_it_does_not_know(path: Path) -> None:
    wanted = replace(QUIET, adr_param_setup=ADRParamSetupReq(limit_exp=5, delay_exp=3))
    device = EndDevice(DEV_EUI)
    async with network_on(path, StandingClock(), wanted=wanted) as bench:
        await register(bench, device)
        await bench.join(device)

        assert await asked(bench, device, 3) == []
