"""What was heard by the minute: sixty of them, whole and broken, by source and by gateway."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.minutes import FEW, KEPT, Lately, Minutes, lately, telling
from gateway.model import Eui64, Json
from gateway.sources.tally import EVERY_S, MOST_AT_ONCE, MOST_GATEWAYS, MOST_PER_S, Tally, untold
from tests.sources.conftest import HandClock

ROOF = Eui64("aa555a0000000101")
MAST = Eui64("aa555a0000000102")


class Radio:
    """A source as far as a tally knows it."""

    name = "radio"


def tally(clock: HandClock) -> Tally:
    return Tally([Radio()], clock)  # type: ignore[list-item]  # of a source a name is all that is looked at


def heard(minutes: Minutes) -> dict[int, int]:
    """Return how many were heard so many minutes ago, where any were."""
    return {KEPT - 1 - place: count for place, count in enumerate(minutes.heard) if count}


def test_what_is_heard_stands_in_its_minute() -> None:
    minutes = Minutes.begun(600.0).noted(600.0, heard=1).noted(659.9, heard=2).noted(660.0, heard=4)

    assert heard(minutes) == {1: 3, 0: 4}
    assert (len(minutes.heard), len(minutes.broken)) == (KEPT, KEPT)


@pytest.mark.parametrize(("later_s", "left"), [(59 * 60, {59: 1}), (60 * 60, {}), (48 * 3600, {})])
def test_an_hour_later_it_has_gone(later_s: float, left: Mapping[int, int]) -> None:
    minutes = Minutes.begun(30.0).noted(30.0, heard=1)

    assert heard(minutes.at(30.0 + later_s)) == left


def test_what_comes_late_stands_where_it_was_heard_and_older_than_an_hour_nowhere() -> None:
    minutes = Minutes.begun(36_000.0)

    assert heard(minutes.noted(36_000.0 - 120, heard=1)) == {2: 1}
    assert heard(minutes.noted(36_000.0 - 3600, heard=1)) == {}


def test_the_last_ten_minutes_tell_where_enough_came_else_the_hour() -> None:
    counts = Minutes.begun(0.0).noted(0.0, heard=30, broken=10).noted(1800.0, heard=3, broken=1).as_json()

    assert telling(lately(counts), 4) == Lately(minutes=FEW, heard=3, broken=1)
    assert telling(lately(counts), 5) == Lately(minutes=KEPT, heard=33, broken=11)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (Lately(minutes=10, heard=12, broken=4), "12 frames in the last 10 minutes, 25% of all packets broken"),
        (Lately(minutes=10, heard=1, broken=0), "1 frame in the last 10 minutes"),
        (Lately(minutes=60, heard=0, broken=3), "no frames in the last hour, 100% of all packets broken"),
    ],
    ids=["some", "one", "none"],
)
def test_in_words(one: Lately, words: str) -> None:
    assert str(one) == words


def test_a_source_counts_since_the_start_and_by_the_minute(clock: HandClock) -> None:
    ours = tally(clock)
    ours.heard("radio", ROOF, clock.monotonic)
    clock.monotonic += 4000.0
    ours.heard("radio", None, clock.monotonic)
    clock.monotonic += 2.0

    told = ours.status("radio")

    assert (told["heard"], told["last_heard_s"], sum(told["minutes"]["heard"])) == (2, 2.0, 1)


def test_gateways_tell_apart_whose_packets_are_broken(clock: HandClock) -> None:
    ours = tally(clock)
    ours.heard("radio", ROOF, clock.monotonic)
    ours.broken("radio", MAST, 3)

    told = ours.gateways("radio", {ROOF: {"frames": 1}, MAST: {}, Eui64("0" * 16): {}})

    assert told[ROOF]["lately"][0] == {"minutes": 10, "heard": 1, "broken": 0}
    assert told[ROOF]["frames"] == 1
    assert [one["broken"] for one in told[MAST]["lately"]] == [3, 3]
    assert [one["heard"] for one in told[Eui64("0" * 16)]["lately"]] == [0, 0]


def test_gateways_that_somebody_invents_push_the_longest_unheard_out(clock: HandClock) -> None:
    ours = tally(clock)
    ours.heard("radio", ROOF, clock.monotonic)
    for number in range(MOST_GATEWAYS):
        ours.heard("radio", Eui64(f"{number:016x}"), clock.monotonic)

    told: Mapping[Eui64, Mapping[str, Json]] = ours.gateways("radio", {ROOF: {}, Eui64(f"{1:016x}"): {}})

    assert [one["lately"][0]["heard"] for one in told.values()] == [0, 1]


@pytest.mark.parametrize(
    ("received", "whole", "passed_on", "left"),
    [(50, 45, 0, 5), (50, 45, 5, 0), (50, 45, 9, 0), (3, 9, 0, 0)],
    ids=["untold", "passed on", "more passed on", "nonsense"],
)
def test_a_broken_packet_that_was_passed_on_is_counted_once(
    received: float, whole: float, passed_on: int, left: int
) -> None:
    assert untold(received, whole, passed_on, EVERY_S) == left


@pytest.mark.parametrize(
    ("since_s", "most"),
    [(None, MOST_PER_S * EVERY_S), (10.0, MOST_PER_S * 10), (0.0, 0), (1e6, MOST_AT_ONCE)],
    ids=["first", "soon", "at once", "long after"],
)
def test_no_more_is_believed_than_a_concentrator_can_hear_since_its_last_report(
    since_s: float | None, most: float
) -> None:
    assert untold(1e12, 0, 0, since_s) == most
