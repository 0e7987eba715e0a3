"""What codecs return, in whichever contract's form, becomes fields, warnings and errors that JSON can hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from decoders.contract import DecodeError, DecodeReason, Payload
from decoders.javascript.answers import as_fields
from tests.decoders.javascript.conftest import CODECS, Load

PAYLOAD = Payload(bytes.fromhex("0102"), 5)


def returning(expression: str) -> str:
    return f"function decodeUplink(input) {{ return {expression}; }}"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{ data: { a: 1 } }", {"a": 1}),
        ("{ data: { a: 1 }, errors: null, warnings: null }", {"a": 1}),
        ("{ data: { a: 1 }, errors: [], warnings: [] }", {"a": 1}),
        ("{ data: { a: 1 }, errors: '' }", {"a": 1}),
        ("{ data: { a: 1 }, bytes: [1] }", {"a": 1}),
        ("{ data: {} }", {}),
        ("{ a: 1, b: { c: 2 } }", {"a": 1, "b": {"c": 2}}),
        ("{ a: 1, warnings: [] }", {"a": 1}),
        ("{ data: 'text', a: 1 }", {"data": "text", "a": 1}),
        ("{ data: [{ x: 1 }, { x: 2 }] }", {"items": [{"x": 1}, {"x": 2}]}),
        ("[{ x: 1 }]", {"items": [{"x": 1}]}),
        ("{ data: 'a text' }", {"value": "a text"}),
        ("{ data: 7 }", {"value": 7}),
    ],
)
def test_data_are_found_wherever_the_codec_put_them(expression: str, expected: Any, load: Load) -> None:
    found = load(returning(expression)).decode(PAYLOAD).fields

    assert found == expected


@pytest.mark.parametrize("function", ["Decoder(bytes, port)", "Decode(fPort, bytes, variables)"])
def test_an_older_form_may_say_data_that_are_called_data(function: str, load: Load) -> None:
    codec = load(f"function {function} {{ return {{ data: [1], unit: 'C' }}; }}")

    assert codec.decode(PAYLOAD).fields == {"data": [1], "unit": "C"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("NaN", None),
        ("-Infinity", None),
        ("-0", 0),
        ("1e300", 1e300),
        ("0.1 + 0.2", 0.30000000000000004),
        ("12345n", 12345),
        ("2n ** 80n", "1208925819614629174706176"),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("new Date(NaN)", None),
        ("new Uint8Array([1, 255])", [1, 255]),
        ("new Float32Array([0.5, NaN])", [0.5, None]),
        ("new Uint8Array([7, 8]).buffer", [7, 8]),
        ("Buffer.from('0a0b', 'hex')", [10, 11]),
        ("new Map([['a', 1], [2, { b: 3n }]])", {"a": 1, "2": {"b": 3}}),
        ("new Set([1, 'x'])", [1, "x"]),
        ("new Number(4)", 4),
        ("new String('s')", "s"),
        ("new Boolean(false)", False),
        ("[undefined, function () {}, Symbol('s'), null, , 1]", [None, None, None, None, None, 1]),
        ("{ a: undefined, f() {}, [Symbol('s')]: 1, b: 2 }", {"b": 2}),
        ("new (class { constructor() { this.a = 1; } get b() { return 2; } })()", {"a": 1}),
        ("{ toJSON() { return { said: [1] }; } }", {"said": [1]}),
        ("Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3 } })", {"own": 2}),
        ("JSON.parse('{\"__proto__\": {\"a\": 1}, \"constructor\": 2}')", {"__proto__": {"a": 1}, "constructor": 2}),
        ("'\\u00b0C \\u20ac \\ud83d\\ude00 \\u2028'", "°C € 😀 \u2028"),
        ("'\\0\\n\\t\"'", '\0\n\t"'),
        ("/x/", {}),
        ("new Error('e')", {}),
    ],
)  # fmt: skip
def test_what_json_cannot_hold_becomes_what_it_can(expression: str, expected: Any, load: Load) -> None:
    found = load(returning(f"{{ data: {{ v: {expression} }} }}")).decode(PAYLOAD).fields

    assert found == {"v": expected}


def test_half_a_character_survives(load: Load) -> None:
    found = load(returning("{ data: { '\\ud800': 'a\\udc00' } }")).decode(PAYLOAD).fields

    assert json.dumps(found) == '{"\\ud800": "a\\udc00"}'


def test_fields_stand_in_the_order_of_the_codec(load: Load) -> None:
    found = load(returning("{ data: { zulu: 1, alpha: 2, mike: 3 } }")).decode(PAYLOAD).fields

    assert list(found) == ["zulu", "alpha", "mike"]


@pytest.mark.parametrize(
    ("expression", "reason", "words"),
    [
        ("{ errors: ['bad checksum', 'bad length'] }", DecodeReason.MALFORMED, "bad checksum; bad length"),
        ("{ data: { a: 1 }, errors: ['bad'] }", DecodeReason.MALFORMED, "bad"),
        ("{ data: {}, errors: 'one text' }", DecodeReason.MALFORMED, "one text"),
        ("{ errors: [{ code: 7 }] }", DecodeReason.MALFORMED, '{"code": 7}'),
        ("{ errors: true }", DecodeReason.MALFORMED, "true"),
        ("{ error: 'no such thing' }", DecodeReason.MALFORMED, "no such thing"),
        ("{ data: {}, error: 'no such thing' }", DecodeReason.MALFORMED, "no such thing"),
        ("{ errors: ['unknown FPort'] }", DecodeReason.UNKNOWN_PORT, "unknown FPort"),
        ("{ errors: ['Invalid f_port: 5'] }", DecodeReason.UNKNOWN_PORT, "Invalid f_port: 5"),
        ("{ errors: ['fPort 5 is not supported'] }", DecodeReason.UNKNOWN_PORT, "fPort 5 is not supported"),
        ("{ errors: ['unknown report'] }", DecodeReason.MALFORMED, "unknown report"),
        ("null", DecodeReason.UNKNOWN_MESSAGE, "the codec says nothing of this payload on port 5"),
        ("undefined", DecodeReason.UNKNOWN_MESSAGE, "the codec says nothing of this payload on port 5"),
        ("{ data: null }", DecodeReason.UNKNOWN_MESSAGE, "the codec says nothing of this payload on port 5"),
        ("{ warnings: [] }", DecodeReason.UNKNOWN_MESSAGE, "the codec says nothing of this payload on port 5"),
        ("{}", DecodeReason.UNKNOWN_MESSAGE, "the codec says nothing of this payload on port 5"),
        ("(() => { throw new Error('not mine'); })()", DecodeReason.MALFORMED, "not mine"),
        ("(() => { throw 'a text'; })()", DecodeReason.MALFORMED, "a text"),
        ("(() => { throw { code: 3 }; })()", DecodeReason.MALFORMED, '{"code":3}'),
        ("(() => { throw undefined; })()", DecodeReason.MALFORMED, "undefined"),
        ("(() => { throw new Error(); })()", DecodeReason.MALFORMED, "the codec threw an exception without words"),
        ("(() => { throw new Error('unknown port ' + input.fPort); })()", DecodeReason.UNKNOWN_PORT, "unknown port 5"),
        ("input.nothing.there", DecodeReason.FAILED, "TypeError: cannot read property 'there' of undefined"),
        ("nowhere", DecodeReason.FAILED, "ReferenceError: nowhere is not defined"),
    ],
)  # fmt: skip
def test_what_a_codec_refuses_is_an_error_in_its_words(
    expression: str, reason: DecodeReason, words: str, load: Load
) -> None:
    codec = load(returning(expression))

    with pytest.raises(DecodeError) as caught:
        codec.decode(PAYLOAD)

    assert (caught.value.reason, caught.value.detail) == (reason, words)


def test_an_older_form_that_finds_nothing_says_nothing(load: Load) -> None:
    codec = load("decoder.js")

    with pytest.raises(DecodeError) as unknown:
        codec.decode(Payload(b"\1\2\3", 9))
    with pytest.raises(DecodeError) as empty:
        codec.decode(Payload(b"", 9))

    assert (unknown.value.reason, empty.value.reason) == (DecodeReason.UNKNOWN_MESSAGE, DecodeReason.EMPTY)


@pytest.mark.parametrize(
    ("warnings", "expected"),
    [
        ("['low battery', 'old firmware']", ("low battery", "old firmware")),
        ("'one text'", ("one text",)),
        ("[{ code: 1 }, 2]", ('{"code": 1}', "2")),
        ("null", ()),
    ],
)
def test_warnings_come_through(warnings: str, expected: tuple[str, ...], load: Load) -> None:
    found = load(returning(f"{{ data: {{ a: 1 }}, warnings: {warnings} }}")).decode(PAYLOAD)

    assert found.warnings == expected


def test_an_error_beside_data_is_a_warning_where_no_contract_knows_it(load: Load) -> None:
    found = load(returning("{ data: { a: 1 }, error: 'sensor 2 is silent' }")).decode(PAYLOAD)

    assert (found.fields, found.warnings) == ({"a": 1}, ("sensor 2 is silent",))


@pytest.mark.parametrize(("data", "expected"), [([1], {"items": [1]}), ({"a": 1}, {"a": 1}), (None, {"value": None})])
def test_whatever_data_are_they_are_named_fields(data: Any, expected: Any) -> None:
    assert as_fields(data) == expected


# ── readings ────────────────────────────────────────────────────────────────────────────────────────────────────


def stated(load: Load, first: int, meta: str = "") -> tuple[dict[str, Any], tuple[str, ...]]:
    found = load((CODECS / "normalises.js").read_text(encoding="utf-8"), meta).decode(Payload(bytes([first, 234]), 5))
    return {one.quantity: one.value for one in found.readings}, found.warnings


def test_a_codec_that_normalises_states_readings_by_itself(load: Load) -> None:
    readings, warnings = stated(load, 0)

    assert readings == {"air_temperature": 23.4, "battery_voltage": 3.3}
    assert warnings == ()


def test_a_mapping_wins_over_what_the_codec_normalises(load: Load) -> None:
    meta = """
readings:
  - {field: millivolts, quantity: battery_voltage, unit: mV}
  - {field: error, quantity: motion_count, unit: "1"}
"""

    readings, _ = stated(load, 0, meta)

    assert readings == {"air_temperature": 23.4, "battery_voltage": 3300, "motion_count": 0}


@pytest.mark.parametrize(
    ("first", "quantities", "warnings"),
    [
        (1, set(), ("normalizeUplink: no probe",)),
        (2, set(), ("normalizeUplink: probe is broken",)),
        (3, {"air_temperature", "battery_voltage"}, ("normalizeUplink: old calibration",)),
    ],
)
def test_what_cannot_be_normalised_keeps_its_fields(
    first: int, quantities: set[str], warnings: tuple[str, ...], load: Load
) -> None:
    readings, found = stated(load, first)

    assert (set(readings), found) == (quantities, warnings)


def test_a_list_is_mapped_by_its_elements(load: Load) -> None:
    meta = 'readings:\n  - {field: "[*].t", quantity: air_temperature, unit: Cel, channel: "{[*].n}"}\n'

    found = load(returning("{ data: [{ t: 20.5, n: 1 }, { t: 21, n: 2 }] }"), meta).decode(PAYLOAD)

    assert [(one.value, one.channel) for one in found.readings] == [(20.5, "1"), (21, "2")]
