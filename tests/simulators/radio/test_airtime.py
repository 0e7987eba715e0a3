"""How long frames are on the air, by the formula as it is published, for every size that there is."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from math import ceil

import pytest

from gateway.lorawan.region import airtime
from gateway.model import LoraRate
from simulators.concentrator import airtime_us
from tests.lorawan.vectors import lines

SIZES = range(1, 256)


def published_us(size: int, spreading_factor: int, bandwidth_hz: int) -> Fraction:
    """Semtech AN1200.13, section 4: T_preamble + T_payload, with explicit header, CRC, 8 symbols of preamble and CR 4/5."""
    symbol_us = Fraction(2**spreading_factor * 1_000_000, bandwidth_hz)
    low_rate = 1 if symbol_us >= 16_000 else 0
    preamble_us = (8 + Fraction(17, 4)) * symbol_us
    over = Fraction(8 * size - 4 * spreading_factor + 28 + 16, 4 * (spreading_factor - 2 * low_rate))
    payload_symbols = 8 + max(ceil(over) * (1 + 4), 0)
    return preamble_us + payload_symbols * symbol_us


@pytest.mark.parametrize("bandwidth_hz", [125_000, 250_000, 500_000])
@pytest.mark.parametrize("spreading_factor", range(7, 13))
def test_the_time_on_air_of_every_size_is_the_published_one(spreading_factor: int, bandwidth_hz: int) -> None:
    rate = LoraRate(spreading_factor, bandwidth_hz)

    ours = [airtime_us(size, rate) for size in SIZES]
    networks = [airtime(size, rate) / timedelta(microseconds=1) for size in SIZES]

    published = [published_us(size, spreading_factor, bandwidth_hz) for size in SIZES]
    assert ours == [round(one) for one in published]
    assert networks == [float(one) for one in published]


def test_the_time_on_air_is_what_another_implementation_worked_out() -> None:
    theirs = lines("eu868_airtime", "time-on-air")

    ours = [airtime_us(one["phy_len"], LoraRate(one["sf"], one["bw_hz"]), crc=one["crc"]) for one in theirs]

    assert ours == [one["us"] for one in theirs]
    assert len(theirs) == 108
