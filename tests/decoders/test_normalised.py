"""The Things Stack's normalised payload becomes readings; what is out of range is not stated, what is unknown is let be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoders.contract import Reading
from decoders.normalised import readings
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import convert

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OUTPUTS = Path(__file__).parents[1] / "vectors" / "native" / "outputs.jsonl"
PUBLISHED = [
    one
    for one in map(json.loads, OUTPUTS.read_text(encoding="utf-8").splitlines())
    if one.get("normalised") is not None
]


def stated(measurement: object) -> list[Reading]:
    found, warnings = readings(measurement, NOW)
    assert warnings == ()
    return list(found)


def test_every_field_of_the_schema_is_a_reading_in_its_unit() -> None:
    found = stated(
        {
            "battery": 3.6,
            "air": {"temperature": 21.5, "relativeHumidity": 40, "pressure": 870, "co2": 600, "lightIntensity": 300},
            "wind": {"speed": 3, "direction": 360},
            "rain": {"intensity": 2.5, "cumulative": 120},
            "water": {"leak": True, "temperature": {"min": 7, "avg": 8, "max": 9, "current": 8.5}},
            "metering": {"water": {"total": 5342}},
            "action": {"motion": {"detected": False, "count": 7}, "contactState": "open"},
            "position": {"latitude": 62.39, "longitude": 17.31},
        }
    )

    assert {(one.quantity, one.value, one.unit, one.channel) for one in found} == {
        ("battery_voltage", 3.6, "V", None),
        ("air_temperature", 21.5, "Cel", None),
        ("relative_humidity", 40, "%", None),
        ("atmospheric_pressure", 870, "hPa", None),
        ("co2", 600, "[ppm]", None),
        ("illuminance", 300, "lx", None),
        ("wind_speed", 3, "m/s", None),
        ("wind_direction", 360, "deg", None),
        ("rain_intensity", 2.5, "mm/h", None),
        ("rainfall_total", 120, "mm", None),
        ("water_present", True, "", None),
        ("water_temperature", 7, "Cel", "min"),
        ("water_temperature", 8, "Cel", "avg"),
        ("water_temperature", 9, "Cel", "max"),
        ("water_temperature", 8.5, "Cel", None),
        ("water_volume", 5342, "L", None),
        ("motion", False, "", None),
        ("motion_count", 7, "1", None),
        ("door_open", True, "", None),
        ("latitude", 62.39, "deg", None),
        ("longitude", 17.31, "deg", None),
    }


def test_soils_are_told_apart_by_their_depth_and_air_by_its_place() -> None:
    found = stated(
        [
            {"soil": {"depth": 10, "moisture": 20, "ec": 1.2, "pH": 6.5, "n": 5, "p": 6, "k": 7, "temperature": 9}},
            {"soil": {"depth": 30, "moisture": 25}},
            {"air": {"location": "indoor", "temperature": 21}},
            {"air": {"location": "outdoor", "temperature": -4}},
        ]
    )

    assert [(one.value, one.channel) for one in found if one.quantity == "soil_moisture"] == [
        (20, "depth_10cm"),
        (25, "depth_30cm"),
    ]
    assert [(one.value, one.channel) for one in found if one.quantity == "air_temperature"] == [
        (21, "indoor"),
        (-4, "outdoor"),
    ]
    assert next(one.unit for one in found if one.quantity == "soil_conductivity") == "dS/m"


def test_each_measurement_has_its_own_time_and_one_without_is_of_now() -> None:
    found = stated([{"time": "2026-06-01T11:00:00Z", "air": {"temperature": 20}}, {"air": {"temperature": 21}}])

    assert [(one.value, one.at) for one in found] == [(20, datetime(2026, 6, 1, 11, tzinfo=UTC)), (21, None)]


@pytest.mark.parametrize(
    ("measurement", "said"),
    [
        ({"air": {"relativeHumidity": 101}}, "[*].air.relativeHumidity: 101 is not between 0 and 100"),
        ({"air": {"temperature": 327.67}}, "[*].air.temperature: 327.67 is not between -273.15 and 300"),
        ({"battery": 80}, "[*].battery: 80 is not between 0 and 15"),
        ({"air": {"temperature": None, "co2": "x"}}, "[*].air.co2: 'x' where a number is expected"),
        ({"time": "yesterday", "battery": 3}, "[*].battery: its time, [*].time?, is 'yesterday', which is no time, so it is not stated"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_not_stated_with_a_warning(measurement: object, said: str) -> None:
    assert readings(measurement, NOW) == ((), (said,))


@pytest.mark.parametrize(
    "output", [None, 5, "x", [], {}, [None, 3], {"air": 5}, {"tank": {"level": 5}, "air": {"noise": 3}}]
)
def test_what_the_schema_does_not_name_is_let_be(output: object) -> None:
    assert readings(output, NOW) == ((), ())


@pytest.mark.parametrize("one", PUBLISHED, ids=[f"{one['make']}/{one['model']}" for one in PUBLISHED])
def test_what_vendors_codecs_normalise_is_stated_in_units_that_convert(one: Any) -> None:
    found, _ = readings(one["normalised"], NOW)

    assert found
    for reading in found:
        if QUANTITIES[reading.quantity].unit:
            convert(float(reading.value), reading.unit, QUANTITIES[reading.quantity].unit)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
NAMES = st.sampled_from(
    ["air", "soil", "temperature", "depth", "time", "location", "battery", "water", "leak", "current"]
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)


@given(ANYTHING)
def test_whatever_is_returned_nothing_is_raised(output: object) -> None:
    found, warnings = readings(output, NOW)

    assert all(type(one.value) in {bool, int, float} for one in found)
    assert all(isinstance(one, str) for one in warnings)
