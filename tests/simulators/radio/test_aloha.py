"""The ether against theory: pure ALOHA, what capture adds, and a network that others have measured and simulated."""

from __future__ import annotations

from math import cos, erf, exp, pi, sin, sqrt
from random import Random

import pytest

from gateway.model import LoraRate
from simulators.radio import LANCASTER, PURE_ALOHA, Ether, Links, Rules, Spot, Transmission, concentrator
from simulators.radio.rules import MEASURED
from tests.simulators.radio.skies import GATEWAY, ether, frame, poisson

LOADS = (0.05, 0.1, 0.2, 0.5, 0.75, 1.0)
FRAMES = 40_000
SPREAD_DB = 12.0


def delivered(load: float, rules: Rules, spread_db: float = 0.0) -> float:
    """Return which part of Poisson arrivals on one channel of one spreading factor is heard at a load of ``load`` airtimes an airtime."""
    random = Random(f"aloha {load}")
    air = ether(rules=rules)
    times = poisson(random, FRAMES, frame(0).airtime_us / load)
    for number, begins_us in enumerate(times):
        power_dbm = 14.0 + random.gauss(0.0, spread_db)
        air.begin(frame(number, begins_us, sender="any", power_dbm=power_dbm))
    air.rest()
    return air.counts["heard"] / FRAMES


@pytest.mark.parametrize("load", LOADS)
def test_without_capture_the_load_is_lost_as_in_pure_aloha(load: float) -> None:
    assert delivered(load, PURE_ALOHA) == pytest.approx(exp(-2 * load), rel=0.05)


def test_capture_saves_frames_but_never_more_than_one_of_those_that_meet() -> None:
    saved = {load: delivered(load, Rules(fading_db=0.0), SPREAD_DB) for load in LOADS}

    for (
        load,
        part,
    ) in saved.items():  # at best the strongest of all that meet is heard: the integral of exp(-2 G u) over ranks u
        assert exp(-2 * load) < part < (1 - exp(-2 * load)) / (2 * load)


@pytest.mark.parametrize("load", [0.05, 0.1])
def test_capture_saves_as_many_of_two_as_are_six_decibels_stronger(load: float) -> None:
    wins = 0.5 * (1 - erf(6.0 / (SPREAD_DB * sqrt(2)) / sqrt(2)))
    vulnerable = 2 - 3 * 1024 / frame(0).airtime_us  # three symbols of a preamble are spared

    assert delivered(load, Rules(fading_db=0.0), SPREAD_DB) == pytest.approx(
        exp(-vulnerable * load * (1 - wins)), rel=0.02
    )


def test_a_hundred_and_twenty_nodes_on_four_hectares_deliver_nine_of_ten() -> None:
    """Bor et al. 2016: SF12, CR 4/8, 20 octets each 16.7 minutes, 3 channels, 3.8 ha around one sink."""
    random = Random(2016)
    radius_m, airtime_us = sqrt(38_000 / pi), 1_712_128  # by the formula of AN1200.13
    nodes = [_on_disc(random, radius_m) for _ in range(120)]
    sink = concentrator(GATEWAY, Spot(east_m=0, north_m=0), channels_hz=(867_100_000, 867_300_000, 867_500_000))
    air = Ether(Links([sink], seed=1, propagation=LANCASTER), seed=1, rules=MEASURED)

    for number, begins_us in enumerate(poisson(random, 20_000, 1e9 / len(nodes))):
        node = random.randrange(len(nodes))
        air.begin(
            Transmission(
                number=number,
                sender=str(node),
                spot=nodes[node],
                begins_us=begins_us,
                airtime_us=airtime_us,
                frequency_hz=random.choice((867_100_000, 867_300_000, 867_500_000)),
                data_rate=LoraRate(12, 125_000),
                power_dbm=14.0,
            )
        )
    air.rest()

    assert air.counts["heard"] / 20_000 == pytest.approx(0.9, abs=0.02)


def _on_disc(random: Random, radius_m: float) -> Spot:
    distance_m, angle = radius_m * sqrt(random.random()), 2 * pi * random.random()
    return Spot(east_m=distance_m * cos(angle), north_m=distance_m * sin(angle))
