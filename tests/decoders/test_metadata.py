"""A ``.meta.yaml`` is read whole or refused with file, line and what would be right; paths find what they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoders import field_path, metadata
from decoders.contract import DecodeError, DecodeReason, Payload, Reading
from decoders.metadata import Context
from decoders.payload_schema.document import TableError
from decoders.registry import BrokenDecoder, Registry

WHOLE = """
description: Acme TH-1, air temperature and humidity
source: https://example.org/th-1.js
licence: Apache-2.0
origin: acme/codecs th-1.js at 1a2b3c
ports: [2, 3]
context: device
x-note: somebody else's key
readings:
  - {field: temperature, quantity: air_temperature, unit: Cel}
"""


def wrong(entry: str) -> str:
    with pytest.raises(TableError) as caught:
        metadata.parse(f"readings:\n  - {{{entry}}}\n", "th-1.meta.yaml")
    assert str(caught.value).startswith("th-1.meta.yaml line 2")
    return str(caught.value)


def test_all_that_a_file_says_is_read(tmp_path: Path) -> None:
    path = tmp_path / "th-1.meta.yaml"
    path.write_text(WHOLE)

    read = metadata.read(path)

    assert (read.description, read.licence) == ("Acme TH-1, air temperature and humidity", "Apache-2.0")
    assert (read.source, read.origin) == ("https://example.org/th-1.js", "acme/codecs th-1.js at 1a2b3c")
    assert (read.ports, read.context) == ((2, 3), Context.DEVICE)
    assert [(rule.field.text, rule.quantity, rule.unit) for rule in read.readings] == [
        ("temperature", "air_temperature", "Cel")
    ]


def test_the_digest_changes_with_the_content(tmp_path: Path) -> None:
    first, second = tmp_path / "a.meta.yaml", tmp_path / "b.meta.yaml"
    first.write_text(WHOLE)
    second.write_text(WHOLE.replace("Cel", "K"))

    assert metadata.read(first).digest != metadata.read(second).digest


def test_a_file_that_says_nothing_about_readings_states_nothing() -> None:
    assert metadata.parse("description: x\nreadings:\n", "f").readings == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("descripton: x", "metadata has no key 'descripton'; did you mean 'description'?"),
        ("a: b\nports: [70000]", "metadata has no key 'a'"),
        ("ports: [70000]", "ports: 70000 is no port; a list of 1 to 255 is expected, as [2, 3]"),
        ("ports: two", "ports: 'two' is no port"),
        ("context: once", "context is fresh, device, kept, not 'once'"),
        ("readings: {field: a}", "readings is a list, each `- {field: temperature,"),
        ("source: [a]", "source is a text, not ['a']"),
        ("[1, 2]", "a mapping (`key: value`) is expected"),
        ("readings:\n- {", ""),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(TableError) as caught:
        metadata.parse(text, "f")

    assert str(caught.value).startswith("f line ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("quantity: co2", "field: None is no path; e.g. temperature, soil.moisture or history[*].temp is one"),
        ("field: a..b, quantity: co2", "field: 'a..b' is no path at '.b'"),
        ("field: 'a[', quantity: co2", "field: 'a[' is no path at '['; a name with odd characters stands in quotes"),
        ("field: 'a*b*c', quantity: co2", "'a*b*c': a name has one * at most"),
        ("field: t, quantity: air_temp", "'air_temp' is no quantity of the vocabulary; did you mean 'air_temperature'?"),
        ("field: t, quantity: air_temperature, unit: °C", "in UCUM it is written 'Cel'"),
        ("field: t, quantity: air_temperature, unit: hPa", "unit: 'hPa' does not convert to 'Cel'; air_temperature is in 'Cel'"),
        ("field: t, quantity: air_temperature", "unit: '1' does not convert to 'Cel'"),
        ("field: t, quantity: co2, unit: '[ppm]', scale: 10", "a reading has no key 'scale'"),
        ("field: t, quantity: co2, unit: '[ppm]', missing: 255", "missing is a list of values, as [255, error], not 255"),
        ("field: t, quantity: motion, labels: {}", "labels say what each value means, as {open: true, closed: false}"),
        ("field: t, quantity: motion, labels: {a: b}", "labels say what each value means"),
        ("field: t, quantity: co2, unit: '[ppm]', valid_range: [1]", "valid_range is [least, greatest], not [1]"),
        ("field: t, quantity: co2, unit: '[ppm]', where: 5", "where is a mapping"),
        ("field: t, quantity: co2, unit: '[ppm]', where: {a: {b: 1}}", "where is a list of values"),
        ("field: t, quantity: co2, unit: '[ppm]', channel: 'a{b'", "a word is expected, or one with a path in braces"),
        ("field: t, quantity: co2, unit: '[ppm]', channel: '{#}'", "step and {#} are of a field with [*]"),
        ("field: t, quantity: co2, unit: '[ppm]', step: 600", "step and {#} are of a field with [*]"),
        ("field: t, quantity: co2, unit: '[ppm]', at: 'h[*].t'", "'h[*].t' has more [*] than the field 't' it goes with"),
        ("field: t, quantity: co2, unit: '[ppm]', at: a, ago: b", "a reading has at or ago, not both"),
        ("field: t, quantity: co2, unit: '[ppm]', ago: {field: a, unit: m}", "ago: 'm' does not convert to 's'"),
        ("field: t, quantity: co2, unit: '[ppm]', newest: middle", "newest is first or last, not 'middle'"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_refused_with_what_would_be_right(entry: str, message: str) -> None:
    assert message in wrong(entry)


# ── paths ───────────────────────────────────────────────────────────────────────────────────────────────────────

DATA = {
    "temperature": 1,
    "4-20_mA": 2,
    "ER+_s": {"value": 3},
    "a.b": {"c d": 4},
    "history": [{"temp": 5}, {"temp": None}, {}, {"temp": 8}],
    "line_1_in": 9,
    "line_12_in": 10,
    "line_x_in": 11,
    "grid": [[12, 13], [14]],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("temperature", [((), 1)]),
        ("4-20_mA", [((), 2)]),
        ("ER+_s.value", [((), 3)]),
        ("'a.b'.c d", [((), 4)]),
        ('["a.b"]["c d"]', [((), 4)]),
        ("history[3].temp", [((), 8)]),
        ("history[9].temp", []),
        ("history[*].temp", [((0,), 5), ((3,), 8)]),
        ("line_*_in", [(("1",), 9), (("12",), 10)]),
        ("'line_*_in'", []),
        ("grid[*][*]", [((0, 0), 12), ((0, 1), 13), ((1, 0), 14)]),
        ("temperature.x", []),
        ("temperature[*]", []),
        ("history.temp", []),
    ],
)
def test_a_path_finds_what_it_names_and_nothing_else(path: str, found: list[object]) -> None:
    assert list(field_path.parse(path).all(DATA)) == found


def test_two_paths_are_taken_at_the_same_place() -> None:
    data = {"times": [7, 8], "values": [{"x": 1}, {"x": 2}]}

    assert field_path.parse("times[*]").at(data, (1,)) == 8
    assert field_path.parse("values[*].x").at(data, (1,)) == 2
    assert field_path.parse("values[*].x").at(data, (5,)) is None


@given(st.text(max_size=20))
def test_any_name_is_found_under_its_quoted_form(name: str) -> None:
    if '"' in name and "'" in name:
        return  # no codec's name has both

    path = field_path.parse(field_path.quoted(name))

    assert path.at({name: 1}) == 1


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_a_complaint(text: str) -> None:
    try:
        path = field_path.parse(text)
    except ValueError:
        return
    assert list(path.all({})) == []


# ── beside a table and a function ───────────────────────────────────────────────────────────────────────────────

TABLE = "name: th\nfields:\n  - {name: temp, type: s16, div: 10}\n"
FUNCTION = """
from decoders.contract import Decoded, Payload, Reading


def decode(payload: Payload) -> Decoded:
    return Decoded((Reading("co2", 400, "[ppm]"),), {"temp": payload.data[0], "co2": 500})
"""


def folder(path: Path, **files: str) -> Registry:
    (path / "acme").mkdir()
    for name, text in files.items():
        (path / "acme" / name.replace("__", ".")).write_text(text)
    return Registry.load([path], entry_points=False)


META = "description: Acme TH\nlicence: MIT\nports: [2]\nreadings:\n  - {field: temp, quantity: air_temperature, unit: Cel}\n"


def test_a_table_of_somebody_else_gets_its_quantities_from_its_metadata(tmp_path: Path) -> None:
    registry = folder(tmp_path, th__yaml=TABLE, th__meta__yaml=META)

    decoded = registry.get("acme/th").decode(Payload(b"\x00\xea", 2))

    assert registry.names().count("acme/th") == 1
    assert "acme/th.meta" not in registry.names()
    assert decoded.readings == (Reading("air_temperature", 23.4, "Cel"),)
    described = registry.describe("acme/th")
    assert (described.title, described.licence, described.ports) == ("Acme TH", "MIT", (2,))
    assert described.quantities == ("air_temperature",)
    assert registry.problems() == []


def test_a_port_that_the_metadata_does_not_name_is_unknown(tmp_path: Path) -> None:
    decoder = folder(tmp_path, th__yaml=TABLE, th__meta__yaml=META).get("acme/th")

    with pytest.raises(DecodeError) as caught:
        decoder.decode(Payload(b"\x00\xea", 5))

    assert caught.value.reason is DecodeReason.UNKNOWN_PORT


def test_the_metadatas_reading_stands_in_the_place_of_the_functions_own(tmp_path: Path) -> None:
    meta = "readings:\n  - {field: temp, quantity: air_temperature, unit: Cel}\n  - {field: co2, quantity: co2, unit: '[ppm]'}\n"
    decoder = folder(tmp_path, th__py=FUNCTION, th__meta__yaml=meta).get("acme/th")

    readings = decoder.decode(Payload(b"\x15", 1)).readings

    assert readings == (Reading("co2", 500, "[ppm]"), Reading("air_temperature", 21, "Cel"))


def test_the_revision_changes_with_the_metadata_and_the_agent_sees_it(tmp_path: Path) -> None:
    registry = folder(tmp_path, th__yaml=TABLE)
    bare = registry.get("acme/th").revision
    (tmp_path / "acme" / "th.meta.yaml").write_text(META)

    assert registry.look_again()
    first = registry.get("acme/th").revision
    (tmp_path / "acme" / "th.meta.yaml").write_text(META.replace("air_temperature", "water_temperature"))
    assert registry.look_again()

    assert len({bare, first, registry.get("acme/th").revision}) == 3


def test_broken_metadata_is_a_broken_decoder_and_its_line_is_told(tmp_path: Path) -> None:
    registry = folder(tmp_path, th__yaml=TABLE, th__meta__yaml="readings:\n  - {field: temp, quantity: heat}\n")

    with pytest.raises(BrokenDecoder, match=r"th\.meta\.yaml line 2.*: quantity: 'heat' is no quantity"):
        registry.get("acme/th")
    assert len(registry.problems()) == 1


def test_metadata_of_no_decoder_is_told(tmp_path: Path) -> None:
    registry = folder(tmp_path, gone__meta__yaml=META)

    problems = registry.problems()

    assert len(problems) == 1
    assert "gone.meta.yaml: metadata of no decoder" in problems[0]


def test_the_examples_of_the_guide_are_metadata() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "decoders.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    whole = next(one for one in blocks if "context: fresh" in one)
    families = next(one for one in blocks if one.startswith("# Watteco"))

    assert len(metadata.parse(whole, "guide").readings) == 4
    assert len(metadata.parse(f"readings:\n{families}", "guide").readings) == 6
