"""Tables that somebody has got wrong in every way there is: refused with file and line, or they read and do no harm."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from decoders.contract import DecodeError, Payload
from decoders.payload_schema import document
from decoders.payload_schema.document import Mapping, TableError
from decoders.registry import CATALOGUE, BrokenDecoder, Registry
from decoders.table import compile_table
from tests.decoders.catalogue import vectors
from tests.long_form import IS_LONG

MANY, SOME = 1500, 400  # the table that has everything is hardly ever read when something is wrong in it
WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 5, 1.5, 10**30, "", "x", "$a", "default", [], [[1]], [1, "x"], {}, {"a": 1}, {"fields": 5},
    {1: [{"name": "z", "type": "u8"}]},
)  # fmt: skip
WORDS = (
    "fields", "type", "name", "missing", "labels", "reading", "ports", "tlv", "tag_key", "tag_fields", "tag_size", "cases",
    "lookup", "transform", "count", "until", "max", "length", "values", "definitions", "compute", "guard", "wrap", "match",
    "formula", "match_value", "metadata", "use", "rename", "prefix", "header", "format", "names", "var", "at", "merge", "on",
)  # fmt: skip
EVERYTHING = """
description: All that the language has
definitions:
  pair: {fields: [{name: first, type: u8}, {name: second, type: s8, add: 1}]}
ports:
  1:
    fields:
      - {name: a, type: u8, div: 10, reading: {quantity: air_temperature, unit: Cel, missing: [255], channel: top}}
      - {name: s, type: u8}
      - {name: b, type: "u8[0:3]", lookup: {0: idle, 1: busy}}
      - {name: c, type: "u8[4:7]", consume: 1, reading: {quantity: presence, labels: {0: false, 1: true}}}
      - {name: t, type: u32}
      - {name: d, type: s16, transform: [{abs: true}, {round: 1}, {clamp: [0, 99]}], reading: {quantity: co2, unit: "[ppm]", at: $t}}
      - {name: e, type: enum, base: u8, values: [off, on]}
      - {name: f, type: bitfield_string, length: 2, parts: [[0, 4], [4, 8, hex]]}
      - {name: g, type: number, compute: {op: div, a: $a, b: 2}, guard: {when: [{field: $a, gt: 1}], else: 0}}
      - {name: h, type: number, ref: $a, polynomial: [1, 2]}
      - {name: i, type: hex, length: 2}
      - {$ref: "#/definitions/pair"}
      - flagged: {field: $s, groups: [{bit: 0, fields: [{name: j, type: u8}]}]}
      - {name: k, type: repeat, count: 2, max: 4, fields: [{name: l, type: u8}]}
      - match: {field: $s, cases: {1: [{name: m, type: u8}], "2..9": [], _: []}}
      - byte_group: {size: 1, fields: [{name: n, type: "u8[0:0]"}]}
      - {object: o, fields: [{name: p, type: udec}]}
      - {name: u, type: u16, match_value: [{when: "< 9", add: 1}, {when: ">= 9", lookup: {9: nine}}]}
      - {name: v, type: u8, formula: "x * 2 + $a"}
      - {name: w, type: version_string, length: 2}
      - {name: x, type: integer, compute: {op: mod, a: $s, b: 3}}
      - {name: y, type: hex, length: $s}
      - {use: pair, prefix: more_, rename: {first: other}}
  default:
    fields:
      - tlv:
          tag_fields: [{name: channel, type: u8}, {name: kind, type: u8}]
          tag_key: [channel, kind]
          cases:
            "[1, 0x67]": [{name: q, type: le_s16, mult: 0.1}]
            "[2, *]": [{name: r, type: u8, name_from: "r_${channel}"}]
      - tlv: {tag_size: 2, length_size: 1, merge: false, unknown: raw, cases: {1: [{name: t, type: ascii, length: remaining}], 2..5: []}}
metadata:
  include: [{name: port, source: $fPort}]
  timestamps: [{name: at, mode: subtract, offset_field: a}, {name: day, mode: iso8601, field: t, format: "%Y"}]
"""
SOURCES = ("decentlab/dl-ctd10", "milesight/em300-th", "talkpool/oy1210")


def copied(node: Any) -> Any:
    match node:
        case Mapping():
            made = Mapping({key: copied(value) for key, value in node.items()})
            made.line, made.file = node.line, node.file
            return made
        case dict():
            return as_yaml_has_it({key: copied(value) for key, value in node.items()})
        case list():
            return [copied(one) for one in node]
    return node


def as_yaml_has_it(plain: dict[Any, Any]) -> Mapping:
    made = Mapping(plain)
    made.line, made.file = 99, "fuzz.yaml"
    return made


def places(node: Any, owner: Any = None, key: Any = None) -> Iterator[tuple[Any, Any]]:
    if owner is not None:
        yield owner, key
    for inner, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(value, node, inner)


def broken(table: Mapping, chance: random.Random) -> Mapping:
    """Return a copy with one to three wrong values, missing keys or keys that do not belong there."""
    made: Mapping = copied(table)
    for _ in range(chance.randint(1, 3)):
        owner, key = chance.choice(list(places(made)))
        match chance.randrange(4):
            case 0 if isinstance(owner, dict):
                del owner[key]
            case 1 if isinstance(owner, dict):
                owner[chance.choice(WORDS)] = copied(chance.choice(WRONG))
            case _:
                owner[key] = copied(chance.choice(WRONG))
        if not made:
            break
    return made


def payloads(name: str, chance: random.Random) -> Iterator[Payload]:
    for size in (0, 1, 3, 11, 40):
        yield Payload(chance.randbytes(size), chance.choice((1, 2, 10)))
    if name in SOURCES:
        yield from (vector.payload for vector in vectors(name)[:3])


@pytest.mark.parametrize("name", ["everything", *SOURCES])
def test_a_table_with_anything_wrong_in_it_is_refused_with_its_line_or_does_no_harm(name: str) -> None:
    chance = random.Random(20261125)
    good = (
        document.parse(EVERYTHING, "fuzz.yaml") if name == "everything" else document.read(CATALOGUE / f"{name}.yaml")
    )
    said = list(payloads(name, chance))
    refused = read = without_line = 0
    tables = MANY if IS_LONG or name == "everything" else SOME

    for _ in range(tables):
        try:
            decoder = compile_table(broken(good, chance), name, "r")
        except TableError as error:
            without_line += " line " not in str(error)
            refused += 1
            continue
        for payload in said:
            try:
                decoded = decoder.decode(payload)
            except DecodeError:
                continue
            json.dumps(dict(decoded.fields), allow_nan=False)
            read += 1

    assert without_line == 0
    assert refused > tables / 10
    assert read > 0


LINES = [
    "a: [", "\x00", "a: &x {b: *x}", "? {a: 1}\n: 2", "fields: 2026-99-99", "[" * 3000, "- a", "", "fields: [1]", "a: !!python/object:x y",
    "definitions: {a: {fields: [{use: a}]}}\nfields: [{use: a}]", "definitions: 5\nfields: []", "description: ''\nfields: 3",
    "fields: [{name: a, type: u8, reading: {quantity: co2, unit: '[ppm]', missing: 255}}]",
    "fields: [{name: a, type: u8, reading: {quantity: co2, unit: '[ppm]', labels: [1]}}]",
    "fields: [{name: a, type: ascii, length: 1, mult: 1000000000000}]",
    "fields: [{name: a, type: u8, transform: [{op: round, decimals: -1000000000000}]}]",
    "fields: [{name: a, type: bitfield_string, parts: [[0, 1000000000000]]}]",
    "fields: [{tlv: {tag_size: 0, cases: {0: []}}}]",
    "fields: [{tlv: {tag_fields: [{name: a, type: u8}], tag_key: 5, cases: {}}}]",
    "fields: [{match: {length: -1, cases: {}}}]",
    "fields: [{name: a, type: u8, lookup: {x: y}}]",
    "fields: [{name: a, type: enum, values: {x: y}}]",
]  # fmt: skip


@pytest.mark.parametrize("text", LINES)
def test_a_file_that_is_no_table_is_a_broken_decoder_and_nothing_else(tmp_path: Path, text: str) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "t.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(BrokenDecoder, match=r"t\.yaml"):
        Registry.load([tmp_path], entry_points=False).get("acme/t")


def test_definitions_that_multiply_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    doubled = "\n".join(f"  d{n}: {{fields: [{{use: d{n + 1}}}, {{use: d{n + 1}}}]}}" for n in range(20))
    text = f"definitions:\n{doubled}\n  d20: {{fields: [{{name: a, type: u8}}]}}\nfields: [{{use: d0}}]\n"

    with pytest.raises(TableError, match=r"line \d+, column \d+: more than 5000 fields"):
        compile_table(document.parse(text, "t.yaml"), "acme/t", "r")


def test_a_tag_that_takes_no_octet_ends_the_payload_instead_of_the_agent() -> None:
    text = "fields: [{tlv: {tag_fields: [{name: a, type: 'u8[0:3]'}], cases: {1: []}}}]"
    decoder = compile_table(document.parse(text, "t.yaml"), "acme/t", "r")

    with pytest.raises(DecodeError, match="takes no octet"):
        decoder.decode(Payload(b"\x01\x01", 1))
