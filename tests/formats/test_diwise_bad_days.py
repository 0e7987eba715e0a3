"""Whatever diwise answers, and in whichever order uplinks come: each ends once, and the newest value stays."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from gateway.formats import Format
from gateway.formats.diwise import Diwise
from gateway.formats.ngsi_ld import NgsiLd
from gateway.model import Answer, Item, Json, Request, RowId, Verdict
from tests.formats.items import converse
from tests.formats.ngsi_ld_words import UNCLEAR, co2, problem
from tests.formats.test_diwise import MANY, warm

ROWS = 60
BAD = 2  # the device whose data is refused
TROUBLE = 0.5  # of the answers while the day is bad


@dataclass
class Platform:
    """What both have in common: values by subject, and a day that is bad until it is over."""

    random: random.Random
    is_bad_day: bool = True
    times: dict[str, str | int] = field(default_factory=dict)
    told: Counter[tuple[str, str | int]] = field(default_factory=Counter)

    def trouble(self) -> str:
        return self.random.choice(["401", "503", "unclear", "lost", "500"]) if self._strikes() else ""

    def _strikes(self) -> bool:
        return self.is_bad_day and self.random.random() < TROUBLE

    def keep(self, subject: str, at: str | int) -> None:
        self.times[subject] = at
        self.told[subject, at] += 1


class ContextBroker(Platform):
    def answer(self, request: Request) -> Answer:
        trouble, body = self.trouble(), json.loads(request.body)
        subject = body["id"] if request.method == "POST" else request.target.rpartition("/")[2]
        known = subject in self.times
        if trouble in {"401", "503", "500"}:
            return problem(int(trouble))
        if trouble == "unclear":
            return UNCLEAR
        if request.method == "PATCH" and not known:
            return problem(404, kind="ResourceNotFound")
        if request.method == "POST" and known:
            return problem(409, kind="AlreadyExists")
        if subject.endswith(f"{BAD:016x}"[-4:]):
            return problem(400)
        self.keep(subject, body["co2"]["observedAt"])
        return UNCLEAR if trouble == "lost" else Answer(verdict=Verdict.TAKEN, status=204)


class IotAgent(Platform):
    def answer(self, request: Request) -> Answer:
        trouble, pack = self.trouble(), json.loads(request.body)
        if trouble in {"401", "503", "500"}:
            return Answer(verdict=Verdict.LATER, status=int(trouble), detail=trouble)
        if trouble == "unclear":
            return UNCLEAR
        if pack[0]["bn"] == f"sensor-{BAD}/3303/":
            return Answer(verdict=Verdict.REFUSED, status=400, detail="400 Bad Request")
        self.keep(pack[0]["bn"], pack[0]["bt"])
        return UNCLEAR if trouble == "lost" else Answer(verdict=Verdict.TAKEN, status=201)


def carbon(row: int, device: int, minutes_ago: int | None) -> Item:
    return co2(row, device, minutes_ago=minutes_ago)


CASES: list[tuple[Format, type[ContextBroker | IotAgent], Callable[[int, int, int | None], Item]]] = [
    (NgsiLd(way="merge"), ContextBroker, carbon),
    (Diwise(ids=MANY, tries=1000), IotAgent, warm),
]


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize(("platform", "city", "heard"), CASES, ids=["merge", "diwise"])
def test_each_row_ends_once_and_the_newest_value_stays(
    platform: Format,
    city: type[ContextBroker | IotAgent],
    heard: Callable[[int, int, int | None], Item],
    seed: int,
) -> None:
    chance = random.Random(seed)
    stand_in = city(random.Random(seed))
    late = [None, None, None, *range(1, 7)]
    waiting = {RowId(row): heard(row, row % 4, chance.choice(late)) for row in range(1, ROWS + 1)}
    newest: dict[str, float] = defaultdict(float)
    memory: dict[str, Json] = {}
    ended: dict[RowId, str] = {}

    for turn in range(600):
        if not waiting:
            break
        stand_in.is_bad_day = turn < 300
        batch = [waiting[row] for row in sorted(waiting)[:20]]
        _, receipt = converse(platform, batch, stand_in.answer, memory)
        memory = {key: value for key, value in (memory | dict(receipt.memory)).items() if value is not None}
        assert receipt.accepted | receipt.refused.keys() | receipt.undecided.keys() == {one.row for one in batch}
        assert not receipt.accepted & receipt.refused.keys()
        for row in receipt.accepted | receipt.refused.keys():
            ended[row] = receipt.refused.get(row, "")
            if row in receipt.accepted:
                [observation] = waiting[row].observations
                key = observation.dev_eui
                newest[key] = max(newest[key], observation.observed_at.timestamp())
            del waiting[row]

    assert len(ended) == ROWS
    assert {row for row in ended if row % 4 == BAD} <= {row for row, why in ended.items() if why}
    assert all("400" in why or "late" in why for why in ended.values() if why)
    assert len(stand_in.times) == len(newest) == 3
    assert not [key for key in memory if key.startswith(("tries/", "told/", "step/"))]
    if city is IotAgent:
        assert sorted(stand_in.times.values()) == sorted(int(at) for at in newest.values())
    else:
        assert [str(at)[:19] for at in sorted(map(str, stand_in.times.values()))] == sorted(
            _iso(at) for at in newest.values()
        )


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()[:19]
