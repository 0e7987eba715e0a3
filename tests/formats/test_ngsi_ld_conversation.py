"""The conversation: waves in order, and answers judged per entity."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from decoders.contract import Reading
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.ngsi_ld.conversation import TRIES_AFTER_500
from gateway.model import Answer, Device, Entity, Item, Json, Receipt, RowId, Verdict
from tests.formats.items import DEVICE, HEARD_AT, TAKEN, converse, eui, item
from tests.formats.ngsi_ld_words import PREFIX, UNCLEAR, co2, entity, error, ids, multi_status, problem

# ── waves ──


def test_one_request_upserts_what_different_things_say() -> None:
    waves, receipt = converse(NgsiLd(device=False, tenant="sundsvall"), [co2(row, row) for row in (1, 2, 3)])

    [[request]] = waves
    assert request.method == "POST"
    assert request.target == "/ngsi-ld/v1/entityOperations/upsert?options=update"
    assert request.content_type == "application/ld+json"
    assert request.headers == {"NGSILD-Tenant": "sundsvall"}
    assert ids(request) == [entity(1), entity(2), entity(3)]
    assert receipt.accepted == {1, 2, 3}


def test_no_wave_holds_an_entity_twice_and_each_entity_comes_oldest_first() -> None:
    waves, receipt = converse(NgsiLd(device=False), [co2(row, row % 2, ppm=row) for row in range(1, 6)])

    sent = [[(one["id"], one["co2"]["value"]) for one in json.loads(request.body)] for [request] in waves]
    assert sent == [[(entity(1), 1), (entity(0), 2)], [(entity(1), 3), (entity(0), 4)], [(entity(1), 5)]]
    assert receipt.accepted == {1, 2, 3, 4, 5}


def test_two_devices_of_one_thing_take_turns() -> None:
    thing = Entity("AirQualityObserved", "torget-1")
    batch = [
        item(Reading("co2", row, "[ppm]"), row=row, device=Device(dev_eui=eui(row), entity=thing)) for row in (1, 2)
    ]

    waves, _ = converse(NgsiLd(device=False), batch)

    assert [ids(request) for [request] in waves] == [[f"{PREFIX}torget-1"]] * 2


@pytest.mark.parametrize(
    ("limits", "sizes"), [({"batch_entities": 4}, [4, 4, 2]), ({"batch_bytes": 2_500}, [3, 3, 3, 1])]
)
def test_requests_of_a_wave_are_bounded_and_go_side_by_side(limits: dict[str, int], sizes: list[int]) -> None:
    waves, _ = converse(NgsiLd(device=False, **limits), [co2(row, row) for row in range(10)])  # type: ignore[arg-type]  # options by name

    [wave] = waves
    assert [len(ids(request)) for request in wave] == sizes
    assert all(len(request.body) <= limits.get("batch_bytes", 1 << 20) for request in wave)


def test_an_entity_larger_than_the_limit_goes_alone() -> None:
    waves, receipt = converse(NgsiLd(device=False, batch_bytes=10), [co2(1, 1), co2(2, 2)])

    assert [len(ids(request)) for request in waves[0]] == [1, 1]
    assert receipt.accepted == {1, 2}


def test_an_uplink_without_observations_needs_no_request() -> None:
    waves, receipt = converse(NgsiLd(device=False), [item(), co2(2)])

    assert [len(wave) for wave in waves] == [1]
    assert receipt.accepted == {1, 2}
    assert receipt.warnings == ("an uplink held no observation: nothing was sent of it",)


# ── answers ──


@pytest.mark.parametrize(
    "answer",
    [
        Answer(verdict=Verdict.TAKEN, status=200),
        Answer(verdict=Verdict.TAKEN, status=201, body=json.dumps([entity(1)]).encode()),
        Answer(verdict=Verdict.TAKEN, status=204),
        Answer(verdict=Verdict.TAKEN, status=0),
        multi_status([entity(1), entity(2)], []),
        multi_status([], []),
        multi_status([], None),
    ],
)
def test_all_taken(answer: Answer) -> None:
    _, receipt = converse(NgsiLd(device=False), [co2(1, 1), co2(2, 2)], answer)

    assert receipt.accepted == {1, 2}
    assert set(receipt.memory) == {entity(1), entity(2)}


@pytest.mark.parametrize(
    ("status", "more", "refused", "undecided"),
    [
        (400, {}, f"{entity(2)}: 400 Refused: because", ""),
        (422, {}, f"{entity(2)}: 422 Refused: because", ""),
        (None, {}, f"{entity(2)}: Refused: because", ""),
        (500, {}, "", f"{entity(2)}: 500 Refused: because"),
        (503, {}, "", f"{entity(2)}: 503 Refused: because"),
        (429, {}, "", f"{entity(2)}: 429 Refused: because"),
        (None, {"type": "https://uri.etsi.org/ngsi-ld/errors/InternalError"}, "", f"{entity(2)}: Refused: because"),
    ],
)
def test_each_entity_of_a_207_is_judged_alone(
    status: int | None, more: dict[str, str], refused: str, undecided: str
) -> None:
    answer = multi_status([entity(1), entity(3)], [error(2, status, **more)])

    _, receipt = converse(NgsiLd(device=False), [co2(row, row) for row in (1, 2, 3)], answer)

    assert receipt.accepted == {1, 3}
    assert receipt.refused == ({2: refused} if refused else {})
    assert receipt.undecided == ({2: undecided} if undecided else {})
    assert set(receipt.memory) == {entity(1), entity(3)}


def test_an_error_of_nobody_is_the_error_of_whoever_is_no_success() -> None:
    answer = multi_status([entity(1)], [{"error": {"title": "Odd", "status": 400}}])

    _, receipt = converse(NgsiLd(device=False), [co2(1, 1), co2(2, 2)], answer)

    assert receipt.accepted == {1}
    assert receipt.refused == {2: f"{entity(2)}: 400 Odd"}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"errors":[1]}', b'{"errors":{}, "success": 3}', b"\xff", b"null"]
)
def test_a_207_that_says_nothing_decides_nothing(body: bytes) -> None:
    _, receipt = converse(NgsiLd(device=False), [co2(1)], Answer(verdict=Verdict.TAKEN, status=207, body=body))

    assert list(receipt.undecided) == [1]


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_refused_batch_is_halved_down_to_the_one_that_is_meant(status: int) -> None:
    batch = [co2(row, row) for row in range(8)]
    bad = entity(5)
    refusal = problem(status, "Bad", "no")

    waves, receipt = converse(NgsiLd(device=False), batch, lambda request: refusal if bad in ids(request) else TAKEN)

    assert [[len(ids(request)) for request in wave] for wave in waves] == [[8], [4, 4], [2, 2], [1, 1]]
    assert receipt.accepted == {0, 1, 2, 3, 4, 6, 7}
    assert receipt.refused == {5: f"{bad}: {status} Bad: no"}


@pytest.mark.parametrize("status", [401, 403, 404, 405, 406, 408, 415, 429, 501, 502, 503, 504, 302])
def test_nothing_is_lost_for_a_wrong_token_or_a_broker_in_trouble(status: int) -> None:
    answer = replace(problem(status, "No"), retry_after=timedelta(seconds=30))

    waves, receipt = converse(NgsiLd(device=False), [co2(1), co2(2), co2(3, 2)], answer)

    assert len(waves) == 1
    assert receipt.accepted == frozenset()
    assert receipt.refused == {}
    assert set(receipt.undecided) == {1, 2, 3}
    assert f"{status} No" in receipt.undecided[RowId(2)]
    assert receipt.retry_after == timedelta(seconds=30)
    assert receipt.memory == {}


@pytest.mark.parametrize(
    "answer",
    [
        UNCLEAR,
        Answer(verdict=Verdict.LATER, status=0, detail="connection lost"),
        problem(400, "LdContextNotAvailable", "no such host", kind="LdContextNotAvailable"),
    ],
)
def test_what_was_not_decided_stays_and_says_why(answer: Answer) -> None:
    _, receipt = converse(NgsiLd(device=False), [co2(1)], answer)

    assert list(receipt.undecided) == [1]
    assert receipt.undecided[RowId(1)]


def test_a_500_is_halved_to_free_the_good_ones() -> None:
    batch = [co2(row, row) for row in range(8)]
    stumble = problem(500, kind="InternalError")

    _, receipt = converse(NgsiLd(device=False), batch, lambda request: stumble if entity(5) in ids(request) else TAKEN)

    assert receipt.accepted == {0, 1, 2, 3, 4, 6, 7}
    assert list(receipt.undecided) == [5]


def test_a_broker_that_only_says_500_is_soon_left_alone() -> None:
    waves, receipt = converse(
        NgsiLd(device=False), [co2(row, row) for row in range(100)], problem(500, kind="InternalError")
    )

    assert sum(map(len, waves)) <= 2 * TRIES_AFTER_500 + 1
    assert len(receipt.undecided) == 100


def test_a_row_is_what_all_its_entities_are() -> None:
    device = replace(DEVICE, dev_eui=eui(1))
    both = item(Reading("co2", 400, "[ppm]"), Reading("air_temperature", 20.0, "Cel"), row=1, device=device)
    weather = f"urn:ngsi-ld:WeatherObserved:{eui(1)}"
    refuse_one = multi_status([weather], [error(1, 400)])
    undecide_one = multi_status([], [error(1, 400), {"entityId": weather, "error": {"title": "Busy", "status": 503}}])

    _, refused = converse(NgsiLd(device=False), [both], refuse_one)
    _, undecided = converse(NgsiLd(device=False), [both], undecide_one)

    assert list(refused.refused) == [1]
    assert list(undecided.undecided) == [1]
    assert undecided.refused == {}


def test_what_is_newer_waits_for_what_is_undecided() -> None:
    batch = [co2(1, 1, ppm=1), co2(2, 2), co2(3, 1, ppm=3)]

    waves, receipt = converse(NgsiLd(device=False), batch, multi_status([entity(2)], [error(1, 503)]))

    assert len(waves) == 1
    assert receipt.accepted == {2}
    assert set(receipt.undecided) == {1, 3}


def test_a_row_waits_with_all_its_entities() -> None:
    """Were the second row's value delivered first, the first row would be late when it is told again."""
    device = replace(DEVICE, dev_eui=eui(1))
    first = item(Reading("co2", 1, "[ppm]"), Reading("air_temperature", 1.0, "Cel"), row=1, device=device)
    second = item(Reading("co2", 2, "[ppm]"), row=2, device=device)
    weather = f"urn:ngsi-ld:WeatherObserved:{eui(1)}"
    answer = multi_status([entity(1)], [{"entityId": weather, "error": {"title": "Busy", "status": 503}}])

    _, receipt = converse(NgsiLd(device=False), [first, second], answer)
    _, again = converse(NgsiLd(device=False), [first, second], memory=receipt.memory)

    assert set(receipt.undecided) == {1, 2}
    assert again.accepted == {1, 2}


def test_what_a_row_said_before_it_stalled_is_not_late_when_it_says_it_again() -> None:
    hours = [HEARD_AT - timedelta(hours=2), HEARD_AT - timedelta(hours=1)]
    readings = [Reading("co2", 400, "[ppm]", None, at) for at in hours]
    readings.append(Reading("air_temperature", 1.0, "Cel", None, HEARD_AT))
    history = item(*readings, row=1, device=replace(DEVICE, dev_eui=eui(1)))

    waves, receipt = converse(NgsiLd(device=False), [history], {2: UNCLEAR})
    _, again = converse(NgsiLd(device=False), [history], memory=receipt.memory)

    assert len(waves) == 3
    assert list(receipt.undecided) == [1]
    assert again.accepted == {1}


def test_a_row_whose_first_time_is_undecided_does_not_go_on_with_its_next() -> None:
    hours = [HEARD_AT - timedelta(hours=2), HEARD_AT - timedelta(hours=1)]
    readings = [Reading("co2", 400, "[ppm]", None, at) for at in hours]
    history = item(*readings, row=1, device=replace(DEVICE, dev_eui=eui(1)))

    waves, receipt = converse(NgsiLd(device=False), [history], {0: multi_status([], [error(1, 503)])})

    assert len(waves) == 1
    assert list(receipt.undecided) == [1]


# ── options ──


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"context": "https://example.org/a.jsonld"}, "context: a list of URLs is expected"),
        ({"context": ["no url"]}, "context: 'no url' is no URL"),
        ({"context_in": "link"}, "context: a Link header names one context, not 0"),
        ({"context_in": "header"}, "context_in: 'header' is neither"),
        ({"id_prefix": "sundsvall-"}, "id_prefix: 'sundsvall-' does not begin a URI"),
        ({"path": "ngsi-ld/v1"}, "path: 'ngsi-ld/v1' does not begin with '/'"),
        ({"late": "drop"}, "late: 'drop' is none of"),
        ({"batch_entities": 0}, "batch_bytes and batch_entities are at least 1"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NgsiLd(device=False, **options)


def test_a_path_of_another_service_goes_before_the_operation() -> None:
    waves, _ = converse(NgsiLd(device=False, path="/broker/ngsi-ld/v1/"), [co2(1)])

    assert waves[0][0].target == "/broker/ngsi-ld/v1/entityOperations/upsert?options=update"


# ── a row of many times, and a line that is lost between them ──

LATER = Answer(verdict=Verdict.LATER, status=0, detail="not sent: connection reset")


def hourly(row: int = 1) -> Item:
    """Return an uplink with four stored readings, the last an hour old."""
    stored = [Reading("co2", 400 + hours, "[ppm]", None, HEARD_AT - timedelta(hours=hours)) for hours in (4, 3, 2, 1)]
    return item(*stored, row=row)


def test_a_row_that_is_told_again_begins_where_the_line_was_lost() -> None:
    memory: dict[str, Json] = {}
    sent: list[float] = []
    receipt = Receipt()
    for answers in ({2: LATER}, {1: LATER}, {}):
        waves, receipt = converse(NgsiLd(device=False), [hourly()], answers, memory)
        told = [json.loads(request.body)[0]["co2"]["value"] for [request] in waves]
        sent += told[: len(told) - len(answers)]
        memory |= receipt.memory

    assert sent == [404, 403, 402, 401]
    assert receipt.accepted == {1}
    assert [key for key, value in memory.items() if key.startswith("step/") and value is not None] == []


def test_what_another_decoder_reads_is_told_from_the_beginning() -> None:
    _, receipt = converse(NgsiLd(device=False, late="send"), [hourly()], {2: LATER})
    corrected = hourly()
    renamed = tuple(replace(one, id=UUID(int=index)) for index, one in enumerate(corrected.observations))

    waves, _ = converse(
        NgsiLd(device=False, late="send"), [replace(corrected, observations=renamed)], memory=receipt.memory
    )

    assert len(waves) == 4


def test_a_step_of_which_a_part_was_refused_is_told_again_with_its_reason() -> None:
    memory: dict[str, Json] = {}
    answers = {0: problem(400, detail="too old"), 1: LATER}

    _, first = converse(NgsiLd(device=False), [hourly()], answers, memory)
    memory |= first.memory
    waves, second = converse(NgsiLd(device=False), [hourly()], {0: problem(400, detail="too old")}, memory)

    assert first.undecided.keys() == {1}
    assert len(waves) == 4
    assert "too old" in second.refused[RowId(1)]
