"""A network server beside the agent: it answers its own devices through the agent's gateways, and the agent reads along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.model import Json
from simulators.lab.ran import Ran
from simulators.lab.report import report
from simulators.lab.run import run
from simulators.lab.scenario import Promise, Scenario, Trouble, What
from simulators.lab.scenario_file import load, read
from simulators.lab.witness import US
from tests.simulators.lab.told import MACHINE

TOWN = Path(__file__).with_name("town.toml")
RELAY = "region"


def beside(*troubles: Trouble) -> Scenario:
    """Return five devices of the agent's own and five of a server's, for a quarter of an hour."""
    scenario = load(TOWN)
    climate = replace(scenario.fleets[0], count=5)
    theirs = replace(climate, name="theirs", answered_by=RELAY)
    return replace(
        scenario,
        fleets=[climate, theirs],
        relays=(RELAY,),
        platforms=scenario.platforms[:1],
        troubles=troubles,
        neighbours=[],
        promise=Promise(),
        lasts_s=900.0,
    )


@pytest.fixture(scope="module")
def ran() -> Ran:
    return run(beside())


@pytest.fixture(scope="module")
def told(ran: Ran) -> Json:
    return report(ran, MACHINE)


def test_a_servers_devices_join_there_and_are_read_here(told: Json) -> None:
    theirs = told["fleets"]["theirs"]

    assert told["kept"], [one for one in told["promises"] if not one["kept"]]
    assert theirs["active"] == theirs["devices"] == 5
    assert theirs["delivered"] == theirs["committed"] == theirs["heard"] > 10
    assert theirs["acknowledged"] > 3


def test_the_server_has_what_its_devices_said_and_nothing_of_others(ran: Ran, told: Json) -> None:
    (relay,) = told["relays"].values()

    assert relay["at_the_server"] == relay["heard"] > 10
    at_server = [ran.witness.stories[one] for one in ran.witness.at_servers[RELAY]]
    assert {one.fleet for one in at_server} == {"theirs"}


def test_two_who_answer_keep_one_law_and_are_heard_in_their_windows(told: Json) -> None:
    assert told["duty_cycle"]["unlawful"] == 0
    assert sum(one["downlinks"] for one in told["gateways"].values()) > 20
    assert sum(one["downlinks_unheard"] for one in told["gateways"].values()) == 0


def test_what_was_heard_while_the_line_was_out_never_comes_to_the_server_and_all_to_the_city() -> None:
    ran = run(beside(Trouble(what=What.BACKHAUL_OUT, begins_s=400.0, ends_s=700.0)))

    told = report(ran, MACHINE)
    theirs = [one for one in ran.witness.stories.values() if one.fleet == "theirs" and one.heard_us is not None]
    meanwhile = {one.id for one in theirs if 401 * US < one.begins_us < 695 * US}
    assert told["kept"]
    assert len(meanwhile) > 3
    assert meanwhile.isdisjoint(ran.witness.at_servers[RELAY])
    assert all("orebro" in one.delivered_us for one in theirs if one.committed_us is not None)


def test_a_relay_that_is_not_there_is_said() -> None:
    text = TOWN.read_text(encoding="utf-8").replace('name = "climate"\n', 'name = "climate"\nanswered_by = "regio"\n')

    with pytest.raises(ConfigError, match=r"fleet\[0\].answered_by: 'regio' is no relay of this scenario"):
        read(text, "town.toml")
    assert read(f'{text}\n[[relay]]\nname = "regio"\n', "town.toml").relays == ("regio",)
