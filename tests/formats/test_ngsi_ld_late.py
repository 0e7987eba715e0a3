"""Never an older value over a newer one, whatever comes late and whatever the broker does."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from decoders.contract import Reading
from gateway.formats.ngsi_ld import NgsiLd
from gateway.model import Answer, Device, Entity, Json, Request, RowId
from tests.formats.items import DEVICE, HEARD_AT, converse, eui, item
from tests.formats.ngsi_ld_words import PREFIX, UNCLEAR, co2, entity, multi_status, problem


def test_the_newest_time_of_each_attribute_is_remembered() -> None:
    _, receipt = converse(NgsiLd(device=False), [co2(1), co2(2)])

    at = round(HEARD_AT.timestamp() * 1000 // 1) + 2000
    assert receipt.memory == {entity(): {"": at, "co2": at}}


def test_only_touched_entities_are_written_to_the_memory() -> None:
    memory = {entity(device): {"": 1, "co2": 1} for device in range(50)}

    _, receipt = converse(NgsiLd(device=False), [co2(1, 7)], memory=memory)

    assert set(receipt.memory) == {entity(7)}


def test_an_older_value_is_refused_and_says_which_newer_one_is_there() -> None:
    _, first = converse(NgsiLd(device=False), [co2(1)])

    waves, receipt = converse(NgsiLd(device=False), [co2(2, minutes_ago=10)], memory=first.memory)

    assert waves == []
    assert receipt.refused == {2: f"late: a newer value of co2 (2026-03-01T12:00:01Z) is already at {entity()}"}
    assert receipt.memory == {}


def test_an_older_value_may_be_sent_or_skipped() -> None:
    _, first = converse(NgsiLd(device=False), [co2(1)])
    late = co2(2, minutes_ago=10)

    sent, send = converse(NgsiLd(device=False, late="send"), [late], memory=first.memory)
    left, skip = converse(NgsiLd(device=False, late="skip"), [late], memory=first.memory)

    assert [len(wave) for wave in sent] == [1]
    assert send.accepted == {2}
    assert send.memory == {entity(): first.memory[entity()]}
    assert left == []
    assert skip.accepted == {2}
    assert skip.warnings == ("late: an older value was left out, for a newer one is already there",)


def test_the_same_time_again_is_a_repetition_and_not_late() -> None:
    _, first = converse(NgsiLd(device=False), [co2(1)])

    _, again = converse(NgsiLd(device=False), [co2(1)], memory=first.memory)

    assert again.accepted == {1}


def test_lateness_is_a_matter_of_each_attribute() -> None:
    thing = Device(dev_eui=eui(1), entity=Entity("WeatherObserved", "torget-1"))
    other = replace(thing, dev_eui=eui(2))
    at = HEARD_AT - timedelta(minutes=5)
    wind_of_before = Reading("wind_speed", 3.0, "m/s", None, at)
    _, first = converse(NgsiLd(device=False), [item(Reading("air_temperature", 1.0, "Cel"), row=1, device=thing)])

    waves, receipt = converse(NgsiLd(device=False), [item(wind_of_before, row=2, device=other)], memory=first.memory)

    [[request]] = waves
    [sent] = json.loads(request.body)
    assert receipt.accepted == {2}
    assert "windSpeed" in sent
    assert "dateObserved" not in sent
    assert "source" not in sent


def test_the_fresh_part_of_an_uplink_goes_though_another_part_is_late() -> None:
    _, first = converse(NgsiLd(device=False), [co2(1)])
    readings = (
        Reading("co2", 390, "[ppm]", None, HEARD_AT - timedelta(minutes=5)),
        Reading("co2", 410, "[ppm]", None, HEARD_AT + timedelta(minutes=5)),
    )

    waves, receipt = converse(
        NgsiLd(device=False), [item(*readings, row=2, device=replace(DEVICE, dev_eui=eui(1)))], memory=first.memory
    )

    [[request]] = waves
    assert json.loads(request.body)[0]["co2"]["value"] == 410
    assert list(receipt.refused) == [2]
    assert receipt.memory[entity()]["co2"] > first.memory[entity()]["co2"]


def test_a_late_row_does_not_stop_the_next_one() -> None:
    _, first = converse(NgsiLd(device=False), [co2(1)])

    waves, receipt = converse(NgsiLd(device=False), [co2(2, minutes_ago=10), co2(3)], memory=first.memory)

    assert len(waves) == 1
    assert list(receipt.refused) == [2]
    assert receipt.accepted == {3}


class _Broker:
    """A broker that keeps what comes last, fails as the seed says, and remembers every order it was given."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.bad = {entity(2)}
        self.values: dict[str, str] = {}
        self.trouble = 0.5

    def answer(self, request: Request) -> Answer:
        entities = json.loads(request.body)
        assert len({one["id"] for one in entities}) == len(entities)
        kind = (
            self._random.choice(["401", "503", "unclear", "lost", "partly"])
            if self._random.random() < self.trouble
            else ""
        )
        match kind:
            case "401" | "503":
                return problem(int(kind))
            case "unclear":
                return UNCLEAR
        if any(one["id"] in self.bad for one in entities):
            return problem(400)
        if kind == "lost":
            self._keep(entities)
            return UNCLEAR
        failed = [one["id"] for one in entities if kind == "partly" and self._random.random() < 0.5]
        self._keep([one for one in entities if one["id"] not in failed])
        errors = [{"entityId": one, "error": {"title": "Busy", "status": 503}} for one in failed]
        return multi_status([], errors)

    def _keep(self, entities: list[dict[str, Any]]) -> None:
        for one in entities:
            self.values[one["id"]] = one["co2"]["observedAt"]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_a_broker_does_each_row_ends_once_and_the_newest_value_stays(seed: int) -> None:
    broker = _Broker(seed)
    shuffled = random.Random(seed)
    waiting = {
        RowId(row): co2(row, row % 4, minutes_ago=shuffled.choice([None, None, None, row % 7])) for row in range(60)
    }
    newest: dict[str, str] = defaultdict(str)
    memory: dict[str, Json] = {}
    ended: dict[RowId, str] = {}

    for turn in range(400):
        if not waiting:
            break
        broker.trouble = 0.5 if turn < 200 else 0
        batch = [waiting[row] for row in sorted(waiting)[:20]]
        _, receipt = converse(NgsiLd(device=False, batch_entities=3), batch, broker.answer, memory)
        memory |= receipt.memory
        assert not (receipt.accepted & receipt.refused.keys())
        assert receipt.accepted | receipt.refused.keys() | receipt.undecided.keys() == {one.row for one in batch}
        for row in receipt.accepted | receipt.refused.keys():
            assert row not in ended
            ended[row] = receipt.refused.get(row, "")
            if row in receipt.accepted:
                heard = waiting[row].observations[0]
                at = heard.observed_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                key = PREFIX + heard.dev_eui
                newest[key] = max(newest[key], at)
            del waiting[row]

    assert len(ended) == 60
    assert broker.values == newest
    assert all("400" in why or "late" in why for why in ended.values() if why)
    assert {row for row in ended if row % 4 == 2} <= {row for row, why in ended.items() if why}
