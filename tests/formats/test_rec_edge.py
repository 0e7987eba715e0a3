"""RealEstateCore Edge 3.3: messages that its published schema takes, over both kinds of transport."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from gateway.formats.rec_edge import KINDS, RecEdge, kind_of
from gateway.model import Answer, Item, RowId, Verdict
from simulators.platforms.mqtt_platform import MqttPlatform
from simulators.platforms.scripted_broker import Publish
from tests.formats.items import DEV_EUI, HEARD_AT, converse, item
from tests.formats.over_mqtt import over_mqtt
from tests.formats.telling import Loop

FOLDER = Path(__file__).parent.parent / "vectors" / "rec"
AT = "2026-03-01T12:00:01.123Z"


@cache
def schema() -> Draft7Validator:
    return Draft7Validator(json.loads((FOLDER / "edge_message.schema.json").read_text(encoding="utf-8")))


def said(platform: RecEdge, one: Item) -> dict[str, Any]:
    [[request]], receipt = converse(platform, [one])
    assert receipt.accepted == {one.row}
    message: dict[str, Any] = json.loads(request.body)
    return message


def typical(quantity: Quantity) -> float | bool:
    return True if quantity.value_type is ValueType.BOOLEAN else 1


def test_a_message_has_the_shape_of_the_published_example() -> None:
    example = json.loads((FOLDER / "example.json").read_text(encoding="utf-8"))
    ids: dict[str, str] = {DEV_EUI: "https://recref.com/device/64b65a99-a53c-47f5-b959-1c7a641d82d8"}

    message = said(RecEdge(ids=ids), item(Reading("air_temperature", 16.1, "Cel")))

    assert message["format"] == example["format"]
    assert message["deviceId"] == example["deviceId"]
    [observation] = message["observations"]
    assert observation.keys() == example["observations"][0].keys() | {"unit"}
    assert observation["quantityKind"] == example["observations"][0]["quantityKind"]
    assert observation["sensorId"] == f"{ids[DEV_EUI]}:air_temperature"
    assert observation["unit"] == "http://qudt.org/vocab/unit/DEG_C"


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda one: one.name)
def test_every_quantity_is_valid_with_its_unit_and_time(quantity: Quantity) -> None:
    message = said(RecEdge(), item(Reading(quantity.name, typical(quantity), quantity.unit)))

    assert [error.message for error in schema().iter_errors(message)] == []
    [observation] = message["observations"]
    assert observation["observationTime"] == AT
    assert observation.get("unit", "") == quantity.unit_iri
    value = observation["valueBoolean" if quantity.value_type is ValueType.BOOLEAN else "value"]
    assert value == typical(quantity)


def test_a_text_is_a_valid_observation() -> None:
    heard = item(Reading("tilt", 1, "deg"))
    text = replace(heard, observations=(replace(heard.observations[0], value="steep"),))

    message = said(RecEdge(), text)

    assert list(schema().iter_errors(message)) == []
    assert message["observations"][0]["valueString"] == "steep"


def test_every_kind_of_rec_that_is_named_is_one_of_its_ontologys() -> None:
    there = set((FOLDER / "quantity_kinds.txt").read_text(encoding="utf-8").split())

    assert set(KINDS.values()) <= there
    assert KINDS.keys() <= QUANTITIES.keys()
    assert kind_of("door_open") == "https://brickschema.org/schema/Brick#Open_Close_Status"


def test_each_observation_has_its_own_time_and_sensors_have_their_channel() -> None:
    early = HEARD_AT - timedelta(minutes=10)
    heard = item(Reading("co2", 2, "[ppm]"), Reading("soil_moisture", 1, "%", "20cm", early))

    message = said(RecEdge(), heard)

    assert [(one["observationTime"], one["sensorId"]) for one in message["observations"]] == [
        ("2026-03-01T11:50:00.123Z", f"urn:dev:mac:{DEV_EUI}:soil_moisture_20cm"),
        (AT, f"urn:dev:mac:{DEV_EUI}:co2"),
    ]


@pytest.mark.parametrize(
    ("topic", "target"),
    [("brygga/{dev_eui}/rec", f"brygga/{DEV_EUI}/rec"), ("/api/observations", "/api/observations")],
)
def test_it_goes_to_a_topic_or_a_path(topic: str, target: str) -> None:
    [[request]], _ = converse(RecEdge(topic=topic), [item(Reading("co2", 1, "[ppm]"))])

    assert request.target == target
    assert request.headers["uplink"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"topic": "a/{key}"}, r"topic: \{key\} is none of \{id\}, \{dev_eui\}"),
        ({"topic": ""}, "topic: is empty"),
        ({"device_id": "house"}, r"device_id: 'house' has no \{dev_eui\}"),
        ({"sensor_id": "{id}"}, r"sensor_id: '\{id\}' has no \{key\}"),
        ({"ids": {"x": "y"}}, "ids: 'x' is no DevEUI"),
        ({"tries": 0}, "tries"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RecEdge(**options)


class Reader(MqttPlatform):
    """A reader that takes what the published schema takes."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[dict[str, Any]] = []

    def take(self, publish: Publish) -> int:
        message = json.loads(publish.payload)
        if any(schema().iter_errors(message)):
            return self.refuse(0x99, publish.topic)
        self.kept.append(message)
        return 0


async def test_a_backlog_goes_over_mqtt_to_a_reader_that_checks_the_schema() -> None:
    reader = Reader()
    await reader.start()
    batch = [item(Reading("co2", row, "[ppm]"), Reading("motion", True), row=row) for row in range(250)]
    async with over_mqtt(reader.url) as transport:
        loop = Loop(RecEdge(), transport, batch)
        await loop.to_its_end()
    await reader.stop()

    assert (reader.refusals, loop.refused()) == ([], {})
    assert [one["observations"][0]["value"] for one in reader.kept] == list(range(250))


def test_a_message_that_only_gets_500_ends_as_a_dead_letter() -> None:
    stumble = Answer(verdict=Verdict.LATER, status=500, detail="500 Internal Server Error")

    _, receipt = converse(RecEdge(tries=2), [item(Reading("co2", 1, "[ppm]"))], stumble, {"tries/1": 1})

    assert receipt.refused == {RowId(1): "tried 2 times; last: 500 Internal Server Error"}
