"""What a codec's encodeDownlink, Encode or Encoder tells a device, and what its decodeDownlink reads back."""

from __future__ import annotations

import pytest

from decoders.contract import Command, DecodeError, DecodeReason, Encoded, EncodeError, EncodeReason, Payload
from tests.decoders.javascript.conftest import Load

UPLINK = "function decodeUplink(input) { return { data: {} }; }\n"


def encode(load: Load, text: str, command: Command, meta: str = "") -> Encoded:
    encoder = load(UPLINK + text if not text.endswith(".js") else text, meta).encoder()
    assert encoder is not None
    return encoder.encode(command)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("downlinks.js", Encoded(1, b"\x01\x02\x58")),
        ("function encodeDownlink(input) { return { bytes: [input.data.interval >> 8], fPort: 85 }; }", Encoded(85, b"\x02")),
        ("function encodeDownlink(input) { return { bytes: [input.data.interval >> 8], fPort: '85' }; }", Encoded(85, b"\x02")),
        ("function encodeDownlink(input) { return { bytes: [input.fPort] }; }", Encoded(1, b"\x01")),
        ("function encodeDownlink(data) { return { bytes: [data.interval & 255], fPort: 3 }; }", Encoded(3, b"\x58")),
        ("function encodeDownlink(input) { return { bytes: Object.keys(input).map((key) => key.length) }; }", Encoded(1, b"\x04\x05\x09")),
        ("function encodeDownlink(input) { return { bytes: Buffer.from([7, 8]) }; }", Encoded(1, b"\x07\x08")),
        ("function encodeDownlink(input) { return { bytes: new Uint8Array([7]), errors: null, warnings: [] }; }", Encoded(1, b"\x07")),
        ("function Encode(fPort, obj, variables) { return [fPort, obj.interval & 255]; }", Encoded(1, b"\x01\x58")),
        ("function Encoder(obj, port) { return [obj.interval & 255, port]; }", Encoded(1, b"\x58\x01")),
        ("exports.encodeDownlink = (input) => ({ bytes: [9] });", Encoded(1, b"\x09")),
    ],
)  # fmt: skip
def test_a_command_is_told_in_the_codecs_own_octets(text: str, expected: Encoded, load: Load) -> None:
    found = encode(load, text, {"interval": 600})

    assert found == expected


def test_without_a_port_of_its_own_the_first_of_the_metadata_is_used(load: Load) -> None:
    text = "function Encode(fPort) { return [fPort]; }"

    assert encode(load, text, {"a": 1}, "ports: [7, 8]") == Encoded(7, b"\x07")


@pytest.mark.parametrize(
    ("text", "command", "reason", "words"),
    [
        ("downlinks.js", {"intervall": 1}, EncodeReason.WRONG_VALUE, "unknown command; there is interval"),
        ("downlinks.js", {"interval": -1}, EncodeReason.WRONG_VALUE, "interval is negative"),
        ("downlinks.js", {"interval": 1, "port": 300}, EncodeReason.FAILED, "the codec's fPort is 300; 1 to 255 is expected"),
        ("function encodeDownlink(i) { return { bytes: [i.data.a.b.c] }; }", {"x": 1}, EncodeReason.FAILED, "TypeError: cannot read property 'b' of undefined"),
        ("function encodeDownlink(i) { return { bytes: [1, 256] }; }", {"x": 1}, EncodeReason.FAILED, "the codec's bytes[1] is 256; 0 to 255 is expected"),
        ("function encodeDownlink(i) { return { bytes: [1.5] }; }", {"x": 1}, EncodeReason.FAILED, "the codec's bytes[0] is 1.5; 0 to 255 is expected"),
        ("function encodeDownlink(i) { return { bytes: [] }; }", {"x": 1}, EncodeReason.EMPTY, "the codec made no octets of it; does it know this command?"),
        ("function encodeDownlink(i) { return null; }", {"x": 1}, EncodeReason.EMPTY, "the codec made no octets of it; does it know this command?"),
        ("function encodeDownlink(i) { while (true) {} }", {"x": 1}, EncodeReason.FAILED, "it did not come to an end within 100 ms"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_in_the_codecs_words(
    text: str, command: Command, reason: EncodeReason, words: str, load: Load
) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(load, text, command)

    assert (caught.value.reason, caught.value.detail) == (reason, words)


def test_a_value_that_json_cannot_say_is_refused(load: Load) -> None:
    with pytest.raises(EncodeError, match="not JSON serializable"):
        encode(load, "downlinks.js", {"interval": b"\1"})


def test_a_codec_without_an_encoder_has_none(load: Load) -> None:
    assert load("decode-uplink.js").encoder() is None


def test_a_codec_with_nothing_but_an_encoder_decodes_nothing(load: Load) -> None:
    codec = load("function Encoder(obj, port) { return [1]; }")

    with pytest.raises(DecodeError) as caught:
        codec.decode(Payload(b"\1", 1))

    assert (caught.value.reason, caught.value.detail) == (
        DecodeReason.FAILED,
        "no decodeUplink, Decode or Decoder is in it",
    )


def test_a_downlink_is_read_back(load: Load) -> None:
    found = load("downlinks.js").decode_downlink(3, b"\x01\x02\x58")

    assert found.data == {"interval": 600, "port": 3}


def test_a_downlink_that_the_codec_does_not_know_is_refused_in_its_words(load: Load) -> None:
    codec = load("downlinks.js")

    with pytest.raises(DecodeError, match="unknown downlink"):
        codec.decode_downlink(3, b"\x02")


def test_a_codec_that_reads_no_downlinks_says_so(load: Load) -> None:
    codec = load("decode-uplink.js")

    with pytest.raises(DecodeError, match=r"has no function decodeDownlink\(input\)"):
        codec.decode_downlink(3, b"\x02")
