"""What a broken codec or a hostile sender writes into an event: the payload is kept, nothing ends the agent, every row can be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.model import Json, ServerUplink
from gateway.sources.network_server import actility, chirpstack, netmore, the_things_stack
from gateway.sources.network_server.bad_event import BadEvent
from tests.servers.bench import ServersBench
from tests.sources.network_server.events import ABOUT, EVENTS

LONE = "\ud83d"  # half an emoji: a codec has cut a text in two
UP = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2026-02-24T16:23:17.468+00:00",
    "deviceInfo": {"applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97", "devEui": "a81758fffe0d0001"},
    "devAddr": "00189440",
    "fPort": 5,
    "data": "AQDiAikEAA==",
}


def up(**changed: Any) -> bytes:
    return json.dumps(UP | changed).encode()


def nested(levels: int, opens: str = '{"a":', closes: str = "}") -> bytes:
    return up(object="@").replace(b'"@"', (opens * levels + "1" + closes * levels).encode())


async def kept(bench: ServersBench, body: bytes, event_: str = "up") -> list[bytes]:
    """Return the payloads of all rows after an event was heard; one that is refused is nobody's."""
    try:
        told = chirpstack.read(event_, body, ABOUT)
    except BadEvent:
        return [b"refused"]
    assert told is not None
    await bench.servers.hear(told)
    return [row.uplink.payload for row in await bench.rows()]


@pytest.mark.parametrize(
    "changed",
    [
        {"object": {"text": LONE}},
        {"object": {LONE: 1}},
        {"deduplicationId": LONE},
        {"deviceInfo": {"applicationId": LONE, "devEui": "a81758fffe0d0001"}},
        {"object": {"text": "\udc00"}},
    ],
)
async def test_half_a_character_costs_no_payload_and_no_agent(bench: ServersBench, changed: Json) -> None:
    assert await kept(bench, up(**changed)) == [bytes.fromhex("0100e202290400")]


async def test_half_a_character_in_news_is_shown_as_it_can_be(bench: ServersBench) -> None:
    said = {"deviceInfo": UP["deviceInfo"], "level": "ERROR", "code": "UPLINK_CODEC", "description": f"at {LONE}"}

    await kept(bench, json.dumps(said).encode(), "log")
    (news,) = await bench.journal.events("a81758fffe0d0001")  # type: ignore[arg-type]  # an EUI, written out

    assert news.what == "campus: UPLINK_CODEC: at ?"


async def test_octets_that_are_no_utf_8_are_no_json(bench: ServersBench) -> None:
    assert await kept(bench, up(object={"text": "@"}).replace(b"@", b"\xed\xa0\xbd")) == [b"refused"]


@pytest.mark.parametrize(
    ("read", "kind", "member"),
    [
        (the_things_stack.read, "tts-v3-uplink-shape", "session_key_id"),
        (actility.read, "actility-uplink", "mic_hex"),
        (netmore.read, "netmore-uplink", "devAddr"),
    ],
)
def test_no_reader_lets_half_a_character_through(read: Any, kind: str, member: str) -> None:
    said = json.dumps(EVENTS[kind]).replace(f'"{member}": "', f'"{member}": "{json.dumps(LONE)[1:-1]}')

    told = read(said.encode(), ABOUT)
    (uplink,) = [told] if isinstance(told, ServerUplink) else told

    assert uplink.id.encode()


@pytest.mark.parametrize("levels", [33, 399, 500, 980])
@pytest.mark.parametrize(("opens", "closes"), [('{"a":', "}"), ("[", "]")])
async def test_what_is_nested_beyond_use_is_left_out_and_its_payload_can_be_read(
    bench: ServersBench, levels: int, opens: str, closes: str
) -> None:
    payloads = await kept(bench, nested(levels, opens, closes))

    assert payloads in ([bytes.fromhex("0100e202290400")], [b"refused"])
    assert payloads != [b"refused"] or levels > 900
    assert bench.servers.counts["decoded_too_large"] == (payloads != [b"refused"])


async def test_what_a_codec_nests_as_codecs_do_is_kept(bench: ServersBench) -> None:
    await kept(bench, nested(12))
    (row,) = await bench.rows()

    assert row.uplink.told is not None
    assert row.uplink.told.decoded is not None
