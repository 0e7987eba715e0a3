"""What an editor is told of tables, metadata and vectors is what the loader takes: all of the catalogue, and no misspelt key."""

from __future__ import annotations

import json
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from decoders import editor_schemas
from decoders.payload_schema import document
from decoders.registry import CATALOGUE

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference"
FILES = sorted(CATALOGUE.glob("*/*.yaml"))


@cache
def validator(kind: str) -> Draft7Validator:
    schema = json.loads((REFERENCE / f"decoder-{kind}.schema.json").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def plain(node: Any) -> Any:
    """Return what JSON has of a YAML document, as an editor sees it: keys and times are texts."""
    if isinstance(node, dict):
        return {str(list(key) if isinstance(key, tuple) else key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(one) for one in node]
    return node if isinstance(node, bool | int | float | str | None) else str(node)


def problems(kind: str, text: str) -> list[str]:
    return [error.message for error in validator(kind).iter_errors(plain(document.parse(text, "th-1.yaml")))]


def kind_of(path: Path) -> str:
    return next((kind for kind in ("vectors", "meta") if path.name.endswith(f".{kind}.yaml")), "table")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_of_the_catalogue_is_valid(path: Path) -> None:
    found = [error.message for error in validator(kind_of(path)).iter_errors(plain(document.read(path)))]

    assert found == []


FIELD = "fields: [{{name: a, type: u8, {}}}]"


@pytest.mark.parametrize(
    "text",
    [
        "field: []",
        FIELD.format("dvi: 10"),
        FIELD.format("div: '10'"),
        FIELD.format("endian: middle"),
        FIELD.format("reading: {quantity: air_temprature, unit: Cel}"),
        FIELD.format("reading: {quantity: air_temperature, unt: Cel}"),
        "fields: [{name: a, type: u9}]",
        "fields: [{tlv: {tag_sise: 1, cases: {1: [{name: a}]}}}]",
        "fields: [{tlv: {cases: {1: [{name: a, typ: u8}]}}}]",
        "fields: [{match: {field: $a, cases: {1: [{name: a, typ: u8}]}}}]",
        "fields: [{flagged: {field: a, groups: [{bit: 0, field: []}]}}]",
        "fields: [{name: o, type: object, fields: [{name: a, typ: u8}]}]",
        "ports: {1: {fields: [{name: a, typ: u8}]}}",
        "ports: {x: {fields: []}}",
        "fields: [{use: head, nam: a}]",
        "downlink_commands: {a: {comand_id: 1}}",
    ],
)
def test_a_misspelt_key_of_a_table_is_seen(text: str) -> None:
    assert len(problems("table", text)) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("meta", "reading: []"),
        ("meta", "readings: [{field: a, quantity: air_temprature, unit: Cel}]"),
        ("meta", "readings: [{feld: a, field: a, quantity: co2}]"),
        ("meta", "context: kepd"),
        ("vectors", "vector: []"),
        ("vectors", "vectors: [{nam: a, payload: '00'}]"),
        ("vectors", "vectors: [{payload: '00', error: truncatd}]"),
        ("vectors", "vectors: [{payload: '00', readings: [{quantity: co2, value: 1, unt: s}]}]"),
        ("vectors", "commands: [{command: {}, f_prt: 1}]"),
    ],
)
def test_a_misspelt_key_beside_a_decoder_is_seen(kind: str, text: str) -> None:
    assert len(problems(kind, text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "fields: '>B:version 2x H:value'",
        FIELD.format("x-anything: 1"),
        "fields: [{name: n, type: u8}, {name: r, type: repeat, count: $n, fields: [{name: a, type: 'u16[0:3]'}]}]",
        "fields: [{byte_group: [{name: a, type: 'u8[0:3]'}]}, {byte_group: {size: 2, fields: []}}]",
        "fields: [{use: head}, {$ref: '#/definitions/head'}]",
        "direction: downlink\nf_port: 85\ndownlink_commands: {a: {command_id: 0x01, fields: [{name: b, type: le_u16}]}}",
        "same_as: elsys/ers\ndescription: Elsys ERS CO2",
    ],
)
def test_what_the_language_has_is_valid(text: str) -> None:
    assert problems("table", text) == []


def test_metadata_of_every_kind_is_valid() -> None:
    text = """
description: Acme
ports: [2]
context: device
readings:
  - {field: temperature, quantity: air_temperature, unit: Cel}
  - {field: "samples[*].value", where: {"samples[*].variable": Tilt}, at: "samples[*].date", quantity: tilt, unit: "@samples[*].unit"}
"""

    assert problems("meta", text) == []


def test_every_word_of_the_loader_is_explained_to_the_editor() -> None:
    whole = editor_schemas.table()
    mappings = [whole, _last_else(whole["definitions"]["field"]), editor_schemas.metadata_file()]

    unexplained = [word for mapping in mappings for word, schema in mapping["properties"].items() if schema == {}]

    assert unexplained == []


def _last_else(schema: dict[str, Any]) -> dict[str, Any]:
    return _last_else(schema["else"]) if "else" in schema else schema


def test_the_schemas_in_the_reference_are_what_the_code_says() -> None:
    pages = runpy.run_path(str(REFERENCE.parent.parent / "scripts" / "generate_decoder_schemas.py"))["pages"]()

    stale = [path.name for path, text in pages.items() if path.read_text(encoding="utf-8") != text]

    assert stale == [], "run scripts/generate.py"
