"""Messages that stand each for themselves: each answer decides its own, and a message that kills the line is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import islice

import pytest

from decoders.contract import Reading
from gateway.formats.json_event import JsonEvent
from gateway.formats.patience import TRIES, TRIES_ALONE
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


def noting(waves: list[Sequence[Request]], broker: Broker) -> Broker:
    """Return ``broker``, which also notes what came side by side."""

    def answer(requests: Sequence[Request]) -> list[Answer]:
        waves.append(requests)
        return broker(requests)

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


def until_settled(
    batch: list[Item], broker: Broker, memory: dict[str, Json], *, comes: Sequence[Item] = ()
) -> tuple[int, Mapping[RowId, str]]:
    """Take turns until nothing waits, with one more of ``comes`` before each; return how many it took, and what was refused."""
    refused: dict[RowId, str] = {}
    heard = iter(comes)
    for turns in range(1, 60):
        _, receipt = turn(JsonEvent(), [*batch, *islice(heard, 1)], broker, memory)
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

    turns, refused = until_settled(rows(20), hangs_up_over(poison), memory, comes=rows(30)[20:])

    assert list(refused) == [poison]
    assert refused[RowId(poison)].startswith("tried 4 times while others were taken; last: sent, and no PUBACK")
    assert turns == TRIES
    assert memory == {}


@pytest.mark.parametrize("poison", [(1,), (7,), (20,), (1, 3, 4), (3, 4, 17)])
def test_whoever_is_innocent_of_a_closed_line_arrives_in_the_same_conversation(poison: tuple[int, ...]) -> None:
    _, receipt = turn(JsonEvent(), rows(20), hangs_up_over(*poison), {})

    assert receipt.accepted == set(range(1, 21)) - set(poison)
    assert set(receipt.undecided) == set(poison)


def test_one_bad_message_costs_one_connection_a_conversation_once_it_is_known() -> None:
    memory: dict[str, Json] = {}
    waves: list[Sequence[Request]] = []

    for batch in (rows(20), [rows(7)[6], *rows(25)[20:]]):
        waves.clear()
        turn(JsonEvent(), batch, noting(waves, hangs_up_over(7)), memory)

    assert [list(map(value, wave)) for wave in waves] == [[21, 22, 23, 24, 25], [7]]


def test_one_that_is_left_alone_is_given_up_after_more_tries() -> None:
    turns, refused = until_settled(rows(20), hangs_up_over(20), {})

    assert (turns, list(refused)) == (TRIES_ALONE, [20])


@pytest.mark.parametrize("poison", [(1, 2, 3), (3, 4, 17), tuple(range(1, 20))])
def test_several_such_messages_are_found_beside_each_other(poison: tuple[int, ...]) -> None:
    turns, refused = until_settled(rows(20), hangs_up_over(*poison), {}, comes=rows(80)[20:])

    assert sorted(refused) == list(poison)
    assert turns < TRIES_ALONE + len(poison)


def test_acknowledgements_that_lag_behind_blame_nobody_else() -> None:
    """A broker need not acknowledge what it took before it hangs up: then the first without an answer is innocent."""

    def broker(requests: Sequence[Request]) -> list[Answer]:
        if 61 not in map(value, requests):
            return [TAKEN] * len(requests)
        return [TAKEN if value(one) < 5 else HUNG_UP for one in requests]

    _, first = turn(JsonEvent(), rows(100), broker, {})
    _, refused = until_settled(rows(100), broker, {})

    assert first.accepted == set(range(1, 101)) - {61}
    assert list(refused) == [61]


def test_a_line_that_cannot_be_opened_again_at_once_finds_it_too() -> None:
    """AWS takes a client's next connection a second later: then each conversation ends at the first silence."""
    silences: list[int] = []

    def broker(requests: Sequence[Request]) -> list[Answer]:
        if silences:
            return [Answer(verdict=Verdict.LATER, status=0, detail="not sent: refused")] * len(requests)
        answers = hangs_up_over(1)(requests)
        silences.extend(1 for one in answers if one is HUNG_UP)
        return answers

    memory: dict[str, Json] = {}
    batch = rows(20)
    taken: list[RowId] = []
    for _ in range(2):
        silences.clear()
        _, receipt = turn(JsonEvent(), batch, broker, memory)
        taken += receipt.accepted
        batch = [one for one in batch if one.row in receipt.undecided]

    assert taken == list(range(2, 21))


def test_a_line_that_always_breaks_costs_no_message() -> None:
    memory: dict[str, Json] = {}

    for _ in range(30):
        _, receipt = turn(JsonEvent(), rows(5), lambda requests: [HUNG_UP] * len(requests), memory)

        assert (receipt.accepted, receipt.refused) == (frozenset(), {})
        assert len(receipt.undecided) == 5


def test_a_line_that_breaks_over_everything_costs_few_connections() -> None:
    waves: list[Sequence[Request]] = []

    _, receipt = turn(JsonEvent(), rows(50), noting(waves, lambda requests: [HUNG_UP] * len(requests)), {})

    assert [len(wave) for wave in waves] == [50, 1, 49]
    assert len(receipt.undecided) == 50


def test_a_repetition_after_no_answer_has_the_same_octets() -> None:
    [first, *_], _ = converse(JsonEvent(), rows(2), HUNG_UP)
    [again], _ = converse(JsonEvent(), rows(2), TAKEN)

    assert first == again


def test_over_http_silence_is_of_one_request_and_nothing_is_sent_twice_in_one_conversation() -> None:
    waves, receipt = converse(JsonEvent(topic="/in"), rows(6), {1: HUNG_UP, 4: HUNG_UP})

    assert [len(wave) for wave in waves] == [6]
    assert set(receipt.undecided) == {2, 5}
    assert receipt.memory == {"tries/2": -1}  # the first one is it, or nobody knows


def test_an_array_that_silences_a_server_is_halved_down_to_the_event() -> None:
    def server(request: Request) -> Answer:
        return HUNG_UP if 5 in values(request) else TAKEN

    _, receipt = converse(JsonEvent(topic="/in", batch=16), rows(16), server)

    assert receipt.accepted == set(range(1, 17)) - {5}
    assert set(receipt.undecided) == {5}


# ── words that fit a bad message as well as a bad day ──


@pytest.mark.parametrize("status", [404, 500, 0x87])
def test_what_may_be_of_the_platform_is_tried_a_bounded_number_of_times(status: int) -> None:
    ambiguous = Answer(verdict=Verdict.LATER, status=status, detail="?")

    def broker(requests: Sequence[Request]) -> list[Answer]:
        return [ambiguous if value(one) == 2 else TAKEN for one in requests]

    memory: dict[str, Json] = {"tries/2": TRIES - 1}
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
