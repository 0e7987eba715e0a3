"""What makes values believable: seasons, office hours, rush hours, weekends, and one weather for one town."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import fmean

import pytest

from simulators.values import Moment, Place, Process, Setting, parking_events, process

MONDAY = datetime(2026, 2, 2, tzinfo=UTC)
OFFICE = Place(seed=1, device="office", setting=Setting.OFFICE)
STREET = Place(seed=1, device="street")


def mean(one: Process, *, months: tuple[int, ...] = (), hours: range = range(24), days: range = range(7)) -> float:
    """Return the mean over a year of the times that are asked for, local time in winter."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    times = (first + timedelta(hours=number) for number in range(365 * 24))
    return fmean(
        one(Moment.of(at))
        for at in times
        if (not months or at.month in months) and (at.hour + 1) % 24 in hours and at.weekday() in days
    )


def test_local_time_is_that_of_sweden_in_winter_and_in_summer() -> None:
    changes = [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 3),
        (datetime(2026, 10, 25, 0, 59, tzinfo=UTC), 2),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), 2),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), 0),
    ]

    assert [int(Moment.of(at).hour) for at, _ in changes] == [hour for _, hour in changes]
    assert [Moment.of(at).weekday for at, _ in changes] == [6, 6, 6, 6, 4]


def test_winter_is_cold_and_nights_are_colder_than_days() -> None:
    celsius = process(STREET, "air_temperature")

    january, july = mean(celsius, months=(1,)), mean(celsius, months=(7,))

    assert -6 < january < 2
    assert 14 < july < 21
    assert mean(celsius, months=(6, 7), hours=range(13, 17)) - mean(celsius, months=(6, 7), hours=range(1, 5)) > 4


def test_it_is_dark_at_noon_of_no_day_and_at_midnight_of_most() -> None:
    lux = process(STREET, "illuminance")

    noon, midnight = (lux(Moment.of(datetime(2026, 12, 21, hour, tzinfo=UTC))) for hour in (11, 23))

    assert noon > 1000
    assert midnight < 20


def test_all_sensors_of_a_town_are_in_one_weather_and_those_of_another_town_are_not() -> None:
    at = [MONDAY + timedelta(hours=9 * number) for number in range(100)]

    here, there, elsewhere = (
        [process(place, "air_temperature")(Moment.of(one)) for one in at]
        for place in (Place(seed=1, device="a"), Place(seed=1, device="b"), Place(seed=2, device="a"))
    )

    assert max(abs(one - other) for one, other in zip(here, there, strict=True)) < 2.5
    assert max(abs(one - other) for one, other in zip(here, elsewhere, strict=True)) > 5


def test_an_office_is_stuffy_on_working_days_only() -> None:
    ppm = process(OFFICE, "co2")

    assert mean(ppm, hours=range(10, 16), days=range(5)) > 700
    assert mean(ppm, hours=range(10, 16), days=range(5, 7)) < 470
    assert mean(ppm, hours=range(1, 6)) < 470


def test_a_home_is_full_when_a_school_is_empty() -> None:
    home, school = (
        process(Place(seed=1, device="x", setting=one), "presence") for one in (Setting.HOME, Setting.SCHOOL)
    )

    evening = range(19, 23)
    assert mean(home, hours=evening, days=range(4)) > 0.5
    assert mean(school, hours=evening, days=range(4)) == 0
    assert mean(school, hours=range(9, 11), days=range(5)) > 0.5


def test_rooms_are_dry_in_winter() -> None:
    percent = process(OFFICE, "relative_humidity")

    assert mean(percent, months=(1, 2)) < 32
    assert mean(percent, months=(7, 8)) > 45


def test_the_street_is_loud_and_dirty_in_rush_hours() -> None:
    for quantity in ("no2", "pm2_5", "noise_laeq"):
        one = process(STREET, quantity)

        assert mean(one, hours=range(7, 9), days=range(5)) > 1.15 * mean(one, hours=range(2, 5), days=range(5))
        assert mean(one, hours=range(7, 9), days=range(5)) > mean(one, hours=range(7, 9), days=range(5, 7))


def test_water_is_used_in_the_morning_and_hardly_at_night() -> None:
    flow = process(Place(seed=1, device="flat"), "water_flow")

    assert mean(flow, hours=range(7, 9)) > 6 * mean(flow, hours=range(2, 5))


def test_a_house_needs_heat_in_winter() -> None:
    shown = process(Place(seed=1, device="house"), "thermal_energy")

    january, july = (
        shown(Moment.of(datetime(2026, month, 31, tzinfo=UTC))) - shown(Moment.of(datetime(2026, month, 1, tzinfo=UTC)))
        for month in (1, 7)
    )

    assert january > 4 * july > 0


def test_the_rain_of_an_hour_is_what_the_total_rises_by_and_most_hours_are_dry() -> None:
    total, hour = (process(STREET, name) for name in ("rainfall_total", "rainfall"))
    times = [MONDAY + timedelta(hours=number) for number in range(24 * 60)]

    fell = [hour(Moment.of(at)) for at in times]

    assert sum(fell[1:]) == pytest.approx(total(Moment.of(times[-1])) - total(Moment.of(times[0])))
    assert sum(one < 0.01 for one in fell) / len(fell) > 0.8
    assert max(fell) > 0.5


def test_a_battery_falls_with_what_is_sent_and_its_voltage_with_the_cold() -> None:
    level, volts = (process(STREET, name) for name in ("battery_level", "battery_voltage"))
    winter, summer = (datetime(2026, month, 15, 12, tzinfo=UTC) for month in (1, 7))

    spent = level(Moment.of(winter, 0)) - level(Moment.of(winter, 20_000))

    assert spent == pytest.approx(10.0)
    assert level(Moment.of(summer, 0)) < level(Moment.of(winter, 0))
    assert volts(Moment.of(winter, 0)) < volts(Moment.of(summer, 0)) - 0.05


def test_cars_come_and_go_as_the_space_says_at_each_time() -> None:
    stands, times = (
        process(STREET, "parking_occupied"),
        [MONDAY + timedelta(minutes=number) for number in range(4 * 24 * 60)],
    )

    events = list(parking_events(STREET, times[0], times[-1]))

    assert len(events) > 20
    assert [one.at for one in events] == sorted(one.at for one in events)
    for event in events:
        assert stands(Moment.of(event.at - timedelta(seconds=1))) is not event.occupied
        assert stands(Moment.of(event.at + timedelta(seconds=1))) is event.occupied
    changes = sum(stands(Moment.of(a)) is not stands(Moment.of(b)) for a, b in pairwise(times))
    assert changes <= len(events)


def test_a_town_is_parked_full_at_noon_and_empty_at_night() -> None:
    spaces = [process(Place(seed=1, device=str(number)), "parking_occupied") for number in range(20)]

    noon, night = (
        fmean(mean(one, hours=hours, days=range(5)) for one in spaces[:5]) for hours in (range(10, 13), range(2, 5))
    )

    assert noon > 0.85
    assert night < 0.2
