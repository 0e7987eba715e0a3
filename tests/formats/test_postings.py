"""Messages that stand each for themselves: each answer decides its own, and a message that kills the line is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import pytest

from decoders.contract import Reading
from gateway.formats.json_event import JsonEvent
from gateway.formats.postings import TRIES, TRIES_ALONE
from gateway.model import Answer, Item, Json, Receipt, Request, RowId, Verdict
from tests.formats.items import TAKEN, converse, item

HUNG_UP = Answer(
    verdict=Verdict.UNCLEAR, status=0, detail="sent, and no PUBACK: the connection was closed by the other side"
)
BAD = Answer(verdict=Verdict.REFUSED, status=422, detail="422 Unprocessable Content")
BROKEN = Answer(verdict=Verdict.LATER, status=500, detail="500 Internal Server Error")
BUSY = Answer(verdict=Verdict.LATER, status=503, detail="503", retry_after=timedelta(seconds=7))

Broker = Callable[[Sequence[Request]], list[Answer]]


def rows(count: int) -> list[Item]:
    return [item(Reading("co2", row, "[ppm]"), row=row) for row in range(1, count + 1)]


def value(request: Request) -> int:
    (observation,) = json.loads(request.body)["observations"]
    return int(observation["value"])


def hangs_up_over(*poison: int) -> Broker:
    """Return a broker of MQTT 3.1.1: what it does not like it answers by closing the line, and no PUBACK comes after."""

    def answer(requests: Sequence[Request]) -> list[Answer]:
        dead = next((place for place, one in enumerate(requests) if value(one) in poison), len(requests))
        return [TAKEN] * dead + [HUNG_UP] * (len(requests) - dead)

    return answer


def turn(platform: JsonEvent, batch: Sequence[Item], broker: Broker, memory: dict[str, Json]) -> tuple[int, Receipt]:
    """Hold one conversation, take its memory over, and return how many requests it had, with the receipt."""
    conversation = platform.deliver(batch, memory)
    requests, count = next(conversation), 0
    receipt: Receipt | None = None
    while receipt is None:
        count += len(requests)
        try:
            requests = conversation.send(broker(requests))
        except StopIteration as end:
            receipt = end.value
    assert receipt is not None
    for key, known in receipt.memory.items():
        memory.pop(key, None) if known is None else memory.update({key: known})
    return count, receipt


def until_settled(batch: list[Item], broker: Broker, memory: dict[str, Json]) -> tuple[int, Mapping[RowId, str]]:
    """Take turns until nothing waits; return how many it took, and what was refused."""
    refused: dict[RowId, str] = {}
    for turns in range(1, 60):
        _, receipt = turn(JsonEvent(), batch, broker, memory)
        refused |= receipt.refused
        batch = [one for one in batch if one.row in receipt.undecided]
        if not batch:
            return turns, refused
    raise AssertionError(f"{len(batch)} rows wait for ever")


def test_all_go_side_by_side_and_each_answer_decides_its_row() -> None:
    waves, receipt = converse(JsonEvent(), rows(4), {1: BAD, 2: BROKEN, 3: BUSY})

    assert [len(wave) for wave in waves] == [4]
    assert receipt.accepted == {1}
    assert receipt.refused == {2: "422 Unprocessable Content"}
    assert receipt.undecided == {3: "500 Internal Server Error", 4: "503"}
    assert receipt.retry_after == timedelta(seconds=7)


def test_nobody_listening_is_delivered_with_a_warning() -> None:
    _, receipt = converse(JsonEvent(), rows(1), Answer(verdict=Verdict.TAKEN, status=0x10))

    assert receipt.accepted == {1}
    assert receipt.warnings == ("the broker took it, and nobody subscribes to the topic (0x10)",)


# ── a platform whose only word is a closed line ──


@pytest.mark.parametrize("poison", [1, 7, 19])
def test_the_message_that_the_line_is_closed_over_is_found_and_refused(poison: int) -> None:
    memory: dict[str, Json] = {}

    turns, refused = until_settled(rows(20), hangs_up_over(poison), memory)

    assert list(refused) == [poison]
    assert refused[RowId(poison)].startswith("tried 4 times while others were taken; last: sent, and no PUBACK")
    assert turns <= TRIES + 2
    assert memory == {}


def test_one_that_is_left_alone_is_given_up_after_more_tries() -> None:
    turns, refused = until_settled(rows(20), hangs_up_over(20), {})

    assert (turns, list(refused)) == (TRIES_ALONE, [20])


def test_several_such_messages_are_found_one_after_the_other() -> None:
    _, refused = until_settled(rows(20), hangs_up_over(3, 4, 17), {})

    assert sorted(refused) == [3, 4, 17]


def test_acknowledgements_that_lag_behind_blame_nobody_else() -> None:
    """A broker need not acknowledge what it took before it hangs up: then the first without an answer is innocent."""

    def broker(requests: Sequence[Request]) -> list[Answer]:
        if 9 not in map(value, requests):
            return [TAKEN] * len(requests)
        return [TAKEN if value(one) < 5 else HUNG_UP for one in requests]

    _, refused = until_settled(rows(12), broker, {})

    assert list(refused) == [9]


def test_a_line_that_always_breaks_costs_no_message() -> None:
    memory: dict[str, Json] = {}

    for _ in range(30):
        _, receipt = turn(JsonEvent(), rows(5), lambda requests: [HUNG_UP] * len(requests), memory)

        assert (receipt.accepted, receipt.refused) == (frozenset(), {})
        assert len(receipt.undecided) == 5


def test_after_the_line_broke_nothing_more_is_sent_in_the_same_conversation() -> None:
    memory: dict[str, Json] = {f"tries/{row}": -TRIES for row in (1, 2, 3)}

    count, receipt = turn(JsonEvent(), rows(3), lambda requests: [HUNG_UP] * len(requests), memory)

    assert count == 1
    assert len(receipt.undecided) == 3


def test_a_repetition_after_no_answer_has_the_same_octets() -> None:
    first, _ = converse(JsonEvent(), rows(2), HUNG_UP)
    again, _ = converse(JsonEvent(), rows(2), TAKEN)

    assert first == again


# ── words that fit a bad message as well as a bad day ──


@pytest.mark.parametrize("status", [404, 500, 0x87])
def test_what_may_be_of_the_platform_is_tried_a_bounded_number_of_times(status: int) -> None:
    ambiguous = Answer(verdict=Verdict.LATER, status=status, detail="?")

    def broker(requests: Sequence[Request]) -> list[Answer]:
        return [ambiguous if value(one) == 2 else TAKEN for one in requests]

    memory: dict[str, Json] = {"tries/2": TRIES}
    _, receipt = turn(JsonEvent(), rows(3), broker, memory)

    assert receipt.accepted == {1, 3}
    assert receipt.refused == {2: "tried 4 times while others were taken; last: ?"}


def test_a_platform_that_is_broken_for_all_costs_no_message() -> None:
    memory: dict[str, Json] = {}

    for _ in range(20):
        _, receipt = turn(JsonEvent(), rows(3), lambda requests: [BROKEN] * len(requests), memory)

        assert receipt.refused == {}


def test_counts_of_rows_that_ended_some_other_way_are_forgotten() -> None:
    memory: dict[str, Json] = {"tries/1": -2, "tries/77": 3, "newest/x": 5}

    turn(JsonEvent(), rows(1), hangs_up_over(), memory)

    assert memory == {"newest/x": 5}


# ── arrays ──


def values(request: Request) -> list[int]:
    said = json.loads(request.body)
    return [one["observations"][0]["value"] for one in (said if isinstance(said, list) else [said])]


def test_one_bad_event_in_an_array_is_found_by_halves_and_the_others_are_delivered() -> None:
    platform = JsonEvent(batch=8, topic="events")

    waves, receipt = converse(platform, rows(16), lambda request: BAD if 5 in values(request) else TAKEN)

    assert [values(request) for request in waves[0]] == [list(range(1, 9)), list(range(9, 17))]
    assert list(receipt.refused) == [5]
    assert receipt.accepted == set(range(1, 17)) - {5}


def test_an_array_that_breaks_the_platform_is_halved_a_bounded_number_of_times() -> None:
    waves, receipt = converse(JsonEvent(batch=100, topic="events"), rows(100), BROKEN)

    assert sum(map(len, waves)) < 40
    assert len(receipt.undecided) == 100


def test_events_of_different_topics_share_no_array() -> None:
    waves, _ = converse(JsonEvent(batch=8, topic="{f_cnt}"), rows(3))

    assert [request.target for wave in waves for request in wave] == ["1", "2", "3"]


def test_a_row_is_accepted_only_when_all_its_messages_are() -> None:
    heard = item(Reading("co2", 1, "[ppm]"), Reading("air_temperature", 2, "Cel"), Reading("radon", 3, "Bq/m3"))
    platform = JsonEvent(per="observation")

    _, partly = converse(platform, [heard], {1: BAD})
    _, waiting = converse(platform, [heard], {1: BUSY, 2: BAD})

    assert (partly.accepted, partly.refused) == (frozenset(), {1: "422 Unprocessable Content"})
    assert (waiting.refused, waiting.undecided) == ({}, {1: "503"})
