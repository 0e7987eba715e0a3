"""`brygga health`: what is well, and what is worse than it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway import __version__
from gateway.commands.health_judging import SETTLED_S, STUCK_S, Rounds, judge
from tests.agent.commands import Box, make_box

WELL: dict[str, Any] = {
    "running": True,
    "version": "2",
    "pid": 7,
    "since_s": 60.0,
    "trouble": None,
    "sources": {"mast": {"hears": True, "gateways": 1}},
    "destinations": {"lund": {"state": "delivering", "trouble": None}},
}
BEFORE = {**WELL, "version": "1", "pid": 3}
DEAF = {"mast": {"hears": False, "gateways": 0}}
ALONE = {"mast": {"hears": True, "gateways": 0}}
REFUSING = {"lund": {"state": "refusing", "trouble": None}}


@pytest.mark.parametrize(
    ("now", "before", "reasons"),
    [
        ({}, None, []),
        ({}, BEFORE, []),
        ({"running": False}, None, ["no agent runs"]),
        ({"version": "1"}, None, ["the agent that runs is brygga 1, and this is 2"]),
        ({"pid": 3}, BEFORE, ["the agent that ran before runs still: it was not started anew"]),
        ({"trouble": "disk full"}, None, ["the journal takes nothing: disk full"]),
        ({"sources": DEAF}, None, ["source mast does not hear"]),
        ({"sources": DEAF}, BEFORE, ["source mast does not hear; before it did"]),
        ({"sources": DEAF}, {**BEFORE, "sources": DEAF}, []),
        ({"sources": ALONE}, None, []),
        ({"sources": ALONE}, BEFORE, ["source mast: no gateway speaks to it; before there were 1"]),
        ({"destinations": REFUSING}, None, ["destination lund refuses all that it is told"]),
        ({"destinations": REFUSING}, {**BEFORE, "destinations": REFUSING}, []),
        ({"destinations": {"lund": {"state": "stalled", "trouble": "away"}}}, BEFORE, []),
    ],
)
def test_only_what_is_wrong_or_worse_than_before_counts(now: Any, before: Any, reasons: list[str]) -> None:
    assert judge({**WELL, **now}, "2", before).reasons == tuple(reasons)


def test_a_platform_that_is_away_is_remarked_upon() -> None:
    away = {**WELL, "destinations": {"lund": {"state": "stalled", "trouble": "no route"}}}

    assert judge(away, "2", None).remarks == ("destination lund: no route",)


def test_an_agent_has_to_stay_before_it_is_well() -> None:
    begun = {**WELL, "since_s": SETTLED_S / 2}

    assert judge(begun, "2", None, SETTLED_S).reasons == (
        "the agent has run for 5 s only: it does not stay, or has just begun",
    )


def test_a_loop_is_stuck_when_it_stands_in_one_round() -> None:
    rounds = Rounds()
    standing = {"number": 4, "under_way": True}
    loops = {"telling lund": standing, "hearing": {"number": 2, "under_way": False}}

    first, second = rounds.stuck(loops, 100.0), rounds.stuck(loops, 100.0 + STUCK_S)
    moved = rounds.stuck({**loops, "telling lund": {"number": 5, "under_way": True}}, 101.0 + STUCK_S)

    assert (first, second, moved) == ([], ["telling lund"], [])


async def test_a_running_agent_is_well_and_a_stopped_one_is_not_and_is_not_woken(tmp_path: Any) -> None:
    box: Box = make_box(tmp_path)
    async with box.agent():
        well, facts = await box.brygga("health"), await box.brygga("health", "--json")
    stopped = await box.brygga("health")

    assert well.code == 0
    assert well.output.startswith(f"well: brygga {__version__} has run for ")
    assert json.loads(facts.output)["sources"] == {"mast": {"hears": True, "gateways": 0}}
    assert stopped.code == 1
    assert "no agent answers at " in stopped.complaints
