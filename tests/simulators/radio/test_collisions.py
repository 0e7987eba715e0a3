"""What frames that meet do to each other: capture, preambles, crowds, other spreading factors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model import LoraRate
from simulators.radio import PURE_ALOHA, Loss
from simulators.radio.rules import symbol_us
from tests.simulators.radio.skies import SF7, STEADY, fates, frame

SYMBOL_US = round(symbol_us(SF7))


@pytest.mark.parametrize(
    ("stronger_db", "first", "second"),
    [
        (0.0, Loss.COLLIDED, Loss.COLLIDED),
        (5.9, Loss.COLLIDED, Loss.COLLIDED),
        (6.1, Loss.CAPTURED, None),
        (-6.1, None, Loss.CAPTURED),
    ],
)
def test_the_stronger_of_two_survives_from_six_decibels_on(
    stronger_db: float, first: Loss | None, second: Loss | None
) -> None:
    assert fates(frame(1, power_dbm=4.0), frame(2, 20_000, power_dbm=4.0 + stronger_db)) == [first, second]


def test_without_capture_nobody_who_meets_survives() -> None:
    lost = fates(frame(1, power_dbm=-20.0), frame(2, 20_000, power_dbm=14.0), rules=PURE_ALOHA)

    assert lost == [Loss.COLLIDED, Loss.COLLIDED]


def test_many_weak_frames_together_drown_a_strong_one() -> None:
    crowd = [frame(number, number * 100, power_dbm=7.0) for number in range(2, 5)]

    lost = fates(frame(1), *crowd)  # 14 dBm above 7 dBm, and above 11.8 dBm of three

    assert lost[0] is Loss.COLLIDED


@pytest.mark.parametrize(
    ("late_by", "lost"),
    [(0, None), (-3 * SYMBOL_US, None), (-3 * SYMBOL_US - 1, Loss.COLLIDED)],
)
def test_the_first_three_symbols_of_a_preamble_may_meet_the_end_of_another_frame(
    late_by: int, lost: Loss | None
) -> None:
    first = frame(1)

    assert fates(first, frame(2, first.ends_us + late_by)) == [lost, lost]


@pytest.mark.parametrize("other", [{"frequency_hz": 868_300_000}, {"data_rate": LoraRate(8, 125_000)}])
def test_frames_on_other_channels_and_of_other_spreading_factors_do_not_meet(other: dict[str, object]) -> None:
    assert fates(frame(1), frame(2, 10_000, **other)) == [None, None]  # type: ignore[arg-type]  # a table of keywords


@pytest.mark.parametrize(
    ("own", "other", "stronger_db", "lost"),
    [  # Croce et al. 2018
        (7, 8, 7.5, None),
        (7, 8, 8.5, Loss.DROWNED),
        (12, 7, 24.5, None),
        (12, 7, 25.5, Loss.DROWNED),
    ],
)
def test_spreading_factors_are_not_quite_orthogonal_where_that_is_asked_for(
    own: int, other: int, stronger_db: float, lost: Loss | None
) -> None:
    rules = replace(STEADY, orthogonal=False)
    quiet = frame(1, power_dbm=-15.0, data_rate=LoraRate(own, 125_000))
    loud = frame(2, 30_000, power_dbm=-15.0 + stronger_db, data_rate=LoraRate(other, 125_000))

    assert fates(quiet, loud, rules=rules) == [lost, None]
