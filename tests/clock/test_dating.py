"""When something was heard: by its own time, by its gateway's, by its boot's, or within bounds."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway.dating import MOST_SPANS, Boots, Dated, Span, Undatable, Waiting, age, date, learned, time_at
from gateway.model import Bounds, Instant, TimeQuality, Uplink
from tests.clock.told import NOON, gps_reception, heard

NTP, GPS, SYSTEM, WRONG = TimeQuality.NTP, TimeQuality.GPS, TimeQuality.SYSTEM, TimeQuality.UNSYNCHRONISED
YEAR_1970 = datetime(1970, 1, 1, 0, 1, tzinfo=NOON.tzinfo)
ZERO = NOON - timedelta(hours=1)  # when the boot "now" began


def span(since: float, until: float, zero: datetime = ZERO, quality: TimeQuality = NTP) -> Span:
    return Span(since, until, zero, quality)


def dated(uplink: Uplink, boots: Boots, trust: TimeQuality = NTP) -> tuple[datetime, TimeQuality]:
    found = date(uplink, boots, trust, "now")
    assert isinstance(found, Dated)
    return found.uplink.heard_at.utc, found.uplink.heard_at.quality


def test_a_trusted_time_stays_whatever_the_boot_says() -> None:
    assert dated(heard(NOON, 10.0, quality=NTP), {"now": (span(0, 0),)}) == (NOON, NTP)


def test_a_row_of_1970_is_dated_by_what_its_boot_learned_later() -> None:
    assert dated(heard(YEAR_1970, 60.0), {"now": (span(900, 1500),)}) == (ZERO + timedelta(seconds=60), NTP)


def test_a_row_waits_while_its_boot_goes_on() -> None:
    assert date(heard(YEAR_1970, 60.0), {}, NTP, "now") == Waiting()


def test_a_boot_known_by_less_than_is_trusted_dates_nothing() -> None:
    assert date(heard(YEAR_1970, 60.0), {"now": (span(0, 9, quality=SYSTEM),)}, NTP, "now") == Waiting()


def test_drift_between_two_learnings_is_shared_out() -> None:
    spans = (span(0, 100), span(1100, 1200, ZERO + timedelta(seconds=20)))

    at, _ = time_at(spans, 600.0)

    assert at == ZERO + timedelta(seconds=600 + 10)


@pytest.mark.parametrize("by", [timedelta(days=3650), timedelta(hours=-1)])
def test_a_wall_clock_that_jumped_moves_no_row_from_before_the_jump(by: timedelta) -> None:
    spans = (span(0, 100), span(1100, 1200, ZERO + by))

    assert [time_at(spans, at)[0] - timedelta(seconds=at) for at in (50.0, 600.0, 1099.0)] == [ZERO] * 3
    assert time_at(spans, 1100.0)[0] == ZERO + by + timedelta(seconds=1100)


def test_a_gateway_with_gps_dates_a_row_of_a_boot_that_never_learned() -> None:
    uplink = heard(YEAR_1970, 60.0, boot="before", receptions=(gps_reception(NOON),))

    assert dated(uplink, {"before": ()}) == (NOON, GPS)


def test_a_gateway_that_writes_its_systems_time_dates_nothing() -> None:
    uplink = heard(YEAR_1970, 60.0, receptions=(gps_reception(NOON, is_gps=False),))

    assert date(uplink, {}, NTP, "now") == Waiting()


@pytest.mark.parametrize("weeks", [1024, 2048])
def test_a_receiver_that_has_forgotten_the_weeks_number_dates_nothing(weeks: int) -> None:
    uplink = heard(YEAR_1970, 60.0, receptions=(gps_reception(NOON - timedelta(weeks=weeks)),))

    assert date(uplink, {}, NTP, "now") == Waiting()


BEFORE = ("one", (Span(5, 605, NOON - timedelta(days=3), NTP),))
NEVER = ("two", (Span(1, 1, YEAR_1970, WRONG),))
AFTER = ("now", (Span(5, 65, NOON, NTP),))


def undatable(*boots: tuple[str, tuple[Span, ...]], utc: datetime = YEAR_1970) -> Undatable:
    found = date(heard(utc, 60.0, boot="two"), dict(boots), NTP, "now")
    assert isinstance(found, Undatable)
    return found


def test_a_boot_that_never_learned_began_after_the_one_before_and_was_over_before_the_next() -> None:
    found = undatable(BEFORE, NEVER, AFTER).uplink.heard_at

    assert found.bounds == Bounds(NOON - timedelta(days=3) + timedelta(seconds=605 + 60), NOON)
    assert (found.quality, found.utc) == (TimeQuality.UNKNOWN, NOON - timedelta(days=3) + timedelta(seconds=665))


def test_a_clock_that_may_be_right_is_believed_within_the_bounds() -> None:
    assert undatable(BEFORE, NEVER, AFTER, utc=NOON - timedelta(days=1)).uplink.heard_at.utc == NOON - timedelta(days=1)


def test_a_clock_ahead_of_the_next_boot_is_held_to_it() -> None:
    assert undatable(BEFORE, NEVER, AFTER, utc=NOON + timedelta(days=1)).uplink.heard_at.utc == NOON


@pytest.mark.parametrize(
    ("boots", "words"),
    [
        ((BEFORE, NEVER, AFTER), "not before 2026-11-23T12:11:05+00:00, not after 2026-11-26T12:00:00+00:00"),
        ((NEVER, AFTER), "heard not after 2026-11-26T12:00:00+00:00"),
        ((BEFORE, NEVER), "heard not before 2026-11-23T12:11:05+00:00"),
        ((BEFORE, AFTER), "the clock was never synchronised in that boot"),
        ((AFTER, NEVER, BEFORE), "the clock was never synchronised in that boot"),
    ],
)
def test_what_is_known_of_a_row_without_a_time_is_said(boots: tuple[tuple[str, tuple[Span, ...]]], words: str) -> None:
    assert undatable(*boots).words.endswith(words)


def test_a_gps_time_outside_of_the_boots_bounds_is_not_believed() -> None:
    uplink = heard(YEAR_1970, 60.0, boot="two", receptions=(gps_reception(NOON + timedelta(days=9)),))

    assert isinstance(date(uplink, dict([BEFORE, NEVER, AFTER]), NTP, "now"), Undatable)


def test_a_clock_that_stands_still_is_one_span_and_one_that_moves_is_two() -> None:
    spans = learned((), 10.0, ZERO, NTP)
    spans = learned(spans, 610.0, ZERO + timedelta(milliseconds=40), NTP)
    spans = learned(spans, 1210.0, ZERO + timedelta(seconds=3), NTP)

    assert spans == (span(10, 610), span(1210, 1210, ZERO + timedelta(seconds=3)))


def test_a_boot_of_which_nothing_is_known_is_known_to_have_been_and_forgets_that_when_it_learns() -> None:
    there = learned((), 1.0, YEAR_1970, WRONG)

    assert there == (Span(1, 1, YEAR_1970, WRONG),)
    assert learned(there, 5.0, YEAR_1970, WRONG) == there
    assert learned(there, 9.0, ZERO, NTP) == (span(9, 9),)
    assert learned((span(9, 9),), 10.0, YEAR_1970, WRONG) == (span(9, 9),)


def test_a_wall_clock_that_is_set_again_and_again_fills_no_disk() -> None:
    spans: tuple[Span, ...] = ()
    for turn in range(3 * MOST_SPANS):
        spans = learned(spans, float(turn), ZERO + timedelta(days=turn % 2), NTP)

    assert len(spans) == MOST_SPANS
    assert spans[0] == span(0, 0)


def test_an_age_is_known_by_the_boot_or_by_two_trusted_times_or_not_at_all() -> None:
    now = Instant(NOON, 3600.0, "now", NTP)
    boots: Boots = {"one": (Span(0, 9, NOON - timedelta(days=2), NTP),)}

    assert age(Instant(YEAR_1970, 600.0, "now", WRONG), now, boots, NTP) == timedelta(minutes=50)
    assert age(Instant(NOON - timedelta(days=1), 5.0, "one", NTP), now, boots, NTP) == timedelta(days=1)
    assert age(Instant(YEAR_1970, 0.0, "one", WRONG), now, boots, NTP) == timedelta(days=2)
    assert age(Instant(YEAR_1970, 5.0, "two", WRONG), now, boots, NTP) is None
    assert age(Instant(NOON, 5.0, "one", NTP), Instant(NOON, 3600.0, "now", WRONG), boots, NTP) is None


@pytest.mark.parametrize("monotonic", [1e308, float("inf"), float("nan"), -1.0, 4e9])
@pytest.mark.parametrize("boot", ["now", "over"])
def test_a_row_whose_monotonic_time_no_box_has_is_undatable_and_of_no_age(boot: str, monotonic: float) -> None:
    boots = {"over": (span(0, 9, NOON - timedelta(days=9)),), "now": (span(0, 9),)}
    uplink = heard(YEAR_1970, monotonic, boot=boot)

    found = date(uplink, boots, NTP, "now")

    assert isinstance(found, Undatable)
    assert "no date can be reckoned from it" in found.words
    assert age(uplink.heard_at, Instant(NOON, 3600.0, "now", NTP), boots, NTP) is None


def test_a_span_that_no_box_can_have_had_dates_nothing() -> None:
    never = datetime(9999, 12, 31, tzinfo=NOON.tzinfo)
    boots = {"before": (span(0, 1e12),), "over": (span(0, 9, never),), "now": (span(0, 9),)}

    found = date(heard(YEAR_1970, 5.0, boot="over"), boots, NTP, "now")

    assert isinstance(found, Undatable)
    assert found.uplink.heard_at.bounds == Bounds(not_after=ZERO)
