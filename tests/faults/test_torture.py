"""The short form of the torture run (`brygga lab torture` is the long one), and a run in which the judge must find something."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from simulators.platforms.mqtt import Subscriber
from simulators.torture.equipment import lacking
from simulators.torture.evidence import Evidence, Transmitted
from simulators.torture.judge import judge
from simulators.torture.plan import Plan, blows, tortured_members
from simulators.torture.run import Torture
from simulators.torture.scene import HOST
from simulators.torture.striking import DEEDS, deed
from simulators.torture.troubles import TROUBLES, Lane, Needs

SHORT = Plan(seconds=8.0, devices=20, troubles=tuple(TROUBLES), seed=1, pace_s=0.3, speed=2.0, hurry=3.0)
CALM = replace(SHORT, seconds=2.0, devices=10, troubles=(), pace_s=0.1, loss=0.0, arrival_limit_s=1.0)
FORGOTTEN = 6  # the message that the forgetful city acknowledges and does not keep, counted from 0


async def test_no_trouble_loses_doubles_or_invents_an_uplink(tmp_path: Path) -> None:
    had = tuple(name for name in TROUBLES if name not in lacking())
    torture = Torture(replace(SHORT, troubles=had), tmp_path)

    await torture.run()
    evidence = await torture.evidence()
    judgement = judge(evidence)

    assert judgement.findings == ()
    assert {TROUBLES[name].lane for name in torture.counts()} >= {Lane.AGENT, Lane.BROKER, Lane.LINE}
    assert len(evidence.delivered) > 10  # on a busy machine an agent needs seconds to be there again
    assert set(evidence.activated) <= {one.device.dev_eui for one in tortured_members(SHORT) if one.radio.keys is None}


class ForgetfulCity(Subscriber):
    """Acknowledge every message and lose one."""

    def _on_message(self, _client: Any, _: Any, message: Any) -> None:
        super()._on_message(_client, _, message)
        if len(self.received) == FORGOTTEN + 1 and not hasattr(self, "forgotten"):
            self.forgotten = self.received.pop()


def a_row_to_lose(evidence: Evidence, forgotten: str) -> Transmitted:
    """Return an acknowledged uplink's row that is neither the first nor the last."""
    inner: Sequence[Transmitted] = evidence.committed[1:-1]
    return next(row for row in inner if row.uplink in evidence.acknowledged and row.uplink != forgotten)


async def test_a_message_that_is_lost_and_a_row_that_vanishes_are_both_named(tmp_path: Path) -> None:
    cities: list[ForgetfulCity] = []

    def forgetful(port: int) -> Subscriber:
        cities.append(ForgetfulCity(HOST, port))
        return cities[0]

    torture = Torture(CALM, tmp_path, make_city=forgetful)
    await torture.run()
    forgotten = cities[0].forgotten.headers["uplink"]
    lost = a_row_to_lose(await torture.evidence(), forgotten)
    with sqlite3.connect(tmp_path / "data" / "journal.db") as database:
        database.execute("DELETE FROM log_1 WHERE id = ?", (lost.row,))
    database.close()

    judgement = judge(await torture.evidence())

    assert {(finding.rule, finding.id) for finding in judgement.findings} == {
        ("a", forgotten),
        ("a", "journal"),
        ("a", lost.uplink),
        ("b", lost.uplink),
    }
    assert judgement.lost_by_broker == ()


def moments(plan: Plan) -> list[object]:
    return [blow for lane in Lane for blow in islice(blows(plan, lane), 50)]


def test_the_seed_decides_when_it_strikes_and_who_speaks() -> None:
    again, another = replace(SHORT), replace(SHORT, seed=2)

    assert moments(SHORT) == moments(again)
    assert moments(SHORT) != moments(another)
    assert [one.radio.app_key for one in tortured_members(SHORT)] == [
        one.radio.app_key for one in tortured_members(again)
    ]


@pytest.mark.parametrize("lane", Lane)
def test_each_trouble_of_a_lane_comes_before_any_comes_again(lane: Lane) -> None:
    mine = sorted(name for name, one in TROUBLES.items() if one.lane is lane)

    first = [blow.trouble.name for blow in islice(blows(SHORT, lane), len(mine))]

    assert sorted(first) == mine


def test_kills_come_as_often_as_a_plan_says() -> None:
    plan = replace(SHORT, kills_per_minute=30.0)

    pauses = [blow.pause_s for blow in islice(blows(plan, Lane.AGENT), 300)]

    assert min(pauses) >= 1.0
    assert max(pauses) <= 3.0
    assert 1.8 < sum(pauses) / len(pauses) < 2.2


def test_a_lane_without_troubles_is_quiet() -> None:
    assert list(blows(replace(SHORT, troubles=("kill",)), Lane.DISK)) == []


@pytest.mark.parametrize("name", TROUBLES)
def test_each_trouble_can_be_made(name: str) -> None:
    assert deed(name) is not None
    assert (name in DEEDS) != (TROUBLES[name].needs is Needs.SHIM)
    assert bool(TROUBLES[name].disk) == (TROUBLES[name].needs is Needs.SHIM)
