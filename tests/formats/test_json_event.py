"""Plain JSON events: what stands in them, where they go, and what cannot be."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from decoders.contract import Decoded, Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.json_event import JsonEvent
from gateway.model import Device, Entity, Item, Place, Request
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, converse, item


def requests_of(platform: JsonEvent, one: Item) -> list[Request]:
    waves, receipt = converse(platform, [one])
    assert receipt.accepted == {one.row}
    return [request for wave in waves for request in wave]


def only(platform: JsonEvent, one: Item) -> Request:
    [request] = requests_of(platform, one)
    return request


def test_an_event_says_which_uplink_device_time_values_fields_and_radio() -> None:
    earlier = HEARD_AT - timedelta(minutes=10)
    heard = item(
        Reading("air_temperature", 21.5, "Cel"),
        Reading("soil_moisture", 35, "%", "depth_20cm", earlier),
        Reading("door_open", True),
    )
    heard = replace(heard, decoded=Decoded(heard.decoded.readings, {"temp": 215, "raw": [1, None]}))

    request = only(JsonEvent(), heard)

    said = json.loads(request.body)
    assert (request.target, request.content_type) == (f"brygga/{DEV_EUI}/event", "application/json")
    assert request.headers == {"uplink": str(heard.uplink.id)}
    assert (said["id"], said["time"], said["time_quality"]) == (str(heard.uplink.id), "2026-03-01T12:00:01.123Z", "ntp")
    assert said["device"] == {"dev_eui": DEV_EUI, "id": DEV_EUI, "latitude": 62.3908, "longitude": 17.3063}
    ids = [str(one.id) for one in heard.observations]
    assert said["observations"] == [
        {"id": ids[0], "quantity": "air_temperature", "value": 21.5, "unit": "Cel", "time": "2026-03-01T12:00:01.123Z"},
        {
            "id": ids[1], "quantity": "soil_moisture", "channel": "depth_20cm", "value": 35, "unit": "%",
            "time": "2026-03-01T11:50:00.123Z",
        },
        {"id": ids[2], "quantity": "door_open", "value": True, "unit": "", "time": "2026-03-01T12:00:01.123Z"},
    ]  # fmt: skip
    assert said["fields"] == {"temp": 215, "raw": [1, None]}
    assert said["radio"] == {
        "f_cnt": 1, "f_port": 5, "gateway": "00" * 8, "gateways": 1, "frequency_hz": 868_100_000,
        "data_rate": "SF7BW125", "spreading_factor": 7, "rssi_dbm": -80,
    }  # fmt: skip


@pytest.mark.parametrize("quantity", sorted(QUANTITIES))
@pytest.mark.parametrize("per", ["uplink", "observation"])
def test_every_quantity_is_said_with_its_unit_and_its_own_time(quantity: str, per: Any) -> None:
    known = QUANTITIES[quantity]
    value = True if known.value_type is ValueType.BOOLEAN else 1
    earlier = HEARD_AT - timedelta(hours=3)

    said = json.loads(only(JsonEvent(per=per), item(Reading(quantity, value, known.unit, None, earlier))).body)

    [one] = said["observations"] if per == "uplink" else [said]
    assert (one["quantity"], one["value"], one["unit"]) == (quantity, value, known.unit)
    assert datetime.fromisoformat(one["time"]) == earlier.replace(microsecond=123_000)


def test_each_observation_may_be_an_event_of_its_own() -> None:
    heard = item(Reading("co2", 612, "[ppm]"), Reading("radon", 70, "Bq/m3", "cellar"))

    first, second = requests_of(JsonEvent(per="observation", topic="{quantity}/{channel|main}", parts=()), heard)

    assert (first.target, second.target) == ("co2/main", "radon/cellar")
    assert json.loads(second.body) == {
        "uplink": str(heard.uplink.id),
        "device": {"dev_eui": DEV_EUI, "id": DEV_EUI, "latitude": 62.3908, "longitude": 17.3063},
        "id": str(heard.observations[1].id),
        "quantity": "radon",
        "channel": "cellar",
        "value": 70,
        "unit": "Bq/m3",
        "time": "2026-03-01T12:00:01.123Z",
        "time_quality": "ntp",
    }


def test_names_of_the_platform_stand_in_the_event_and_in_the_topic() -> None:
    device = replace(DEVICE, name="Torget", entity=Entity("WeatherObserved", "torget-1"))
    heard = item(Reading("co2", 612, "[ppm]"), device=device)

    own = only(JsonEvent(topic="city/{device}"), heard)
    theirs = only(JsonEvent(topic="city/{device}", ids={DEV_EUI: "sensor-7"}), heard)

    assert (own.target, theirs.target) == ("city/Torget", "city/sensor-7")
    assert json.loads(theirs.body)["device"] == {
        "dev_eui": DEV_EUI, "id": "sensor-7", "name": "Torget", "entity": "torget-1", "entity_type": "WeatherObserved",
        "latitude": 62.3908, "longitude": 17.3063,
    }  # fmt: skip


def test_a_place_of_the_value_s_own_is_said_with_it() -> None:
    heard = item(Reading("latitude", 59.1, "deg"), Reading("longitude", 18.2, "deg"), Reading("co2", 5, "[ppm]"))

    said = json.loads(only(JsonEvent(), heard).body)

    assert said["observations"][2]["latitude"] == 59.1
    assert said["device"]["latitude"] == 62.3908


def test_an_implausible_value_is_marked() -> None:
    said = json.loads(only(JsonEvent(), item(Reading("air_temperature", 900, "Cel"))).body)

    assert said["observations"][0]["plausible"] is False


def test_what_json_cannot_say_of_raw_fields_is_null() -> None:
    heard = item(Reading("co2", 1, "[ppm]"))
    heard = replace(heard, decoded=Decoded((), {"a": math.nan, "b": [math.inf, {"c": -math.inf}], "d": "\ud800å"}))

    assert json.loads(only(JsonEvent(), heard).body)["fields"] == {"a": None, "b": [None, {"c": None}], "d": "?å"}


def test_parts_that_nobody_wants_cost_nothing() -> None:
    heard = item(Reading("co2", 612, "[ppm]"), device=Device(dev_eui=DEV_EUI, place=Place(62.0, 17.0, 5.5)))

    said = json.loads(only(JsonEvent(parts=["observations"]), heard).body)

    assert set(said) == {"id", "time", "time_quality", "device", "observations"}
    assert said["device"]["altitude_m"] == 5.5


def test_an_uplink_without_observations_is_accepted_and_said_so() -> None:
    waves, receipt = converse(JsonEvent(), [item()])

    assert waves == []
    assert receipt.accepted == {1}
    assert receipt.warnings == ("an uplink held no observation: nothing was sent of it",)


def test_a_topic_that_cannot_be_filled_refuses_the_row_in_words() -> None:
    _, receipt = converse(JsonEvent(topic="at/{name}"), [item(Reading("co2", 1, "[ppm]"))])

    assert receipt.refused == {1: "topic: {name} is not known of it; {name|unknown} would be sent as 'unknown'"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"per": "day"}, "per: 'day' is neither 'uplink' nor 'observation'"),
        ({"parts": ["fields"]}, "parts: without 'observations' nothing of what was measured is told"),
        ({"parts": "radio"}, "parts: 'radio' is no list of 'observations', 'fields', 'radio'"),
        ({"batch": 0}, "batch: 0 is less than 1"),
        ({"topic": "a/{quantity}"}, "topic: {quantity} belongs to one observation"),
        ({"topic": "a/#"}, "topic: 'a/#' holds a wildcard"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        JsonEvent(**options)

    assert str(caught.value).startswith(words)
