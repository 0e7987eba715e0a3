"""Answers become JSON in turns, and the same JSON as at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from gateway.model import TimeQuality
from gateway.web import encoding
from gateway.web.encoding import encoded

LONG = [{"name": f"Sensor {number}", "snr_db": number / 4, "none": None} for number in range(1001)]


@pytest.mark.parametrize(
    "answer",
    [LONG, {"devices": LONG, "middle": None, "åäö": ["ö", 1, True]}, [], {}, {"empty": []}, 3, None, 'väst "1"', [[1], [2]]],
    ids=["list", "table", "empty list", "empty table", "table of an empty list", "number", "nothing", "text", "lists"],
)  # fmt: skip
async def test_an_answer_in_turns_is_the_same_answer(answer: Any) -> None:
    assert json.loads(await encoded(answer)) == answer


@pytest.mark.parametrize("count", [499, 500, 501, 1000, 1001])
async def test_no_item_is_lost_where_parts_meet(count: int) -> None:
    assert json.loads(await encoded({"items": [*range(count)]})) == {"items": [*range(count)]}


async def test_others_have_their_turn_while_a_long_list_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "AT_ONCE", 10)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        other = tasks.create_task(count(), name="another")
        await encoded({"devices": LONG})
        other.cancel()

    assert turns >= len(LONG) // 10


async def test_what_has_no_form_in_json_is_told_as_its_text_and_half_a_pair_of_surrogates_as_a_question_mark() -> None:
    assert await encoded({"quality": TimeQuality.NTP, "path": object}) == (
        f'{{"quality":{json.dumps(TimeQuality.NTP)},"path":"{object}"}}'.encode()
    )
    assert await encoded(["\ud83d"]) == b'["?"]'
