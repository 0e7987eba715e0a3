"""The stand-in for a SensorThings server: as strict as FROST and istSOS are known to be."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from simulators.platforms.sensorthings import SensorThingsServer

POINT = {"type": "Point", "coordinates": [17.3, 62.4]}
UNIT = {"name": "DEG_C", "symbol": "Cel", "definition": "http://qudt.org/vocab/unit/DEG_C"}
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
THING: dict[str, Any] = {
    "name": "t",
    "description": "d",
    "Locations": [{"name": "l", "description": "d", "encodingType": "application/geo+json", "location": POINT}],
}
SENSOR = {"name": "s", "description": "d", "encodingType": "text/html", "metadata": "m"}
PROPERTY = {"name": "p", "description": "d", "definition": "http://qudt.org/vocab/quantitykind/Temperature"}
STREAM: dict[str, Any] = {
    "name": "stream",
    "description": "d",
    "observationType": MEASUREMENT,
    "unitOfMeasurement": UNIT,
    "Thing": THING,
    "Sensor": SENSOR,
    "ObservedProperty": PROPERTY,
}
AT = "2026-03-01T12:00:00.123Z"


class Client:
    def __init__(self, server: SensorThingsServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self._session = session

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body)
        async with self._session.request(method, f"{self.server.url}/v1.1/{path}", data=data) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else response.headers.get("Location")

    async def stream(self, **changed: Any) -> int:
        status, link = await self.ask("POST", "Datastreams", {**STREAM, **changed})
        assert status == 201, link
        return int(link.rpartition("(")[2].rstrip(")"))


@pytest.fixture
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    server = SensorThingsServer(**getattr(request, "param", {}))
    await server.start()
    async with aiohttp.ClientSession() as session:
        yield Client(server, session)
    await server.stop()


istsos = pytest.mark.parametrize("client", [{"dialect": "istsos"}], indirect=True)


async def test_a_deep_insert_makes_all_and_answers_with_a_location_and_no_body(client: Client) -> None:
    number = await client.stream()

    assert client.server.kept.entities["Datastreams"][number]["Thing"] in client.server.kept.entities["Things"]
    assert len(client.server.kept.entities["Locations"]) == 1


async def test_the_feature_of_interest_is_made_from_the_location_once(client: Client) -> None:
    number = await client.stream()

    for result in (1, 2):
        await client.ask("POST", f"Datastreams({number})/Observations", {"result": result, "phenomenonTime": AT})

    assert len(client.server.kept.entities["FeaturesOfInterest"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("Things", {"name": "t"}, 400, "Missing required property 'description'"),
        ("Things", {"name": "t", "description": "d", "color": "red"}, 400, 'Unrecognized field "color"'),
        ("Observations", {"result": 1}, 400, "Missing required property 'Datastream'"),
        ("Observations", {"result": 1, "Datastream": {"@iot.id": 999}}, 400, "No such entity"),
        ("Observations", {"result": 1, "Datastream": {"@iot.id": "999"}}, 400, "No such entity"),
        ("Datastreams(999)/Observations", {"result": 1}, 404, "Nothing found."),
        ("Datastreams('a')/Observations", {"result": 1}, 404, "Not a valid id"),
        ("Datastreams", {**STREAM, "unitOfMeasurement": {"name": "C"}}, 400, "unitOfMeasurement"),
        (
            "Datastreams",
            {**STREAM, "Thing": {"name": "t", "description": "d", "Locations": [{"name": "l"}]}},
            400,
            "Missing",
        ),
        ("Nothings", {}, 404, "Not a valid path"),
    ],
)
async def test_what_frost_refuses_is_refused_in_its_words(
    client: Client, path: str, body: Any, status: int, words: str
) -> None:
    answer, said = await client.ask("POST", path, body)

    assert answer == status
    assert words in said["message"]
    assert (said["code"], said["type"]) == (status, "error")


@pytest.mark.parametrize(
    ("observation", "words"),
    [
        ({"result": 1, "phenomenonTime": "yesterday"}, "phenomenonTime could not be parsed"),
        ({"result": 1, "phenomenonTime": "2026-03-01T12:00:00"}, "phenomenonTime could not be parsed"),
        ({"result": True}, "a truth value is no OM_Measurement"),
        ({"result": "warm"}, "'warm' is no OM_Measurement"),
    ],
)
async def test_an_observation_has_a_time_and_a_result_of_its_type(client: Client, observation: Any, words: str) -> None:
    number = await client.stream()

    status, said = await client.ask("POST", f"Datastreams({number})/Observations", observation)

    assert status == 400
    assert words in said["message"]


async def test_a_thing_without_a_location_needs_a_feature(client: Client) -> None:
    number = await client.stream(Thing={"name": "t", "description": "d"})

    status, said = await client.ask("POST", f"Datastreams({number})/Observations", {"result": 1})

    assert (status, said["message"]) == (400, "No FeatureOfInterest provided, and none can be generated.")


async def test_a_data_array_is_answered_row_by_row_in_order(client: Client) -> None:
    number = await client.stream()
    group = {"Datastream": {"@iot.id": number}, "components": ["phenomenonTime", "result"]}
    unknown = {**group, "Datastream": {"@iot.id": 999}, "dataArray": [[AT, 3]]}

    status, said = await client.ask(
        "POST", "CreateObservations", [{**group, "dataArray": [[AT, 1], ["yesterday", 2], [AT, 4]]}, unknown]
    )

    assert status == 201
    assert ["error" if one.startswith("error ") else "link" for one in said] == ["link", "error", "link", "error"]
    assert len(client.server.kept.entities["Observations"]) == 2


@istsos
async def test_istsos_spoils_a_group_for_one_bad_row_and_knows_repetitions(client: Client) -> None:
    number = await client.stream()
    group = {"Datastream": {"@iot.id": number}, "components": ["phenomenonTime", "result"]}

    _, spoiled = await client.ask("POST", "CreateObservations", [{**group, "dataArray": [[AT, 1], ["x", 2]]}])
    first, _ = await client.ask("POST", f"Datastreams({number})/Observations", {"phenomenonTime": AT, "result": 1})
    again, _ = await client.ask("POST", f"Datastreams({number})/Observations", {"phenomenonTime": AT, "result": 1})
    twin, _ = await client.ask("POST", "Sensors", SENSOR)

    assert spoiled == ["error", "error"]
    assert (first, again, twin) == (201, 409, 409)


async def test_observations_are_found_by_time_page_by_page(client: Client) -> None:
    number = await client.stream()
    for minute in range(5):
        body = {"phenomenonTime": f"2026-03-01T12:0{minute}:00Z", "result": minute}
        await client.ask("POST", f"Datastreams({number})/Observations", body)
    question = "$filter=phenomenonTime ge 2026-03-01T12:01:00Z and phenomenonTime le 2026-03-01T12:03:00Z"

    status, page = await client.ask("GET", f"Datastreams({number})/Observations?{question}&$select=result&$top=2")
    refused, _ = await client.ask("GET", f"Datastreams({number})/Observations?$filter=startswith(name,'a')")

    assert (status, page["value"]) == (200, [{"result": 1}, {"result": 2}])
    assert "@iot.nextLink" in page
    assert refused == 400


@pytest.mark.parametrize("client", [{"login": ("city", "secret")}], indirect=True)
async def test_without_its_password_nobody_is_let_in(client: Client) -> None:
    status, _ = await client.ask("GET", "Things")

    assert status == 401


async def test_what_is_no_json_is_said(client: Client) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{client.server.url}/v1.1/Things", data="{NaN") as response,
    ):
        assert response.status == 400
        assert "Failed to parse JSON" in await response.text()
