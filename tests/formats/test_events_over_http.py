"""Events and templates at a platform nobody has met, over real HTTP: live, backlog, and each kind of bad day."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

import pytest

from decoders.contract import Reading
from gateway.formats import Format
from gateway.formats.json_event import JsonEvent
from gateway.formats.template import Template
from gateway.model import Item
from simulators.platforms.event_receiver import EventReceiver, Fault, Received
from tests.formats.items import item
from tests.formats.telling import Loop, over_http

EVENT = JsonEvent(topic="/events")
LINE = Template(topic="/v1/{dev_eui}", body='{"id":{id},"n":{values.co2},"at":{time}}')
BOTH = [EVENT, LINE]


def rows(count: int) -> list[Item]:
    return [item(Reading("co2", row, "[ppm]"), row=row) for row in range(1, count + 1)]


def numbers(messages: Sequence[Received]) -> list[int]:
    said = [one for message in messages for one in (message.json if isinstance(message.json, list) else [message.json])]
    return sorted(one["n"] if "n" in one else one["observations"][0]["value"] for one in said)


@pytest.fixture
async def platform() -> AsyncIterator[EventReceiver]:
    made = EventReceiver(token="secret")
    await made.start()
    yield made
    await made.stop()


async def loop_of(told: Format, url: str, count: int, token: str = "secret", total_limit_s: float = 5.0) -> Loop:
    transport = over_http(url, token, connect_limit_s=total_limit_s / 2, total_limit_s=total_limit_s)
    return Loop(told, transport, rows(count))


@pytest.mark.parametrize("told", [*BOTH, JsonEvent(topic="/events", batch=50)], ids=["event", "template", "array"])
async def test_a_backlog_arrives_once(platform: EventReceiver, told: Format) -> None:
    loop = await loop_of(told, platform.url, 250)

    await loop.to_its_end()
    await loop.telling.close()

    assert numbers(platform.kept.messages) == list(range(1, 251))
    assert (platform.kept.repeated, loop.refused()) == (0, {})


@pytest.mark.parametrize("told", [*BOTH, JsonEvent(topic="/events", batch=16)], ids=["event", "template", "array"])
async def test_a_bad_message_is_a_dead_letter_and_the_others_arrive(platform: EventReceiver, told: Format) -> None:
    platform.judge = lambda received: "no seven here" if 7 in numbers([received]) else ""
    loop = await loop_of(told, platform.url, 30)

    await loop.to_its_end()
    await loop.telling.close()

    assert numbers(platform.kept.messages) == [n for n in range(1, 31) if n != 7]
    assert {row: "no seven here" in why for row, why in loop.refused().items()} == {7: True}


@pytest.mark.parametrize("told", BOTH)
async def test_a_wrong_token_costs_nothing(platform: EventReceiver, told: Format) -> None:
    loop = await loop_of(told, platform.url, 5, token="wrong")

    await loop.turns(6)
    await loop.telling.close()

    assert (len(loop.journal.rows), loop.refused()) == (5, {})
    assert set(platform.answers) == {401}


@pytest.mark.parametrize("status", [403, 404, 405, 429, 500, 502, 503, 504])
async def test_a_platform_that_takes_nothing_for_a_while_costs_nothing(platform: EventReceiver, status: int) -> None:
    platform.mood = Fault(status=status)
    loop = await loop_of(EVENT, platform.url, 5)
    await loop.turns(15)
    platform.mood = None

    await loop.to_its_end()
    await loop.telling.close()

    assert numbers(platform.kept.messages) == [1, 2, 3, 4, 5]
    assert loop.refused() == {}


@pytest.mark.parametrize("status", [400, 413, 415, 422])
async def test_what_is_wrong_with_a_message_is_not_tried_again(platform: EventReceiver, status: int) -> None:
    platform.faults.append(Fault(status=status))
    loop = await loop_of(EVENT, platform.url, 1)

    await loop.turns(1)
    await loop.telling.close()

    assert (list(loop.refused()), platform.answers) == ([1], {status: 1})


async def test_a_message_that_breaks_the_platform_is_given_up_after_some_tries(platform: EventReceiver) -> None:
    platform.breaks = lambda received: numbers([received]) == [3]
    loop = await loop_of(EVENT, platform.url, 4)
    await loop.turns(1)
    first = (list(loop.journal.delivered), dict(loop.refused()))

    await loop.to_its_end()
    await loop.telling.close()

    assert first == ([1, 2, 4], {})
    assert {row: why[:13] for row, why in loop.refused().items()} == {3: "tried 10 time"}


async def test_an_answer_that_never_came_is_asked_for_again_under_the_same_id(platform: EventReceiver) -> None:
    platform.faults.extend([Fault(silent=True), Fault(delay_s=0.4)])
    loop = await loop_of(EVENT, platform.url, 3, total_limit_s=0.2)

    await loop.to_its_end()
    await loop.telling.close()

    assert set(numbers(platform.kept.messages)) == {1, 2, 3}
    assert platform.kept.repeated >= 1
    assert len({json.dumps(one.json, sort_keys=True) for one in platform.kept.messages}) == 3
    assert loop.refused() == {}


async def test_a_platform_that_is_away_costs_nothing(platform: EventReceiver) -> None:
    await platform.stop()
    loop = await loop_of(EVENT, platform.url, 3)

    await loop.turns(3)
    await loop.telling.close()

    assert len(loop.journal.rows) == 3
