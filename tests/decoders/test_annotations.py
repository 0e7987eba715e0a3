"""What a table says for other platforms states a quantity where it can mean nothing else, and is a proposal elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from decoders.contract import Payload, Reading
from decoders.payload_schema.annotations import proposals, stated, with_readings
from decoders.payload_schema.document import Mapping, parse
from decoders.table import compile_table


def field(text: str) -> Mapping:
    (found,) = parse(f"fields: [{{name: a, type: u8, {text}}}]", "th-1.yaml")["fields"]
    assert isinstance(found, Mapping)
    return found


def readings(text: str, payload: str) -> tuple[Reading, ...]:
    return (
        compile_table(parse(text, "th-1.yaml"), "acme/th-1", "r1").decode(Payload(bytes.fromhex(payload), 1)).readings
    )


@pytest.mark.parametrize(
    ("annotations", "reading"),
    [
        ("semantic: air.temperature, unit: '°C', ipso: 3303", {"quantity": "air_temperature", "unit": "Cel"}),
        ("semantic: humidity.relative, senml: {unit: '%RH'}", {"quantity": "relative_humidity", "unit": "%"}),
        (
            "semantic: battery, unit: '%', ipso: {object: 3320, resource: 5700}",
            {"quantity": "battery_level", "unit": "%"},
        ),
        ("semantic: battery, unit: mV", None),
        ("semantic: battery.voltage, unit: mV", {"quantity": "battery_voltage", "unit": "mV"}),
        ("semantic: air.co2, senml_unit: ppm", {"quantity": "co2", "unit": "[ppm]"}),
        ("semantic: soil.temperature, unece: FAH", {"quantity": "soil_temperature", "unit": "[degF]"}),
        ("semantic: location.latitude, senml: {unit: lat}", {"quantity": "latitude", "unit": "deg"}),
        ("senml: {name: water_temperature, unit: Cel}", {"quantity": "water_temperature", "unit": "Cel"}),
        ("ipso: 3301, unit: lux", {"quantity": "illuminance", "unit": "lx"}),
        ("ipso: {object: 3411, resource: 3}, unit: V", {"quantity": "battery_voltage", "unit": "V"}),
        (
            "ipso: {object: 3317, instance: 2, resource: 5700}, unit: A",
            {"quantity": "current", "unit": "A", "channel": "2"},
        ),
    ],
)
def test_annotations_that_name_one_quantity_and_a_unit_of_it_are_a_reading(annotations: str, reading: Any) -> None:
    assert stated(field(annotations)) == reading


@pytest.mark.parametrize(
    "annotations",
    [
        "semantic: temperature, unit: '°C', ipso: 3303",  # of the air, of the soil, of the device
        "semantic: humidity, unit: '%', ipso: 3304",  # found on soil moisture, too
        "semantic: air.temperature",  # no unit
        "semantic: air.temperature, unit: '%'",  # one of something else
        "semantic: air.temperature, unit: '°C', senml: {unit: '%'}",  # two that disagree
        "semantic: air.temperature, unit: '°C', unece: ZZZ",  # one that nobody knows
        "semantic: illuminance, ipso: 3315, unit: lx",  # a barometer
        "semantic: air.speed, unit: m/s",  # not the device's own speed
        "semantic: battery, unit: '%', lookup: [low, full]",  # a word
        "semantic: air.no2, unit: ppm",  # by volume, where the vocabulary has a mass
        "ipso: 3325, unit: ppm",  # any gas
        "ipso: {object: 3411}, unit: V",  # level or voltage
        "semantic: temperature.raw, unit: '°C'",
        "semantic: [air], ipso: x, senml: y, unit: 5",
    ],
)
def test_what_is_not_certain_stays_a_field(annotations: str) -> None:
    assert stated(field(annotations)) is None


FOREIGN = """
fields:
  - {name: t, type: s16, div: 10, semantic: air.temperature, unit: "°C"}
  - {name: b, type: u8, semantic: battery, unit: "%"}
"""


def test_a_table_without_readings_states_what_its_annotations_are_certain_of() -> None:
    assert readings(FOREIGN, "00ea 64") == (Reading("air_temperature", 23.4, "Cel"), Reading("battery_level", 100, "%"))


def test_a_table_with_readings_of_its_own_states_nothing_else() -> None:
    text = FOREIGN.replace("semantic: battery", "reading: {quantity: battery_level, unit: '%'}")

    assert readings(text, "00ea 64") == (Reading("battery_level", 100, "%"),)


def test_two_fields_that_would_say_the_same_thing_say_nothing() -> None:
    text = FOREIGN.replace(
        'name: b, type: u8, semantic: battery, unit: "%"', "name: u, type: u8, semantic: air.temperature, unit: K"
    )

    assert readings(text, "00ea 64") == ()


def test_a_stored_record_states_nothing_for_its_time_is_not_known() -> None:
    text = FOREIGN.replace(
        "fields:",
        "fields:\n  - {name: r, type: repeat, count: 1, fields: [&t {name: h, type: u8, semantic: co2, unit: ppm}]}\n  - *t",
    )

    table = parse(text, "th-1.yaml")

    assert [one["quantity"] for one in _found(with_readings(table))] == ["air_temperature", "battery_level"]


def _found(node: Any) -> list[Mapping]:
    if isinstance(node, dict):
        own = [node["reading"]] if "reading" in node else []
        return own + [one for value in node.values() for one in _found(value)]
    return [one for value in node for one in _found(value)] if isinstance(node, list) else []


def test_proposals_tell_what_is_certain_from_what_is_usual_and_why() -> None:
    table = parse(
        """
fields:
  - {name: temperature, type: s16, semantic: temperature, ipso: 3303, unit: "°C"}
  - {name: gps, type: object, fields: [{name: lat, type: s32, semantic: location.latitude, unit: "°"}]}
  - {name: log, type: repeat, until: end, fields: [{name: co2, type: u16, semantic: co2, unit: ppm}]}
  - {name: mode, type: u8}
""",
        "th-1.yaml",
    )

    found = {one.field: (one.quantity, one.unit, one.sure, one.why) for one in proposals(table)}

    assert found == {
        "temperature": ("air_temperature", "Cel", False, "semantic 'temperature', which is usually this"),
        "gps.lat": ("latitude", "deg", True, "semantic 'location.latitude'"),
        "log[*].co2": ("co2", "[ppm]", True, "semantic 'co2'"),
    }
