"""Which wall clock is followed, and when a GPS receiver's time takes its place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.clock import GPS_AGE_S, GPS_SURE_S, STEADY_S, Beliefs
from gateway.model import TimeQuality
from tests.clock.told import NOON

NTP, GPS, SYSTEM, WRONG = TimeQuality.NTP, TimeQuality.GPS, TimeQuality.SYSTEM, TimeQuality.UNSYNCHRONISED
ZERO = NOON.timestamp()
HOUR = 3600.0
YEARS = 10 * 365 * 86_400.0


def believing(quality: TimeQuality = NTP) -> Beliefs:
    beliefs = Beliefs()
    beliefs.look(ZERO, quality, 10.0)
    return beliefs


@pytest.mark.parametrize(("by", "quality"), [(YEARS, NTP), (HOUR, NTP), (-HOUR, NTP), (-YEARS, WRONG)])
def test_a_wall_clock_that_jumps_is_not_followed(by: float, quality: TimeQuality) -> None:
    assert believing().look(ZERO + by, NTP, 20.0) == (ZERO, quality)


@pytest.mark.parametrize("by", [0.5, -1.0, 1.0, 59.0])
def test_a_leap_second_and_a_correction_are_followed(by: float) -> None:
    assert believing().look(ZERO + by, NTP, 20.0) == (ZERO + by, NTP)


def test_a_wall_clock_that_has_stood_for_an_hour_is_followed() -> None:
    beliefs = believing()
    beliefs.look(ZERO + HOUR, NTP, 20.0)

    assert beliefs.look(ZERO + HOUR, NTP, 19.0 + STEADY_S) == (ZERO, NTP)
    assert beliefs.look(ZERO + HOUR, NTP, 20.0 + STEADY_S) == (ZERO + HOUR, NTP)


def test_a_wall_clock_that_jumps_twice_begins_its_hour_anew() -> None:
    beliefs = believing()
    beliefs.look(ZERO + HOUR, NTP, 20.0)
    beliefs.look(ZERO + YEARS, NTP, 3000.0)

    assert beliefs.look(ZERO + YEARS, NTP, 20.0 + STEADY_S) == (ZERO, NTP)


def test_a_better_clock_is_followed_at_once() -> None:
    assert believing(SYSTEM).look(ZERO + YEARS, NTP, 20.0) == (ZERO + YEARS, NTP)


def test_a_clock_set_by_hand_loses_the_trust_and_not_the_time() -> None:
    assert believing().look(ZERO + HOUR, WRONG, 20.0) == (ZERO, WRONG)


def test_a_clock_of_1970_is_not_believed_though_somebody_vouches_for_it() -> None:
    beliefs = Beliefs()

    assert beliefs.look(0.0, SYSTEM, 20.0) == (0.0, WRONG)
    assert beliefs.look(ZERO, SYSTEM, 30.0) == (ZERO, SYSTEM)


def hearing_gps(beliefs: Beliefs, zero: float = ZERO) -> Beliefs:
    for monotonic in (100.0, 100.0 + GPS_SURE_S):
        beliefs.hear_gps(zero + monotonic, monotonic)
    return beliefs


def test_gps_dates_a_box_that_has_no_other_clock() -> None:
    beliefs = hearing_gps(Beliefs())

    assert beliefs.look(0.0, WRONG, 200.0) == (ZERO, GPS)


def test_one_frame_is_not_enough() -> None:
    beliefs = Beliefs()
    beliefs.hear_gps(ZERO + 100.0, 100.0)
    beliefs.hear_gps(ZERO + 101.0, 101.0)

    assert beliefs.look(0.0, WRONG, 200.0) == (0.0, WRONG)


def test_two_frames_that_do_not_agree_are_not_believed_and_one_that_strays_changes_nothing() -> None:
    beliefs = Beliefs()
    for monotonic in (100.0, 200.0, 300.0):
        beliefs.hear_gps(ZERO + 10 * monotonic, monotonic)
    astray = hearing_gps(Beliefs())
    astray.hear_gps(ZERO + YEARS, 150.0)

    assert beliefs.look(0.0, WRONG, 400.0) == (0.0, WRONG)
    assert astray.look(0.0, WRONG, 400.0) == (ZERO, GPS)


def test_of_two_delays_the_lesser_counts() -> None:
    beliefs = hearing_gps(Beliefs(), ZERO - 1.5)
    beliefs.hear_gps(ZERO - 0.25 + 140.0, 140.0)

    assert beliefs.look(0.0, WRONG, 141.0)[0] == pytest.approx(ZERO - 0.25)


def test_a_receiver_that_has_forgotten_the_weeks_number_is_not_believed() -> None:
    beliefs = hearing_gps(Beliefs(), ZERO - timedelta(weeks=1024).total_seconds())

    assert beliefs.look(0.0, WRONG, 200.0) == (0.0, WRONG)


def test_gps_confirms_a_clock_that_is_near_and_corrects_one_that_is_far() -> None:
    assert hearing_gps(Beliefs()).look(ZERO + 0.5, NTP, 200.0) == (ZERO + 0.5, GPS)
    assert hearing_gps(Beliefs()).look(ZERO + 18.0, NTP, 200.0) == (ZERO + 18.0, NTP)
    assert hearing_gps(Beliefs()).look(ZERO + HOUR, NTP, 200.0) == (ZERO, GPS)


def test_a_receiver_that_fell_silent_is_believed_for_a_day() -> None:
    beliefs = hearing_gps(Beliefs())

    assert beliefs.look(0.0, WRONG, GPS_AGE_S)[1] is GPS
    assert beliefs.look(0.0, WRONG, GPS_AGE_S + 131.0) == (0.0, WRONG)
