"""A site of a hundred devices on virtual time, and its judge: the network keeps all its promises, and is caught where it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulators.site import Plan, run
from tests.long_form import IS_LONG

TOWN = Plan(devices=100, gateways=2, hours=1.0)
CROWD = replace(TOWN, devices=60 if IS_LONG else 40, gateways=1, interval_s=60.0, confirmed_every=2, seed=7)
SHAKEN = (
    replace(TOWN, devices=60, stops=3, kills=6) if IS_LONG else replace(TOWN, devices=30, hours=0.6, stops=3, kills=6)
)


def test_a_hundred_devices_join_in_a_storm_and_talk_for_an_hour_without_a_fault(tmp_path: Path) -> None:
    outcome = run(TOWN, tmp_path)

    assert outcome.faults == ()
    assert outcome.figures["joined"].startswith("90 of 90 ")
    assert int(outcome.figures["ADR"].split()[0]) >= 50
    assert outcome.figures["beside the window"] == "at most 0 us, median 0 us"


def test_one_gateway_that_is_asked_for_more_than_it_may_send_keeps_the_law(tmp_path: Path) -> None:
    outcome = run(replace(CROWD, hours=0.7 if IS_LONG else 0.5), tmp_path)

    assert [fault for fault in outcome.faults if "never joined" not in fault] == []  # they would, in a later hour
    assert "rx1_duty_cycle" in outcome.figures["not sent"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_stops_and_cuts_at_any_moment_break_no_promise(tmp_path: Path, seed: int) -> None:
    outcome = run(replace(SHAKEN, seed=seed), tmp_path)

    assert outcome.faults == ()
    assert "replayed_dev_nonce" in outcome.figures["refused"]


def test_class_c_devices_are_told_at_once(tmp_path: Path) -> None:
    outcome = run(Plan(devices=12, class_c_every=2, hours=0.75, downlink_pause_s=15.0, seed=5), tmp_path)

    assert outcome.faults == ()
    assert "rxc: " in outcome.figures["downlinks on air"]
    assert "acknowledged: " in outcome.figures["asked for"]


def test_a_site_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    plan = Plan(devices=10, hours=0.3, seed=9)
    first, second = (run(plan, _folder(tmp_path, name)) for name in ("first", "second"))

    assert first.figures == second.figures


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder
