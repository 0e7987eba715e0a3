"""A morning in a small town, lived through once for all that is asked of it here."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from gateway.model import Json
from simulators.lab.cities import kinds, ways
from simulators.lab.judge import Fate, fate_of
from simulators.lab.ran import Ran
from simulators.lab.report import Machine, report
from simulators.lab.run import run
from simulators.lab.scenario import Fleet, Promise, Rhythm, Scenario, Trouble, What
from simulators.lab.scenario_file import load, read
from simulators.lab.scenario_new import written
from simulators.lab.shelf import find
from simulators.lab.summary import show
from simulators.lab.witness import US

TOWN = Path(__file__).with_name("town.toml")
NO_MACHINE = Machine(seconds=1.0, cpu_seconds=1.0, peak_bytes=10**8, python="3", code="0")
OTHER_PROCESS = """\
import hashlib, json, sys
from pathlib import Path
from simulators.lab.report import Machine, report
from simulators.lab.run import run
from simulators.lab.scenario_file import load
ran = run(load(Path(sys.argv[1])))
told = report(ran, Machine(seconds=1.0, cpu_seconds=1.0, peak_bytes=10**8, python="3", code="0"))
print(hashlib.sha256(ran.journal).hexdigest(), hashlib.sha256(json.dumps(told).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def ran() -> Ran:
    return run(load(TOWN))


@pytest.fixture(scope="module")
def told(ran: Ran) -> Json:
    return report(ran, NO_MACHINE)


def small(scenario: Scenario, **changes: object) -> Scenario:
    """Return its first fleet alone for eight minutes, without what goes wrong."""
    (climate, _), (orebro, _) = scenario.fleets, scenario.platforms
    bare: Scenario = replace(
        scenario, fleets=[replace(climate, count=4)], platforms=[orebro], troubles=[], neighbours=[], lasts_s=480.0
    )
    return replace(bare, **changes)  # type: ignore[arg-type]  # of the test's own making


def test_the_same_seed_gives_the_same_journal_and_report_in_another_process(ran: Ran, told: Json) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"}
    other = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, str(TOWN)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    journal, whole = other.stdout.split()
    assert journal == hashlib.sha256(ran.journal).hexdigest()
    assert whole == hashlib.sha256(json.dumps(told).encode()).hexdigest()


def test_another_seed_gives_another_fate() -> None:
    scenario = small(load(TOWN))

    assert run(scenario).journal != run(scenario.with_seed(2)).journal


def test_nothing_is_lost_through_a_morning_of_troubles(told: Json) -> None:
    assert told["kept"], [one for one in told["promises"] if not one["kept"]]
    assert told["agent"]["power cuts"] == 1
    assert told["agent"]["starts"] == 2
    assert told["agent"]["ended_unasked"] == []
    assert told["uplinks"]["sent"] > 100
    assert {name: one["delivered"] == one["due"] > 50 for name, one in told["platforms"].items()} == {
        "orebro": True,
        "region": True,
    }


def test_devices_join_and_are_acknowledged(told: Json) -> None:
    climate = told["fleets"]["climate"]

    assert climate["active"] == 10
    assert climate["join_requests"] >= 10
    assert climate["acknowledged"] > 10


def test_only_its_own_platforms_get_a_fleets_uplinks(ran: Ran) -> None:
    meters = [one for one in ran.witness.stories.values() if one.fleet == "meters"]

    assert {name for one in meters for name in one.delivered_us} == {"orebro"}
    assert len(meters) == 5
    assert all(720 * US <= one.begins_us <= 750 * US for one in meters)


def test_what_waited_for_the_backhaul_arrives_when_it_is_there_again(ran: Ran) -> None:
    begins_us, ends_us = 360 * US, 600 * US
    during = [one for one in ran.witness.stories.values() if begins_us + US < one.begins_us < ends_us - 5 * US]
    delivered = [one for one in during if one.committed_us is not None]

    assert len(delivered) > 10
    assert all(at_us >= ends_us for one in delivered for at_us in one.delivered_us.values())


def test_what_a_switched_off_box_could_not_hear_is_told_and_breaks_no_promise(ran: Ran, told: Json) -> None:
    missed = [one for one in ran.witness.stories.values() if fate_of(one) in {Fate.TO_AGENT, Fate.TO_JOURNAL}]

    assert missed
    assert all(one.ends_us + 2 * US >= 1080 * US and one.ends_us < 1125 * US for one in missed)
    assert {one["id"] for one in told["discrepancies"]} == {str(one.id) for one in missed}
    assert not any(one["breaks"] for one in told["discrepancies"])


def test_a_gateway_without_power_hears_nothing_and_noise_costs_frames(ran: Ran) -> None:
    off = ran.witness.masts["hall"].losses["gateway_off"]
    heard = [one for one in ran.witness.stories.values() if 661 * US < one.begins_us < 839 * US]

    assert off > 0
    assert all("hall" not in one.heard_by for one in heard)
    assert ran.witness.masts["hall"].losses["too_weak"] > 0


def test_what_a_hostile_neighbour_sends_is_refused(ran: Ran, told: Json) -> None:
    assert set(told["mischief"]) == {"replay", "flood", "malformed", "wrong keys"}
    assert sum(told["agent"]["refused"].values()) > 50
    assert ran.witness.strange == []


def test_the_law_of_the_air_is_kept_by_devices_and_gateways(told: Json) -> None:
    law = told["duty_cycle"]

    assert law["unlawful"] == 0
    assert 0 < law["fullest_device"] < 1
    assert 0 < law["fullest_gateway"] < 1


def test_downlinks_are_heard_in_their_windows(told: Json) -> None:
    gateways = told["gateways"].values()

    assert sum(one["downlinks"] for one in gateways) > 50
    assert sum(one["downlinks_refused"] != {} for one in gateways) == 0


def test_a_broken_promise_is_told() -> None:
    refusing = Trouble(what=What.BROKER_REFUSES, begins_s=0.0, ends_s=480.0)
    ran = run(small(load(TOWN), troubles=[refusing], settles_s=300.0))

    told = report(ran, NO_MACHINE)

    assert not told["kept"]
    assert told["platforms"]["orebro"]["delivered"] == 0
    assert told["platforms"]["orebro"]["held"]["refused"] == told["uplinks"]["committed"] > 0
    assert all(one["fate"] == "lost between journal and platform" for one in told["discrepancies"])


def test_a_stalling_broker_costs_time_and_no_uplink() -> None:
    stalls = Trouble(what=What.BROKER_STALLS, begins_s=100.0, ends_s=400.0, whom=("orebro",))

    told = report(run(small(load(TOWN), troubles=[stalls])), NO_MACHINE)

    assert told["kept"]
    assert told["platforms"]["orebro"]["latency_s"]["most"] > 60


def test_a_service_that_moves_leaves_what_was_heard_before_with_its_old_city() -> None:
    moving = find("move-lund-to-sundsvall")
    away = replace(moving.troubles[0], begins_s=300.0, ends_s=900.0)
    scenario = replace(
        moving,
        fleets=[replace(one, count=6, joins_within_s=30.0) for one in moving.fleets],
        moves=[replace(moving.moves[0], at_s=600.0)],
        troubles=[away],
        lasts_s=1200.0,
    )

    ran = run(scenario)

    told, stories = report(ran, NO_MACHINE), ran.witness.stories.values()
    before = [one for one in stories if one.committed_us is not None and one.committed_us < 600 * US]
    after = [one for one in stories if one.committed_us is not None and one.committed_us > 610 * US]
    assert told["kept"]
    assert {name for one in before for name in one.delivered_us} == {"lund"}
    assert {name for one in after for name in one.delivered_us} == {"sundsvall"}
    assert any(one.delivered_us["lund"] > 900 * US for one in before)


@pytest.mark.parametrize(("kind", "way"), [(kind, way) for kind in kinds() for way in ways(kind)])
def test_each_kind_of_platform_takes_what_it_is_told_and_says_which_uplinks_it_has(kind: str, way: str) -> None:
    scenario = load(TOWN)
    platforms = [replace(scenario.platforms[0], kind=kind, way=way)]

    told = report(run(small(scenario, platforms=platforms)), NO_MACHINE)

    assert told["kept"]
    assert told["platforms"]["orebro"]["delivered"] == told["uplinks"]["committed"] > 5
    assert told["platforms"]["orebro"]["problems"] == 0
    assert told["platforms"]["orebro"]["duplicates"] == 0


@pytest.mark.parametrize("kind", ["azure_iot", "ngsi_v2", "template"])  # hangs up; over HTTP; over MQTT
def test_each_way_in_may_be_upset_and_gets_all_in_the_end(kind: str) -> None:
    upset = [
        Trouble(what=What.BROKER_BUSY, begins_s=60.0, ends_s=240.0, share=0.5),
        Trouble(what=What.BROKER_STALLS, begins_s=240.0, ends_s=300.0),
    ]
    scenario = load(TOWN)
    platforms = [replace(scenario.platforms[0], kind=kind, way=ways(kind)[0])]

    told = report(run(small(scenario, platforms=platforms, troubles=upset)), NO_MACHINE)

    assert told["kept"]
    assert told["platforms"]["orebro"]["delivered"] == told["platforms"]["orebro"]["due"] > 5
    assert told["platforms"]["orebro"]["latency_s"]["most"] > 5


def test_a_fleet_that_watches_tells_what_changes_when_it_changes() -> None:
    scenario = load(TOWN)
    watching = Rhythm(every_s=None, at_s=None, spread_s=0.0, watches="door_open")
    doors: Fleet = replace(
        scenario.fleets[0], models=["milesight/ws301"], count=6, rhythm=watching, confirmed=0.0, platforms=()
    )
    ran = run(replace(small(scenario, lasts_s=1800.0), fleets=[doors]))

    told, stories = report(ran, NO_MACHINE), [*ran.witness.stories.values()]
    assert told["kept"]
    by_device = {one.device: [each.payload for each in stories if each.device == one.device] for one in stories}
    assert sum(map(len, by_device.values())) > 20
    # A door that opens closes again: no two say the same but where one was missed while the device was busy.
    turned = [after != before for said in by_device.values() for before, after in pairwise(said)]
    assert sum(turned) > 0.9 * len(turned)


def test_devices_out_of_reach_break_the_promise_of_being_heard() -> None:
    scenario = load(TOWN)
    far: Fleet = replace(scenario.fleets[1], platforms=(), area=replace(scenario.fleets[1].area, latitude=60.3))

    told = report(run(small(scenario, fleets=[far], lasts_s=900.0, promise=Promise(heard=0.5))), NO_MACHINE)

    assert not told["kept"]
    assert told["uplinks"]["heard"] == 0
    assert told["uplinks"]["lost_on_air"] == {"out_of_reach": 5}


def test_a_run_that_is_ended_early_tells_what_was_until_then() -> None:
    def watch(how_far: object, interruption: object) -> None:
        import asyncio

        from simulators.lab.ran import Interruption

        assert callable(how_far)
        assert isinstance(interruption, Interruption)
        asyncio.get_running_loop().call_later(240.0, interruption.end)

    ran = run(small(load(TOWN)), watch=watch)
    told = report(ran, NO_MACHINE)

    assert not told["scenario"]["whole"]
    assert told["scenario"]["passed_s"] == pytest.approx(240.0, abs=1.0)
    assert told["uplinks"]["sent"] > 0
    assert told["kept"]


def test_the_file_to_begin_with_runs_as_it_stands() -> None:
    told = report(run(read(written("mine"), "mine.toml").ending(600.0)), NO_MACHINE)

    assert told["kept"]


def test_the_summary_fits_a_terminal_and_names_what_matters(told: Json) -> None:
    screen = io.StringIO()

    show(Console(file=screen, width=80), told)

    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("orebro") for line in lines)
    assert any("power cuts" in line for line in lines)
    assert sum(line.startswith("kept") for line in lines) == 5
