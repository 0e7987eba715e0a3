"""The stand-in for an NGSI-LD broker: strict, honest about what it has, and faulty on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from gateway.formats.ngsi_ld.models import CORE_CONTEXT
from simulators.platforms.ngsi_ld import Fault, NgsiLdReceiver

UPSERT = "/ngsi-ld/v1/entityOperations/upsert?options=update"
LD_JSON = {"Content-Type": "application/ld+json"}
JSON = {"Content-Type": "application/json"}
LINK = {"Link": f'<{CORE_CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'}
LIMIT = 5.0  # seconds; a local exchange takes milliseconds

Broker = tuple[NgsiLdReceiver, aiohttp.ClientSession]


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    receiver = NgsiLdReceiver(tenants=["sundsvall"], largest_body=20_000)
    await receiver.start()
    async with aiohttp.ClientSession(receiver.url, timeout=aiohttp.ClientTimeout(total=LIMIT)) as session:
        yield receiver, session
    await receiver.stop()


def room(number: int = 1, at: str = "2026-03-01T12:00:00.000Z", **more: Any) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Room:{number}",
        "type": "Room",
        "temperature": {"type": "Property", "value": 20 + number, "unitCode": "CEL", "observedAt": at},
        "source": {"type": "Property", "value": f"urn:dev:mac:00#uplink-{at}-{number}"},
        "@context": [CORE_CONTEXT],
        **more,
    }


async def post(
    session: aiohttp.ClientSession, body: Any, headers: dict[str, str] | None = None, path: str = UPSERT
) -> tuple[int, Any]:
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    async with session.post(path, data=data, headers=LD_JSON if headers is None else headers) as response:
        text = await response.text()
        return response.status, json.loads(text) if text else None


# ── good answers ──


async def test_new_entities_are_201_with_their_ids_and_known_ones_204(broker: Broker) -> None:
    receiver, session = broker

    first = await post(session, [room(1), room(2)])
    second = await post(session, [room(1), room(2)])
    mixed = await post(session, [room(2), room(3)])

    assert first == (201, ["urn:ngsi-ld:Room:1", "urn:ngsi-ld:Room:2"])
    assert second == (204, None)
    assert mixed == (201, ["urn:ngsi-ld:Room:3"])
    assert receiver.answers == {201: 2, 204: 1}


async def test_orion_ld_says_207_without_errors_to_a_mixture(broker: Broker) -> None:
    receiver, session = broker
    receiver.dialect = "orion_ld"
    await post(session, [room(1)])

    status, body = await post(session, [room(1), room(2)])

    assert (status, body["errors"]) == (207, [])
    assert set(body["success"]) == {"urn:ngsi-ld:Room:1", "urn:ngsi-ld:Room:2"}


async def test_an_update_keeps_what_it_does_not_name_and_a_replacement_does_not(broker: Broker) -> None:
    receiver, session = broker
    await post(session, [room(1, humidity={"type": "Property", "value": 1})])

    await post(session, [room(1)])
    after_update = set(receiver.entity("urn:ngsi-ld:Room:1"))
    await post(session, [room(1)], path=UPSERT.replace("?options=update", ""))

    assert "humidity" in after_update
    assert "humidity" not in receiver.entity("urn:ngsi-ld:Room:1")


async def test_an_entity_can_be_asked_for(broker: Broker) -> None:
    _, session = broker
    await post(session, [room(1)])

    async with session.get("/ngsi-ld/v1/entities/urn:ngsi-ld:Room:1") as response:
        found = await response.json()
    async with session.get("/ngsi-ld/v1/entities/urn:ngsi-ld:Room:2") as response:
        missing = response.status

    assert found["temperature"]["value"] == 21
    assert missing == 404


async def test_tenants_are_worlds_of_their_own(broker: Broker) -> None:
    receiver, session = broker

    known = await post(session, [room(1)], LD_JSON | {"NGSILD-Tenant": "sundsvall"})
    unknown = await post(session, [room(1)], LD_JSON | {"NGSILD-Tenant": "gavle"})

    assert (known[0], unknown[0]) == (201, 404)
    assert unknown[1]["type"].endswith("NonexistentTenant")
    assert receiver.entity("urn:ngsi-ld:Room:1", "sundsvall")
    with pytest.raises(KeyError):
        receiver.entity("urn:ngsi-ld:Room:1")


async def test_repetitions_and_steps_back_are_counted(broker: Broker) -> None:
    receiver, session = broker

    for at in ("12:00:00", "12:01:00", "12:01:00", "12:00:00"):
        await post(session, [room(1, f"2026-03-01T{at}.000Z")])

    assert len(receiver.uplink_ids) == 2
    assert receiver.repeated == 2
    assert receiver.kept.went_back == ["urn:ngsi-ld:Room:1 temperature 2026-03-01T12:00:00.000Z"]
    assert receiver.kept.instances["urn:ngsi-ld:Room:1", "temperature", "2026-03-01T12:01:00.000Z"] == 2


# ── strictness ──


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        ("[", LD_JSON, 400, "JSON parse error"),
        ("[NaN]", LD_JSON, 400, "JSON parse error"),
        ("{}", LD_JSON, 400, "an array"),
        ("[]", LD_JSON, 400, "an array"),
        (json.dumps([room()]), {"Content-Type": "text/plain"}, 415, "text/plain"),
        (json.dumps([room()]), JSON, 400, "yet a '@context' item was present"),
        (json.dumps([{"id": "urn:a:b", "type": "T"}]), LD_JSON, 400, "the @context must be present"),
        (json.dumps([room()]), LD_JSON | LINK, 400, "AND a Link header"),
        (json.dumps([{"id": "urn:a:b", "type": "T"}]), JSON | {"Link": "<x>"}, 400, "Invalid Link header"),
        (json.dumps([room(text={"type": "Property", "value": "x" * 20_000})]), LD_JSON, 413, "Too large"),
    ],
)
async def test_a_request_that_is_wrong_as_a_whole_is_refused(
    broker: Broker, body: str, headers: dict[str, str], status: int, words: str
) -> None:
    receiver, session = broker

    answered, problem = await post(session, body, headers)

    assert answered == status
    assert words in problem["title"] + problem["detail"]
    assert receiver.kept.entities == {}


async def test_a_link_header_takes_the_place_of_the_context(broker: Broker) -> None:
    _, session = broker
    plain = {name: value for name, value in room().items() if name != "@context"}

    assert (await post(session, [plain], JSON | LINK))[0] == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "room 1"},
        {"id": 7},
        {"type": ""},
        {"type": "my room"},
        {"temperature": 21},
        {"temperature": {"value": 21}},
        {"temperature": {"type": "Property", "value": None}},
        {"temperature": {"type": "Property", "value": 1, "observedAt": "2026-03-01T12:00:00"}},
        {"temperature": {"type": "Property", "value": 1, "observedAt": "2026-03-01T12:00:00+01:00"}},
        {"temperature": {"type": "Property", "value": 1, "observedAt": "yesterdayZ"}},
        {"temperature": {"type": "Property", "value": 1, "unitCode": ""}},
        {"dateObserved": {"type": "Property", "value": {"@type": "DateTime", "@value": "today"}}},
        {"value": {"type": "Property", "value": 1}},
        {"a b": {"type": "Property", "value": 1}},
        {"refDevice": {"type": "Relationship", "object": "device 7"}},
        {"location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [17.3]}}},
        {"location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [17.3, 162.0]}}},
        {"location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": ["17.3", "62.0"]}}},
        {"location": {"type": "GeoProperty", "value": "62, 17"}},
    ],
)
async def test_a_wrong_entity_is_refused_and_its_neighbour_is_not(broker: Broker, wrong: dict[str, Any]) -> None:
    receiver, session = broker

    status, body = await post(session, [room(1) | wrong, room(2)])

    assert status == 207
    assert body["success"] == ["urn:ngsi-ld:Room:2"]
    assert [one["error"]["status"] for one in body["errors"]] == [400]
    assert list(receiver.kept.entities) == [("", "urn:ngsi-ld:Room:2")]


async def test_an_entity_twice_in_a_batch_is_refused_the_second_time(broker: Broker) -> None:
    _, session = broker

    status, body = await post(session, [room(1), room(1)])

    assert (status, len(body["errors"])) == (207, 1)


async def test_a_context_that_cannot_be_fetched_is_said() -> None:
    receiver = NgsiLdReceiver(contexts=["https://example.org/known.jsonld"])
    await receiver.start()

    async with aiohttp.ClientSession(receiver.url) as session:
        status, body = await post(session, [room(1)])
    await receiver.stop()

    assert status == 503
    assert body["type"].endswith("LdContextNotAvailable")


# ── faults ──


async def test_faults_come_once_each_and_a_mood_stays(broker: Broker) -> None:
    receiver, session = broker
    receiver.faults.extend([Fault(status=503, retry_after_s=7), Fault(status=401)])

    async with session.post(UPSERT, data=json.dumps([room(1)]), headers=LD_JSON) as response:
        first = response.status, response.headers["Retry-After"]
    second = (await post(session, [room(1)]))[0]
    third = (await post(session, [room(1)]))[0]
    receiver.mood = Fault(status=500)

    assert (first, second, third) == ((503, "7"), 401, 201)
    assert [(await post(session, [room(1)]))[0] for _ in range(2)] == [500, 500]


@pytest.mark.parametrize(("fault", "taken"), [(Fault(silent=True), True), (Fault(silent=True, status=500), False)])
async def test_a_silent_broker_may_or_may_not_have_taken_it(broker: Broker, fault: Fault, *, taken: bool) -> None:
    receiver, session = broker
    receiver.faults.append(fault)

    with pytest.raises(aiohttp.ClientError):
        await post(session, [room(1)])

    assert (("", "urn:ngsi-ld:Room:1") in receiver.kept.entities) == taken
    assert receiver.answers[0] == 1


async def test_a_slow_broker_answers_after_its_delay(broker: Broker) -> None:
    receiver, session = broker
    receiver.faults.append(Fault(delay_s=0.05))
    started = asyncio.get_running_loop().time()

    assert (await post(session, [room(1)]))[0] == 201
    assert asyncio.get_running_loop().time() - started >= 0.05


async def test_it_knows_after_a_restart_what_it_knew(broker: Broker) -> None:
    receiver, session = broker
    await post(session, [room(1)])

    await receiver.stop()
    await receiver.start()

    async with aiohttp.ClientSession(receiver.url) as other:
        assert (await post(other, [room(1)]))[0] == 204
