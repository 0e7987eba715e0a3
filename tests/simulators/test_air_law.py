"""The judge of the law finds every hour that holds too much, and every frame that meets another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lorawan.duty_cycle import DutyCycle
from gateway.lorawan.region import EU868
from gateway.model import LoraRate
from simulators.air_law import EUROPE, HOUR_US, Overrun, outlaws, overlaps, overruns
from simulators.concentrator import Transmission
from tests.lorawan.vectors import lines

SECOND_US = 1_000_000
ONE_SECOND = Transmission(
    phy_payload=b"",
    frequency_hz=868_100_000,
    data_rate=LoraRate(12, 125_000),
    power_dbm=14,
    starts_us=0,
    airtime_us=SECOND_US,
    inverted=True,
)


def at(*seconds: float, frequency_hz: int = 868_100_000, lasts_us: int = SECOND_US) -> list[Transmission]:
    return [
        replace(ONE_SECOND, starts_us=round(second * SECOND_US), frequency_hz=frequency_hz, airtime_us=lasts_us)
        for second in seconds
    ]


def test_its_bands_are_those_that_others_have() -> None:
    theirs = [line for line in lines("eu868_airtime", "eu868-subband") if line["label"] != "P2"]

    assert [(band.lowest_hz, band.highest_hz, band.permille, band.most_dbm) for band in EUROPE] == [
        (line["min_hz"], line["max_hz"], line["duty_permille"], line["max_eirp_dbm"]) for line in theirs
    ]


def test_an_hour_that_is_just_full_is_lawful_and_a_microsecond_more_is_not() -> None:
    full = at(*range(0, 3600, 100))

    assert overruns(full) == []
    assert overruns([*full, *at(50, lasts_us=1)]) == [
        Overrun(band="868 to 868.6", begins_us=0, on_air_us=36 * SECOND_US + 1, allowed_us=36 * SECOND_US)
    ]


def test_the_hour_slides() -> None:
    late_then_early = at(*range(3_500, 3_520), *range(3_700, 3_720))

    (found,) = overruns(late_then_early)

    assert found.on_air_us == 40 * SECOND_US


def test_each_band_has_its_own_share() -> None:
    sent = [*at(*range(0, 72, 2)), *at(*range(100, 172, 2), frequency_hz=867_100_000)]

    assert overruns(sent) == []
    assert [found.band for found in overruns([*sent, *at(200, frequency_hz=867_900_000)])] == ["865 to 868"]


def test_what_no_band_allows_is_found() -> None:
    between, loud, fine = at(0, frequency_hz=868_650_000)[0], replace(ONE_SECOND, power_dbm=20), ONE_SECOND

    assert outlaws([between, loud, fine]) == [between, loud]
    assert outlaws([replace(loud, frequency_hz=869_525_000)]) == []


def test_frames_that_meet_are_found_and_neighbours_are_not() -> None:
    long, inside, behind = at(0, lasts_us=10 * SECOND_US)[0], at(2)[0], at(9.5)[0]

    assert overlaps(at(0, 1, 2)) == []
    assert overlaps([behind, inside, long]) == [(long, inside), (long, behind)]


starts = st.lists(st.integers(0, 7_199), min_size=30, max_size=90, unique=True)


@given(starts)
def test_it_finds_the_fullest_of_all_hours(seconds: list[int]) -> None:
    on_air = [second in set(seconds) for second in range(-3_600, 10_800)]
    fullest = max(sum(on_air[begin : begin + 3_600]) for begin in range(0, 10_800, 1) if on_air[begin])

    found = overruns(at(*seconds))

    assert [one.on_air_us for one in found] == ([fullest * SECOND_US] if fullest > 36 else [])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, HOUR_US // 60), st.integers(1, 3 * SECOND_US)), min_size=40, max_size=90))
def test_what_the_network_s_own_ledger_lets_through_is_lawful(asked: list[tuple[int, int]]) -> None:
    ledger, band, sent, now = DutyCycle(), EU868.sub_band(868_100_000), list[Transmission](), 0
    assert band is not None

    for pause_us, lasts_us in asked:
        now += pause_us
        begin, lasts = timedelta(microseconds=now), timedelta(microseconds=lasts_us)
        if ledger.refusal(band, begin, lasts) is None:
            ledger.book(band, begin, lasts)
            sent += [replace(ONE_SECOND, starts_us=now, airtime_us=lasts_us)]

    assert overruns(sent) == []
    assert overlaps(sent) == []


@pytest.mark.parametrize("count", [37, 60])
def test_what_the_ledger_would_have_refused_is_unlawful(count: int) -> None:
    assert overruns(at(*range(0, count * 2, 2)))[0].on_air_us == count * SECOND_US
