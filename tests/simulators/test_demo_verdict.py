"""A run is judged by the identity of each uplink; no sum can hide a loss."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

import pytest
from rich.console import Console

from simulators.demo.summary import summarise
from simulators.demo.verdict import Delivered, Verdict

ONE, TWO, THREE, STRANGE = (UUID(int=number) for number in (1, 2, 3, 99))


def city(uplinks: Iterable[UUID], *problems: str) -> Delivered:
    return Delivered(uplinks=frozenset(uplinks), repeated=0, problems=problems)


ALL = frozenset({ONE, TWO, THREE})
GOOD = Verdict(
    sent=ALL | {UUID(int=4)},  # the fourth was lost in the air
    heard=ALL,
    acknowledged=frozenset({ONE}),
    committed=ALL,
    cities={"north": city(ALL), "south": city(ALL)},
)


def said_of(verdict: Verdict) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    summarise(verdict, console)
    return console.export_text()


def test_a_run_is_good_when_all_that_was_heard_is_everywhere() -> None:
    assert GOOD.good
    assert "0 lost: each of the 3 uplinks" in said_of(GOOD)


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        (replace(GOOD, cities={"north": city(ALL), "south": city({ONE, TWO})}), f"1 heard and not at south: {THREE}"),
        (replace(GOOD, committed=frozenset({ONE, THREE})), f"1 heard and not committed: {TWO}"),
        (
            replace(GOOD, heard=frozenset({TWO, THREE}), committed=frozenset({TWO, THREE})),
            f"1 acknowledged to the device and not committed: {ONE}",
        ),
        (
            replace(GOOD, cities={"north": city({ONE, TWO, STRANGE}), "south": city(ALL)}),
            f"1 heard and not at north: {THREE}",
        ),
        (
            replace(GOOD, cities={"north": city({*ALL, STRANGE}), "south": city(ALL)}),
            f"1 delivered and never sent: {STRANGE}",
        ),
        (
            replace(GOOD, cities={"north": city(ALL, "no pack"), "south": city(ALL)}),
            "north: no pack",
        ),
    ],
)
def test_what_is_wrong_is_named_by_place_and_id(wrong: Verdict, finding: str) -> None:
    assert not wrong.good
    assert finding in wrong.findings
    assert finding in said_of(wrong)


def test_a_city_that_lacks_uplinks_is_named_with_what_keeps_the_agent_from_it() -> None:
    away = replace(city({ONE}), trouble="http://south: connection refused")

    said = said_of(replace(GOOD, cities={"north": city(ALL), "south": away}))

    assert "\nsouth stayed away: http://south: connection refused\n" in said


def test_a_city_that_has_everything_is_good_whatever_its_last_trouble() -> None:
    assert replace(GOOD, cities={"north": city(ALL), "south": replace(city(ALL), trouble="busy")}).good


def test_a_run_in_which_nothing_was_heard_is_not_good() -> None:
    nothing = frozenset[UUID]()
    silent = Verdict(sent=ALL, heard=nothing, acknowledged=nothing, committed=nothing, cities={"north": city(())})

    assert not silent.good
    assert "nothing was heard" in said_of(silent)


def test_of_many_lost_uplinks_the_first_are_named_and_the_rest_counted() -> None:
    many = frozenset(UUID(int=number) for number in range(100))

    (finding,) = Verdict(
        sent=many, heard=many, acknowledged=frozenset(), committed=many, cities={"north": city(())}
    ).findings

    assert finding.startswith("100 heard and not at north: ")
    assert finding.endswith(" and 80 more")
