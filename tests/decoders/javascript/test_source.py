"""A vendor's file is read as its author meant it: marks of encodings, NUL characters, modules, JSON's line ends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from decoders.contract import Payload
from decoders.javascript import decoder, modules, source
from decoders.javascript.crew import Crew
from tests.decoders.javascript.conftest import CODECS

TEXT = 'function decodeUplink(input) {\n  return { data: { unit: "°C", tag: "a\\u0001", at: "x" } };\n}\n'
EXPECTED = {"unit": "°C", "tag": "a\x01", "at": "x"}


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("cp1252"),
        TEXT.replace("\n", "\r\n").encode(),
        b"#!/usr/bin/env node\n" + TEXT.encode(),
        b"<!-- an old habit\n" + TEXT.encode(),
        (TEXT * 3).replace("\n", "\\n").replace('"', '\\"').replace("\\u0001", "\\\\u0001").encode(),
        (TEXT * 3).replace("}\n", "} \0\n").encode(),
    ],
)
def test_a_file_is_read_whatever_wrote_it(content: bytes, tmp_path: Path, crew: Crew) -> None:
    codec = decoder.load(tmp_path / "codec.js", "acme/codec", content, crew)

    assert codec.decode(Payload(b"\1", 1)).fields == EXPECTED


def test_a_nul_character_within_a_text_stays(tmp_path: Path, crew: Crew) -> None:
    content = b'function decodeUplink() { return { data: { text: "a\0b".length } }; }'

    codec = decoder.load(tmp_path / "codec.js", "acme/codec", content, crew)

    assert codec.decode(Payload(b"\1", 1)).fields == {"text": 3}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("export function f() {}", "function f() {}"),
        ("export default function f() {}", "function f() {}"),
        ("export default function (input) {}", "module.exports = function (input) {}"),
        ("export default { f };", "module.exports = { f };"),
        ("export const a = 1;", "const a = 1;"),
        ("export { a };", ""),
        ("export { a, b as c };", "\n;globalThis.c = b;"),
        ("let d;export{d as decodeUplink};", "let d;\n;globalThis.decodeUplink = d;"),
        ("export { a as default, a };", "\n;module.exports = a;"),
        ("export {\n  a,\n};\nlet b;", "\n\n\nlet b;"),
        ("import { Buffer as B } from 'buffer';", "const { Buffer: B } = require('buffer');"),
        ("let s = `\nexport default 5\n`; export const a = 1;", "let s = `\nexport default 5\n`; const a = 1;"),
        ("let s = 'export {a}', r = /'/; export const a = 1;", "let s = 'export {a}', r = /'/; const a = 1;"),
        ("let s = `${`export default 1`}`; export const a = 1;", "let s = `${`export default 1`}`; const a = 1;"),
        ("/*\nexport { a }\n*/ export const a = 1;", "/*\nexport { a }\n*/ const a = 1;"),
        (
            "let o = {export: 1, b: 4 / 2 / o.import}; export const a = 1;",
            "let o = {export: 1, b: 4 / 2 / o.import}; const a = 1;",
        ),
        ("import { Buffer } from 'buffer';", "const { Buffer } = require('buffer');"),
        ("import util from 'util';", "const util = require('util');"),
        ("import * as util from 'util';", "const util = require('util');"),
        ("// export of data\nlet a = 1;", "// export of data\nlet a = 1;"),
    ],
)
def test_a_module_is_read_as_a_script(text: str, script: str) -> None:
    *_, last = source.readings(text.encode())

    assert last.text == script


@pytest.mark.parametrize(
    "piece",
    [
        "export {",
        "import {",
        "/[",
        "`${",
        "${a}",
        "'",
        "/*",
        "export ",
        "import a ",
        "export default function ",
        " as ",
        "\\",
        "a ",
    ],
)
def test_text_that_is_no_module_is_gone_through_once(piece: str) -> None:
    begins = ("", "(", "`", "export {", "export default function ", "import {")

    def steps(times: int) -> float:
        before = time.process_time()
        for begin in begins:
            modules.as_script(begin + piece * times)
        return time.process_time() - before

    assert steps(20_000) < 1.0 + 40 * steps(1000)  # what is quadratic takes 400 times as much: minutes


def test_what_loads_as_it_is_is_not_touched() -> None:
    content = (CODECS / "decode-uplink.js").read_bytes()

    first = next(source.readings(content))

    assert first.text.encode() == content


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("function decodeUplink() {\n  return {{}\n}", "line 2: SyntaxError: invalid property name"),
        ("var a = 1;\nvar b = nowhere + 1;\nfunction decodeUplink() {}", "line 2: ReferenceError: nowhere is not defined"),
        ("function translate(bytes) {}", ": no function decodeUplink(input), Decode(fPort, bytes, variables) or Decoder(bytes, port) is in it"),
        ("", ": no function decodeUplink"),
        ("while (true) {}", ": while it is loaded, it did not come to an end"),
        ("var a = new Float64Array(1 << 20); for (;;) a.sort();", ": while it is loaded, it did not come to an end in time"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_where_and_why(text: str, words: str, tmp_path: Path, crew: Crew) -> None:
    path = tmp_path / "codec.js"

    with pytest.raises(ValueError, match=r"codec\.js") as caught:
        decoder.load(path, "acme/codec", text.encode(), crew)

    assert str(caught.value).removeprefix(str(path)).strip().startswith(words)


def test_a_file_larger_than_any_codec_is_not_run(tmp_path: Path, crew: Crew) -> None:
    with pytest.raises(ValueError, match="4194305 octets; a codec has 4194304 at most"):
        decoder.load(tmp_path / "codec.js", "acme/codec", b" " * (source.LONGEST + 1), crew)

    assert not crew.pids
