"""Devices that speak as often as they may keep the law: a judge who sums up every hour finds nothing."""

from __future__ import annotations

from math import exp
from random import Random

import pytest

from gateway.lorawan.dev_addr import new_dev_addr
from gateway.model import eui64
from simulators.air_law import HOUR_US, outlaws, overlaps, overruns
from simulators.concentrator import Transmission as OnAir
from simulators.concentrator import airtime_us
from simulators.end_device import EndDevice, Make
from simulators.radio import PURE_ALOHA, Loss, Restraint, Transmission
from tests.simulators.radio.skies import NEAR, carried, ether

HOURS = 4


def chatter(number: int, data_rate: int, pause_s: float = 2.0) -> list[OnAir]:
    """Return all that a device sends in four hours which wants to speak so often; ``pause_s`` is the mean."""
    random = Random(number)
    dev_eui = eui64(f"{0x70B3D57ED0000000 + number:016x}")
    device = EndDevice.abp(dev_eui, new_dev_addr(0, number), random=random, make=Make(data_rate=data_rate))
    restraint, now_us, sent = Restraint(), round(random.uniform(0, 1e6) * pause_s), []
    while now_us < HOURS * HOUR_US:
        octets = device.uplink(2, random.randbytes(random.randrange(1, 40)))
        on_air = device.on_air
        length_us = airtime_us(len(octets), on_air.data_rate)
        begins_us = restraint.earliest_us(on_air.frequency_hz, length_us, now_us)
        restraint.sent(on_air.frequency_hz, begins_us, length_us)
        sent.append(
            OnAir(
                phy_payload=octets,
                frequency_hz=on_air.frequency_hz,
                data_rate=on_air.data_rate,
                power_dbm=on_air.power_dbm,
                starts_us=begins_us,
                airtime_us=length_us,
            )
        )
        now_us = begins_us + length_us + round(random.expovariate(1 / pause_s) * 1e6)
    return sent


@pytest.mark.parametrize("data_rate", range(4))
def test_a_device_that_speaks_all_the_time_keeps_its_duty_cycle(data_rate: int) -> None:
    sent = chatter(data_rate, data_rate)

    assert overruns(sent) == []
    assert outlaws(sent) == []
    assert overlaps(sent) == []


def test_a_device_uses_what_the_law_gives_it() -> None:
    on_air_us = sum(one.airtime_us for one in chatter(1, 0))

    assert on_air_us / (HOURS * HOUR_US) > 0.0095


def test_without_restraint_the_judge_finds_an_overrun() -> None:
    sent = chatter(1, 0)
    greedy = OnAir(
        phy_payload=b"",
        frequency_hz=868_100_000,
        data_rate=sent[0].data_rate,
        power_dbm=14,
        starts_us=sent[-1].ends_us,
        airtime_us=3_000_000,
    )

    assert len(overruns([*sent, greedy])) == 1


def test_a_fleet_that_keeps_the_law_loses_on_the_air_what_its_load_makes_it_lose() -> None:
    frames = sorted(
        (
            Transmission(
                number=place << 16 | number,
                sender=str(place),
                spot=NEAR,
                begins_us=one.starts_us,
                airtime_us=one.airtime_us,
                frequency_hz=one.frequency_hz,
                data_rate=one.data_rate,
                power_dbm=one.power_dbm,
            )
            for place in range(60)
            for number, one in enumerate(chatter(place, 0, pause_s=300.0))
        ),
        key=lambda one: one.begins_us,
    )
    air = ether(rules=PURE_ALOHA)

    carried(air, frames)

    load = sum(one.airtime_us for one in frames) / (HOURS * HOUR_US) / 3  # on each of three channels
    lost = air.counts[Loss.COLLIDED] / len(frames)
    assert lost == pytest.approx(1 - exp(-2 * load), rel=0.1)


def test_a_frame_that_no_hour_has_room_for_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="4000000 µs are more than sub-band K allows in an hour"):
        Restraint().earliest_us(863_500_000, 4_000_000, 0)


def test_a_channel_outside_of_all_bands_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="868650000 Hz lies in no sub-band"):
        Restraint().earliest_us(868_650_000, 50_000, 0)


def test_sub_bands_are_counted_apart() -> None:
    restraint = Restraint()
    restraint.sent(868_100_000, 0, 36_000_000)

    same, other = (restraint.earliest_us(hertz, 1_000, 36_000_000) for hertz in (868_500_000, 867_100_000))

    assert same == HOUR_US
    assert other == 36_000_000
