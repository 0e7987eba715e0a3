"""Tables the other way round: what each part of the language becomes in octets, and what is refused in words."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

import pytest

from decoders.contract import EncodeError, Encoder, EncodeReason, Payload
from decoders.payload_schema.document import parse
from decoders.payload_schema.encoding import compile_encoder, compile_messages
from decoders.table import compile_table


def encoder(table: str) -> Encoder:
    text = dedent(table)
    if text.lstrip().startswith("-"):
        text = "direction: bidirectional\nfields:\n" + indent(text.strip(), "  ")
    found = compile_encoder(parse(text, "acme/th-1.yaml"), "acme/th-1")
    assert found is not None
    return found


def told(table: str, values: dict[str, Any]) -> str:
    return encoder(table).encode(values).data.hex()


def refusal(table: str, values: dict[str, Any]) -> EncodeError:
    with pytest.raises(EncodeError) as caught:
        encoder(table).encode(values)
    return caught.value


# name, fields, values, octets
PARTS = [
    ("whole numbers", "- {name: a, type: u16}\n- {name: b, type: s8}", {"a": 600, "b": -2}, "0258fe"),
    ("little endian", "- {name: a, type: le_u16}\n- {name: b, type: u16, endian: little}", {"a": 1, "b": 2}, "01000200"),
    ("the largest there is", "- {name: a, type: u64}", {"a": 2**64 - 1}, "ff" * 8),
    ("two words", "- {name: a, type: u32le16}", {"a": 0x01020304}, "03040102"),
    ("floats", "- {name: a, type: f32}\n- {name: b, type: f16}", {"a": 1.5, "b": 0.5}, "3fc000003800"),
    ("nibbles of decimals", "- {name: a, type: udec}\n- {name: b, type: sdec}", {"a": 3.6, "b": -0.5}, "36f5"),
    ("sign and magnitude", "- {name: a, type: u16, encoding: sign_magnitude}", {"a": -100}, "8064"),
    ("binary-coded decimal", "- {name: a, type: u16, encoding: bcd}", {"a": 1234}, "1234"),
    ("Gray code", "- {name: a, type: u8, encoding: gray}", {"a": 5}, "07"),
    ("mult, div and add are undone", "- {name: a, type: u16, mult: 2, div: 10, add: -40}", {"a": -39.8}, "0001"),
    ("fractions go to the nearest step", "- {name: a, type: s16, div: 10}", {"a": 23.14}, "00e7"),
    ("what binary arithmetic leaves is no fraction", "- {name: a, type: u8, div: 100}", {"a": 0.29}, "1d"),
    ("transform is undone", "- {name: a, type: u16, transform: [{add: -32768}, {div: 10}]}", {"a": -3276.8}, "0000"),
    ("roots and powers", "- {name: a, type: u8, transform: [sqrt: true]}", {"a": 4}, "10"),
    ("an amount has two signs", "- {name: a, type: u8, mult: -1, transform: [abs: true]}", {"a": 7}, "07"),
    ("a list of labels", "- {name: a, type: u8, lookup: [idle, active]}", {"a": "active"}, "01"),
    ("a mapping of labels", "- {name: a, type: u8, lookup: {5: five, default: other}}", {"a": "five"}, "05"),
    ("a label's number", "- {name: a, type: u8, lookup: {5: five}}", {"a": 5}, "05"),
    ("truth is no number", "- {name: a, type: u8, lookup: {1: true, 2: 1}}", {"a": 1}, "02"),
    ("enum", "- {name: a, type: enum, base: u16, values: {3: ok}}", {"a": "ok"}, "0003"),
    ("bits", "- {name: a, type: 'u8[0:3]'}\n- {name: b, type: 'u8[4:7]', consume: 1}\n- {name: c, type: u8}",
     {"a": 10, "b": 5, "c": 7}, "5a07"),
    ("truths in one octet", "- {name: a, type: bool, bit: 0}\n- {name: b, type: bool, bit: 7, consume: 1}",
     {"a": True, "b": True}, "81"),
    ("a byte group", "- byte_group: {size: 2, fields: [{name: a, type: 'u16[4:15]'}]}\n- {name: c, type: u8}",
     {"a": 0x123, "c": 7}, "123007"),
    ("texts are filled up", "- {name: a, type: ascii, length: 4}", {"a": "ab"}, "61620000"),
    ("octets", "- {name: a, type: hex, length: 2}\n- {name: b, type: bytes, length: 2, separator: ':'}",
     {"a": "C0de", "b": "01:ff"}, "c0de01ff"),
    ("base64 and lists", "- {name: a, type: base64, length: 2}\n- {name: b, type: bytes, length: 1, format: array}",
     {"a": "wN4=", "b": [7]}, "c0de07"),
    ("all that is given", "- {name: a, type: bytes, length: remaining}", {"a": "010203"}, "010203"),
    ("a version", "- {name: a, type: bitfield_string, prefix: v, parts: [[8, 8], [0, 8, hex]]}", {"a": "v1.1a"}, "011a"),
    ("padding", "- {name: a, type: u8}\n- {type: skip, length: 2}\n- {name: _b, type: u8}", {"a": 1}, "01000000"),
    ("what a field always is", "- {name: kind, type: u8, value: 0x12}\n- {name: a, type: u8}", {"a": 1}, "1201"),
    ("what it is otherwise", "- {name: a, type: u8}\n- {name: b, type: u8, default: 9}", {"a": 1}, "0109"),
    ("an object", "- {name: o, type: object, fields: [{name: a, type: u8}, {name: b, type: u8}]}", {"o": {"a": 1, "b": 2}}, "0102"),
    ("a wrapped value", "- {name: a, type: u8, wrap: {unit: V}}", {"a": {"unit": "V", "value": 3}}, "03"),
    ("a computed name", "- {name: n, type: u8, var: ch}\n- {name: v, type: u8, name_from: 'ch_${ch}'}", {"n": 3, "ch_3": 9}, "0309"),
    ("definitions", "- {name: a, type: u8}\n- {name: b, type: number, value: 4}", {"a": 1, "b": 4}, "01"),
]  # fmt: skip

FLAGGED = """
- {name: flags, type: u8}
- flagged:
    field: flags
    groups:
      - {bit: 0, fields: [{name: a, type: u8}]}
      - {bit: 7, fields: [{name: b, type: u8}]}
"""
MATCH = """
- {name: kind, type: u8, var: k}
- match:
    field: $k
    cases:
      1: [{name: a, type: u8}]
      2: [{name: b, type: u8}, {name: c, type: u8}]
      0x10..0x1F: [{name: b, type: u8}]
"""
INLINE = "- match: {length: 1, name: kind, cases: {1: [{name: a, type: u8}], 2: [{name: b, type: u8}]}}"
REPEAT = (
    "- {name: n, type: u8}\n- {name: r, type: repeat, count: $n, fields: [{name: a, type: u8}]}\n- {name: z, type: u8}"
)
LENGTH = "- {name: n, type: u8}\n- {name: r, type: repeat, byte_length: $n, fields: [{name: a, type: u16}]}"
TAGS = """
- tlv:
    tag_fields: [{name: channel, type: u8}, {name: kind, type: u8}]
    tag_key: [channel, kind]
    cases:
      "[1, 0x67]": [{name: a, type: s16, div: 10, endian: little}]
      "[2, 0x68]": [{name: b, type: u8, div: 2}, {name: c, type: u8}]
      "[3, *]": [{name: d, type: u8}]
      "[8, 1]": [{name: e, type: u8, div: 100}]
      "[8, 2]": [{name: e, type: u16}]
"""
SIZED = "- tlv: {length_size: 1, cases: {1: [{name: a, type: u8}], 0x20: [{name: b, type: u16}]}}"
CURVE = """
- {name: raw, type: u16, div: 50}
- {name: moisture, type: number, ref: $raw, polynomial: [0.0000043, -0.00055, 0.0292, -0.053]}
- {name: half, type: number, compute: {op: div, a: $raw, b: 2}}
"""
LISTED = "- tlv: {length_size: 1, merge: false, unknown: raw, cases: {1: [{name: a, type: u8}]}}"
OLD = "- {name: kind, type: u8}\n- {type: match, 'on': kind, cases: [{case: 1, fields: [{name: a, type: u8}]}, {case: [2, 3], fields: [{name: b, type: u8}]}]}"
STRUCTURES: list[tuple[str, dict[str, Any], str]] = [
    (FLAGGED, {"b": 6}, "8006"),
    (FLAGGED, {"flags": 0x81, "a": 5, "b": 6}, "810506"),
    (FLAGGED, {"flags": 0}, "00"),
    (MATCH, {"kind": 1, "a": 9}, "0109"),
    (MATCH, {"a": 9}, "0109"),
    (MATCH, {"b": 1, "c": 2}, "020102"),
    (MATCH, {"kind": 0x12, "b": 1}, "1201"),
    (INLINE, {"b": 9}, "0209"),
    (INLINE, {"kind": 1, "a": 9}, "0109"),
    (REPEAT, {"r": [{"a": 2}, {"a": 3}], "z": 4}, "02020304"),
    (REPEAT, {"n": 0, "z": 4}, "0004"),
    (LENGTH, {"r": [{"a": 1}, {"a": 2}]}, "0400010002"),
    (TAGS, {"a": 23.1}, "0167e700"),
    (TAGS, {"c": 1, "b": 54.5, "a": -1}, "02686d010167f6ff"),
    (TAGS, {"a": [1, 2]}, "01670a0001671400"),
    (TAGS, {"e": 0.29}, "08011d"),
    (TAGS, {"e": 600}, "08020258"),
    (SIZED, {"b": 0x102, "a": 5}, "20020102010105"),
    (CURVE, {"raw": 10}, "01f4"),
    (CURVE, {"moisture": 0.1883}, "01f4"),
    (CURVE, {"raw": 10, "moisture": 0.1883, "half": 5}, "01f4"),
    (CURVE, {"half": 5}, "01f4"),
    (
        LISTED,
        {"channels": [{"tag": [1], "a": 5}, {"tag": [9], "raw": "ffff"}, {"tag": [1], "a": 6}]},
        "010105 0902ffff 010106",
    ),
    (OLD, {"kind": 2, "b": 5}, "0205"),
    (OLD, {"a": 5}, "0105"),
    (
        "- {name: n, type: u8}\n- {name: a, type: ascii, length: $n}\n- {name: b, type: u8}",
        {"a": "abc", "b": 9},
        "03 616263 09",
    ),
    ("- {name: a, type: u16, match_value: [{when: '>= 32768', add: -65536}]}", {"a": -2}, "fffe"),
    ("- {name: a, type: u16, match_value: [{when: '>= 32768', add: -65536}]}", {"a": 2}, "0002"),
    ("- {name: a, type: u8, polynomial: [2, 3]}", {"a": 11}, "04"),
    ("- {name: a, type: u8, polynomial: [0.01, 0.1, 0]}", {"a": 2}, "0a"),
    ("- {name: a, type: u16, formula: x / 10 - 40}", {"a": 23.1}, "0277"),
    ("- {name: a, type: version_string, prefix: v}", {"a": "v1.2.3"}, "010203"),
    ("- {name: a, type: u16, formula: x / 10 - 40, encode_formula: (x + 40) * 10}", {"a": 23.1}, "0277"),
    ("- {name: a, type: u8}\n- {name: b, type: number, formula: $a * 2 + 1}", {"a": 3, "b": 7}, "03"),
]


@pytest.mark.parametrize(("fields", "values", "octets"), [part[1:] for part in PARTS], ids=[part[0] for part in PARTS])
def test_a_part_of_the_language_in_octets(fields: str, values: dict[str, Any], octets: str) -> None:
    assert told(fields, values) == octets


@pytest.mark.parametrize(("fields", "values", "octets"), STRUCTURES)
def test_a_structure_in_octets(fields: str, values: dict[str, Any], octets: str) -> None:
    assert told(fields, values) == octets.replace(" ", "")


@pytest.mark.parametrize(("fields", "values", "octets"), [*(part[1:] for part in PARTS), *STRUCTURES])
def test_what_was_told_is_read_as_it_was_said(fields: str, values: dict[str, Any], octets: str) -> None:
    text = "fields:\n" + indent(fields.strip(), "  ")
    decoder = compile_table(parse(text, "acme/th-1.yaml"), "acme/th-1", "r1")

    read = decoder.decode(Payload(bytes.fromhex(octets), 1)).fields

    again = compile_messages(parse(text, "acme/th-1.yaml"), "acme/th-1").encode(dict(read))
    assert again.data == bytes.fromhex(octets)
    assert {name for name in values if not name.startswith("_")} <= set(read)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("- {name: interval, type: u16}", {"interval": 70000}, "interval: 70000 does not fit into u16 (0 to 65535)"),
    ("- {name: t, type: s16, div: 10}", {"t": 4000}, "t: 4000 does not fit into s16 (-3276.8 to 3276.7)"),
    ("- {name: t, type: u16, mult: 60}", {"t": 90}, "t: 90 lies between two steps of the device; 60 and 120 are some"),
    ("- {name: t, type: u8}", {"t": 1.5}, "t: 1.5 lies between two steps of the device; 1 and 2 are some"),
    ("- {name: t, type: u8}", {"t": True}, "t: True where a number is expected"),
    ("- {name: t, type: u8}", {"t": "5"}, "t: '5' where a number is expected"),
    ("- {name: t, type: f32}", {"t": float("nan")}, "t: nan where a finite number is expected"),
    ("- {name: t, type: f16}", {"t": 70000}, "t: 70000 does not fit into f16 (-65504 to 65504)"),
    ("- {name: t, type: u8, valid_range: [1, 60]}", {"t": 0}, "t: 0 lies outside 1 to 60"),
    ("- {name: t, type: u8, transform: [clamp: [1, 9]]}", {"t": 10}, "t: 10 lies outside 1 to 9"),
    ("- {name: t, type: u8, lookup: [idle, active]}", {"t": "actve"},
     "t: 'actve' is none of 'idle', 'active'; did you mean 'active'?"),
    ("- {name: t, type: u8, lookup: {1: idle, default: odd}}", {"t": "odd"},
     "t: 'odd' stands for every value that has no name, so it does not say which"),
    ("- {name: t, type: bool}", {"t": 2}, "t: 2 where true or false is expected"),
    ("- {name: t, type: ascii, length: 2}", {"t": "abc"}, "t: 'abc' has 3 octets where 2 are expected"),
    ("- {name: t, type: hex, length: 2}", {"t": "0x"}, "t: '0x' where hex digits are expected, two for each octet"),
    ("- {name: t, type: u8, value: 3}\n- {name: a, type: u8}", {"a": 1, "t": 4}, "t: 4 where it is always 3"),
    ("- {name: a, type: u8}\n- {name: b, type: u8}", {"b": 1}, "a: it is missing, and the other values do not say it"),
    ("- {name: o, type: object, fields: [{name: a, type: u8}]}", {"o": {"a": 256}}, "o.a: 256 does not fit into u8 (0 to 255)"),
    ("- {name: o, type: object, fields: [{name: a, type: u8}]}", {"o": 1}, "o: 1 where an object of a is expected"),
    (REPEAT, {"n": 3, "r": [], "z": 1}, "n: 3 where the other values make it 0"),
    (REPEAT, {"r": [{"a": 1}, {"a": "x"}], "z": 1}, "r[1].a: 'x' where a number is expected"),
    (FLAGGED, {"flags": 1, "a": 1, "b": 2}, "b: it has no place beside the other values"),
    (MATCH, {"kind": 9, "a": 1}, "kind: 9 is none of 1, 2"),
    (MATCH, {"a": 1, "b": 2}, "kind: it is missing; one of 1, 2 is expected"),
    ("- {name: b, type: u8}\n- {name: a, type: u16, formula: x * $b}", {"a": 1, "b": 1},
     "a: 1 cannot be told: its formula has no encode_formula of x alone"),
    ("- {name: a, type: u32, polynomial: [1, 0, 1]}", {"a": 5}, "a: 5 cannot be told: nothing leads back from a curve over so many values"),
    ("- {name: a, type: s8, polynomial: [1, 0, 1]}", {"a": 5}, "a: 5 stands for 2 values of the device"),
    (LISTED, {"channels": [{"tag": [9], "a": 5}]}, "channels[0]: there is no tag [9]"),
    (LISTED, {"channels": [{"a": 5}]}, "channels[0]: {'a': 5} where an object with its tag, a list of numbers, is expected"),
    ("- {name: a, type: u8}\n- {name: b, type: number, formula: $a * 2}", {"a": 3, "b": 7}, "b: 7 where 6 follows from the other values"),
    (TAGS, {"d": 1}, "d: tag [3, *] stands for many, so it does not say which"),
    (CURVE, {"raw": 10, "moisture": 0.5}, "moisture: 0.5 where 0.1883 follows from the other values"),
    (CURVE, {"moisture": -1}, "moisture: -1 lies outside -0.053 to 8775.65; give raw itself"),
    ("- {name: r, type: repeat, until: end, fields: [{name: a, type: u64}]}", {"r": [{"a": 1}] * 31},
     "r[30].a: the message grows beyond 242 octets, the most that a downlink holds"),
    ("- {name: a, type: 'u8[0:3]'}\n- {name: b, type: 'u8[3:4]'}", {"a": 15, "b": 0},
     "b: it shares bits with another value, which says otherwise"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "values", "words"), REFUSED)
def test_what_cannot_be_told_is_refused_in_words(fields: str, values: dict[str, Any], words: str) -> None:
    error = refusal(fields, values)

    assert (error.reason, error.detail) == (EncodeReason.WRONG_VALUE, words)


@pytest.mark.parametrize("fields", [*(part[1] for part in PARTS), *(part[0] for part in STRUCTURES)])
def test_values_of_any_kind_are_told_or_refused(fields: str) -> None:
    found = encoder(fields)

    for name in ("a", "b", "n", "r", "o", "e", "raw", "moisture", "kind", "flags"):
        for value in HOSTILE:
            try:
                found.encode({name: value})
            except EncodeError as error:
                assert error.reason is not EncodeReason.FAILED  # noqa: PT017 - both outcomes are right


HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2**70, 1.5, 1e308, float("nan"), float("-inf"), "", "on", "\ud800", [], [1], [{"a": 1}], [[]], {},
    {"a": {}}, {"value": []}, b"\0",
)  # fmt: skip
