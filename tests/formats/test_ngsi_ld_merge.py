"""Merging one by one, as diwise's context-broker wants it: words, and conversations with a strict stand-in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.ngsi_ld import NgsiLd
from gateway.model import Answer, Device, Entity, Request, RowId, Verdict
from simulators.platforms.diwise_context_broker import DiwiseContextBroker
from simulators.platforms.ngsi_ld import Fault
from simulators.platforms.ngsi_ld_rules import bad_request
from tests.formats.items import DEVICE, converse, eui, item
from tests.formats.ngsi_ld_words import co2, entity, problem
from tests.formats.telling import Loop, over_http

NOT_FOUND = problem(404, "Not Found", "not found", kind="ResourceNotFound")
CREATED = Answer(verdict=Verdict.TAKEN, status=201)
EXISTS = problem(409, "Already Exists", kind="AlreadyExists")
PATH = "/ngsi-ld/v1/entities"


@pytest.fixture
async def broker() -> AsyncIterator[DiwiseContextBroker]:
    receiver = DiwiseContextBroker(tenants=["sundsvall"])
    await receiver.start()
    yield receiver
    await receiver.stop()


def told(waves: list[list[Request]]) -> list[list[str]]:
    return [[request.method for request in wave] for wave in waves]


# ── words ──


def test_a_merge_goes_to_the_entity_itself_and_says_what_changed() -> None:
    waves, receipt = converse(NgsiLd(way="merge", tenant="default"), [co2(1)])

    [[request]] = waves
    body = json.loads(request.body)
    assert (request.method, request.target) == ("PATCH", f"{PATH}/{entity(1)}")
    assert request.content_type == "application/ld+json"
    assert request.headers == {"NGSILD-Tenant": "default"}
    assert not {"id", "type"} & body.keys()
    assert "@context" in body
    assert body["co2"] == {"type": "Property", "value": 400, "unitCode": "59", "observedAt": "2026-03-01T12:00:01.123Z"}
    assert receipt.accepted == {1}


def test_what_is_not_there_yet_is_created_whole() -> None:
    waves, receipt = converse(NgsiLd(way="merge"), [co2(1)], {0: NOT_FOUND, 1: CREATED})

    [[patch], [post]] = waves
    body = json.loads(post.body)
    assert (post.method, post.target) == ("POST", PATH)
    assert (body["id"], body["type"]) == (entity(1), "AirQualityObserved")
    assert {**json.loads(patch.body), "id": body["id"], "type": body["type"]} == body
    assert receipt.accepted == {1}


def test_what_somebody_else_created_meanwhile_is_merged_again() -> None:
    waves, receipt = converse(NgsiLd(way="merge"), [co2(1)], {0: NOT_FOUND, 1: EXISTS})

    assert told(waves) == [["PATCH"], ["POST"], ["PATCH"]]
    assert receipt.accepted == {1}


def test_an_entity_that_exists_and_is_not_found_decides_nothing() -> None:
    waves, receipt = converse(NgsiLd(way="merge"), [co2(1)], {0: NOT_FOUND, 1: EXISTS, 2: NOT_FOUND})

    assert told(waves) == [["PATCH"], ["POST"], ["PATCH"]]
    assert list(receipt.undecided) == [1]
    assert receipt.memory == {}


def test_no_boolean_goes_to_a_broker_that_makes_a_text_of_it() -> None:
    too_hot = Reading("surface_temperature", 199.0, "Cel")

    [[merged]], _ = converse(NgsiLd(way="merge"), [item(too_hot)])
    [[upserted]], _ = converse(NgsiLd(device=False), [item(too_hot)])

    assert "outlier" not in json.loads(merged.body)
    assert json.loads(upserted.body)[0]["outlier"]["value"] is True


def test_an_id_in_a_path_has_no_percent_sign() -> None:
    device = Device(dev_eui=eui(1), entity=Entity("AirQualityObserved", "Österängen 1"))

    [[request]], _ = converse(NgsiLd(way="merge"), [item(Reading("co2", 1, "[ppm]"), device=device)])

    assert request.target == f"{PATH}/urn:ngsi-ld:AirQualityObserved:_C3_96ster_C3_A4ngen_201"


@pytest.mark.parametrize(
    ("reading", "name", "value", "unit_code"),
    [
        (Reading("co2", 612, "[ppm]"), "CO2", 612, "59"),
        (Reading("pm2_5", 3.5, "ug/m3"), "PM25", 3.5, "GQ"),
        (Reading("relative_humidity", 41, "%"), "humidity", 41, "P1"),
        (Reading("noise_laeq", 55.2, "dB"), "noiseLevel", 55.2, "2N"),
        (Reading("water_volume", 1.234, "m3"), "waterConsumption", 1234, "LTR"),
        (Reading("air_temperature", 1.5, "Cel"), "temperature", 1.5, "CEL"),
    ],
)
def test_diwises_own_readers_find_the_words_that_they_look_for(
    reading: Reading, name: str, value: float, unit_code: str
) -> None:
    [[request]], receipt = converse(NgsiLd(way="merge", dialect="diwise"), [item(reading)])

    said = json.loads(request.body)[name]
    assert (said["value"], said["unitCode"]) == (value, unit_code)
    assert receipt.accepted == {1}


# ── answers ──


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_merge_is_a_dead_letter(status: int) -> None:
    _, receipt = converse(NgsiLd(way="merge"), [co2(1, 1), co2(2, 2)], {0: problem(status, "Bad", "no")})

    assert receipt.refused == {1: f"{entity(1)}: {status} Bad: no"}
    assert receipt.accepted == {2}


@pytest.mark.parametrize("status", [401, 403, 405, 415, 429, 500, 502, 503])
def test_trouble_on_the_way_decides_nothing(status: int) -> None:
    _, receipt = converse(NgsiLd(way="merge"), [co2(1)], problem(status, "No"))

    assert list(receipt.undecided) == [1]


def test_a_type_without_a_context_source_is_refused_with_the_brokers_words() -> None:
    nobody = problem(404, "Not Found", "no context source found that could create type X", kind="ResourceNotFound")

    _, receipt = converse(NgsiLd(way="merge"), [co2(1)], nobody)

    assert receipt.refused == {1: f"{entity(1)}: 404 Not Found: no context source found that could create type X"}


@pytest.mark.parametrize(
    "answer",
    [
        problem(404, "Non Existent Tenant", kind="NonexistentTenant"),
        Answer(verdict=Verdict.LATER, status=404, detail="404 Not Found", body=b"404 page not found\n"),
    ],
)
def test_a_wrong_tenant_or_path_loses_nothing(answer: Answer) -> None:
    _, receipt = converse(NgsiLd(way="merge"), [co2(1)], answer)

    assert list(receipt.undecided) == [1]


@pytest.mark.parametrize(
    ("body", "accepted", "refused", "undecided"),
    [
        (b'{"updated":["co2"],"notUpdated":[]}', {1}, {}, []),
        (b'{"updated":[],"notUpdated":[{"attributeName":"co2","reason":"no"}]}', set(), {1}, []),
        (b"", set(), {}, [1]),
        (b'{"notUpdated":[{}]}', set(), {}, [1]),
        (b"[]", set(), {}, [1]),
        (b"[" * 100_000, set(), {}, [1]),
    ],
)
def test_the_attributes_of_a_207_are_judged(body: bytes, accepted: set[int], refused: Any, undecided: Any) -> None:
    _, receipt = converse(NgsiLd(way="merge"), [co2(1)], Answer(verdict=Verdict.TAKEN, status=207, body=body))

    assert receipt.accepted == accepted
    assert set(receipt.refused) == set(refused)
    assert list(receipt.undecided) == undecided


@pytest.mark.parametrize("status", [400, 404, 500])
def test_no_body_of_an_answer_is_too_strange(status: int) -> None:
    for body in (b"[" * 100_000, b"\xff", b"null", b'{"type":7,"title":[],"detail":{}}'):
        answer = Answer(verdict=Verdict.REFUSED, status=status, detail="no", body=body)

        _, receipt = converse(NgsiLd(way="merge"), [co2(1)], answer)

        assert set(receipt.refused) | set(receipt.undecided) == {1}


def test_a_broker_in_trouble_is_left_alone_after_sixteen_requests() -> None:
    waves, receipt = converse(NgsiLd(way="merge"), [co2(row, row) for row in range(100)], problem(503, "No"))

    assert [len(wave) for wave in waves] == [16]
    assert len(receipt.undecided) == 100


def test_one_entity_is_never_spoken_of_twice_at_a_time_and_goes_oldest_first() -> None:
    waves, receipt = converse(NgsiLd(way="merge"), [co2(row, row % 2, ppm=row) for row in range(1, 6)])

    assert [[json.loads(request.body)["co2"]["value"] for request in wave] for wave in waves] == [[1, 2], [3, 4], [5]]
    assert receipt.accepted == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dialect": "fiware"}, "dialect: 'fiware' is none of 'diwise'; '' is the schemas' own"),
        ({"way": "patch"}, "way: 'patch' is neither 'upsert' nor 'merge'"),
        ({"way": "merge", "context": ["https://a/b"], "context_in": "link"}, "context_in: 'body' belongs to way"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NgsiLd(**options)


# ── the stand-in, over real HTTP ──


async def test_every_quantity_arrives_whole_at_the_strict_broker(broker: DiwiseContextBroker) -> None:
    readings = [
        Reading(name, True if known.value_type is ValueType.BOOLEAN else 1, known.unit)
        for name, known in QUANTITIES.items()
    ]
    device = replace(DEVICE, place=None)
    batch = [item(one, row=row, device=device) for row, one in enumerate(readings, 1)]

    loop = Loop(NgsiLd(way="merge", tenant="sundsvall"), transport := over_http(broker.url), batch)
    await loop.to_its_end()
    await transport.close()

    assert loop.refused() == {}
    assert loop.journal.delivered == [one.row for one in batch]
    assert broker.uplink_ids == {str(one.uplink.id) for one in batch}
    assert broker.spoiled == []
    assert {tenant for tenant, _ in broker.kept.entities} == {"sundsvall"}


async def test_a_backlog_ends_with_the_newest_value_and_every_one_told_once(broker: DiwiseContextBroker) -> None:
    batch = [co2(row, row % 5) for row in range(1, 301)]

    loop = Loop(NgsiLd(way="merge"), transport := over_http(broker.url), batch)
    await loop.to_its_end()
    await transport.close()

    assert len(loop.journal.delivered) == 300
    assert broker.repeated == 0
    assert broker.kept.went_back == []
    assert broker.answers == {204: 295, 404: 5, 201: 5}


async def test_one_refused_entity_takes_nobody_along(broker: DiwiseContextBroker) -> None:
    broker.refused[entity(3)] = bad_request("Not in this city", "sensor 3 is not registered")
    batch = [co2(row, row % 5) for row in range(1, 21)]

    loop = Loop(NgsiLd(way="merge"), transport := over_http(broker.url), batch)
    await loop.to_its_end()
    await transport.close()

    assert set(loop.refused()) == {3, 8, 13, 18}
    assert len(loop.journal.delivered) == 16


async def test_an_entity_that_stumbles_every_time_is_set_aside_after_bounded_tries(
    broker: DiwiseContextBroker,
) -> None:
    broker.refused[entity(3)] = problem_of_500 = bad_request("Internal Error", "boom")
    problem_of_500.status = 500
    batch = [co2(3, 3), *(co2(row, 1) for row in range(10, 10 + 100 * 12))]

    loop = Loop(NgsiLd(way="merge"), transport := over_http(broker.url), batch)
    await loop.turns(15)
    await transport.close()

    assert list(loop.refused()) == [3]


async def test_without_the_right_to_write_nothing_is_lost_and_the_reason_is_said(broker: DiwiseContextBroker) -> None:
    """The broker answers PATCH with 404 there, as if there were no such entity; the POST that follows tells."""
    broker.token = "right"
    loop = Loop(NgsiLd(way="merge"), transport := over_http(broker.url, token="wrong"), [co2(1)])

    await loop.turns(3)
    trouble = json.dumps(loop.telling.status())
    await transport.close()

    assert "401 Unauthorized Request: not authorized" in trouble
    assert [row.id for row in loop.journal.rows] == [1]
    assert broker.kept.entities == {}


async def test_through_lost_answers_and_outages_each_uplink_ends_once_in_effect(broker: DiwiseContextBroker) -> None:
    faults = [
        Fault(silent=True),
        Fault(status=503),
        Fault(),
        Fault(silent=True, status=500),
        Fault(),
        Fault(status=502),
    ]
    broker.faults.extend(faults * 3)
    batch = [co2(row, row % 3) for row in range(1, 31)]

    loop = Loop(NgsiLd(way="merge"), transport := over_http(broker.url), batch)
    await loop.to_its_end()
    await transport.close()

    assert sorted(loop.journal.delivered) == [one.row for one in batch]
    assert broker.uplink_ids == {str(one.uplink.id) for one in batch}
    assert broker.kept.went_back == []
    assert broker.entity(entity(1), "default")["co2"]["observedAt"] == "2026-03-01T12:00:28.123Z"


async def test_a_broker_that_is_away_or_slow_gets_all_of_it_later(broker: DiwiseContextBroker) -> None:
    transport = over_http(broker.url, connect_limit_s=0.1, total_limit_s=0.2)
    loop = Loop(NgsiLd(way="merge"), transport, [co2(row, row) for row in (1, 2, 3)])
    broker.mood = Fault(delay_s=0.5)

    await loop.turns(2)
    waiting = len(loop.journal.rows)
    broker.mood = None
    await loop.to_its_end()
    await transport.close()

    assert waiting == 3
    assert loop.journal.delivered == [1, 2, 3]


async def test_a_late_value_never_goes_over_a_newer_one(broker: DiwiseContextBroker) -> None:
    loop = Loop(NgsiLd(way="merge"), transport := over_http(broker.url), [co2(1, ppm=1), co2(2, minutes_ago=10)])

    await loop.to_its_end()
    await transport.close()

    assert "late" in loop.refused()[RowId(2)]
    assert broker.entity(entity(1), "default")["co2"]["value"] == 1


# ── what the stand-in is strict about ──


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "kind"),
    [
        ("POST", "/entityOperations/upsert", b"[]", {}, 404, ""),
        ("POST", "/entities/", b"{}", {}, 404, ""),
        ("PATCH", "/entities/urn:x:1/attrs", b"{}", {}, 404, ""),
        ("PATCH", "/entities/urn:x:1/attrs/", b'{"@context":"x"}', {}, 404, "ResourceNotFound"),
        ("PATCH", "/entities/urn:x:1", b'{"@context":"x"}', {"Content-Type": "text/plain"}, 415, ""),
        ("PATCH", "/entities/urn:x:1", b"{}", {}, 500, "InternalError"),
        ("POST", "/entities", b"{}", {}, 400, "InvalidRequest"),
        ("POST", "/entities", b'{"@context":"x","id":"urn:x:1"}', {}, 400, "InvalidRequest"),
        ("PATCH", "/entities/urn:x:1", b'{"@context":"x"}', {"NGSILD-Tenant": "umea"}, 404, "NonexistentTenant"),
    ],
)
async def test_the_stand_in_says_no_as_the_real_one(
    broker: DiwiseContextBroker, method: str, path: str, body: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    sent = {"Content-Type": "application/ld+json", **headers}
    async with (
        aiohttp.ClientSession(broker.url) as session,
        session.request(method, f"/ngsi-ld/v1{path}", data=body, headers=sent) as response,
    ):
        said = await response.read()

    assert response.status == status
    if kind:
        assert response.content_type == "application/problem+json"
        assert json.loads(said)["type"].endswith(f"/{kind}")


async def test_an_id_with_a_percent_sign_is_decoded_twice_by_the_stand_in(broker: DiwiseContextBroker) -> None:
    broker.kept.take("default", {"id": "urn:x:a%20b", "type": "T"})
    async with aiohttp.ClientSession(broker.url) as session:
        async with session.get("/ngsi-ld/v1/entities/urn:x:a%2520b") as response:
            assert response.status == 404

        broker.kept.take("default", {"id": "urn:x:a b", "type": "T"})
        async with session.get("/ngsi-ld/v1/entities/urn:x:a%2520b") as response:
            assert response.status == 200
