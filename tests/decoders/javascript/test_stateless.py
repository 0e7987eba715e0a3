"""Which codecs may be kept for all devices: those that say the same of a payload whatever came before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from decoders.contract import Payload
from decoders.javascript.decoder import JavaScriptDecoder
from decoders.javascript.stateless import is_free_of_state
from decoders.registry import Registry

PLAIN = "function decodeUplink(i) { var t = i.bytes[0]; if (i.bytes.length < 2) throw new Error('short'); return {data: {t: t}}; }"
COUNTING = "var n = 0; function decodeUplink(i) { return {data: {t: i.bytes[0], n: n++}}; }"
MEMORY = "var last = {}; function decodeUplink(i) { var b = last.b || 0; last.b = i.bytes[0]; return {data: {d: i.bytes[0] - b}}; }"
LOCAL_IMPLICIT = (
    "function decodeUplink(i) { t = i.bytes[0]; return {data: {t: t}}; }"  # a global, but set before it is read
)
LEAKING = "function decodeUplink(i) { if (i.bytes.length > 1) extra = 1; return {data: {x: typeof extra}}; }"
AFTER_AN_ERROR = (
    "var open = false; function decodeUplink(i) { var was = open; open = true; if (i.bytes.length < 2) throw new Error('x');"
    " open = false; return {data: {was: was}}; }"
)
DICE = "function decodeUplink(i) { return {data: {x: Math.random()}}; }"
PROTOTYPE = (
    "function decodeUplink(i) { Array.prototype.seen = (Array.prototype.seen || 0) + 1; return {data: {x: [].seen}}; }"
)

PAYLOADS = [Payload(bytes((number, number + 1)), 1) for number in range(4)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acme").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (PLAIN, True), (LOCAL_IMPLICIT, True), (COUNTING, False), (MEMORY, False), (LEAKING, False), (AFTER_AN_ERROR, False),
        (DICE, False), (PROTOTYPE, False),
    ],
)  # fmt: skip
def test_what_is_remembered_shows(folder: Path, source: str, expected: object) -> None:
    (folder / "acme" / "th.js").write_text(source, encoding="utf-8")
    registry = Registry.load([folder], entry_points=False)
    try:
        decoder = registry.get("acme/th")
        assert isinstance(decoder, JavaScriptDecoder)

        assert is_free_of_state(decoder, PAYLOADS) is expected
    finally:
        registry.close()


def test_one_payload_shows_nothing(folder: Path) -> None:
    (folder / "acme" / "th.js").write_text(PLAIN, encoding="utf-8")
    registry = Registry.load([folder], entry_points=False)
    try:
        decoder = registry.get("acme/th")
        assert isinstance(decoder, JavaScriptDecoder)

        assert not is_free_of_state(decoder, [Payload(b"\x01", 1)] * 5)
    finally:
        registry.close()
