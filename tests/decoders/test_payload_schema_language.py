"""Each construct of the language (MT-DOC-0001) that the catalogue's own tables do not need, with a payload of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.payload_schema.document import parse
from decoders.table import TableError, compile_table

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def decode(text: str, payload: str, port: int = 1, received_at: datetime | None = NOW) -> Decoded:
    table = text if ":" in text.split("\n", 1)[0] and not text.startswith("-") else f"fields:\n{text}"
    return compile_table(parse(table, "t.yaml"), "acme/t", "r").decode(
        Payload(bytes.fromhex(payload), port, received_at)
    )


def fields(text: str, payload: str) -> Any:
    return decode(text, payload).fields


N = "- {name: n, type: u8}\n"
VALUES: list[tuple[str, str, str, Any]] = [
    ("match_value takes the first case that holds",
     '- {name: a, type: u16, match_value: [{when: "< 32768"}, {when: ">= 32768", add: -65536}]}', "ffff", {"a": -1}),
    ("match_value leaves what no case holds for", '- {name: a, type: u8, match_value: [{when: "== 0", value: none}]}', "07", {"a": 7}),
    ("match_value with two bounds, and a lookup after it",
     '- {name: a, type: u8, match_value: [{when: ">= 1 and < 5", mult: 2}], lookup: {4: four, 5: five}}', "02", {"a": "four"}),
    ("a formula of the raw value", "- {name: a, type: u8, mult: 9, formula: x * 0.5 - 40}", "64", {"a": 10}),
    ("a formula of other fields", N + "- {name: b, type: number, formula: '$n > 5 and $n < 9 ? $n * 2 : 0'}", "06", {"n": 6, "b": 12}),
    ("a formula with powers and functions", "- {name: a, type: u8, formula: 'max(x, 3) ** 2 + sqrt(16) - pow(2, 3)'}", "02", {"a": 5}),
    ("a formula that comes to nothing is absent", N + "- {name: a, type: number, formula: 1 / $n}", "00", {"n": 0}),
    ("ten to the power of", "- {name: a, type: u8, transform: [{pow10: true}]}", "03", {"a": 1000}),
    ("a stage that is switched off", "- {name: a, type: u8, transform: [{sqrt: false}, {add: 1}]}", "03", {"a": 4}),
    ("floor and ceiling as operations", "- {name: a, type: s8, div: 10, transform: [{op: floor}]}", "f1", {"a": -2}),
    ("logarithms never of less than a trifle", "- {name: a, type: u8, transform: [{log10: true}]}", "00", {"a": -10}),
    ("a version string", "- {name: a, type: version_string, length: 3, prefix: v}", "010203", {"a": "v1.2.3"}),
    ("an integer that is one", N + "- {name: a, type: integer, compute: {op: idiv, a: $n, b: 2}}", "07", {"n": 7, "a": 3}),
    ("an integer that is none is absent", N + "- {name: a, type: integer, compute: {op: div, a: $n, b: 2}}", "07", {"n": 7}),
    ("words of 16 bits, the lower first", "- {name: a, type: u32le16, endian: little}", "00010002", {"a": 0x20001}),
    ("signed nibbles", "- {name: a, type: sdec}", "f5", {"a": -0.5}),
    ("octets with what stands between", "- {name: a, type: bytes, length: 2, format: 'hex:upper', separator: ':'}", "0aff", {"a": "0A:FF"}),
    ("octets to the end, of which there are none", N + "- {name: a, type: hex, length: remaining}", "05", {"n": 5, "a": ""}),
    ("octets whose number came before", N + "- {name: a, type: hex, length: $n}\n- {name: z, type: u8}", "02aabb07",
     {"n": 2, "a": "aabb", "z": 7}),
    ("an enum with a base and a word for the rest",
     "- {name: a, type: enum, base: u16, values: [off, 'on'], default: odd}", "0002", {"a": "odd"}),
    ("labels in any notation", "- {name: a, type: u8, lookup: {'0x10': sixteen, '2': two}}", "10", {"a": "sixteen"}),
    ("labels that are numbers", "- {name: a, type: u8, lookup: {1: 0.5, 2: 3.0}}", "02", {"a": 3}),
    ("labels of a bit", "- {name: a, type: bool, bit: 7, consume: 1, lookup: [closed, open]}", "80", {"a": "open"}),
    ("a text has no labels", "- {name: a, type: ascii, length: 1, lookup: [x]}", "41", {"a": "A"}),
    ("bits across octets", "- {name: a, type: 'u24[12:23]'}\n- {name: b, type: 'u24[0:11]', consume: 3}", "123456", {"a": 0x123, "b": 0x456}),
    ("bits of three octets", "- {name: a, type: 'u32[4:27]', consume: 4}", "f1234567", {"a": 0x123456}),
    ("a guard's else is taken as it is",
     N + "- {name: a, type: number, ref: $n, mult: 3, add: -40, guard: {when: [{field: $n, gt: 5}], else: 0}}", "05", {"n": 5, "a": 0}),
    ("a guard without else is absent", N + "- {name: a, type: number, ref: $n, guard: {when: [{field: n, ne: 5}]}}", "05", {"n": 5}),
    ("a guard of words", "- {name: m, type: u8, lookup: [eco, day]}\n- {name: a, type: number, value: 7, guard: {when: [{field: $m, eq: day}]}}",
     "01", {"m": "day", "a": 7}),
    ("a polynomial of a field, then sums", N + "- {name: a, type: number, ref: $n, polynomial: [1, 0, 2], div: 2}", "04", {"n": 4, "a": 9}),
    ("what is computed may be looked up", N + "- {name: a, type: number, ref: $n, lookup: {5: five}}", "05", {"n": 5, "a": "five"}),
    ("nothing is computed from what was not said",
     N + "- flagged: {field: n, groups: [{bit: 0, fields: [{name: b, type: u8}]}]}\n- {name: a, type: number, ref: $b, add: 1}", "02", {"n": 2}),
    ("a constant that is sent is read", "- {name: category, type: u8, value: 3}\n- {name: a, type: u8}", "0305", {"category": 3, "a": 5}),
    ("a computed name with a word in it", "- {name: k, type: u8, lookup: [in, out]}\n- {name: v, type: u8, name_from: '${k}_count'}", "0107",
     {"k": "out", "out_count": 7}),
    ("a computed name with a number that is whole", "- {name: k, type: u8, div: 10, var: c}\n- {name: v, type: u8, name_from: 'c${c}'}", "1e07",
     {"k": 3, "c3": 7}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "payload", "expected"), [one[1:] for one in VALUES], ids=[one[0] for one in VALUES])
def test_a_value(text: str, payload: str, expected: object) -> None:
    assert fields(text, payload) == expected


A, B = "[{name: a, type: u8}]", "[{name: b, type: u8}]"
STRUCTURES: list[tuple[str, str, str, Any]] = [
    ("a match of older tables", N + f"- {{type: match, on: n, cases: [{{case: 1, fields: {A}}}, {{case: [2, 3], fields: {B}}}]}}",
     "0307", {"n": 3, "b": 7}),
    ("a match of older tables that skips", N + f"- {{type: match, on: $n, default: skip, cases: [{{case: 1, fields: {A}}}]}}", "09", {"n": 9}),
    ("a match with octets of its own", f"- match: {{length: 2, name: kind, var: k, cases: {{0x0102: {A}}}}}\n- {{name: z, type: number, ref: $k}}",
     "010207", {"kind": 258, "a": 7, "z": 258}),
    ("a match by words", f"- {{name: m, type: u8, lookup: [eco, day]}}\n- match: {{field: $m, cases: {{eco: {A}, day: {B}}}}}", "0107", {"m": "day", "b": 7}),
    ("a match by several values and a range", N + f"- match: {{field: $n, cases: {{[1, 4]: {A}, 0x10..0x1F: {B}}}}}", "1f07", {"n": 31, "b": 7}),
    ("a match with a default of its own", N + f"- match: {{field: $n, default: {A}, cases: {{1: {B}}}}}", "0907", {"n": 9, "a": 7}),
    ("a match of many values", N + "- match: {field: n, cases: {" + ", ".join(f"{i}: [{{name: c{i}, type: u8}}]" for i in range(40)) + "}}",
     "2107", {"n": 33, "c33": 7}),
    ("tags of two octets", f"- tlv: {{tag_size: 2, cases: {{0x00BA: {A}, 0x0B67: {B}}}}}", "0b6705 00ba06", {"b": 5, "a": 6}),
    ("tags of two octets, the lower first", f"endian: little\nfields: [tlv: {{tag_size: 2, cases: {{0x0102: {A}}}}}]", "0201 05", {"a": 5}),
    ("tags with lengths of two octets", f"- tlv: {{length_size: 2, cases: {{1: {A}}}}}", "09 0003 ffffff 01 0001 05", {"a": 5}),
    ("tags apart", f"- tlv: {{merge: false, cases: {{1: {A}, 2: {B}}}}}", "0105 0206 0107",
     {"channels": [{"tag": [1], "a": 5}, {"tag": [2], "b": 6}, {"tag": [1], "a": 7}]}),
    ("unknown tags as octets", f"- tlv: {{length_size: 1, unknown: raw, cases: {{1: {A}}}}}", "09 02 abcd 01 01 05",
     {"a": 5, "channels": [{"tag": [9], "raw": "abcd"}]}),
    ("any other tag", f"- tlv: {{cases: {{1: {A}, default: {B}}}}}", "0706 0105", {"a": 5, "b": 6}),
    ("a range of tags", f"- tlv: {{cases: {{1: {A}, 0x10..0x20: {B}}}}}", "1506 0105", {"a": 5, "b": 6}),
    ("the narrower pattern first",
     "- tlv: {tag_fields: [{name: c, type: u8}, {name: t, type: u8}], cases: {'[1, *]': [{name: x, type: u8}], '[1, !0]': [{name: y, type: u8}]}}",
     "0100 05 0107 06", {"x": 5, "y": 6}),
    ("a tag of bits", "- tlv: {tag_fields: [{name: c, type: 'u8[4:7]'}, {name: t, type: 'u8[0:3]', consume: 1}], cases: {[1, 2]: [{name: x, type: u8}]}}",
     "12 05", {"x": 5}),
    ("what a tag says is a variable", "- tlv: {tag_fields: [{name: c, type: u8}], cases: {'[*]': [{name: v, type: u8, name_from: 'ch_${c}'}]}}",
     "0105 0206", {"ch_1": 5, "ch_2": 6}),
    ("bits within a tag", "- tlv: {length_size: 1, cases: {0x20: [{byte_group: {size: 1, fields: [{name: x, type: 'u8[0:1]'}, {name: y, type: 'u8[4:7]'}]}}]}}",
     "200151", {"x": 1, "y": 5}),
    ("the rest of a tag, not of the payload", f"- tlv: {{length_size: 1, cases: {{1: [{{name: t, type: ascii, length: remaining}}], 2: {A}}}}}",
     "01 02 4142 02 01 05", {"t": "AB", "a": 5}),
    ("a record that goes on to the end of its tag",
     f"- tlv: {{length_size: 1, cases: {{1: [{{name: r, type: repeat, until: end, fields: {A}}}], 2: {B}}}}}", "01 02 0506 02 01 07",
     {"r": [{"a": 5}, {"a": 6}], "b": 7}),
    ("tags within a tag", f"- tlv: {{length_size: 1, cases: {{1: [{{tlv: {{cases: {{8: {A}}}}}}}], 2: {B}}}}}", "01 04 0805 0806 02 01 07",
     {"a": [5, 6], "b": 7}),
    ("objects of a tag that comes again", f"- tlv: {{cases: {{1: [{{name: o, type: object, fields: {A}}}]}}}}", "0105 0106", {"o": [{"a": 5}, {"a": 6}]}),
    ("two values of one name in a tag are no repetition", "- tlv: {cases: {1: [{name: v, type: u8}, {name: v, type: number, ref: $v, add: 1}]}}",
     "0105", {"v": 6}),
    ("tags after other fields", N + f"- {{name: a, type: u8}}\n- tlv: {{cases: {{1: {A}}}}}", "0009 0105", {"n": 0, "a": 5}),
    ("a count by name", N + f"- {{name: r, type: repeat, count_field: n, fields: {A}}}", "020506", {"n": 2, "r": [{"a": 5}, {"a": 6}]}),
    ("no more entries than are allowed", f"- {{name: r, type: repeat, until: end, max: 2, fields: {A}}}", "050607", {"r": [{"a": 5}, {"a": 6}]}),
    ("repetitions within repetitions", f"- {{name: r, type: repeat, until: end, fields: [{{name: n, type: u8}}, {{name: s, type: repeat, count: $n, fields: {A}}}]}}",
     "01050206 07", {"r": [{"n": 1, "s": [{"a": 5}]}, {"n": 2, "s": [{"a": 6}, {"a": 7}]}]}),
    ("an object by its key", f"- {{object: o, fields: {A}}}", "05", {"o": {"a": 5}}),
    ("a definition of one field", "definitions: {t: {name: temp, type: s8}}\nfields: [{use: t}]", "ff", {"temp": -1}),
    ("a definition under another name", f"definitions: {{t: {A}}}\nfields: [{{use: t, rename: inside}}, {{use: t, rename: {{a: outside}}}}]", "0506",
     {"inside": 5, "outside": 6}),
    ("a definition under a prefix, with what refers to it",
     "definitions: {t: [{name: _raw, type: u8}, {name: v, type: number, ref: $_raw, mult: 2}]}\nfields: [{use: t, prefix: in_}, {use: t, prefix: out_}]",
     "0506", {"in_v": 10, "out_v": 12}),
    ("a prefix, then another name", f"definitions: {{t: {A}}}\nfields: [{{use: t, prefix: x_, rename: {{x_a: y}}}}]", "05", {"y": 5}),
    ("an object whose fields stand elsewhere", f"definitions: {{t: {A}}}\nfields: [{{name: o, type: object, $ref: '#/definitions/t'}}]", "05", {"o": {"a": 5}}),
    ("fields in short", 'fields: ">B:version 2x H:value <h:back ?:flag"', "01ffff0102feff01", {"version": 1, "value": 258, "back": -2, "flag": True}),
    ("a format with names", 'format: ">hBx2B"\nnames: [temp, hum, x, y]', "ffff05000607", {"temp": -1, "hum": 5, "x": 6, "y": 7}),
    ("a header before the fields", f"header: [{{name: v, type: u8}}]\nfields: {A}", "0105", {"v": 1, "a": 5}),
    ("a port by its text", f'ports: {{"1": {{fields: {A}}}}}', "05", {"a": 5}),
    ("a port in short", 'ports: {1: {fields: "B:a"}}', "05", {"a": 5}),
    ("notes of other people's tables", f"spec: TS001\ncategory_id: 3\nfport: 5\nfields: {A}", "05", {"a": 5}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "payload", "expected"), [one[1:] for one in STRUCTURES], ids=[one[0] for one in STRUCTURES]
)
def test_a_structure(text: str, payload: str, expected: object) -> None:
    assert fields(text, payload) == expected


@pytest.mark.parametrize(
    ("text", "payload", "words"),
    [
        ("- {name: n, type: u8}\n- {name: r, type: repeat, byte_length: $n, fields: [{name: a, type: u16}]}", "03 0102 0304", "r: its entries end at 5"),
        ("- {name: n, type: u8}\n- {name: a, type: hex, length: $n}", "05 01", "truncated: a: 5 octets expected at 1"),
        ("- {name: r, type: repeat, until: end, min: 2, fields: [{name: a, type: u8}]}", "05", "r: 1 entries, at least 2"),
        ("- {name: a, type: u8, name_from: 'x_${b}'}\n- {name: b, type: u8}", "0506", "name_from refers to b"),
        (f"- tlv: {{length_size: 1, cases: {{1: {A}}}}}", "01 00 01 01 05", "its tag is too short"),
        (f"- tlv: {{unknown: error, cases: {{1: {A}}}}}", "0105 09", "unknown_message: tag 09 at 2"),
    ],
)  # fmt: skip
def test_what_a_payload_cannot_be(text: str, payload: str, words: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(text, payload)

    assert words in str(caught.value)


# ── where it comes from, and when ───────────────────────────────────────────────────────────────────────────────

METADATA = """fields: [{name: ago, type: u8}, {name: epoch, type: u32}]
metadata:
  include:
    - {name: port, source: $fPort}
    - {name: received_at, source: $recvTime}
    - {name: rssi, source: "$rxMetadata[0].rssi"}
  timestamps:
    - {name: rx, mode: rx_time}
    - {name: measured, mode: subtract, offset_field: ago}
    - {name: since, mode: elapsed_to_absolute, elapsed_field: ago, time_base: rx_time}
    - {name: at, mode: unix_epoch, field: epoch}
    - {name: day, mode: iso8601, field: epoch, format: "%Y-%m-%d"}
"""


def test_metadata_says_when_it_was_received_and_measured() -> None:
    decoded = decode(METADATA, "3c 00000e10", port=7)

    assert decoded.fields == {
        "ago": 60, "epoch": 3600, "port": 7, "received_at": "2026-06-01T12:00:00.000Z", "rx": "2026-06-01T12:00:00.000Z",
        "measured": "2026-06-01T11:59:00.000Z", "since": "2026-06-01T11:59:00.000Z", "at": "1970-01-01T01:00:00.000Z",
        "day": "1970-01-01",
    }  # fmt: skip


def test_metadata_invents_no_time() -> None:
    decoded = decode(METADATA, "3c 00000e10", received_at=None)

    assert decoded.fields.keys() == {"ago", "epoch", "port", "at", "day"}


def test_what_goes_to_the_device_is_not_read_as_if_it_came_from_it() -> None:
    for text in (f"direction: downlink\nfields: {A}", "downlink_commands: {reboot: {command_id: 1}}"):
        with pytest.raises(DecodeError, match="unknown_message"):
            decode(text, "05")

    with pytest.raises(DecodeError, match="unknown_port: 2 is for what is sent to the device"):
        decode(f"ports: {{1: {{fields: {A}}}, 2: {{direction: downlink, fields: {A}}}}}", "05", port=2)


def test_a_table_for_both_directions_is_read() -> None:
    assert fields(f"direction: bidirectional\ndownlink_commands: {{reboot: {{command_id: 1}}}}\nfields: {A}", "05") == {
        "a": 5
    }


CO2 = "reading: {quantity: co2, unit: '[ppm]', at: $t}"


@pytest.mark.parametrize(
    "entry",
    [f"{{name: t, type: u8}}, {{name: c, type: u8, {CO2}}}", f"{{name: c, type: u8, {CO2}}}, {{name: t, type: u8}}"],
    ids=["time first", "time last"],
)
def test_each_record_has_a_time_of_its_own(entry: str) -> None:
    payload = "3c05 7806" if entry.startswith("{name: t") else "053c 0678"
    readings = decode(f"- {{name: r, type: repeat, until: end, fields: [{entry}]}}", payload).readings

    assert readings == (
        Reading("co2", 5, "[ppm]", at=datetime(1970, 1, 1, 0, 1, tzinfo=UTC)),
        Reading("co2", 6, "[ppm]", at=datetime(1970, 1, 1, 0, 2, tzinfo=UTC)),
    )


def test_a_record_without_a_time_does_not_get_that_of_the_one_before() -> None:
    entry = f"{{name: f, type: u8}}, {{flagged: {{field: f, groups: [{{bit: 0, fields: [{{name: t, type: u8}}]}}]}}}}, {{name: c, type: u8, {CO2}}}"
    decoded = decode(f"- {{name: r, type: repeat, until: end, fields: [{entry}]}}", "01 3c 05 00 06")

    assert [reading.value for reading in decoded.readings] == [5]
    assert decoded.warnings == ("co2: no time is known for it, so it is not stated",)


def test_hourly_values_count_their_time_backwards() -> None:
    entry = "{name: _age, type: number, compute: {op: add, a: $_age, b: 3600}}, {name: c, type: u8, reading: {quantity: co2, unit: '[ppm]', ago: $_age}}"
    readings = decode(
        f"- {{name: _age, type: number, value: 0}}\n- {{name: r, type: repeat, until: end, fields: [{entry}]}}",
        "050607",
    ).readings

    assert [(reading.value, reading.at) for reading in readings] == [
        (5, datetime(2026, 6, 1, 11, tzinfo=UTC)), (6, datetime(2026, 6, 1, 10, tzinfo=UTC)), (7, datetime(2026, 6, 1, 9, tzinfo=UTC)),
    ]  # fmt: skip


def test_the_time_of_a_tag_may_come_in_a_later_tag() -> None:
    cases = f"{{1: [{{name: c, type: u8, {CO2}}}], 2: [{{name: t, type: u8}}]}}"
    (reading,) = decode(f"- tlv: {{cases: {cases}}}", "0105 023c").readings

    assert reading.at == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)


def test_a_tag_that_comes_again_states_its_last_value() -> None:
    decoded = decode("- tlv: {cases: {1: [{name: c, type: u8, reading: {quantity: co2, unit: '[ppm]'}}]}}", "0105 0106")

    assert decoded.fields == {"c": [5, 6]}
    assert decoded.readings == (Reading("co2", 6, "[ppm]"),)


def test_a_formula_is_nothing_but_sums() -> None:
    for formula in (
        "__import__('os')",
        "().__class__",
        "globals()",
        "x.real",
        "[1]",
        "'a' * 9",
        "lambda: 1",
        "x if x else 1",
    ):
        with pytest.raises(TableError, match="formula: "):
            fields(f'- {{name: a, type: u8, formula: "{formula}"}}', "05")


def test_words_of_a_table_never_become_code() -> None:
    evil = "x'] = 1; raise SystemExit('x') #{size} \\n \" \\\\"
    quoted = "'" + evil.replace("'", "''") + "'"
    text = f"""
- {{name: {quoted}, type: u8, valid_range: [0, 1], wrap: {{{quoted}: {quoted}}}}}
- {{name: b, type: u8, lookup: {{9: {quoted}}}}}
- {{name: {quoted}, type: bytes, length: 9}}
"""
    with pytest.raises(DecodeError) as caught:
        decode(text, "0509")
    decoded = decode(text, "0509" + "00" * 9)

    assert caught.value.reason is DecodeReason.TRUNCATED
    assert decoded.fields == {evil: "00" * 9, "b": evil}
    assert decoded.warnings == (f"{evil}: 5 lies outside 0 to 1",)
