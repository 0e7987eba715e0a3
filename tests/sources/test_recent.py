"""What is of the last hour, beside what was counted since the start."""

from __future__ import annotations

import pytest

from gateway.sources.recent import Recent
from tests.sources.conftest import HandClock


def test_what_has_just_come_is_of_the_last_hour(clock: HandClock) -> None:
    counts = Recent(clock)
    counts["token"] += 1
    counts["token"] += 2
    counts.update(["not_allowed"])

    assert counts.lately() == {"token": 3, "not_allowed": 1}


def test_what_came_more_than_an_hour_ago_is_counted_and_no_more(clock: HandClock) -> None:
    counts = Recent(clock)
    counts["token"] += 5
    clock.monotonic += 1800
    counts["token"] += 1
    clock.monotonic += 1860

    assert counts.lately() == {"token": 1}
    assert counts == {"token": 6}


@pytest.mark.parametrize("hours", [2, 48])
def test_after_a_quiet_while_nothing_is_left(clock: HandClock, hours: int) -> None:
    counts = Recent(clock)
    counts["token"] += 1
    clock.monotonic += 3600 * hours

    assert counts.lately() == {}


def test_a_flood_of_a_day_is_remembered_in_sixty_steps(clock: HandClock) -> None:
    counts = Recent(clock)
    for _ in range(24 * 60):
        counts["token"] += 1
        clock.monotonic += 60

    assert counts.lately() == {"token": 59}
    assert counts["token"] == 24 * 60
