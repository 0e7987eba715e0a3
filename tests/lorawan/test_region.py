"""EU868 against tables and times that others made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.lorawan.phy import Direction
from gateway.lorawan.region import EU868, REGIONS, SubBand, airtime
from gateway.model import FskRate, LoraRate
from tests.lorawan.vectors import lines

AIRTIMES = lines("eu868_airtime", "time-on-air")
SUB_BANDS = lines("eu868_airtime", "eu868-subband")


@pytest.mark.parametrize(
    "line", AIRTIMES, ids=lambda line: f"SF{line['sf']}-{line['phy_len']}-{'up' if line['crc'] else 'down'}"
)
def test_a_frame_occupies_the_channel_as_long_as_others_compute(line: dict[str, Any]) -> None:
    direction = Direction.UPLINK if line["crc"] else Direction.DOWNLINK

    time = airtime(line["phy_len"], LoraRate(line["sf"], line["bw_hz"]), direction)

    assert time == timedelta(microseconds=line["us"])


def test_twice_the_bandwidth_takes_half_the_time() -> None:
    assert airtime(33, LoraRate(7, 250_000)) * 2 == airtime(33, LoraRate(7, 125_000))


def test_an_fsk_frame_has_eleven_octets_around_it() -> None:
    assert airtime(33, FskRate(50_000)) == timedelta(microseconds=44 * 8 * 20)


def test_the_sub_bands_are_those_of_the_regulation() -> None:
    expected = [
        SubBand(
            label=line["label"],
            lowest_hz=line["min_hz"],
            highest_hz=line["max_hz"],
            duty_cycle_permille=line["duty_permille"],
            max_eirp_dbm=line["max_eirp_dbm"],
        )
        for line in SUB_BANDS
    ]

    assert list(EU868.sub_bands) == expected


def test_every_line_is_run() -> None:
    assert len(AIRTIMES) + len(SUB_BANDS) == len(lines("eu868_airtime"))


@pytest.mark.parametrize(
    ("frequency_hz", "label"),
    [
        (867_100_000, "L"),
        (867_999_999, "L"),
        (868_000_000, "M"),
        (868_650_000, None),
        (869_525_000, "P"),
        (869_800_000, "Q"),
        (870_000_000, None),
    ],
)
def test_a_frequency_lies_in_one_sub_band(frequency_hz: int, label: str | None) -> None:
    band = EU868.sub_band(frequency_hz)

    assert (band and band.label) == label


def test_power_is_that_of_the_sub_band() -> None:
    assert [EU868.eirp_dbm(frequency) for frequency in (868_100_000, 869_525_000, 868_650_000)] == [16, 29, 16]


@pytest.mark.parametrize(
    ("uplink", "offset", "expected"),
    [
        (LoraRate(7, 125_000), 0, LoraRate(7, 125_000)),
        (LoraRate(7, 125_000), 5, LoraRate(12, 125_000)),
        (LoraRate(12, 125_000), 3, LoraRate(12, 125_000)),
        (FskRate(50_000), 1, LoraRate(7, 250_000)),
        (LoraRate(7, 125_000), 6, None),
        (LoraRate(5, 125_000), 0, None),
    ],
)
def test_rx1_is_slower_by_its_offset(uplink: LoraRate | FskRate, offset: int, expected: LoraRate | None) -> None:
    assert EU868.rx1_data_rate(uplink, offset) == expected


def test_data_rates_and_channels_have_their_numbers() -> None:
    numbers = [EU868.data_rate_number(rate) for rate in EU868.data_rates]
    channels = [EU868.channel(frequency) for frequency in (868_100_000, 868_500_000, 867_100_000, 867_900_000, 1)]

    assert numbers == list(range(8))
    assert [EU868.data_rate(number) for number in (0, 5, 8, -1)] == [
        LoraRate(12, 125_000),
        LoraRate(7, 125_000),
        None,
        None,
    ]
    assert channels == [0, 2, 3, 7, None]


def test_every_region_has_a_row_for_each_data_rate() -> None:
    for name, region in REGIONS.items():
        assert region.name == name
        assert len(region.data_rates) == len(region.rx1_data_rates) == len(region.max_payloads)
        assert region.rx2_data_rate < len(region.data_rates)
