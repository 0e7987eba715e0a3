"""The short form of the torture run (`scripts/torture` is the long one), and a run in which the judge must find something."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulators.platforms.mqtt import Subscriber
from simulators.torture.evidence import Evidence, Transmitted
from simulators.torture.judge import judge
from simulators.torture.plan import Plan, agent_blows, broker_blows, tortured_members
from simulators.torture.run import Torture
from simulators.torture.scene import HOST

SHORT = Plan(uplinks=400, devices=20, kills=3, broker_kills=1, seed=1, pace_s=0.2, speed=2.0)
CALM = replace(SHORT, uplinks=50, devices=5, kills=0, broker_kills=0, pace_s=0.05, loss=0.0, arrival_limit_s=1.0)
FORGOTTEN = 6  # the message that the forgetful city acknowledges and does not keep, counted from 0


async def test_no_kill_of_agent_or_broker_loses_doubles_or_invents_an_uplink(tmp_path: Path) -> None:
    torture = Torture(SHORT, tmp_path)

    await torture.run()
    evidence = await torture.evidence()
    judgement = judge(evidence)

    assert judgement.findings == ()
    assert torture.counts["agent kills"] == 3
    assert torture.counts["broker kills"] == 1
    assert torture.counts["replays"] > 0
    assert len(evidence.sent) == 400
    assert len(evidence.committed) > 200
    assert len(evidence.acknowledged) > 40
    assert set(evidence.activated) == {one.device.dev_eui for one in tortured_members(SHORT) if one.radio.keys is None}


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


def test_the_seed_decides_when_it_strikes_and_who_speaks() -> None:
    again, another = replace(SHORT), replace(SHORT, seed=2)

    assert (agent_blows(SHORT), broker_blows(SHORT)) == (agent_blows(again), broker_blows(again))
    assert agent_blows(SHORT) != agent_blows(another)
    assert [one.radio.app_key for one in tortured_members(SHORT)] == [
        one.radio.app_key for one in tortured_members(again)
    ]
    assert len({agent.after for agent in agent_blows(SHORT)}) == 3
