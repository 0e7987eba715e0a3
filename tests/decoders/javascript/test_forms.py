"""Every form in which vendors publish their codecs is found and called as it expects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from decoders.contract import DecodeError, DecodeReason, Payload
from tests.decoders.javascript.conftest import Load

MILD = bytes.fromhex("00EA 82")  # 23.4 degrees, 65 per cent
HEARD = datetime(2001, 8, 2, 0, 8, 0, 123_000, tzinfo=UTC)
MILD_DAY = Payload(MILD, 2, HEARD)

FORMS = [
    "decode-uplink.js",
    "arrow-const.js",
    "exported.js",
    "module-exports.js",
    "driver.js",
    "bundle.js",
    "codec-object.js",
    "decode.js",
    "decoder.js",
    "decoder-in-var.js",
    "both.js",
    "object-decode.js",
    "es-module.js",
    "es-default.js",
    "sloppy.js",
    "own-world.js",
    "unwrapped.js",
]


def fields(load: Load, text: str, payload: Payload = MILD_DAY) -> Any:
    return load(text).decode(payload).fields


@pytest.mark.parametrize("name", FORMS)
def test_a_published_form_is_found_and_called(name: str, load: Load) -> None:
    found = fields(load, name)

    assert found == {"temperature": 23.4, "humidity": 65}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("function decodeUplink(input) { return { data: { keys: Object.keys(input), variables: input.variables } }; }",
         {"keys": ["bytes", "fPort", "recvTime", "variables"], "variables": {}}),
        ("function decodeUplink(input) { return { data: { list: Array.isArray(input.bytes), bytes: input.bytes } }; }",
         {"list": True, "bytes": [0, 234, 130]}),
        ("function decodeUplink({ recvTime }) { return { data: { date: recvTime instanceof Date, ms: recvTime.getTime() } }; }",
         {"date": True, "ms": 996_710_880_123}),
        ("function Decode(fPort, bytes, variables) { return { fPort, bytes, variables }; }",
         {"fPort": 2, "bytes": [0, 234, 130], "variables": {}}),
        ("function Decoder(bytes, port, info) { return { bytes, port, more: typeof info }; }",
         {"bytes": [0, 234, 130], "port": 2, "more": "undefined"}),
        ("module.exports = function (input) { return { data: { port: input.fPort } }; };", {"port": 2}),
        ("module.exports = (bytes, port) => ({ port });", {"port": 2}),
        ("decode = (bytes, port) => ({ port, first: bytes[0] });", {"port": 2, "first": 0}),
        ("module.exports = { decode(bytes, port) { return { port, first: bytes[0] }; } };", {"port": 2, "first": 0}),
        ("exports.decode = (bytes, port) => ({ port });", {"port": 2}),
        ("function d(input) { return { data: { port: input.fPort } }; } export{d as decodeUplink};", {"port": 2}),
        ("class Codec { static decodeUplink(input) { return { data: { me: this === Codec } }; } }", {"me": True}),
    ],
)  # fmt: skip
def test_a_codec_is_given_what_its_contract_says(text: str, expected: Any, load: Load) -> None:
    found = fields(load, text)

    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "async function decodeUplink(input) { return { data: { port: input.fPort } }; }",
        "export async function decodeUplink(input) { await null; await 1; return { data: { port: input.fPort } }; }",
        "function decodeUplink(input) { return Promise.resolve({ data: { port: input.fPort } }); }",
        "async function decodeUplink(i) { return { data: { port: i.fPort } }; } function normalizeUplink() { return { data: {} }; }",
    ],
)
@pytest.mark.parametrize("meta", ["", "context: kept"])
def test_a_promise_is_awaited(text: str, meta: str, load: Load) -> None:
    codec = load(text, meta)

    found = [codec.decode(MILD_DAY).fields for _ in range(2)]

    assert found == [{"port": 2}] * 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("function decodeUplink() { return new Promise(() => 0); }", "failed: the codec returns a Promise that never settles"),
        ("async function decodeUplink() { await new Promise((go) => setTimeout(go, 9)); }", "failed: the codec returns a Promise that never settles"),
        ("async function decodeUplink() { throw new Error('no such port'); }", "malformed: no such port"),
        ("async function decodeUplink() { nowhere(); }", "failed: ReferenceError: nowhere is not defined"),
        ("async function decodeUplink() { await 0; for (;;); }", "failed: it did not come to an end within 100 ms"),
        ("async function decodeUplink() { for (;;) await 0; }", "failed: the codec returns a Promise that never settles"),
    ],
)  # fmt: skip
def test_a_promise_that_is_broken_or_never_settles_says_so(text: str, words: str, load: Load) -> None:
    codec = load(text)

    with pytest.raises(DecodeError) as caught:
        codec.decode(MILD_DAY)

    assert str(caught.value) == words


@pytest.mark.parametrize(
    "now", ["new Date()", "new Date(Date.now())", "new Date(Date())", "Reflect.construct(Date, [])"]
)
def test_now_is_when_the_uplink_was_heard_even_when_it_is_decoded_later(now: str, load: Load) -> None:
    text = f"var loaded = {now}; function decodeUplink() {{ return {{ data: {{ loaded, now: {now} }} }}; }}"

    found = fields(load, text)

    assert {value[:19] for value in found.values()} == {"2001-08-02T00:08:00"}


def test_a_time_finer_than_milliseconds_is_cut_off_as_a_date_does(load: Load) -> None:
    at = datetime(2023, 7, 19, 7, 51, 25, 508_999, tzinfo=UTC)
    text = "function decodeUplink(input) { return { data: { at: input.recvTime } }; }"

    found = fields(load, text, Payload(MILD, 2, at))

    assert found == {"at": "2023-07-19T07:51:25.508Z"}


def test_local_time_is_utc(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    text = "function decodeUplink(input) { return { data: { hours: input.recvTime.getHours() } }; }"

    found = fields(load, text)

    assert found == {"hours": 0}


def test_an_uplink_without_a_time_is_of_now(load: Load) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    text = "function decodeUplink(input) { return { data: { at: input.recvTime } }; }"

    found = fields(load, text, Payload(MILD, 2))

    assert before <= datetime.fromisoformat(found["at"]) <= datetime.now(UTC)


def test_a_codec_has_the_same_world_in_each_call(load: Load) -> None:
    codec = load("remembers.js")

    found = [codec.decode(Payload(MILD, 2, HEARD, "a")).fields for _ in range(3)]

    assert found == [{"count": 1, "seen": 1}] * 3


def test_a_codec_that_remembers_has_a_world_for_each_device(load: Load, crew: object) -> None:
    codec = load("var count = 0; function decodeUplink() { return { data: { count: ++count } }; }", "context: device")

    found = [codec.decode(Payload(MILD, 2, HEARD, device)).fields["count"] for device in "abaab"]

    assert found == [1, 1, 2, 3, 2]


def test_a_codec_without_state_may_keep_its_world(load: Load) -> None:
    codec = load("var count = 0; function decodeUplink() { return { data: { count: ++count } }; }", "context: kept")

    found = [codec.decode(Payload(MILD, 2, HEARD, device)).fields["count"] for device in "ab"]

    assert found == [1, 2]


def test_a_port_that_the_metadata_does_not_name_is_unknown(load: Load) -> None:
    codec = load("function decodeUplink() { return { data: {} }; }", "ports: [2, 3]")

    with pytest.raises(DecodeError) as caught:
        codec.decode(Payload(MILD, 4))

    assert (caught.value.reason, caught.value.detail) == (DecodeReason.UNKNOWN_PORT, "4; known: 2, 3")


def test_what_a_codec_writes_to_its_console_is_there_for_who_asks(load: Load) -> None:
    codec = load(
        "function decodeUplink(i) { for (var n = 0; n < 99; n++) console.log('n', n, { a: [n] }); return { data: {} }; }"
    )

    native = codec.native(Payload(MILD, 2), said=True)

    assert native.said[:2] == ('n 0 {"a":[0]}', 'n 1 {"a":[1]}')
    assert len(native.said) == 20
