"""Tables: what each part of the language means, and what is refused with file and line."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

import pytest

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.payload_schema.document import parse
from decoders.table import TableError, compile_table

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def decode(table: str, payload: str, port: int = 1, received_at: datetime | None = NOW) -> Decoded:
    text = dedent(table)
    if text.lstrip().startswith("-"):
        text = "fields:\n" + "\n".join(f"  {line}" for line in text.strip().splitlines())
    decoder = compile_table(parse(text, "acme/th-1.yaml"), "acme/th-1", "r1")
    return decoder.decode(Payload(bytes.fromhex(payload), port, received_at))


def fields(table: str, payload: str) -> Any:
    return decode(table, payload).fields


TYPES: list[tuple[str, str, Any]] = [
    ("u8", "fe", 254),
    ("s8", "fe", -2),
    ("u16", "fedc", 0xFEDC),
    ("int16", "fedc", -292),
    ("le_u16", "fedc", 0xDCFE),
    ("u24", "fedcba", 0xFEDCBA),
    ("s24", "fedcba", -74_566),
    ("s32", "fedcba98", -19_088_744),
    ("le_u32", "fedcba98", 0x98BADCFE),
    ("u64", "fedcba9876543210", 0xFEDCBA9876543210),
    ("u32le16", "00010002", 0x20001),
    ("s32le16", "ffffffff", -1),
    ("f16", "3e00", 1.5),
    ("f32", "3fc00000", 1.5),
    ("f64", "bff8000000000000", -1.5),
    ("udec", "36", 3.6),
    ("sdec", "e6", -1.4),
    ("u8[4:7]", "36", 3),
    ("u16[4:11]", "1234", 0x23),
]


@pytest.mark.parametrize(("kind", "payload", "value"), TYPES)
def test_a_type_reads_its_octets(kind: str, payload: str, value: object) -> None:
    assert fields(f'- {{name: value, type: "{kind}"}}', payload)["value"] == value


@pytest.mark.parametrize(("kind", "payload", "value"), TYPES)
def test_every_type_says_where_a_payload_ends_too_soon(kind: str, payload: str, value: object) -> None:
    table = f'- {{name: value, type: "{kind}", consume: 1}}' if "[" in kind else f"- {{name: value, type: {kind}}}"
    with pytest.raises(DecodeError) as caught:
        decode(f"- {{name: first, type: u8}}\n{table}", "00" + payload[:-2])

    assert caught.value.reason is DecodeReason.TRUNCATED
    assert caught.value.detail.startswith("value: ")


PARTS: list[tuple[str, str, str, Any]] = [
    ("a float that is no number is absent", "- {name: a, type: f32}\n- {name: b, type: u8}", "7fc00000 01", {"b": 1}),
    ("bool reads a bit and stays", "- {name: a, type: bool, bit: 1}\n- {name: b, type: u8}", "02", {"a": True, "b": 2}),
    ("bool may move on", "- {name: a, type: bool, consume: 1}\n- {name: b, type: u8}", "0203", {"a": False, "b": 3}),
    ("octets as hex", "- {name: a, type: bytes, length: 2, separator: ':'}", "0aFF", {"a": "0a:ff"}),
    ("octets as a list", "- {name: a, type: bytes, length: remaining, format: array}", "0aff", {"a": [10, 255]}),
    ("upper hex", "- {name: a, type: 'hex:upper', length: 2}", "0aff", {"a": "0AFF"}),
    ("base64", "- {name: a, type: base64, length: 2}", "0aff", {"a": "Cv8="}),
    ("ascii", "- {name: a, type: ascii, length: 3}", "414200", {"a": "AB"}),
    ("skip", "- {type: skip, length: 2}\n- {name: a, type: u8}", "000001", {"a": 1}),
    ("a table's order", "- {name: a, type: u16, endian: little}", "0100", {"a": 1}),
    ("sign and magnitude", "- {name: a, type: u16, encoding: sign_magnitude}", "8005", {"a": -5}),
    ("binary-coded decimal", "- {name: a, type: u16, encoding: bcd}", "1234", {"a": 1234}),
    ("gray", "- {name: a, type: u8, encoding: gray}", "0d", {"a": 9}),
    ("mult, div, add, whatever their order", "- {name: a, type: u16, add: 1, div: 2, mult: 3}", "0064", {"a": 151}),
    ("transform in its own order", "- {name: a, type: u16, transform: [add: -32768, div: 10]}", "8081", {"a": 12.9}),
    ("bounds", "- {name: a, type: s8, transform: [floor: 0, ceiling: 10]}", "7f", {"a": 10}),
    ("clamp", "- {name: a, type: s8, transform: [clamp: [-1, 1]]}", "80", {"a": -1}),
    ("square root, never of less than 0", "- {name: a, type: s8, transform: [sqrt: true]}", "fc", {"a": 0}),
    ("rounding half to even", "- {name: a, type: u8, div: 10, transform: [round: 0]}", "19", {"a": 2}),
    ("rounding as an op", "- {name: a, type: u16, div: 1000, transform: [{op: round, decimals: 2}]}", "0933", {"a": 2.35}),
    ("lookup in a list", "- {name: a, type: u8, lookup: [off, 'on']}", "01", {"a": "on"}),
    ("lookup in a mapping", "- {name: a, type: u8, lookup: {5: five}}", "05", {"a": "five"}),
    ("a gap of a mapping is absent", "- {name: a, type: u8, lookup: {5: five}}", "06", {}),
    ("or its default", "- {name: a, type: u8, lookup: {5: five, default: other}}", "06", {"a": "other"}),
    ("enum", "- {name: a, type: enum, base: u8, values: {0: ok}}", "00", {"a": "ok"}),
    ("enum of an unknown value", "- {name: a, type: enum, values: {0: ok}, default: odd}", "09", {"a": "odd"}),
    ("version", "- {name: a, type: bitfield_string, prefix: v, parts: [[8, 8], [0, 8, hex]]}", "011a", {"a": "v1.1a"}),
    ("an internal field is not reported", "- {name: _a, type: u8}\n- {name: b, type: number, ref: $_a}", "07", {"b": 7}),
    ("a literal", "- {name: a, type: u8}\n- {name: b, type: number, value: 4.5}\n- {name: c, type: string, value: x}",
     "01", {"a": 1, "b": 4.5, "c": "x"}),
    ("compute", "- {name: a, type: s8}\n- {name: b, type: number, compute: {op: idiv, a: $a, b: 3}}", "f9", {"a": -7, "b": -3}),
    ("a quotient by 0 is absent", "- {name: a, type: u8}\n- {name: b, type: number, compute: {op: div, a: 1, b: $a}}",
     "00", {"a": 0}),
    ("polynomial", "- {name: a, type: u8}\n- {name: b, type: number, ref: $a, polynomial: [2, 0, 1]}", "03", {"a": 3, "b": 19}),
    ("guard", "- {name: a, type: u8}\n- {name: b, type: number, ref: $a, guard: {when: [{field: $a, gt: 5}], else: -1}}",
     "03", {"a": 3, "b": -1}),
    ("a computed name", "- {name: n, type: u8, var: ch}\n- {name: v, type: u8, name_from: 'ch_${ch}'}", "0309", {"n": 3, "ch_3": 9}),
    ("a byte group", "- byte_group: [{name: a, type: 'u8[0:3]'}, {name: b, type: 'u8[4:7]'}]\n- {name: c, type: u8}",
     "5a07", {"a": 10, "b": 5, "c": 7}),
    ("a sized byte group", "- byte_group: {size: 2, fields: [{name: a, type: 'u16[4:15]'}]}\n- {name: c, type: u8}",
     "123407", {"a": 0x123, "c": 7}),
    ("an object", "- {name: o, type: object, fields: [{name: a, type: u8}, {name: b, type: u8}]}", "0102", {"o": {"a": 1, "b": 2}}),
    ("repeat to the end", "- {name: r, type: repeat, until: end, fields: [{name: a, type: u8}]}", "0102", {"r": [{"a": 1}, {"a": 2}]}),
    ("repeat by a count read before", "- {name: n, type: u8}\n- {name: r, type: repeat, count: $n, fields: [{name: a, type: u8}]}\n- {name: z, type: u8}",
     "010203", {"n": 1, "r": [{"a": 2}], "z": 3}),
    ("repeat by length", "- {name: n, type: u8}\n- {name: r, type: repeat, byte_length: $n, fields: [{name: a, type: u16}]}",
     "020102", {"n": 2, "r": [{"a": 0x102}]}),
    ("wrap", "- {name: a, type: u8, div: 10, wrap: {unit: V}}", "21", {"a": {"unit": "V", "value": 3.3}}),
    ("whole numbers have no fraction", "- {name: a, type: u8, div: 10}", "c8", {"a": 20}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "payload", "expected"), [part[1:] for part in PARTS], ids=[part[0] for part in PARTS]
)
def test_a_part_of_the_language(table: str, payload: str, expected: object) -> None:
    assert fields(table, payload) == expected


FLAGGED = """
- {name: flags, type: u8}
- flagged:
    field: flags
    groups:
      - {bit: 0, fields: [{name: a, type: u8}]}
      - {bit: 7, fields: [{name: b, type: u8}]}
"""
MATCH = """
- {name: kind, type: u8}
- match:
    field: $kind
    cases:
      1: [{name: a, type: u8}]
      2..5: [{name: b, type: u8}]
      0x10..0x1F: [{name: c, type: u8}]
"""
TAGS = """
- tlv:
    tag_fields: [{name: channel, type: u8}, {name: kind, type: u8}]
    tag_key: [channel, kind]
    cases:
      "[1, 0x67]": [{name: a, type: u8}]
      "[2, !0]": [{name: b, type: u8}]
      "[3, *]": [{name: r, type: repeat, count: 1, fields: [{name: x, type: u8}]}]
"""
SIZED = """
- tlv:
    length_size: 1
    cases:
      1: [{name: a, type: u8}]
"""


@pytest.mark.parametrize(
    ("table", "payload", "expected"),
    [
        (FLAGGED, "81 05 06", {"flags": 0x81, "a": 5, "b": 6}),
        (FLAGGED, "80 06", {"flags": 0x80, "b": 6}),
        (FLAGGED, "00", {"flags": 0}),
        (MATCH, "01 09", {"kind": 1, "a": 9}),
        (MATCH, "05 09", {"kind": 5, "b": 9}),
        (MATCH, "1f 09", {"kind": 0x1F, "c": 9}),
        (TAGS, "0267 05 0167 06", {"b": 5, "a": 6}),
        (TAGS, "0167 05 0167 06 0167 07", {"a": [5, 6, 7]}),
        (TAGS, "0300 05 0301 06", {"r": [{"x": 5}, {"x": 6}]}),
        (SIZED, "07 02 ffff 01 01 05", {"a": 5}),
        (SIZED, "01 03 05 ffff 01 01 06", {"a": [5, 6]}),
    ],
)
def test_a_structure(table: str, payload: str, expected: object) -> None:
    assert fields(table, payload) == expected


@pytest.mark.parametrize(
    ("table", "payload", "reason"),
    [
        (MATCH, "06 09", DecodeReason.UNKNOWN_MESSAGE),
        (TAGS, "0200 05", DecodeReason.UNKNOWN_MESSAGE),
        (SIZED, "01 05 01", DecodeReason.TRUNCATED),
        (SIZED, "01 00", DecodeReason.MALFORMED),
        (SIZED, "01 00 02", DecodeReason.MALFORMED),
        ("- {name: a, type: u8, lookup: [off]}", "01", DecodeReason.MALFORMED),
        ("- {name: a, type: u8, encoding: bcd}", "1a", DecodeReason.MALFORMED),
        ("- {name: a, type: u8, transform: [pow: 400]}", "ff", DecodeReason.MALFORMED),
        ("- {name: a, type: u8}", "", DecodeReason.EMPTY),
    ],
)
def test_what_cannot_be_read_has_a_reason(table: str, payload: str, reason: DecodeReason) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(table, payload)

    assert caught.value.reason is reason


def test_what_was_read_before_an_unknown_tag_counts() -> None:
    decoded = decode(TAGS, "0167 05 7777 01")

    assert decoded.fields == {"a": 5}
    assert decoded.warnings == ("tag 77 77 at 3 is not known; not read: 777701",)


def test_octets_left_over_are_told() -> None:
    assert decode("- {name: a, type: u8}", "010203").warnings == ("2 octets at the end were not read",)


def test_a_repetition_without_progress_ends() -> None:
    table = "- {name: r, type: repeat, count: 900, fields: [{name: a, type: number, value: 1}]}\n- {name: z, type: u8}"

    assert fields(table, "05") == {"r": [{"a": 1}], "z": 5}


def test_a_value_out_of_its_range_is_told_and_kept() -> None:
    decoded = decode("- {name: a, type: s8, valid_range: [-40, 85]}", "7f")

    assert decoded.fields == {"a": 127}
    assert decoded.warnings == ("a: 127 lies outside -40 to 85",)


def test_ports_have_their_own_fields() -> None:
    table = "ports:\n  1: {fields: [{name: a, type: u8}]}\n  default: {fields: [{name: b, type: u8}]}\n"

    assert decode(table + "", "05", port=1).fields == {"a": 5}
    assert decode(table, "05", port=9).fields == {"b": 5}


def test_a_port_that_is_not_in_the_table_is_unknown() -> None:
    with pytest.raises(DecodeError, match=r"unknown_port: 9"):
        decode("ports:\n  1: {fields: [{name: a, type: u8}]}\n", "05", port=9)


def test_definitions_are_shared() -> None:
    table = "definitions:\n  head: {fields: [{name: a, type: u8}]}\nfields:\n  - $ref: '#/definitions/head'\n  - use: head\n"

    assert decode(table, "0506").fields == {"a": 6}


# ── readings ────────────────────────────────────────────────────────────────────────────────────────────────────


def readings(reading: str, payload: str = "c8", more: str = "div: 10", received_at: datetime | None = NOW) -> Any:
    table = f"- {{name: t, type: u8}}\n- {{name: a, type: u8, {more}, reading: {{{reading}}}}}"
    return decode(table, f"3c{payload}", received_at=received_at).readings


def test_a_reading_has_quantity_unit_and_channel() -> None:
    found = readings("quantity: air_temperature, unit: Cel, channel: external")

    assert found == (Reading("air_temperature", 20.0, "Cel", "external"),)


def test_a_missing_value_states_nothing() -> None:
    assert readings("quantity: air_temperature, unit: Cel, missing: [0xc8]") == ()
    assert readings("quantity: air_temperature, unit: Cel, missing: [20]") != ()


def test_labels_say_what_a_word_means() -> None:
    words = "lookup: {0: idle, 1: trigger, 2: broken}"
    labels = "quantity: motion, labels: {idle: false, trigger: true}"

    assert readings(labels, "01", words) == (Reading("motion", value=True),)
    assert readings(labels, "00", words) == (Reading("motion", value=False),)
    assert readings(labels, "02", words) == ()


def test_a_reading_may_have_a_time_of_its_own() -> None:
    (found,) = readings("quantity: air_temperature, unit: Cel, at: $t")
    (earlier,) = readings("quantity: air_temperature, unit: Cel, ago: $t")

    assert found.at == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    assert earlier.at == datetime(2026, 6, 1, 11, 59, tzinfo=UTC)


def test_a_reading_whose_time_cannot_be_known_is_not_stated() -> None:
    assert readings("quantity: air_temperature, unit: Cel, ago: $t", received_at=None) == ()


def test_the_last_of_two_readings_of_one_thing_counts() -> None:
    one = "{name: a, type: u8, reading: {quantity: co2, unit: '[ppm]'}}"
    decoded = decode(f"- {one}\n- {one}", "0102")

    assert decoded.readings == (Reading("co2", 2, "[ppm]"),)
    assert decoded.warnings


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────────

REFUSED = [
    ("fields:\n  - name: a\n    typ: u8\n", r"th-1\.yaml line 3, column 5: field 'a': a field has no key 'typ'; did you mean 'type'\?"),
    ("fields:\n  - {name: a, type: u9}\n", r"line 2, column \d+: field 'a': there is no type 'u9'"),
    ("fields:\n  - {name: a, type: versoin_string}\n", r"line 2, column 15: field 'a': there is no type .*mean 'version_string'"),
    ("fields:\n  - {name: a, type: 'u8[3+:2]'}\n", r"line 2, column 15: field 'a': type 'u8\[3\+:2\]' is no way to write bits"),
    ("fields:\n  - {name: a, type: u8, formula: x +}\n", r"line 2, column 25: field 'a': formula: the formula ends where a number is"),
    ("fields:\n  - {name: a, type: u8, div: 0}\n", r"line 2, column \d+: field 'a': div is 0"),
    ("fields:\n  - {name: a, type: u8, div: '10'}\n", r"line 2, column \d+: field 'a': div is a number, not '10'"),
    ("fields:\n  - {type: u8}\n", r"line 2, column \d+: a field has a name"),
    ("fields:\n  - {name: a, type: bytes}\n", r"line 2, column \d+: field 'a': type bytes needs a length"),
    ("fields:\n  - use: std/sensors/temperature\n", r"line 2, column \d+: there is no definition 'std/sensors/temperature'"),
    ("definitions:\n  a: [{use: a}]\nfields: [{use: a}]\n", r"line 2, column \d+: definition 'a' contains itself"),
    ("fields: []\nmetadata: {timestamps: [{mode: noon}]}\n", r"line 2, column 26: mode is one of rx_time, subtract"),
    ("fields: 5\n", r"line 1, column \d+: fields is a list"),
    ("direction: sideways\nfields: []\n", r"line 1, column 1: direction is one of uplink, downlink"),
    ("fields:\n  - tlv: {unknown: maybe, cases: {}}\n", r"line 2, column 11: unknown is one of skip, error, raw"),
    ("fields:\n  - {name: a, type: number, ref: $b}\n", r"line 2, column 5: field 'a': \$b: no field here has this name"),
    ("fields:\n  - tlv: {cases: {x: []}}\n", r"line 2, column \d+: 'x' is no tag"),
    ("fields:\n  - name: a\n    reading: {quantity: air_temprature, unit: Cel}\n",
     r"line 3, column \d+: 'air_temprature' is no quantity of the vocabulary; did you mean 'air_temperature'"),
    ("fields:\n  - name: a\n    reading: {quantity: air_temperature, unit: C}\n", r"line 3, column \d+: unit: 'C' does not convert"),
    ("fields:\n  - name: a\n    reading: {quantity: motion, unit: '%'}\n", r"line 3, column \d+: unit: '%' does not convert"),
    ("fields:\n  - {name: a, name: b}\n", r"line 2, column \d+: 'name' stands here twice"),
    ("fields: [\n", r"line 2, column \d+: .*expected"),
    ("- a\n", r"line 1: a mapping"),
    ("ports:\n  300: {fields: []}\n", r"line 2, column \d+: 300 is no port"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), REFUSED)
def test_a_table_is_refused_with_file_line_and_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(TableError, match=complaint) as caught:
        compile_table(parse(text, "acme/th-1.yaml"), "acme/th-1", "r1")

    assert str(caught.value).startswith("acme/th-1.yaml line ")


def test_annotations_of_other_platforms_are_passed_over() -> None:
    table = """
    - name: a
      type: u8
      unit: "°C"
      ipso: {object: 3303, instance: 0, resource: 5700}
      senml: {name: temperature, unit: Cel}
      semantic: air.temperature
      unece: CEL
      x-anything: 1
    """

    assert fields(table, "05") == {"a": 5}
