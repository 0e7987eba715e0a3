"""NGSI-LD entities: valid against their models' schemas, every word known to its @context, nothing left out."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.ngsi_ld.models import CORE_CONTEXT, models
from gateway.model import Device, Entity, Item, Place
from simulators.platforms.ngsi_ld_rules import check_entity
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, SUNDSVALL, converse, item
from tests.formats.smart_data_models import complaints, lost_terms, simplified, subject_contexts

ROOM = Path(__file__).parent.parent.parent / "gateway" / "formats" / "ngsi_ld"
ALTERNATIVES = list(csv.DictReader((ROOM / "attributes.csv").read_text(encoding="utf-8").splitlines()))
AT = "2026-03-01T12:00:01.123Z"
SOURCE = f"urn:dev:mac:{DEV_EUI}#"


def entities(one: Item, platform: NgsiLd | None = None) -> dict[str, dict[str, Any]]:
    """Return all that is sent of an item, by entity id."""
    waves, receipt = converse(platform or NgsiLd(device=False), [one])
    assert receipt.accepted == {one.row}
    return {entity["id"]: entity for wave in waves for request in wave for entity in json.loads(request.body)}


def registered(entity_type: str, entity_id: str = "") -> Device:
    return replace(DEVICE, entity=Entity(entity_type, entity_id))


def typical(quantity: Quantity) -> float | bool:
    """Return a value that lies in every range: of the sensor, and of the schema."""
    return True if quantity.value_type is ValueType.BOOLEAN else 1


def check(found: dict[str, dict[str, Any]]) -> None:
    assert found
    for entity in found.values():
        check_entity(entity)
        assert complaints(entity) == []
        assert lost_terms(entity) == []


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda one: one.name)
def test_every_quantity_becomes_a_valid_entity(quantity: Quantity) -> None:
    heard = item(Reading(quantity.name, typical(quantity), quantity.unit))

    found = entities(heard)

    check(found)
    [entity] = found.values()
    assert entity["source"]["value"] == f"{SOURCE}{heard.uplink.id}"
    assert AT in json.dumps(entity)


@pytest.mark.parametrize("row", ALTERNATIVES, ids=lambda row: f"{row['model']}-{row['quantity']}")
def test_a_registered_thing_gets_the_attribute_of_its_model(row: dict[str, str]) -> None:
    quantity = QUANTITIES[row["quantity"]]
    heard = item(Reading(quantity.name, typical(quantity), quantity.unit), device=registered(row["model"], "torget-1"))

    found = entities(heard)

    check(found)
    [entity] = found.values()
    assert entity["type"] == row["model"]
    assert row["attribute"] in entity
    assert entity[row["attribute"]].get("unitCode", "") == row["unit_code"]


@pytest.mark.parametrize("low", [True, False])
@pytest.mark.parametrize("entity_type", ["", *models()])
def test_whatever_a_sensor_says_the_schema_holds(entity_type: str, *, low: bool) -> None:
    """The ends of every plausible range, far beyond what several schemas allow."""
    readings = []
    for quantity in QUANTITIES.values():
        end = quantity.plausible_minimum if low else quantity.plausible_maximum
        if quantity.name not in {"latitude", "longitude"} and end is not None:
            boolean = quantity.value_type is ValueType.BOOLEAN
            readings.append(Reading(quantity.name, bool(end) if boolean else end, quantity.unit))

    found = entities(item(*readings, device=registered(entity_type)))

    check(found)
    said = sum(1 for one in found.values() for name in one if "observedAt" in str(one[name]) and name != "source")
    assert said >= len(readings)


def test_what_an_uplink_says_of_a_thing_gathers_in_one_entity() -> None:
    heard = item(
        Reading("air_temperature", -7.5, "Cel"),
        Reading("relative_humidity", 83, "%"),
        Reading("wind_direction", 225, "deg"),
        device=registered("WeatherObserved", "torget-1"),
    )

    found = entities(heard)

    assert found == {
        "urn:ngsi-ld:WeatherObserved:torget-1": {
            "id": "urn:ngsi-ld:WeatherObserved:torget-1",
            "type": "WeatherObserved",
            "temperature": {"type": "Property", "value": -7.5, "unitCode": "CEL", "observedAt": AT},
            "relativeHumidity": {"type": "Property", "value": 0.83, "unitCode": "C62", "observedAt": AT},
            "windDirection": {"type": "Property", "value": 225, "unitCode": "DD", "observedAt": AT},
            "dateObserved": {"type": "Property", "value": {"@type": "DateTime", "@value": AT}},
            "source": {"type": "Property", "value": f"{SOURCE}{heard.uplink.id}", "observedAt": AT},
            "refDevice": {"type": "Relationship", "object": f"urn:ngsi-ld:Device:{DEV_EUI}"},
            "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [17.3063, 62.3908]}},
            "@context": [
                "https://raw.githubusercontent.com/smart-data-models/dataModel.Weather/master/context.jsonld",
                CORE_CONTEXT,
            ],
        }
    }


def test_quantities_of_one_uplink_go_each_to_its_model() -> None:
    found = entities(
        item(Reading("air_temperature", 1.0, "Cel"), Reading("co2", 612, "[ppm]"), Reading("ch4", 2, "[ppm]"))
    )

    assert sorted(found) == [
        f"urn:ngsi-ld:AirQualityObserved:{DEV_EUI}",
        f"urn:ngsi-ld:DeviceMeasurement:{DEV_EUI}:ch4",
        f"urn:ngsi-ld:WeatherObserved:{DEV_EUI}",
    ]


def test_a_quantity_without_a_model_is_a_measurement_with_its_kind_and_unit() -> None:
    [entity] = entities(item(Reading("distance", 1482, "mm"))).values()

    assert entity["id"] == f"urn:ngsi-ld:DeviceMeasurement:{DEV_EUI}:distance"
    assert entity["numValue"] == {"type": "Property", "value": 1.482, "unitCode": "MTR", "observedAt": AT}
    assert simplified(entity) | {"measurementType": "distance", "unit": "MTR", "outlier": False} == simplified(entity)


def test_a_unit_without_a_code_is_written_out() -> None:
    [entity] = entities(item(Reading("par", 850, "umol/(m2.s)"))).values()

    assert "unitCode" not in entity["numValue"]
    assert entity["unit"]["value"] == "umol/(m2.s)"


def test_an_implausible_value_is_marked_where_the_model_has_a_place() -> None:
    [entity] = entities(item(Reading("device_temperature", -3276.8, "Cel"))).values()

    assert entity["outlier"]["value"] is True


def test_channels_are_entities_of_their_own() -> None:
    found = entities(
        item(
            Reading("soil_moisture", 20, "%", "depth 20cm"),
            Reading("soil_temperature", 4.0, "Cel", "depth 20cm"),
            Reading("soil_moisture", 30, "%", "depth 50cm"),
            Reading("distance", 1, "m", "å"),
        )
    )

    assert {entity_id: len(one) for entity_id, one in found.items()} == {
        f"urn:ngsi-ld:GreenspaceRecord:{DEV_EUI}:depth%2020cm": 9,
        f"urn:ngsi-ld:GreenspaceRecord:{DEV_EUI}:depth%2050cm": 8,
        f"urn:ngsi-ld:DeviceMeasurement:{DEV_EUI}:distance:%C3%A5": 11,
    }


def test_several_states_of_one_device_do_not_overwrite_each_other() -> None:
    found = entities(
        item(Reading("door_open", True), Reading("water_present", False), Reading("battery_level", 92, "%"))
    )

    assert found[f"urn:ngsi-ld:Device:{DEV_EUI}:door_open"]["deviceState"]["value"] == "open"
    assert found[f"urn:ngsi-ld:Device:{DEV_EUI}:water_present"]["deviceState"]["value"] == "dry"
    battery = found[f"urn:ngsi-ld:Device:{DEV_EUI}"]
    assert battery["batteryLevel"] == {"type": "Property", "value": 0.92, "unitCode": "C62", "observedAt": AT}
    assert battery["controlledProperty"]["value"] == ["batteryLife"]
    assert battery["dateLastValueReported"]["value"]["@value"] == AT


@pytest.mark.parametrize(("celsius", "model"), [(0.0, "IndoorEnvironmentObserved"), (-0.1, "DeviceMeasurement")])
def test_frost_indoors_is_a_measurement_for_the_schema_knows_none(celsius: float, model: str) -> None:
    [entity] = entities(
        item(Reading("air_temperature", celsius, "Cel"), device=registered("IndoorEnvironmentObserved"))
    ).values()

    assert entity["type"] == model
    assert complaints(entity) == []


def test_indoor_humidity_is_percent_and_says_so() -> None:
    device = registered("IndoorEnvironmentObserved", "rum 12")

    [entity] = entities(item(Reading("relative_humidity", 41, "%"), device=device)).values()

    assert entity["id"] == "urn:ngsi-ld:IndoorEnvironmentObserved:rum%2012"
    assert (entity["relativeHumidity"]["value"], entity["relativeHumidity"]["unitCode"]) == (41, "P1")


def test_water_is_whole_litres_and_the_exact_volume_beside_them() -> None:
    whole = entities(item(Reading("water_volume", 191.051, "m3")))
    part = entities(item(Reading("water_volume", 191.0514, "m3")))

    [meter] = whole.values()
    assert (meter["waterConsumption"]["value"], meter["waterConsumption"]["unitCode"]) == (191_051, "LTR")
    assert part[meter["id"]]["waterConsumption"]["value"] == 191_051
    assert part[f"urn:ngsi-ld:DeviceMeasurement:{DEV_EUI}:water_volume"]["numValue"]["value"] == 191.0514


def test_alarms_are_one_for_true_and_zero_for_false() -> None:
    [entity] = entities(item(Reading("leak_detected", True), Reading("tamper", False))).values()

    assert (entity["alarmStopsLeaks"]["value"], entity["alarmTamper"]["value"]) == (1, 0)


@pytest.mark.parametrize("quantity", ["people_in", "people_out", "vehicle_count"])
def test_a_total_is_no_count_of_a_period(quantity: str) -> None:
    [entity] = entities(item(Reading(quantity, 4711, "1"))).values()

    assert entity["type"] == "DeviceMeasurement"
    assert entity["numValue"]["value"] == 4711


@pytest.mark.parametrize(("entity_type", "model"), [("", "DeviceMeasurement"), ("Streetlight", "Streetlight")])
def test_only_a_registered_streetlight_has_a_streetlights_voltage(entity_type: str, model: str) -> None:
    [entity] = entities(item(Reading("voltage", 229.8, "V"), device=registered(entity_type))).values()

    assert entity["type"] == model


@pytest.mark.parametrize(("degrees", "expected"), [(0, 0), (180, 180), (225, -135), (360, 0)])
def test_wind_turns_both_ways_in_air_quality(degrees: int, expected: int) -> None:
    device = registered("AirQualityObserved")

    [entity] = entities(item(Reading("wind_direction", degrees, "deg"), device=device)).values()

    assert entity["windDirection"]["value"] == expected


def test_noise_has_a_period_of_which_only_the_end_is_known() -> None:
    [entity] = entities(item(Reading("noise_laeq", 54.2, "dB"))).values()

    assert entity["dateObservedFrom"] == entity["dateObservedTo"]
    assert "dateObserved" not in entity


def test_a_place_that_nobody_knows_is_left_out() -> None:
    [entity] = entities(item(Reading("co2", 400, "[ppm]"), device=replace(DEVICE, place=None))).values()

    assert "location" not in entity
    assert complaints(entity) == [": 'location' is a required property"]


def test_a_tracker_moves_its_device_and_what_it_measures() -> None:
    heard = item(
        Reading("latitude", 57.7, "deg"),
        Reading("longitude", 11.97, "deg"),
        Reading("altitude", 12, "m"),
        Reading("air_temperature", 3.0, "Cel"),
    )

    found = entities(heard)

    check(found)
    point = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [11.97, 57.7]}, "observedAt": AT}
    assert {one["location"]["value"]["coordinates"][0] for one in found.values()} == {11.97}
    assert found[f"urn:ngsi-ld:Device:{DEV_EUI}"]["location"] == point
    assert found[f"urn:ngsi-ld:DeviceMeasurement:{DEV_EUI}:altitude"]["numValue"]["value"] == 12


def test_a_position_that_cannot_be_is_a_measurement_and_moves_nothing() -> None:
    found = entities(item(Reading("latitude", 0, "deg"), Reading("longitude", 0, "deg")))

    assert sorted(found) == [f"urn:ngsi-ld:DeviceMeasurement:{DEV_EUI}:{name}" for name in ("latitude", "longitude")]
    assert {one["location"]["value"]["coordinates"][0] for one in found.values()} == {SUNDSVALL.longitude}


def test_times_are_utc_with_milliseconds_and_z() -> None:
    at = datetime.fromisoformat("2026-02-28T23:59:59.999999+01:00")

    [entity] = entities(item(Reading("co2", 400, "[ppm]", None, at))).values()

    assert entity["co2"]["observedAt"] == "2026-02-28T22:59:59.999Z"
    assert entity["dateObserved"]["value"]["@value"] == "2026-02-28T22:59:59.999Z"


def test_a_city_may_choose_its_context_and_prefix() -> None:
    platform = NgsiLd(
        device=False, context=["https://example.org/ours.jsonld", CORE_CONTEXT], id_prefix="urn:ngsi-ld:sundsvall:"
    )

    [entity] = entities(item(Reading("co2", 400, "[ppm]")), platform).values()

    assert entity["@context"] == ["https://example.org/ours.jsonld", CORE_CONTEXT]
    assert entity["id"] == f"urn:ngsi-ld:sundsvall:AirQualityObserved:{DEV_EUI}"
    assert entity["refDevice"]["object"] == f"urn:ngsi-ld:sundsvall:Device:{DEV_EUI}"


def test_a_link_header_takes_the_place_of_the_context() -> None:
    waves, _ = converse(
        NgsiLd(device=False, context=["https://example.org/ours.jsonld"], context_in="link"),
        [item(Reading("co2", 4, "[ppm]"))],
    )

    [[request]] = waves
    assert request.content_type == "application/json"
    assert request.headers["Link"].startswith(
        '<https://example.org/ours.jsonld>; rel="http://www.w3.org/ns/json-ld#context"'
    )
    assert b"@context" not in request.body


def test_a_word_that_the_context_does_not_know_is_found() -> None:
    """The test of the tests: Device's subject has no word for the pressure of a WeatherObserved."""
    [entity] = entities(item(Reading("atmospheric_pressure", 1009, "hPa"))).values()

    entity["@context"] = [subject_contexts()[2], CORE_CONTEXT]

    assert any(term.endswith("/atmosphericPressure") for term in lost_terms(entity))


def test_a_value_that_the_schema_forbids_is_found() -> None:
    [entity] = entities(item(Reading("relative_humidity", 41, "%"))).values()

    entity["relativeHumidity"]["value"] = 41

    assert complaints(entity) == ["relativeHumidity: 41 is greater than the maximum of 1"]


def test_history_in_one_uplink_keeps_its_times() -> None:
    hours = [HEARD_AT - timedelta(hours=hour) for hour in (1, 3, 2)]
    heard = item(*(Reading("water_level", 1.0 + index, "m", None, at) for index, at in enumerate(hours)))

    waves, receipt = converse(NgsiLd(device=False), [heard])

    sent = [json.loads(request.body)[0]["waterLevel"] for [request] in waves]
    assert [(one["observedAt"][11:13], one["value"]) for one in sent] == [("09", 2.0), ("10", 3.0), ("11", 1.0)]
    assert receipt.accepted == {1}


def test_places_need_no_altitude() -> None:
    device = replace(DEVICE, place=Place(62.39, 17.31, 12.0))

    [entity] = entities(item(Reading("co2", 400, "[ppm]"), device=device)).values()

    assert entity["location"]["value"]["coordinates"] == [17.31, 62.39]


def test_the_epoch_of_the_memory_is_the_epoch() -> None:
    _, receipt = converse(
        NgsiLd(device=False), [item(Reading("co2", 400, "[ppm]"), heard_at=datetime(2026, 1, 1, tzinfo=UTC))]
    )

    assert receipt.memory == {f"urn:ngsi-ld:AirQualityObserved:{DEV_EUI}": {"": 1767225600000, "co2": 1767225600000}}
