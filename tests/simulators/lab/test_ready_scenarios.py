"""The scenarios that are ready, in a form that takes seconds: few devices, the first forty minutes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.lab.report import report
from simulators.lab.run import run
from simulators.lab.scenario import Scenario
from simulators.lab.shelf import find, ready
from tests.simulators.lab.told import MACHINE

DEVICES = 4  # of each fleet
LASTS_S = 2400.0


def short(scenario: Scenario) -> Scenario:
    fleets = [replace(one, count=min(one.count, DEVICES)) for one in scenario.fleets]
    return replace(scenario.ending(LASTS_S), fleets=fleets)


@pytest.mark.parametrize("name", ready())
def test_a_ready_scenario_keeps_its_promises_in_its_short_form(name: str) -> None:
    scenario = short(find(name))

    told = report(run(scenario), MACHINE)

    assert told["kept"], [one for one in told["promises"] if not one["kept"]]
    assert told["uplinks"]["committed"] >= len(scenario.fleets)
    assert all(one["active"] == one["devices"] for one in told["fleets"].values())
    assert sum(one["problems"] for one in told["platforms"].values()) == 0
