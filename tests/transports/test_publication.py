from __future__ import annotations

from dataclasses import replace

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.model import Request, Verdict
from gateway.transports.publication import PropertyCache, pack, packet_octets
from gateway.transports.reasons import NAMES, connect_words, puback, verdict

LATER, REFUSED, TAKEN = Verdict.LATER, Verdict.REFUSED, Verdict.TAKEN


@pytest.mark.parametrize("expires_s", [None, 1, 70_000])
@pytest.mark.parametrize("header_count", [0, 1, 2, 40])  # 40: the length takes two octets
@pytest.mark.parametrize("content_type", ["", "application/json", "text/plän"])
def test_properties_are_packed_as_paho_packs_them(content_type: str, header_count: int, expires_s: int | None) -> None:
    headers = {f"name {number}": f"värde {number}" for number in range(header_count)}
    theirs = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types here
    if expires_s is not None:
        theirs.MessageExpiryInterval = expires_s
    if content_type:
        theirs.ContentType = content_type
    for pair in headers.items():
        theirs.UserProperty = pair

    assert pack(content_type, headers, expires_s).octets == theirs.pack()  # type: ignore[no-untyped-call]  # as above


@pytest.mark.parametrize("text", ["a\0b", "x" * 65536])
def test_what_is_no_mqtt_string_is_not_packed(text: str) -> None:
    with pytest.raises(ValueError, match="is no MQTT string"):
        pack("", {"name": text})


@pytest.mark.parametrize(
    ("topic", "body", "octets"),
    [
        ("t", 0, 2 + 2 + 1 + 2 + 1),  # fixed header 2, topic 3, packet identifier 2, no properties 1
        ("t", 121, 2 + 127),
        ("t", 122, 3 + 128),  # the remaining length takes two octets from 128 on
        ("å", 0, 2 + 2 + 2 + 2 + 1),
    ],
)
def test_a_packet_is_counted_with_all_its_parts(topic: str, body: int, octets: int) -> None:
    request = Request(target=topic, body=b"x" * body, content_type="")

    assert packet_octets(request, pack("", {})) == octets


def test_what_expires_is_packed_anew_each_time() -> None:
    cache, lasting = PropertyCache(), Request(target="t", body=b"", content_type="")

    assert cache.of(replace(lasting, expires_s=6)).octets == pack("", {}, 6).octets
    assert cache.of(lasting).octets == pack("", {}).octets


def test_only_properties_without_headers_are_kept() -> None:
    cache = PropertyCache()
    plain = Request(target="t", body=b"", content_type="application/json")
    headed = Request(target="t", body=b"", content_type="application/json", headers={"id": "1"})

    assert cache.of(plain) is cache.of(plain)
    assert cache.of(headed) is not cache.of(headed)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0x00, TAKEN),
        (0x10, TAKEN),
        (0x7F, TAKEN),
        (0x80, LATER),
        (0x83, LATER),
        (0x87, REFUSED),
        (0x90, REFUSED),
        (0x91, LATER),
        (0x95, REFUSED),
        (0x97, LATER),
        (0x99, REFUSED),
        (0xFF, LATER),
    ],
)
def test_each_reason_has_its_verdict(code: int, expected: Verdict) -> None:
    answer = puback(code)

    assert verdict(code) is answer.verdict is expected
    assert answer.status == code
    assert answer.detail.startswith(f"0x{code:02X} ")


def test_an_answer_repeats_what_the_broker_says() -> None:
    assert 'the broker says: "no such city"' in puback(0x87, "no such city").detail


@pytest.mark.parametrize("code", sorted(NAMES))
def test_every_connect_reason_has_words(code: int) -> None:
    assert NAMES[code] in connect_words(code)
