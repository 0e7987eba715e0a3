"""Gateways of every kind bring what they hear, through a power cut, a gateway that is off and a line that is out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.model import Activation, Json
from simulators.lab.radios import SERVED, SOURCES
from simulators.lab.ran import Ran
from simulators.lab.report import report
from simulators.lab.run import run
from simulators.lab.scenario import Promise, Scenario, Trouble, What
from simulators.lab.scenario_file import load, read
from simulators.lab.scenario_values import GATEWAY_TYPES
from simulators.lab.witness import US
from tests.simulators.lab.told import MACHINE

TOWN = Path(__file__).with_name("town.toml")
MODEM = "serial_modem"
TROUBLES = (
    Trouble(what=What.POWER_CUT, begins_s=240.0, ends_s=360.0),
    Trouble(what=What.GATEWAY_OFF, begins_s=420.0, ends_s=500.0, whom=("hall",)),
    Trouble(what=What.BACKHAUL_OUT, begins_s=540.0, ends_s=660.0),
)


def town(kind: str) -> Scenario:
    """Return the town's ten devices behind gateways of a kind, for a quarter of an hour."""
    scenario = load(TOWN)
    climate, _ = scenario.fleets
    if kind == MODEM:  # it cannot answer, and hears one channel of three
        climate = replace(climate, activation=Activation.ABP, adr=False, data_rate=5, confirmed=0.0)
    return replace(
        scenario,
        masts=[replace(one, kind=kind) for one in scenario.masts],
        fleets=[climate],
        platforms=scenario.platforms[:1],
        troubles=TROUBLES,
        neighbours=[],
        promise=Promise(duplicates=1),
        lasts_s=900.0,
    )


def told_of(ran: Ran) -> Json:
    return report(ran, MACHINE)


@pytest.mark.parametrize("kind", GATEWAY_TYPES)
def test_what_a_gateway_of_any_kind_brings_is_delivered_through_a_bad_morning(kind: str) -> None:
    ran = run(town(kind))

    told = told_of(ran)
    uplinks, orebro = told["uplinks"], told["platforms"]["orebro"]
    assert told["kept"], [one for one in told["promises"] if not one["kept"]]
    assert orebro["delivered"] == orebro["due"] == uplinks["committed"] > 10
    assert told["agent"]["power cuts"] == 1
    assert told["agent"]["ended_unasked"] == []
    off = [one for one in ran.witness.stories.values() if 421 * US < one.begins_us < 498 * US]
    assert off
    assert all("hall" not in one.heard_by for one in off)


@pytest.mark.parametrize("kind", [one for one in GATEWAY_TYPES if one not in {*SERVED, MODEM}])
def test_devices_are_answered_through_it(kind: str) -> None:
    told = told_of(run(replace(town(kind), troubles=())))

    assert told["uplinks"]["acknowledged"] > 10
    assert sum(one["downlinks"] for one in told["gateways"].values()) > 20
    assert sum(one["downlinks_unheard"] for one in told["gateways"].values()) == 0


@pytest.mark.parametrize("kind", sorted(SERVED))
def test_a_network_server_keeps_what_was_said_while_the_box_had_no_power(kind: str) -> None:
    ran = run(town(kind))

    meanwhile = [one for one in ran.witness.stories.values() if 245 * US < one.begins_us < 350 * US]
    assert len(meanwhile) > 3
    assert all(one.committed_us is not None and one.committed_us >= 360 * US for one in meanwhile if one.heard_us)


def test_a_run_behind_a_server_is_the_same_again() -> None:
    scenario = town("chirpstack")
    first, second = run(scenario), run(scenario)

    assert first.journal == second.journal
    assert told_of(first) == told_of(second)


def test_a_run_leaves_nothing_where_it_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    run(replace(town("chirpstack"), lasts_s=60.0, troubles=()))

    assert [*tmp_path.iterdir()] == []


def test_a_modem_hears_its_channel_and_no_other() -> None:
    told = told_of(run(replace(town(MODEM), troubles=())))

    assert told["uplinks"]["lost_on_air"]["not_listening"] > told["uplinks"]["heard"] > 5
    assert sum(one["downlinks"] for one in told["gateways"].values()) == 0


@pytest.mark.parametrize(
    ("kind", "why"), [("gnss", "it has no radio"), ("recording", "`brygga replay FILE`"), ("semtech", "did you mean")]
)
def test_what_cannot_be_a_gateway_says_why(kind: str, why: str) -> None:
    text = TOWN.read_text(encoding="utf-8").replace('type = "basics_station"', f'type = "{kind}"')

    with pytest.raises(ConfigError, match=why):
        read(text, "town.toml")


def test_behind_a_server_all_gateways_are_its_own() -> None:
    text = TOWN.read_text(encoding="utf-8").replace('type = "basics_station"', 'type = "chirpstack"')

    with pytest.raises(ConfigError, match="behind a network server all gateways are its own"):
        read(text, "town.toml")


def test_every_type_has_its_words() -> None:
    assert {*SOURCES} == {*GATEWAY_TYPES}
