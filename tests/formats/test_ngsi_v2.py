"""NGSIv2: the words that Orion takes, its errors, and conversations with a strict stand-in over real HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from gateway.formats.ngsi_v2 import NgsiV2
from gateway.model import Answer, Entity, Item, Request, RowId, Verdict
from gateway.transports.http import Http
from simulators.platforms.orion_v2 import OrionV2
from simulators.platforms.orion_v2_rules import FORBIDDEN, check_entity
from simulators.platforms.web_platform import Fault, Refusal
from tests.formats.items import DEV_EUI, DEVICE, converse, eui, item
from tests.formats.smart_data_models import complaints
from tests.formats.telling import Loop, over_http

AT = "2026-03-01T12:00:01.123Z"


def measuring(**options: Any) -> NgsiV2:
    """Return the format without what it says of devices themselves."""
    return NgsiV2(device=False, **options)


def entities(one: Item) -> list[dict[str, Any]]:
    waves, receipt = converse(measuring(), [one])
    assert receipt.accepted == {one.row}
    return [entity for wave in waves for request in wave for entity in json.loads(request.body)["entities"]]


def typical(quantity: Quantity) -> float | bool:
    return True if quantity.value_type is ValueType.BOOLEAN else 1


def orion(status: int, error: str, description: str = "") -> Answer:
    body = json.dumps({"error": error, "description": description}).encode()
    return Answer(verdict=Verdict.LATER, status=status, detail=str(status), body=body)


def co2(row: int, device: int = 1, ppm: float = 400) -> Item:
    return item(Reading("co2", ppm, "[ppm]"), row=row, device=replace(DEVICE, dev_eui=eui(device)))


def ids(request: Request) -> list[str]:
    return [one["id"] for one in json.loads(request.body)["entities"]]


# ── words ──


def test_an_update_is_as_the_manual_has_it() -> None:
    waves, _ = converse(
        measuring(service="sundsvall", service_path="/parks"), [item(Reading("air_temperature", 21.5, "Cel"))]
    )

    [[request]] = waves
    [entity] = json.loads(request.body)["entities"]
    assert (request.method, request.target) == ("POST", "/v2/op/update")
    assert request.content_type == "application/json"
    assert request.headers == {"Fiware-Service": "sundsvall", "Fiware-ServicePath": "/parks"}
    assert json.loads(request.body)["actionType"] == "append"
    assert entity["temperature"] == {
        "type": "Number",
        "value": 21.5,
        "metadata": {
            "unitCode": {"type": "Text", "value": "CEL"},
            "TimeInstant": {"type": "DateTime", "value": AT},
        },
    }
    assert entity["TimeInstant"] == {"type": "DateTime", "value": AT}
    assert entity["dateObserved"] == {"type": "DateTime", "value": AT}
    assert entity["location"] == {"type": "geo:json", "value": {"type": "Point", "coordinates": [17.3063, 62.3908]}}
    assert entity["refDevice"] == {"type": "Relationship", "value": f"urn:ngsi-ld:Device:{DEV_EUI}"}


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda one: one.name)
def test_every_quantity_becomes_an_entity_that_orion_and_its_models_schema_take(quantity: Quantity) -> None:
    heard = item(Reading(quantity.name, typical(quantity), quantity.unit))

    found = entities(heard)

    [entity] = found
    check_entity(entity)
    assert complaints({key: value for key, value in entity.items() if key != "TimeInstant"}) == []
    assert entity["source"]["value"].endswith(f"#{heard.uplink.id}")
    told = [one for one in entity.values() if isinstance(one, dict) and "TimeInstant" in one.get("metadata", {})]
    assert all(one["metadata"]["TimeInstant"]["value"] == AT for one in told)
    assert len(told) >= 2  # the value, and the source


def test_a_unit_with_parentheses_is_said_without_them() -> None:
    [entity] = entities(item(Reading("par", 300, "umol/(m2.s)")))

    assert entity["unit"] == {"type": "Text", "value": "umol/m2/s"}


def test_no_character_that_orion_refuses_is_left_anywhere() -> None:
    device = replace(DEVICE, entity=Entity("AirQualityObserved", "Storgatan (norra) & 'torget' <1>;=\""))
    hostile = item(Reading("co2", 1, "[ppm]", "a=(b);c"), Reading("distance", 1, "m", "<d>'\""), device=device)

    found = entities(hostile)

    for entity in found:
        check_entity(entity)
    assert not any(FORBIDDEN.search(entity["id"]) for entity in found)


def test_a_text_is_cleaned_of_what_orion_refuses() -> None:
    heard = item(Reading("co2", 1, "[ppm]"))
    text = replace(heard.observations[0], quantity="distance", value="open (half) = yes")

    [entity] = entities(replace(heard, observations=(text,)))

    check_entity(entity)
    assert entity["textValue"]["value"] == "open _half_ _ yes"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"service": "Sunds-vall"}, "service: 'Sunds-vall' is not 1 to 50"),
        ({"service": ""}, "service: ''"),
        ({"service_path": "parks"}, "service_path: 'parks' is no path"),
        ({"service_path": "/a/" + "b" * 51}, "service_path"),
        ({"id_prefix": "urn(x):"}, "id_prefix"),
        ({"path": "v2"}, "path: 'v2' does not begin"),
        ({"late": "never"}, "late: 'never'"),
        ({"batch_bytes": 0}, "at least 1"),
    ],
)
def test_what_orion_would_refuse_every_time_is_said_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NgsiV2(device=False, **options)


# ── answers ──


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "BadRequest"),
        (400, "ParseError"),
        (409, "TooManyResults"),
        (413, "RequestEntityTooLarge"),
        (413, "NoResourceAvailable"),
        (422, "Unprocessable"),
        (422, "PartialUpdate"),
        (404, "PartialUpdate"),  # of Orion 2: the error decides, not the status
    ],
)
def test_one_bad_entity_is_found_by_halves_and_the_others_are_delivered(status: int, error: str) -> None:
    bad = f"urn:ngsi-ld:AirQualityObserved:{eui(5)}"
    refusal = orion(status, error, "Invalid characters in attribute value")

    _, receipt = converse(
        measuring(),
        [co2(row, row) for row in range(8)],
        lambda request: refusal if bad in ids(request) else Answer(verdict=Verdict.TAKEN, status=204),
    )

    assert receipt.accepted == {0, 1, 2, 3, 4, 6, 7}
    assert list(receipt.refused) == [5]
    assert receipt.refused[RowId(5)].endswith(f"{error}: Invalid characters in attribute value")


@pytest.mark.parametrize(
    "answer",
    [
        orion(401, "Unauthorized"),
        orion(404, "NotFound"),
        orion(415, "UnsupportedMediaType"),
        orion(503, "ServiceUnavailable"),
        Answer(verdict=Verdict.LATER, status=502, detail="502", body=b"<html>(Bad Gateway)</html>"),
        Answer(verdict=Verdict.LATER, status=502, detail="502", body=b"[" * 60_000),
        Answer(verdict=Verdict.UNCLEAR, status=0, detail="no answer"),
    ],
)
def test_nothing_is_lost_for_the_way_there(answer: Answer) -> None:
    _, receipt = converse(measuring(), [co2(1), co2(2, 2)], answer)

    assert set(receipt.undecided) == {1, 2}
    assert receipt.refused == {}


# ── the stand-in ──


@pytest.fixture
async def platform() -> AsyncIterator[OrionV2]:
    broker = OrionV2(largest_body=20_000, token="t0ken")
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
async def way(platform: OrionV2) -> AsyncIterator[Http]:
    transport = over_http(platform.url, headers={"X-Auth-Token": "t0ken"}, connect_limit_s=1.0, total_limit_s=2.0)
    yield transport
    await transport.close()


def heard(rows: int) -> list[Item]:
    return [
        item(
            Reading("air_temperature", row / 10, "Cel"),
            Reading("battery_voltage", 3600 - row, "mV"),
            Reading("door_open", row % 2 == 0),
            row=row,
            device=replace(DEVICE, dev_eui=eui(row % 4)),
        )
        for row in range(rows)
    ]


async def test_a_backlog_arrives_once_in_order_and_in_batches_that_fit(platform: OrionV2, way: Http) -> None:
    batch = heard(60)

    loop = Loop(measuring(service="Sundsvall"), way, batch)

    await loop.to_its_end()

    assert sorted(loop.journal.delivered) == [one.row for one in batch]
    assert platform.uplink_ids == {str(one.uplink.id) for one in batch}
    assert platform.repeated == 0
    assert platform.kept.went_back == []
    assert platform.entity(f"urn:ngsi-ld:WeatherObserved:{eui(3)}", "sundsvall")["temperature"]["value"] == 5.9


async def test_a_body_over_the_limit_is_halved_until_it_fits(platform: OrionV2, way: Http) -> None:
    batch = [co2(row, row) for row in range(60)]

    loop = Loop(measuring(), way, batch)

    await loop.to_its_end()

    assert platform.answers[413] > 0
    assert sorted(loop.journal.delivered) == [one.row for one in batch]


async def test_a_refused_entity_takes_only_its_own_uplinks_along(platform: OrionV2, way: Http) -> None:
    platform.refused[f"urn:ngsi-ld:AirQualityObserved:{eui(3)}"] = Refusal(422, "Unprocessable", "not in this city")

    loop = Loop(measuring(), way, [co2(row, row % 5) for row in range(20)])

    await loop.to_its_end()

    assert set(loop.refused()) == {3, 8, 13, 18}
    assert "Unprocessable: not in this city" in loop.refused()[RowId(3)]
    assert len(loop.journal.delivered) == 16


async def test_a_wrong_token_loses_nothing(platform: OrionV2) -> None:
    transport = over_http(platform.url, token="old")
    loop = Loop(measuring(), transport, heard(3))

    await loop.turns(5)
    await transport.close()

    assert platform.answers[401] == 5
    assert "Auth-token not found" in str(loop.telling.status()["trouble"])
    assert (len(loop.journal.rows), loop.refused()) == (3, {})


async def test_through_every_fault_nothing_is_lost_and_nothing_goes_back(platform: OrionV2, way: Http) -> None:
    batch = heard(20)
    platform.faults.extend(
        [
            Fault(status=503, retry_after_s=1),
            Fault(silent=True),
            Fault(),
            Fault(status=401),
            Fault(silent=True, status=500),
            Fault(delay_s=2.5),  # longer than the transport waits
            Fault(status=429),
            Fault(),
            Fault(silent=True),
        ]
    )

    loop = Loop(measuring(batch_bytes=6_000), way, batch)

    await loop.to_its_end()

    assert loop.refused() == {}
    assert not platform.faults
    assert platform.uplink_ids == {str(one.uplink.id) for one in batch}
    assert platform.repeated > 0


async def test_an_older_value_never_goes_over_a_newer_one(platform: OrionV2, way: Http) -> None:
    loop = Loop(measuring(), way, [co2(2, ppm=2), co2(1, ppm=1)])

    await loop.to_its_end()

    assert loop.journal.delivered == [2]
    assert loop.refused()[RowId(1)].startswith("late: a newer value of co2")
    assert platform.entity(f"urn:ngsi-ld:AirQualityObserved:{eui(1)}")["co2"]["value"] == 2


async def test_a_platform_that_is_away_took_nothing(platform: OrionV2, way: Http) -> None:
    await platform.stop()
    loop = Loop(measuring(), way, heard(2))

    await loop.turns(20)

    assert len(loop.journal.rows) == 2
    assert "refused" in str(loop.telling.status()["trouble"])


# ── the stand-in's own rules, as Orion 4.1.0 answered ──


async def post(way: Http, body: str, content_type: str = "application/json", **headers: str) -> Answer:
    [answer] = await way.send(
        [Request(target="/v2/op/update", body=body.encode(), content_type=content_type, headers=headers)]
    )
    return answer


def update(attribute: str, entity_id: str = "e", name: str = "a") -> str:
    return f'{{"actionType":"append","entities":[{{"id":"{entity_id}","type":"T","{name}":{attribute}}}]}}'


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status", "error"),
    [
        (update('{"type":"Text","value":"a(b)"}'), "application/json", {}, 400, "BadRequest"),
        (update('{"type":"TextUnrestricted","value":"a(b)"}'), "application/json", {}, 204, None),
        (update('{"type":"Number","value":1}', name="a(b"), "application/json", {}, 400, "BadRequest"),
        (update('{"type":"Number","value":1}', entity_id="a b"), "application/json", {}, 400, "BadRequest"),
        (update('{"type":"Number","value":1}', name="pm2.5"), "application/json", {}, 204, None),
        (update('{"type":"DateTime","value":"yesterday"}'), "application/json", {}, 400, "BadRequest"),
        (update('{"type":"Number","value":NaN}'), "application/json", {}, 400, "ParseError"),
        (update('{"type":"Number","value":1}'), "text/plain", {}, 415, "UnsupportedMediaType"),
        (update('{"type":"Number","value":1}'), "application/ld+json", {}, 415, "UnsupportedMediaType"),
        (
            update('{"type":"Number","value":1}'),
            "application/json",
            {"Fiware-Service": "Sunds-vall"},
            400,
            "BadRequest",
        ),
        (update('{"type":"Number","value":1}'), "application/json", {"Fiware-ServicePath": "x"}, 400, "BadRequest"),
        ("x" * 30_000, "application/json", {}, 413, "RequestEntityTooLarge"),
    ],
)
async def test_the_stand_in_answers_as_orion_does(
    way: Http, body: str, content_type: str, headers: dict[str, str], status: int, error: str | None
) -> None:
    answer = await post(way, body, content_type, **headers)

    assert answer.status == status
    assert (json.loads(answer.body)["error"] if answer.body else None) == error
