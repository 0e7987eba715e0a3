from random import Random

import pytest

from gateway.model import LoraRate
from simulators.air_law import EUROPE, HOUR_US, _hours, _on_air
from simulators.concentrator import Transmission
from simulators.lab.airtime_book import AirtimeBook

RATE = LoraRate(12, 125_000)
FREQUENCIES = (867_100_000, 868_100_000, 868_300_000, 869_525_000)


@pytest.mark.parametrize("seed", range(5))
def test_the_fullest_hour_is_the_one_that_brute_force_finds(seed: int) -> None:
    random, book, sent = Random(seed), AirtimeBook(), []
    for _ in range(120):
        starts_us, length_us = random.randrange(4 * HOUR_US), random.randrange(1, 3_000_000)
        frequency_hz = random.choice(FREQUENCIES)
        book.note("device", starts_us, length_us, frequency_hz)
        sent.append(
            Transmission(
                phy_payload=b"",
                frequency_hz=frequency_hz,
                data_rate=RATE,
                power_dbm=14,
                starts_us=starts_us,
                airtime_us=length_us,
            )
        )

    fullest = book.fullest()["device"]

    assert fullest == pytest.approx(max(_fullest(sent, band.permille, band.holds) for band in EUROPE))


def _fullest(sent: list[Transmission], permille: int, holds: object) -> float:
    assert callable(holds)
    inside = [one for one in sent if holds(one.frequency_hz)]
    return max((_on_air(inside, begins_us) for begins_us in _hours(inside)), default=0) / (HOUR_US * permille / 1000)
