"""Tables that mean harm: refused with their line, or they end in bounded time and memory."""

from __future__ import annotations

import json
import random
import resource
import time
from pathlib import Path

import pytest

from decoders.contract import DecodeError, Payload
from decoders.payload_schema import document
from decoders.payload_schema.document import TableError, parse
from decoders.table import Table, compile_table

SOON = 5.0  # seconds; the slowest of these takes half a second, on a busy machine more
SMALL = 1 << 20  # octets of what is decoded, as JSON
MOST = bytes(range(1, 243))  # a payload as long as any in EU868
DEEP = 300


def nested(depth: int) -> str:
    return "fields: [" + "{name: o, type: object, fields: [" * depth + "{name: a, type: u8}" + "]}" * depth + "]"


def matches(depth: int) -> str:
    return (
        "fields: [{name: n, type: u8}, "
        + "{match: {field: $n, cases: {1: [" * depth
        + "{name: a, type: u8}"
        + "]}}}" * depth
        + "]"
    )


def merges(depth: int) -> str:
    text = "&a0 {k: 1}"
    for level in range(1, depth + 1):
        text = f"&a{level} {{<<: [{text}{f', *a{level - 1}' * 9}]}}"
    return text


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    "fields within fields": (nested(DEEP), r"line 1, column \d+: .*within each other|recursion"),
    "matches within matches": (matches(DEEP), r"line 1, column \d+: .*within each other|recursion|nesting depth"),
    "aliases of aliases": (LAUGHS + "\nfields: []", r"line 1, column 1: more than 200000 values"),
    "a file without end": ("# " + "x" * (1 << 20), r"line 1: the file is longer"),
    "definitions in a ring": (
        "definitions: {a: [{use: b}], b: [{use: c}], c: [{use: a}]}\nfields: [{use: a}]", r"line 1, .*'a' contains itself"),
    "a long chain of definitions": (
        "definitions:\n" + "\n".join(f"  d{n}: [{{use: d{n + 1}}}]" for n in range(500)) + "\nfields: [{use: d0}]",
        r"line \d+, column \d+: more than \d+ "),
    "definitions that multiply": (
        "definitions:\n" + "\n".join(f"  d{n}: [{', '.join([f'{{use: d{n + 1}}}'] * 9)}]" for n in range(9))
        + "\n  d9: [{name: a, type: u8}]\nfields: [{use: d0}]", r"more than 5000 fields"),
    "a polynomial of any degree": (f"fields: [{{name: a, type: number, value: 1, polynomial: {[1] * 5000}}}]", r"column \d+: field 'a': polynomial is"),
    "a transform without end": (f"fields: [{{name: a, type: u8, transform: [{', '.join(['{mult: 3}'] * 5000)}]}}]", r"more than 32 stages"),
    "a constant of a thousand digits": (f"fields: [{{name: a, type: u8, mult: {'9' * 1000}}}]", r"line 1, column 36: a number has at most 128 characters"),
    "a number of base 60 without end": (f"x: {'1:' * 100_000}1\nfields: []", r"line 1, column 4: a number has at most 128"),
    "merges that multiply": ("x: " + merges(9) + "\nfields: []", r"line 1, column \d+: more than 200000 keys come from <<"),
    "a merge of no mapping": ("fields: []\nx: {<<: [1]}", r"line 2, column 10: << takes a mapping"),
    "cases that come to too much code": (
        "fields:\n" + "".join(
            f"  - {{name: f{n}, type: u8, match_value: [{', '.join(f'{{when: {case}, add: 1}}' for case in range(100))}]}}\n"
            for n in range(100)), r"more than 300000 characters of code"),
    "ports that come to too much code": (
        f"f: &f [{', '.join(f'{{name: f{n}, type: u8, div: 10}}' for n in range(19))}]\nports:\n"
        + "".join(f"  {n}: {{fields: *f}}\n" for n in range(1, 256)), r"more than 300000 characters of code"),
    "a constant of ten thousand digits": (f"fields: [{{name: a, type: u8, mult: {'9' * 10_000}}}]", r"line 1, column \d+"),
    "an infinite constant": ("fields: [{name: a, type: u8, add: .inf}]", r"add is a number up to"),
    "a length of a gigabyte": ("fields: [{name: a, type: hex, length: 1000000000}]", r"length is a whole number, 0 to 4096"),
    "a negative length": ("fields: [{name: a, type: hex, length: -1}]", r"length is a whole number"),
    "a formula without end": (f"fields: [{{name: a, type: u8, formula: '{'x+' * 5000}x'}}]", r"formula of more than 500 characters"),
    "a formula of brackets": (f"fields: [{{name: a, type: u8, formula: '{'(' * 200}x{')' * 200}'}}]", r"formula"),
    "a date's width of a gigabyte": (
        "fields: [{name: a, type: u8}]\nmetadata: {timestamps: [{name: t, mode: iso8601, field: a, format: '%1000000000Y'}]}",
        r"line 2, column \d+: .*format: a % is followed by"),
    "flags beyond any number": ("fields: [{name: n, type: u8}, {flagged: {field: n, groups: [{bit: 1000000000, fields: []}]}}]", r"a bit, 0 to 63"),
    "a tag that takes nothing": ("fields: [{tlv: {tag_size: 0, cases: {}}}]", r"tag_size is 0"),
    "more fields than fit": ("fields:\n" + "  - {name: a, type: u8}\n" * 6000, r"more than 5000 fields"),
    "a group that holds structures": ("fields: [{byte_group: {size: 1, fields: [{name: r, type: repeat, until: end, fields: []}]}}]", r"no type 'repeat'|byte_group"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_table_is_refused_at_once_with_its_line(name: str, tmp_path: Path) -> None:
    text, complaint = REFUSED[name]
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    begin = time.process_time()

    with pytest.raises(TableError, match=complaint):
        compile_table(document.read(path), "acme/t", "r")

    assert time.process_time() - begin < SOON


SQUARES = "fields:\n  - {name: a0, type: u64}\n" + "\n".join(
    f"  - {{name: a{n + 1}, type: number, compute: {{op: mul, a: $a{n}, b: $a{n}}}}}" for n in range(1000)
)
RECORDS = "{name: r, type: repeat, until: end, fields: ["
ENDURED = {
    "squares of squares": SQUARES,
    "sums of sums": SQUARES.replace("op: mul", "op: add"),
    "powers of powers": f"fields: [{{name: a, type: u8, transform: [{', '.join(['{pow: 9}'] * 30)}]}}]",
    "a formula of products": f"fields: [{{name: a, type: u64, formula: '{'*'.join(['x'] * 70)}'}}]",
    "a formula of powers": "fields: [{name: a, type: u64, formula: 'x ** x ** x ** x'}]",
    "a formula of shifts": "fields: [{name: a, type: u64, formula: '" + "(" * 20 + "x" + " << 64)" * 20 + "'}]",
    "repetitions without octets": f"fields: [{{name: r, type: repeat, count: 1000, fields: [{RECORDS.replace('until: end', 'count: 1000')}{{name: a, type: number, value: 1}}]}}]}}]",
    "repetitions within repetitions": "fields: [" + RECORDS * 12 + "{name: a, type: u8}" + "]}" * 12 + "]",
    "records of a thousand fields": "fields: [" + RECORDS + "{name: a, type: u8}, "
    + ", ".join(f"{{name: c{n}, type: number, value: {n}}}" for n in range(1500)) + "]}]",
    "tags within tags": "fields: [" + "{tlv: {length_size: 1, cases: {default: [" * 10 + "{name: a, type: u8}" + "]}}}" * 10 + "]",
    "names of names": "fields: [{name: t, type: hex, length: remaining}, " + ", ".join(
        f"{{name: c{n}, type: number, value: 1, name_from: '{'${t}' * 40}'}}" for n in range(500)) + "]",
    "the same octets again and again": "fields: [" + RECORDS + "{name: o, type: u8}, " + ", ".join(
        f"{{name: x{n}, type: 'u64[0:63]'}}" for n in range(300)) + "]}]",
    "a count from the payload": "fields: [{name: n, type: u64}, {name: r, type: repeat, count: $n, fields: [{name: a, type: u8}]}]",
    "a length from the payload": "fields: [{name: n, type: u64}, {name: a, type: hex, length: $n}]",
    "a negative length from the payload": "fields: [{name: n, type: s8, add: -100}, {name: a, type: hex, length: $n}]",
    "a record that goes backwards": "fields: [{name: n, type: s8, add: -100}, {name: r, type: repeat, byte_length: $n, fields: [{name: a, type: u8}]}]",
    "a time beyond all calendars": "fields: [{name: t, type: u64}]\nmetadata: {timestamps: [{name: x, mode: subtract, offset_field: t}, {name: y, mode: unix_epoch, field: t}]}",
    "a text for a count": "fields: [{name: n, type: hex, length: 3}, {name: r, type: repeat, count: $n, fields: [{name: a, type: u8}]}]",
    "a text for flags": "fields: [{name: n, type: hex, length: 1}, {flagged: {field: n, groups: [{bit: 0, fields: []}]}}]",
    "a text times a number": "fields: [{name: n, type: u8, lookup: {1: many}}, {name: a, type: number, ref: $n, mult: 1000000000}]",
    "a list of octets as a key": "fields: [{name: n, type: bytes, length: 2, format: array}, {match: {field: $n, cases: {1: []}}}]",
    "not a number, by way of infinity": "fields: [{name: a, type: u64, transform: [{mult: 1.0e+300}, {mult: 1.0e+300}, {mult: 0}]}]",
}  # fmt: skip


@pytest.mark.parametrize("name", ENDURED)
def test_a_hostile_table_ends_soon_and_stays_small(name: str) -> None:
    begin = time.process_time()
    table = compile_table(parse(ENDURED[name], "t.yaml"), "acme/t", "r")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    sizes = [size_of(table, payload) for payload in (MOST, bytes(242), b"\xff" * 242, b"\x01", MOST[:20])]

    assert max(sizes) < SMALL
    assert time.process_time() - begin < SOON
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # kilobytes


def test_a_name_of_braces_stands_in_a_complaint_as_it_is() -> None:
    name = "{0:>400000000}{0.__class__}"
    field = f"{{name: '{name}', type: repeat, count: 1, min: 2, fields: [{{name: a, type: u8}}]}}"
    table = compile_table(parse(f"fields: [{field}]", "t.yaml"), "acme/t", "r")

    with pytest.raises(DecodeError) as caught:
        table.decode(Payload(b"\x01\x02", 1))

    assert caught.value.detail == f"{name}: 1 entries, at least 2 expected"


def test_a_whole_number_never_has_more_than_64_bits() -> None:
    table = compile_table(parse(SQUARES, "t.yaml"), "acme/t", "r")

    fields = table.decode(Payload(b"\xff" * 8, 1)).fields

    assert fields["a0"] == (1 << 64) - 1
    assert fields["a2"] == float(1 << 256)
    assert [name for name, value in fields.items() if isinstance(value, int) and value >= 1 << 64] == []


def test_a_date_is_no_value_of_a_case() -> None:
    text = "fields:\n  - {name: a, type: u8, match_value: [{when: default, value: 2020-01-01}]}\n"

    with pytest.raises(TableError, match=r"line 2, column 55: value is a number or a text, not datetime\.date"):
        compile_table(parse(text, "t.yaml"), "acme/t", "r")


def size_of(table: Table, payload: bytes) -> int:
    """Return how much JSON a payload comes to; 0 where it is a DecodeError."""
    try:
        decoded = table.decode(Payload(payload, 1))
    except DecodeError:
        return 0
    return len(json.dumps({**decoded.fields, "warnings": decoded.warnings}, allow_nan=False))


def test_bits_of_a_file_that_are_flipped_do_no_harm() -> None:
    chance = random.Random(20261127)
    good = ENDURED["tags within tags"] + "\n" + "metadata: {include: [{name: p, source: $fPort}]}"
    read = refused = 0

    for _ in range(400):
        text = list(good)
        for _ in range(chance.randint(1, 4)):
            text[chance.randrange(len(text))] = chance.choice("[]{}:,-*&!|>'\"%@ \n0a$")
        try:
            table = compile_table(parse("".join(text), "t.yaml"), "acme/t", "r")
        except TableError:
            refused += 1
            continue
        read += size_of(table, MOST) >= 0

    assert refused > 100
    assert read > 0
