"""When a device speaks: a rhythm without an end, and what it watches between."""

from __future__ import annotations

from itertools import islice, pairwise

from simulators.lab.rhythm import NOTICED_S, US, Turn, turns
from simulators.lab.scenario import Rhythm

HOURLY = Rhythm(every_s=3600.0, at_s=None, spread_s=60.0)


def test_a_rhythm_comes_round_and_round_within_its_spread() -> None:
    found = [*islice(turns(HOURLY, 7, iter(())), 30)]

    gaps = [(after.at_us - before.at_us) / US for before, after in pairwise(found)]
    assert all(3540 <= gap <= 3660 for gap in gaps)
    assert len(set(gaps)) > 20
    assert not any(one.is_event for one in found)


def test_what_is_watched_is_told_when_it_has_been_noticed_between_the_beats() -> None:
    found = [*islice(turns(HOURLY, 7, iter([10.0, 20.0, 9000.0])), 6)]

    assert found == sorted(found)
    assert [one.at_us for one in found if one.is_event] == [
        round((at_s + NOTICED_S) * US) for at_s in (10.0, 20.0, 9000.0)
    ]


def test_who_only_watches_says_nothing_else() -> None:
    watching = Rhythm(every_s=None, at_s=None, spread_s=0.0, watches="door_open")

    assert [*turns(watching, 7, iter([5.0]))] == [Turn(6 * US, is_event=True)]


def test_a_spread_wider_than_the_rhythm_overtakes_nothing() -> None:
    wide = Rhythm(every_s=10.0, at_s=None, spread_s=600.0)
    found = [one.at_us for one in islice(turns(wide, 7, iter(())), 200)]

    assert found == sorted(found)
