"""What stands around a codec: as V8 prints it, as Node reads octets, and a cipher as NIST publishes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from decoders.contract import DecodeError, DecodeReason, Payload
from tests.decoders.javascript.conftest import Load

# Expressions with what Node 20 (V8 11.3, ICU 74) makes of them in UTC: dates and numbers in people's form, Buffer, texts.
PRINTED = [
    tuple(json.loads(line))
    for line in Path(__file__).with_name("printed_by_v8.jsonl").read_text(encoding="utf-8").splitlines()
]


def value(load: Load, expression: str, before: str = "") -> Any:
    text = f"{before}\nfunction decodeUplink() {{ return {{ data: {{ v: {expression} }} }}; }}"
    return load(text).decode(Payload(b"\1", 1)).fields.get("v")


@pytest.mark.parametrize(("expression", "printed"), PRINTED)
def test_dates_numbers_and_octets_are_printed_as_v8_does(expression: str, printed: Any, load: Load) -> None:
    assert value(load, expression) == printed


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("typeof window + typeof self + typeof global + typeof globalThis", "objectobjectobjectobject"),
        ("window === global && self === globalThis && global === window", True),
        ("typeof module.exports + typeof exports + typeof require + typeof console.log", "objectobjectfunctionfunction"),
        ("module.exports === exports", True),
        ("typeof context + Object.keys(context).length", "object0"),
        ("typeof std + typeof os + typeof WebAssembly + typeof fetch", "undefinedundefinedundefinedundefined"),
        ("require('node:buffer').Buffer === Buffer", True),
        ("Object.keys(globalThis).join()", "performance,decodeUplink"),
        ("new Buffer([1, 2])[1] + Buffer(3).length + new Buffer('ff', 'hex')[0]", 260),
        ("Buffer.from([1, 2]) instanceof Uint8Array", True),
        ("(() => { const whole = Buffer.from([1, 2, 3]); whole.slice(1)[0] = 9; return whole[1]; })()", 9),
        ("(() => { try { Buffer.from(7); } catch (error) { return error.name; } })()", "TypeError"),
        ("(() => { try { Buffer.from('x', 'ebcdic'); } catch (error) { return error.message; } })()", "Unknown encoding: ebcdic"),
        ("require('util').format('a', 1, { b: 2 })", 'a 1 {"b":2}'),
        ("(() => { try { require('assert')(false, 'no'); } catch (error) { return error.message; } })()", "no"),
        ("[setTimeout(() => { throw 1; }, 0), setInterval(() => 0, 1), clearTimeout(0), clearInterval(0)].join()", "0,0,,"),
        ("(() => { const a = { b: [1, { c: new Date(5) }] }; a.self = a; const d = structuredClone(a); return d.self === d && d.b[1] !== a.b[1] && d.b[0] + +d.b[1].c; })()", 6),
        ("(() => { const d = structuredClone([new Map([[1, 'x']]), new Set([2])]); return d[0].get(1) + d[1].has(2); })()", "xtrue"),
        ("(() => { const a = new Uint8Array([1, 2]); const b = structuredClone(a); b[0] = 9; return [...a, ...b].join(); })()", "1,2,9,2"),
        ("(() => { try { structuredClone(() => 0); } catch (error) { return error.message; } })()", "() => 0 could not be cloned."),
        ("new Date(0).toLocaleString('en-US', { timeZone: 'Europe/Stockholm' })", "1/1/1970, 1:00:00 AM"),
    ],
)  # fmt: skip
def test_codecs_find_what_they_expect(expression: str, expected: Any, load: Load) -> None:
    assert value(load, expression) == expected


def test_a_module_that_is_not_here_is_named(load: Load) -> None:
    codec = load("function decodeUplink() { return { data: require('moment')() }; }")

    with pytest.raises(DecodeError) as caught:
        codec.decode(Payload(b"\1", 1))

    assert caught.value.reason is DecodeReason.MALFORMED
    assert (
        caught.value.detail == "require('moment'): a codec has buffer, crypto, util and assert here, and nothing else"
    )


# ── the cipher ──────────────────────────────────────────────────────────────────────────────────────────────────

KEYS = {
    128: "2b7e151628aed2a6abf7158809cf4f3c",
    192: "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    256: "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
}
PLAIN = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
IV, COUNTER = "000102030405060708090a0b0c0d0e0f", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
# NIST SP 800-38A, appendix F.1, F.2 and F.5: the four blocks above under each mode and key.
NIST = [
    ("aes-128-ecb", "", "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"),
    ("aes-192-ecb", "", "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eefef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e"),
    ("aes-256-ecb", "", "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7"),
    ("aes-128-cbc", IV, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"),
    ("aes-192-cbc", IV, "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"),
    ("aes-256-cbc", IV, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"),
    ("aes-128-ctr", COUNTER, "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"),
    ("aes-192-ctr", COUNTER, "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"),
    ("aes-256-ctr", COUNTER, "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "iv", "expected"), NIST)
def test_the_cipher_agrees_with_nist(name: str, iv: str, expected: str, load: Load) -> None:
    key = KEYS[int(name.split("-")[1])]
    use = f"use = (kind, octets) => {{ const one = require('crypto')[kind]('{name}', Buffer.from('{key}', 'hex'), Buffer.from('{iv}', 'hex')); one.setAutoPadding(false); return one.update(octets, 'hex', 'hex') + one.final('hex'); }};"

    assert value(load, f"use('createCipheriv', '{PLAIN}')", use) == expected
    assert value(load, f"use('createDecipheriv', '{expected}')", use) == PLAIN


@pytest.mark.parametrize("name", ["aes-128-ecb", "aes-128-cbc", "aes-256-ctr"])
@pytest.mark.parametrize("text", ["", "a", "fifteen octets!", "sixteen octets !", "more than one block of octets"])
def test_padding_and_pieces_are_put_together_again(name: str, text: str, load: Load) -> None:
    key = KEYS[int(name.split("-")[1])]
    iv = "null" if "ecb" in name else f"Buffer.from('{IV}', 'hex')"
    use = f"""
    var make = (kind) => require('crypto')[kind]('{name}', Buffer.from('{key}', 'hex'), {iv});
    function there(text) {{ var one = make('createCipheriv'); return Buffer.concat([one.update(text.slice(0, 7), 'utf8'), one.update(text.slice(7), 'utf8'), one.final()]); }}
    function back(octets) {{ var one = make('createDecipheriv'); return Buffer.concat([one.update(octets.slice(0, 5)), one.update(octets.slice(5)), one.final()]).toString(); }}
    """

    assert value(load, f"back(there('{text}'))", use) == text


def test_a_cipher_that_nobody_has_is_named(load: Load) -> None:
    codec = load("function decodeUplink() { return { data: require('crypto').createDecipheriv('des3', '', '') }; }")

    with pytest.raises(DecodeError, match="Unknown cipher: des3; there are aes-128-ecb"):
        codec.decode(Payload(b"\1", 1))
