"""Vendors' native fields become readings: each family of outputs in a few lines, and nothing that cannot be."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoders import metadata
from decoders.contract import Reading
from decoders.mapping import MOST, MOST_WARNINGS, Mapping, compile_mapping

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OUTPUTS = Path(__file__).parents[1] / "vectors" / "native" / "outputs.jsonl"


def mapping(*entries: str) -> Mapping:
    lines = "".join(f"  - {{{entry}}}\n" for entry in entries)
    return compile_mapping(metadata.parse(f"readings:\n{lines}", "th-1.meta.yaml"))


def readings(fields: object, *entries: str) -> list[Reading]:
    found, warnings = mapping(*entries).readings(fields, NOW)
    assert warnings == ()
    return list(found)


def warning(fields: object, *entries: str) -> str:
    found, warnings = mapping(*entries).readings(fields, NOW)
    assert found == ()
    assert len(warnings) == 1
    return warnings[0]


def published(model: str) -> Any:
    """Return what a vendor's codec returns in a published example."""
    lines = OUTPUTS.read_text(encoding="utf-8").splitlines()
    return next(one["data"] for one in map(json.loads, lines) if one["model"] == model)


# ── families of vendors ─────────────────────────────────────────────────────────────────────────────────────────


def test_watteco_samples_are_told_apart_by_their_variable_and_have_their_own_unit_and_time() -> None:
    found = readings(
        published("pt1000"),
        'field: "samples[*].value", where: {"samples[*].variable": temperature}, unit: "@samples[*].unit",'
        ' at: "samples[*].date", quantity: air_temperature',
    )

    assert len(found) > 3
    assert found[0] == Reading("air_temperature", 40.3, "Cel", None, datetime(2023, 7, 19, 7, 1, 0, 508000, tzinfo=UTC))
    assert found[1].at == datetime(2023, 7, 19, 7, 11, 0, 508000, tzinfo=UTC)


def test_adeunis_series_go_back_from_the_time_of_the_frame() -> None:
    data = published("comfort")
    found = readings(
        data,
        'field: "bytes.temperature.values[*]", unit: "@bytes.temperature.unit", at: "bytes.timestamp?", step: 600,'
        " quantity: air_temperature",
    )

    first = datetime(2023, 12, 28, 19, 22, 17, tzinfo=UTC)
    assert [one.value for one in found] == data["bytes"]["temperature"]["values"]
    assert [one.at for one in found] == [first - timedelta(minutes=10 * index) for index in range(6)]


def test_a_series_without_a_time_of_its_own_goes_back_from_reception() -> None:
    found = readings(
        published("comfort-co2"),
        'field: "bytes.humidity.values[*]", unit: "%", at: "bytes.timestamp?", step: 3600, quantity: relative_humidity',
    )

    assert [one.at for one in found] == [NOW, NOW - timedelta(hours=1)]


def test_decentlab_objects_state_their_unit() -> None:
    found = readings(
        published("dl-5tm"),
        'field: volumetric_water_content.value, unit: "@volumetric_water_content.unit", quantity: soil_moisture',
        'field: soil_temperature.value, unit: "@soil_temperature.unit", quantity: soil_temperature',
    )

    assert [(one.value, one.unit) for one in found] == [(-0.0215397767, "1"), (22.5, "Cel")]


def test_milesight_history_has_its_own_time_beside_the_live_values() -> None:
    data = {"temperature": 24.1, "history": published("em300-sld-zld")["history"]}
    found = readings(
        data,
        "field: temperature, quantity: air_temperature, unit: Cel",
        'field: "history[*].temperature", at: "history[*].timestamp", quantity: air_temperature, unit: Cel',
        'field: "history[*].leakage_status", at: "history[*].timestamp", quantity: water_present, labels: {leak: true, normal: false}',
    )

    at = datetime.fromtimestamp(1_700_000_000, UTC)
    assert found == [
        Reading("air_temperature", 24.1, "Cel"),
        Reading("air_temperature", 25.5, "Cel", None, at),
        Reading("water_present", True, "", None, at),
    ]


def test_milesight_numbered_lines_need_one_entry() -> None:
    found = readings(
        published("vs135"),
        'field: "line_*_total_in", channel: "line_{#}", quantity: people_in, unit: "1"',
    )

    assert {one.channel: one.value for one in found} == {"line_1": 72, "line_2": 0, "line_3": 0, "line_4": 5300}


def test_milesight_regions_are_named_by_their_index_or_by_their_place() -> None:
    data = published("vs121")
    by_index = readings(
        data, 'field: "regions[*].count", channel: "region_{regions[*].index}", quantity: people_count, unit: "1"'
    )
    by_place = readings(data, 'field: "regions[*].count", channel: "{#}", quantity: people_count, unit: "1"')

    assert [one.channel for one in by_index] == ["region_0", "region_1", "region_2"]
    assert [one.channel for one in by_place] == ["1", "2", "3"]


def test_sensecap_measurements_are_told_apart_by_their_number() -> None:
    found = readings(
        {"messages": [{"measurementId": 4097, "measurementValue": 21.4}, {"type": "upload_battery", "battery": 100}]},
        'field: "messages[*].measurementValue", where: {"messages[*].measurementId": 4097}, quantity: air_temperature, unit: Cel',
        'field: "messages[*].battery", quantity: battery_level, unit: "%"',
    )

    assert found == [Reading("air_temperature", 21.4, "Cel"), Reading("battery_level", 100, "%")]


def test_kamstrup_hourly_volumes_become_readings_with_their_own_times() -> None:
    found = readings(
        published("flowiq2200-02k73a"),
        'field: "values[*].Value", where: {"values[*].Type": Volume}, unit: "@values[*].Unit", at: "values[*].Timestamp",'
        " quantity: water_volume",
    )

    times = [one.at for one in found if one.at is not None]
    assert len(times) == len(found) > 10
    assert {second - first for first, second in zip(times[1:], times, strict=False)} == {timedelta(hours=1)}


def test_elvaco_meters_have_no_unit_so_the_entry_says_it() -> None:
    found = readings(
        published("cmi4110"),
        "field: energy, quantity: thermal_energy, unit: W.h",
        "field: flow_temperature, quantity: water_temperature, unit: Cel, channel: supply",
    )

    assert found == [Reading("thermal_energy", 2_616_752, "W.h"), Reading("water_temperature", 63.3, "Cel", "supply")]


def test_dragino_numbers_as_text_are_numbers() -> None:
    found = readings(
        published("lsph01"),
        "field: PH1_SOIL, quantity: soil_ph, unit: '[pH]'",
        "field: TEMP_SOIL, quantity: soil_temperature, unit: Cel",
    )

    assert found == [Reading("soil_ph", 5.96, "[pH]"), Reading("soil_temperature", 24.9, "Cel")]


def test_tektelic_nested_fields_are_found() -> None:
    data = {"sensor_data": {"temperature": 34.6}, "acceleration": {"x": 10.752}}

    found = readings(
        data,
        "field: sensor_data.temperature, quantity: air_temperature, unit: Cel",
        "field: acceleration.x, quantity: acceleration_x, unit: 'm/s2'",
    )

    assert [one.value for one in found] == [34.6, 10.752]


def test_a_list_as_the_whole_output_is_found_under_both_of_its_names() -> None:
    data = [{"variable": "co2", "value": 400}, {"variable": "co2", "value": 500}]
    entry = 'where: {"%s.variable": co2}, channel: "{#}", quantity: co2, unit: "[ppm]"'

    bare = readings(data, f'field: "[*].value", {entry % "[*]"}')
    shown = readings(data, f'field: "items[*].value", {entry % "items[*]"}')

    assert bare == shown
    assert [one.value for one in bare] == [400, 500]


# ── the keys ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("at", [1_700_000_000, 1_700_000_000_000, "1700000000", "2023-11-14T22:13:20Z", "2023-11-14 22:13:20",
                                "2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20.000000000Z"])  # fmt: skip
def test_a_time_is_iso_text_or_seconds_or_milliseconds(at: object) -> None:
    found = readings({"t": 1, "at": at}, "field: t, at: at, quantity: air_temperature, unit: Cel")

    assert found[0].at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("at", [0, None, "soon", -5, 1e300, "2023-13-45T00:00:00Z", True, [], "9" * 39, float("nan")])
def test_a_reading_whose_own_time_is_none_is_not_stated(at: object) -> None:
    said = warning({"t": 1, "at": at}, "field: t, at: at, quantity: air_temperature, unit: Cel")

    assert said.startswith("t: its time, at, is ")
    assert said.endswith("so it is not stated")


def test_a_time_that_may_be_absent_leaves_the_reading_to_now_but_a_broken_one_does_not() -> None:
    entry = "field: t, at: 'at?', quantity: air_temperature, unit: Cel"

    assert readings({"t": 1}, entry) == [Reading("air_temperature", 1, "Cel")]
    assert "which is no time" in warning({"t": 1, "at": "?"}, entry)


def test_ago_goes_back_from_reception_by_a_field_or_a_number() -> None:
    found = readings(
        {"a": [{"t": 1, "age": 3}, {"t": 2, "age": "60"}]},
        'field: "a[*].t", ago: {field: "a[*].age", unit: min}, quantity: air_temperature, unit: Cel',
        'field: "a[0].t", ago: 5, quantity: soil_temperature, unit: Cel',
    )

    back = [timedelta(minutes=3), timedelta(hours=1), timedelta(seconds=5)]
    assert [one.at for one in found] == [NOW - one for one in back]


def test_without_a_time_of_reception_nothing_is_counted_back() -> None:
    found, warnings = mapping('field: "v[*]", step: 60, quantity: co2, unit: "[ppm]"').readings({"v": [1, 2]}, None)

    assert found == ()
    assert warnings == ("v[*]: no time of reception is known to count back from, so it is not stated",)


@pytest.mark.parametrize("age", [1e300, "x", None, -1e18])
def test_an_age_that_no_calendar_has_states_nothing(age: object) -> None:
    assert warning({"t": 1, "age": age}, "field: t, ago: age, quantity: air_temperature, unit: Cel")


def test_a_series_may_have_its_newest_value_last() -> None:
    found = readings({"v": [1, None, 3]}, 'field: "v[*]", step: 60, newest: last, quantity: co2, unit: "[ppm]"')

    assert [(one.value, one.at) for one in found] == [(1, NOW - timedelta(minutes=2)), (3, NOW)]


def test_missing_values_keep_the_field_and_state_nothing() -> None:
    entry = "field: t, quantity: air_temperature, unit: Cel, missing: [327.67, error]"

    assert readings({"t": 327.67}, entry) == readings({"t": "327.67"}, entry) == readings({"t": "error"}, entry) == []
    assert readings({"t": 327.6}, entry)[0].value == 327.6


def test_labels_mean_what_a_person_wrote_although_yaml_reads_on_as_true() -> None:
    entry = "field: s, quantity: relay_state, labels: {on: true, off: false, 2: true}"

    assert [readings({"s": value}, entry)[0].value for value in ("ON", "off", 2, "2")] == [True, False, True, True]
    assert readings({"s": "dim"}, entry) == []


@pytest.mark.parametrize(("value", "said"), [(True, True), (0, False), ("1", True), ("FALSE", False), (1.0, True)])
def test_yes_or_no_needs_no_labels_where_it_is_plain(value: object, said: bool) -> None:  # noqa: FBT001 - of the table
    assert readings({"s": value}, "field: s, quantity: motion")[0].value is said


@pytest.mark.parametrize("value", ["open", 2, None, [], {}])
def test_what_is_neither_yes_nor_no_states_nothing(value: object) -> None:
    found, warnings = mapping("field: s, quantity: motion").readings({"s": value}, NOW)

    assert found == ()
    assert len(warnings) == (value is not None)


def test_where_takes_any_of_a_list_and_all_of_several() -> None:
    data = {"a": [{"k": 1, "ok": True, "v": 1}, {"k": 2, "ok": 1, "v": 2}, {"k": 2, "ok": False, "v": 3}, {"v": 4}]}

    found = readings(
        data,
        'field: "a[*].v", where: {"a[*].k": [1, 2], "a[*].ok": true}, channel: "{#}", quantity: co2, unit: "[ppm]"',
    )

    assert [one.value for one in found] == [1, 2]


def test_a_text_with_its_unit_behind_is_read_with_it() -> None:
    found = readings(
        {"t": "70.7 °F", "b": "3.6V", "h": "55%"},
        "field: t, quantity: air_temperature, unit: Cel",
        "field: b, quantity: battery_voltage, unit: mV",
        "field: h, quantity: relative_humidity, unit: '%'",
    )

    assert [(one.value, one.unit) for one in found] == [(70.7, "[degF]"), (3.6, "V"), (55, "%")]


@pytest.mark.parametrize(
    ("fields", "entry", "said"),
    [
        ({"t": "warm"}, "field: t, quantity: co2, unit: '[ppm]'", "t: 'warm' where a number is expected"),
        ({"t": "1_0"}, "field: t, quantity: co2, unit: '[ppm]'", "t: '1_0' where a number is expected"),
        ({"t": "nan"}, "field: t, quantity: co2, unit: '[ppm]'", "t: 'nan' where a number is expected"),
        ({"t": float("inf")}, "field: t, quantity: co2, unit: '[ppm]'", "t: inf where a number is expected"),
        ({"t": 10**400}, "field: t, quantity: co2, unit: '[ppm]'", "t: a number of very many digits where a number is expected"),
        ({"t": True}, "field: t, quantity: co2, unit: '[ppm]'", "t: True where a number is expected"),
        ({"t": {"value": 1}}, "field: t, quantity: co2, unit: '[ppm]'", "t: an object where a number is expected"),
        ({"t": [1]}, "field: t, quantity: co2, unit: '[ppm]'", "t: a list where a number is expected"),
        ({"t": "20 °C"}, "field: t, quantity: co2, unit: '[ppm]'", "t: co2 in 'Cel': 'Cel' does not convert to '[ppm]'"),
        ({"t": 1, "u": "furlong"}, "field: t, quantity: distance, unit: '@u'", "t: its unit is 'furlong', which is not known"),
        ({"t": 1}, "field: t, quantity: distance, unit: '@u'", "t: its unit is absent, which is not known"),
        ({"t": 1, "u": "°C"}, "field: t, quantity: distance, unit: '@u'", "t: distance in '\\xb0C': 'Cel' does not convert to 'm'"),
        ({"t": 1}, "field: t, quantity: co2, unit: '[ppm]', channel: '{c}'", "t: its channel, c, is absent"),
        ({"t": 1, "c": "\ud800"}, "field: t, quantity: co2, unit: '[ppm]', channel: '{c}'", "t: '\\ud800' is no name of a channel"),
        ({"t": 99}, "field: t, quantity: co2, unit: '[ppm]', valid_range: [100, 5000]", "t: 99 is not between 100 and 5000"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_in_a_warning_and_not_stated(fields: object, entry: str, said: str) -> None:
    assert warning(fields, entry) == said


def test_what_is_said_twice_counts_once_the_last() -> None:
    found, warnings = mapping('field: "a[*]", quantity: co2, unit: "[ppm]"').readings({"a": [1, 2, 3]}, NOW)

    assert found == (Reading("co2", 3, "[ppm]"),)
    assert warnings == ("2 readings were said again in this payload; the last counts",)


def test_an_endless_list_ends() -> None:
    found, warnings = mapping('field: "a[*]", channel: "{#}", quantity: co2, unit: "[ppm]"').readings(
        {"a": [1] * 9999}, NOW
    )

    assert len(found) == MOST
    assert warnings == (f"more than {MOST} readings; the rest was left out",)


def test_a_thousand_broken_elements_are_a_few_warnings() -> None:
    _, warnings = mapping('field: "a[*]", quantity: co2, unit: "[ppm]"').readings(
        {"a": [f"x{n}" for n in range(1000)]}, NOW
    )

    assert len(warnings) == MOST_WARNINGS


EVERYTHING = mapping(
    'field: "a[*].b", where: {"a[*].c": [1, x]}, channel: "{a[*].c}{#}", at: "a[*].d?", unit: "@a[*].e", quantity: co2',
    'field: "[*].b", ago: {field: "[*].d", unit: min}, step: "[*].c", quantity: air_temperature, unit: Cel',
    "field: a_*, quantity: motion, labels: {on: true, 3: false}, channel: 'x{#}'",
    "field: b, quantity: rssi, unit: 'dB{mW}', missing: [255, ''], valid_range: [-200, 0], at: d",
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["on", "ppm", "2 °C"])
)
NAMES = st.sampled_from(["a", "b", "c", "d", "e", "a_1", "items"]) | st.text(max_size=4)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=30
)


@given(ANYTHING)
def test_whatever_a_codec_returns_nothing_is_raised_and_every_reading_is_whole(fields: object) -> None:
    found, warnings = EVERYTHING.readings(fields, NOW)

    assert all(type(one.value) in {bool, int, float} for one in found)
    assert len({(one.quantity, one.channel, one.at) for one in found}) == len(found)
    assert all(len(one) < 200 and one.isprintable() for one in warnings)
