"""The dictionary proposes what native fields mean: many spellings, few mistakes, and a text that a person confirms."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoders import metadata, native_names
from decoders.contract import Payload
from decoders.dictionary import Proposal, propose
from decoders.mapping import compile_mapping
from decoders.native import Unreadable, number
from decoders.native_fields import fields
from decoders.proposing import propose_for, proposed
from decoders.registry import Registry
from decoders.vocabulary import QUANTITIES

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OUTPUTS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "vectors" / "native" / "outputs.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
IDS = [f"{one['make']}/{one['model']}" for one in OUTPUTS]


def only(*examples: Mapping[str, Any], hints: str = "") -> Proposal:
    (found,) = propose(examples, hints)
    return found


def said(name: str, value: object) -> tuple[str, str] | None:
    found = propose([{name: value}])
    return (found[0].quantity, found[0].unit) if found else None


@pytest.mark.parametrize(
    ("name", "value", "quantity", "unit"),
    [
        ("temperature", 21.5, "air_temperature", "Cel"),
        ("Temp", 21.5, "air_temperature", "Cel"),
        ("TempC_SHT", "21.53", "air_temperature", "Cel"),
        ("temp_c", -3, "air_temperature", "Cel"),
        ("temp_F", 70, "air_temperature", "[degF]"),
        ("temperatureCelsius", 21.5, "air_temperature", "Cel"),
        ("ext_temp1", 4.5, "air_temperature", "Cel"),
        ("waterTemp", 4.5, "water_temperature", "Cel"),
        ("temp_SOIL", "4.50", "soil_temperature", "Cel"),
        ("temperatureBoard", 31, "device_temperature", "Cel"),
        ("humidity", 40, "relative_humidity", "%"),
        ("Hum_SHT", 40.2, "relative_humidity", "%"),
        ("rh", 40, "relative_humidity", "%"),
        ("CO2_ppm", 523, "co2", "[ppm]"),
        ("co2", 523, "co2", "[ppm]"),
        ("BatV", 3.062, "battery_voltage", "V"),
        ("battery", 3.6, "battery_voltage", "V"),
        ("battery", 92, "battery_level", "%"),
        ("vdd", 3594, "battery_voltage", "mV"),
        ("Bat_mV", 3594, "battery_voltage", "mV"),
        ("battery_voltage", 3.3, "battery_voltage", "V"),
        ("pressure", 1013.2, "atmospheric_pressure", "hPa"),
        ("pressure", 101320, "atmospheric_pressure", "Pa"),
        ("lux", 251, "illuminance", "lx"),
        ("distance", 2116, "distance", "mm"),
        ("pm25", 12, "pm2_5", "ug/m3"),
        ("PM2_5", 12, "pm2_5", "ug/m3"),
        ("PM1_0", 12, "pm1", "ug/m3"),
        ("wind_speed_km/h", 12, "wind_speed", "km/h"),
        ("volume_m3", 12.5, "water_volume", "m3"),
        ("energy_kWh", 12.5, "active_energy_import", "kW.h"),
        ("voltageL1", 231, "voltage", "V"),
        ("pulse1", 42, "pulse_count", "1"),
        ("Latitude", 62.39, "latitude", "deg"),
        ("lufttemperatur", 4.5, "air_temperature", "Cel"),
        ("Luftfuktighet", 81, "relative_humidity", "%"),
        ("vattentemperatur", 4.5, "water_temperature", "Cel"),
        ("marktemperatur_2", 4.5, "soil_temperature", "Cel"),
        ("batterispänning", 3.6, "battery_voltage", "V"),
        ("koldioxid", 600, "co2", "[ppm]"),
        ("vindhastighet", 4, "wind_speed", "m/s"),
        ("snödjup_cm", 40, "snow_depth", "cm"),
        ("vattennivå_m", 1.2, "water_level", "m"),
    ],
)
def test_a_name_in_many_spellings_is_known(name: str, value: object, quantity: str, unit: str) -> None:
    assert said(name, value) == (quantity, unit)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature_alarm", 1),
        ("temperatureOutOfRange", 0),
        ("humidityChanged", 1),
        ("temp_min", -20),
        ("co2_max", 2500),
        ("co2threshold", 1),
        ("distanceThreshold", 50),
        ("Bat_status", 3),
        ("battery_lifetime_dys", 409),
        ("radar_signal_rssi", 8),
        ("light_level", 3),
        ("lowBatteryCounter", 12),
        ("smokeAlarmCounter", 12),
        ("DOOR_OPEN_TIMES", 7091),
        ("region_count", 3),
        ("report_interval", 600),
        ("firmware_version", 3),
        ("serial", 66031129),
        ("device_id", 571),
        ("energy_kW", 5),
        ("temperature", 1700000000),
        ("temperature", "warm"),
        ("humidity", 4000),
        ("pressure", 3.2),
        ("volume", 9989.97),
        ("distance", 0),
        ("pm2_5_number_concentration", 30.1),
        ("vapor_pressure", 1.8),
        ("water_potential", -11.7),
    ],
)
def test_what_only_looks_like_a_quantity_is_not_proposed(name: str, value: object) -> None:
    assert said(name, value) is None


def test_the_unit_that_the_payload_states_decides() -> None:
    assert propose([{"temperature": {"value": 71, "unit": "°F"}}])[0].unit == "@temperature.unit"
    assert propose([{"pressure": {"value": 24, "unit": "°C"}}]) == ()
    assert propose([{"temperature": 21, "temperature_unit": "Cel"}])[0].unit == "@temperature_unit"


def test_a_value_that_stands_for_none_is_proposed_as_missing() -> None:
    found = only({"temperature": 21.5}, {"temperature": 327.67})

    assert (found.missing, found.sure) == ((327.67,), True)


def test_examples_beyond_what_can_be_make_a_guess_and_only_such_make_none() -> None:
    assert not only({"humidity": 40}, {"humidity": 436.9}).sure
    assert propose([{"humidity": 436.9}]) == ()


def test_a_device_in_the_soil_makes_air_a_guess() -> None:
    assert only({"humidity": 40}).sure
    assert not only({"humidity": 40}, hints="Acme SM-1 soil sensor").sure
    assert not next(one for one in propose([{"humidity": 40, "conductivity": 900}]) if one.field == "humidity").sure


def test_a_leak_of_a_meter_is_no_water_on_a_floor() -> None:
    assert only({"leak": True}).quantity == "water_present"
    assert {one.quantity for one in propose([{"leak": False, "volume_m3": 5}])} == {"leak_detected", "water_volume"}


def test_words_get_labels_their_opposite_too() -> None:
    assert dict(only({"door": "open"}, {"door": "close"}).labels) == {"open": True, "close": False}
    assert dict(only({"Door_status": "OPEN"}).labels) == {"OPEN": True, "CLOSED": False, "CLOSE": False}
    assert propose([{"door": "ajar"}]) == ()


def test_two_fields_of_one_quantity_do_not_hide_each_other() -> None:
    found = propose([{"temperature": 21, "Temp": 22, "temperature_2": 23}])

    assert [(one.channel, one.sure) for one in found] == [(None, True), ("Temp", False), ("2", False)]


def test_elements_are_told_apart_by_kind_time_or_place() -> None:
    kinds = {"samples": [{"variable": "co2", "value": 500, "unit": "ppm", "date": "2026-01-01T00:00:00Z"}]}
    history = {"history": [{"timestamp": 1_700_000_000, "temperature": 3}]}
    places = {"probes": [{"temperature": 3}]}

    kind, old, place = only(kinds), only(history), propose([places])

    assert (kind.where, kind.at, kind.unit) == (("samples[*].variable", "co2"), "samples[*].date", "@samples[*].unit")
    assert (old.field, old.at, old.sure) == ("history[*].temperature", "history[*].timestamp", True)
    assert [(one.channel, one.sure) for one in place] == [("{#}", False)]


def test_every_row_of_the_table_is_of_known_words_and_quantities() -> None:
    from decoders.dictionary import _rows

    known = {word for words in native_names._words().values() for word in words}
    for words, rows in _rows().items():
        assert words <= known or next(iter(words)).startswith("#")
        assert all(row.quantity in QUANTITIES and row.certainty in {"sure", "guess", "stated"} for row in rows)


# ── published outputs ───────────────────────────────────────────────────────────────────────────────────────────


def test_nearly_half_of_all_published_numeric_fields_have_a_proposal() -> None:
    numeric = proposals = 0
    for one in OUTPUTS:
        known = {(each.field, each.where) for each in propose([one["data"]], one["model"])}
        for found in fields([one["data"]]):
            try:
                [number(value) for value in found.values]
            except Unreadable:
                continue
            if found.values and not all(isinstance(value, str) for value in found.values):
                numeric += 1
                proposals += (found.path, found.where) in known

    assert numeric > 900
    assert (
        proposals / numeric > 0.42
    )  # the rest are versions, counters of frames, thresholds, and what no city asks for


@pytest.mark.parametrize("one", OUTPUTS, ids=IDS)
def test_the_text_for_a_published_output_maps_it_without_a_warning(one: Any) -> None:
    text = proposed(one["model"], [one["data"]], one["model"])
    confirmed = re.sub(r"^  # - ", "  - ", text, flags=re.MULTILINE)

    sure = metadata.parse(text, "x.meta.yaml")
    every = metadata.parse(confirmed, "x.meta.yaml")
    readings, warnings = compile_mapping(every).readings(one["data"], NOW)

    assert len(sure.readings) <= len(every.readings)
    assert warnings == ()
    assert {reading.quantity for reading in readings} <= set(compile_mapping(every).quantities)


def test_the_text_says_what_is_sure_what_is_a_guess_and_what_stays_raw() -> None:
    text = proposed("acme/th-1", [{"TempC_SHT": 21.5, "Ext_Temp": 4.5, "fw": 7}])

    assert text.splitlines()[5:] == [
        "readings:",
        "  - {field: TempC_SHT, quantity: air_temperature, unit: Cel}  # 21.5",
        "  # guess: what the probe is in is not told by its name",
        "  # - {field: Ext_Temp, quantity: air_temperature, unit: Cel, channel: external}  # 4.5",
        "# Fields that nothing is proposed for; they travel on as raw fields:",
        "#   fw: 7",
    ]


def test_a_decoders_vectors_are_examples_and_what_does_not_decode_is_passed_over() -> None:
    registry = Registry.load(entry_points=False)
    decoder = registry.get("dragino/lht65")

    text = propose_for(decoder, [*registry.vectors("dragino/lht65"), Payload(b"", 2)])

    assert "- {field: TempC_SHT, quantity: air_temperature, unit: Cel}" in text
    assert propose_for(decoder, [Payload(b"", 2)]).endswith("readings:\n")


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["open", "ppm"])
)
NAMES = st.sampled_from(["temperature", "value", "unit", "data", "type", "time", "a b", "door", "samples"]) | st.text(
    max_size=5
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)


@given(st.lists(ANYTHING, max_size=3))
def test_whatever_a_codec_returns_the_text_is_metadata(outputs: list[object]) -> None:
    text = proposed("acme/th-1", outputs)

    read = metadata.parse(text, "x.meta.yaml")
    metadata.parse(re.sub(r"^  # - ", "  - ", text, flags=re.MULTILINE), "x.meta.yaml")
    compile_mapping(read).readings(outputs, NOW)
