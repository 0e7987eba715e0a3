"""What event-driven devices watch changes when people are about, and is then what the process says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from simulators.values import WATCHED, Moment, Place, changes, process
from simulators.values.street import VISIT_S

MONDAY = datetime(2026, 1, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400.0
SUNDAY = MONDAY + 6 * DAY_S


def place(number: int = 1) -> Place:
    return Place(seed=1, device=f"a{number}")


def found(quantity: str, begins_s: float, number: int = 1) -> list[float]:
    return [*changes(place(number), quantity)(begins_s, begins_s + DAY_S)]


@pytest.mark.parametrize("quantity", ["parking_occupied", "door_open"])
def test_at_each_change_the_process_turns_over_and_nowhere_else(quantity: str) -> None:
    times = found(quantity, MONDAY)
    value = process(place(), quantity)

    assert len(times) > 4
    for before, after in pairwise(times):
        assert value(Moment.of_seconds(before - 0.01)) != value(Moment.of_seconds(before + 0.01))
        assert value(Moment.of_seconds(before + 0.01)) == value(Moment.of_seconds(after - 0.01))


@pytest.mark.parametrize("quantity", sorted(WATCHED))
def test_changes_come_in_order_within_their_time_and_the_same_again(quantity: str) -> None:
    times = found(quantity, MONDAY)

    assert times == sorted(times) == found(quantity, MONDAY)
    assert all(MONDAY < at_s <= MONDAY + DAY_S for at_s in times)


def test_cars_come_and_go_by_day_more_than_by_night() -> None:
    hours = Counter(
        int(Moment.of_seconds(at_s).hour) for number in range(40) for at_s in found("parking_occupied", MONDAY, number)
    )

    assert 5 * 40 < hours.total() < 25 * 40
    assert sum(hours[one] for one in (7, 8, 17, 18)) > 1.5 * sum(hours[one] for one in (1, 2, 3, 4))


def test_on_a_sunday_cars_come_later() -> None:
    def comes_before_ten(day_s: float) -> int:
        times = (at_s for number in range(60) for at_s in found("parking_occupied", day_s, number))
        return sum(6 <= Moment.of_seconds(at_s).hour < 9 for at_s in times)

    assert comes_before_ten(MONDAY) > comes_before_ten(SUNDAY)


def test_a_door_is_held_open_for_seconds_and_many_times_a_day() -> None:
    times = found("door_open", MONDAY)
    opened = times[::2]

    assert 60 < len(opened) < DAY_S / VISIT_S
    assert all(4 <= closes - opens < 60 for opens, closes in zip(opened, times[1::2], strict=False))


def test_two_devices_that_look_once_a_minute_do_not_look_together() -> None:
    first, second = (found("people_in", MONDAY, number)[0] % 60 for number in (1, 2))

    assert abs(first - second) > 0.01


def test_water_seldom_comes() -> None:
    assert sum(len(found("water_present", MONDAY, number)) for number in range(50)) < 10
