"""This box's place, by its GNSS receiver, on what it hears itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.here import Here, apart_m
from gateway.model import Eui64, Fix, Frame, Instant, LoraRate, Place, Reception, TimeQuality

NOW = Instant(datetime(2026, 3, 25, 12, tzinfo=UTC), 10.0, "boot", TimeQuality.GPS)
ROOF = Place(57.70887, 11.97456, 83.0)
NORTH_20_M, NORTH_200_M = Place(57.70905, 11.97456, 83.0), Place(57.71067, 11.97456, 83.0)
ELSEWHERE = Place(59.33, 18.07)


def fix(place: Place | None, accuracy_m: float | None = 5.0) -> Fix:
    return Fix(source="sky", place=place, accuracy_m=accuracy_m, utc=None, heard_at=NOW)


def reception(*, is_here: bool, place: Place | None = None) -> Reception:
    return Reception(
        gateway=Eui64("aa555a0000000001"),
        frequency_hz=868_100_000,
        data_rate=LoraRate(7, 125_000),
        rssi_dbm=-80.0,
        place=place,
        is_here=is_here,
    )


def knowing(*fixes: Fix) -> Here:
    here = Here()
    for one in fixes:
        here.learn(one)
    return here


def test_receptions_of_this_box_that_have_no_place_get_it() -> None:
    receptions = (reception(is_here=True), reception(is_here=False), reception(is_here=True, place=ELSEWHERE))
    frame = Frame(b"\x40", receptions, NOW)

    placed = knowing(fix(ROOF)).placed(frame)

    assert [one.place for one in placed.receptions] == [ROOF, None, ELSEWHERE]
    assert replace(placed, receptions=receptions) == frame


def test_without_a_fix_nothing_is_placed() -> None:
    frame = Frame(b"\x40", (reception(is_here=True),), NOW)

    assert knowing().placed(frame) is frame
    assert knowing(fix(None)).placed(frame) is frame


@pytest.mark.parametrize(
    ("first", "then", "place"),
    [
        (fix(ROOF), fix(NORTH_20_M), ROOF),  # the receiver's wandering
        (fix(ROOF), fix(NORTH_200_M), NORTH_200_M),  # it was carried
        (fix(ROOF, 80.0), fix(NORTH_200_M, 80.0), ROOF),  # both may be that wrong
        (fix(ROOF, 40.0), fix(NORTH_20_M, 5.0), NORTH_20_M),  # much better
        (fix(ROOF, 5.0), fix(NORTH_20_M, 4.0), ROOF),  # hardly better
        (fix(ROOF, None), fix(NORTH_20_M, 5.0), NORTH_20_M),
    ],
)
def test_a_place_stays_until_there_is_a_reason(first: Fix, then: Fix, place: Place) -> None:
    assert knowing(first, then).place == place


def test_a_place_is_kept_to_a_metre_so_that_rows_share_it() -> None:
    here = knowing(fix(Place(57.708873456, 11.974561234, 83.47)))

    assert here.place == Place(57.70887, 11.97456, 83.0)


def test_distances_are_those_on_the_ground() -> None:
    assert apart_m(ROOF, NORTH_200_M) == pytest.approx(200, abs=1)
    assert apart_m(Place(0.0, 179.9999), Place(0.0, -179.9999)) == pytest.approx(22.2, abs=0.1)
