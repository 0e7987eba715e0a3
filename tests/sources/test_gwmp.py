"""The wire of GWMP: published and captured datagrams, and octets that nobody would send."""

from __future__ import annotations

import json
import random

import pytest

from gateway.model import Json, TxResult
from gateway.sources.gwmp import (
    BadDatagram,
    BadDatagramReason,
    Datagram,
    PullAck,
    PullData,
    PullResp,
    PushAck,
    PushData,
    TxAck,
    acknowledgement,
    parse,
    sender,
)
from tests.sources.conftest import GATEWAY, pull_data, push_data, rxpk, vectors

PUBLISHED = [vector for vector in vectors("gwmp.jsonl") if vector["kind"] == "gwmp-datagram"]
CAPTURED = [vector for vector in vectors("captured_gwmp.jsonl") if vector["kind"] == "gwmp-capture"]
TYPES: dict[int, type[Datagram]] = {0: PushData, 1: PushAck, 2: PullData, 3: PullResp, 4: PullAck, 5: TxAck}
NAMES: dict[str, type[Datagram]] = {
    "PullACK": PullAck,
    "PullACKPacket": PullAck,
    "PullDataPacket": PullData,
    "PullRespPacket": PullResp,
    "PushACKPacket": PushAck,
    "PushDataPacket": PushData,
    "TXACKPacket": TxAck,
}


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector["hex"][:30])
def test_published_datagrams_say_what_their_authors_say(vector: dict[str, Json]) -> None:
    datagram = bytes.fromhex(vector["hex"])
    (name, expected), *_ = vector["decoded"].items()

    if name == "Error":
        with pytest.raises(BadDatagram):
            parse(datagram)
        return
    said = parse(datagram)

    assert type(said) is NAMES[expected if name == "PacketType" else name]
    if isinstance(expected, dict):
        assert said.token == int.from_bytes(expected.get("RandomToken", 0).to_bytes(2, "little"), "big")
        if isinstance(said, PushData | PullData | TxAck):
            assert said.gateway == bytes(expected.get("GatewayMAC", [0] * 8)).hex()
        if isinstance(said, TxAck):
            assert said.error == expected.get("Payload", {}).get("TXPKACK", {}).get("Error")


@pytest.mark.parametrize("vector", CAPTURED, ids=lambda vector: f"{vector['type']}-{vector['token']}")
def test_what_real_forwarders_sent_and_took_is_read(vector: dict[str, Json]) -> None:
    body = json.loads(vector["json"]) if vector["json"] else {}

    said = parse(bytes.fromhex(vector["hex"]))

    assert type(said) is TYPES[vector["type"]]
    assert (said.version, said.token) == (2, vector["token"])
    match said:
        case PushData():
            assert (list(said.rxpk), said.stat) == (body.get("rxpk", []), body.get("stat"))
        case PullResp():
            assert said.txpk == body["txpk"]
        case TxAck():
            assert said.error == body.get("txpk_ack", {}).get("error")
        case _:
            assert body == {}
    assert vector["dir"] == "dn" or sender(bytes.fromhex(vector["hex"])) == GATEWAY


@pytest.mark.parametrize(
    "said",
    [
        PushData(version=2, token=0xABCD, gateway=GATEWAY, rxpk=(rxpk(), rxpk(chan=3)), stat={"rxnb": 1}),
        PushData(version=1, token=0, gateway=GATEWAY),
        PushAck(2, 0x0102),
        PullData(2, 0xFFFF, GATEWAY),
        PullAck(1, 7),
        PullResp(2, 0x8001, {"imme": True}),
        PullResp(2, 1),
        TxAck(version=2, token=5, gateway=GATEWAY),
        TxAck(version=2, token=5, gateway=GATEWAY, error="TOO_LATE"),
        TxAck(version=2, token=5, gateway=GATEWAY, warning="TX_POWER"),
    ],
    ids=lambda said: type(said).__name__,
)
def test_what_is_written_is_read_again(said: Datagram) -> None:
    assert parse(said.to_bytes()) == said


def test_what_is_written_is_what_the_real_forwarders_write() -> None:
    written = [
        PullData(2, 26566, GATEWAY).to_bytes(),
        TxAck(version=2, token=256, gateway=GATEWAY).to_bytes(),
        TxAck(version=2, token=257, gateway=GATEWAY, error="COLLISION_PACKET").to_bytes(),
    ]

    assert [datagram.hex() for datagram in written] == [
        vector["hex"] for vector in CAPTURED[:5] if vector["type"] in {2, 5}
    ]


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b"", TxResult.SENT),
        (b"\0", TxResult.SENT),  # Kerlink iBTS
        (b"{}", TxResult.SENT),
        (b"{}\0", TxResult.SENT),
        (b'{"txpk_ack":{}}', TxResult.SENT),
        (b'{"txpk_ack":null}', TxResult.SENT),
        (b'{"txpk_ack":{"error":"NONE"}}', TxResult.SENT),
        (b'{"txpk_ack":{"error":""}}', TxResult.SENT),
        (b'{"txpk_ack":{"error":null}}', TxResult.SENT),
        (b'{"txpk_ack":{"warn":"TX_POWER","value":20}}', TxResult.SENT),
        (b'{"txpk_ack":{"error":"TOO_LATE"}}', TxResult.TOO_LATE),
        (b'{"txpk_ack":{"error":"too_early"}}', TxResult.TOO_EARLY),
        (b'{"txpk_ack":{"error":"COLLISION_PACKET"}}', TxResult.COLLISION_PACKET),
        (b'{"txpk_ack":{"error":"COLLISION_BEACON"}}', TxResult.COLLISION_BEACON),
        (b'{"txpk_ack":{"error":"TX_FREQ"}}', TxResult.TX_FREQ),
        (b'{"txpk_ack":{"error":"TX_POWER"}}', TxResult.TX_POWER),
        (b'{"txpk_ack":{"error":"GPS_UNLOCKED"}}', TxResult.GPS_UNLOCKED),
        (b'{"txpk_ack":{"error":"ON_FIRE"}}', None),
        (b'{"txpk_ack":{"error":"NO_ANSWER"}}', None),  # our word, not the protocol's
    ],
)
def test_a_tx_ack_says_how_the_transmission_went(body: bytes, result: TxResult | None) -> None:
    said = parse(b"\x02\x00\x01\x05" + bytes.fromhex(GATEWAY) + body)

    assert isinstance(said, TxAck)
    assert said.result == result


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", BadDatagramReason.TRUNCATED),
        (b"\x02\x00\x00", BadDatagramReason.TRUNCATED),
        (pull_data()[:11], BadDatagramReason.TRUNCATED),
        (b"\x00\x00\x00\x02" + bytes(8), BadDatagramReason.VERSION),
        (b"\x03\x00\x00\x02" + bytes(8), BadDatagramReason.VERSION),
        (b"\x02\x00\x00\x06" + bytes(8), BadDatagramReason.TYPE),
        (push_data(b""), BadDatagramReason.JSON),
        (push_data(b'{"rxpk":[{]}'), BadDatagramReason.JSON),
        (push_data(b"[" * 50_000), BadDatagramReason.JSON),
        (push_data(b'{"rxpk":' * 20_000), BadDatagramReason.JSON),
        (push_data(b'{"rxpk":[{"tmst":' + b"9" * 5000 + b"}]}"), BadDatagramReason.JSON),
        (push_data(b"\xff\xfe"), BadDatagramReason.JSON),
        (push_data(b"[]"), BadDatagramReason.SHAPE),
        (push_data(b"null"), BadDatagramReason.SHAPE),
        (push_data(b"NaN"), BadDatagramReason.SHAPE),
        (push_data({"rxpk": {}}), BadDatagramReason.SHAPE),
        (push_data({"rxpk": "x"}), BadDatagramReason.SHAPE),
        (push_data({"rxpk": None}), BadDatagramReason.SHAPE),
        (b"\x02\x00\x01\x05" + bytes(8) + b'{"txpk_ack":[1]}', BadDatagramReason.SHAPE),
        (b"\x02\x00\x01\x05" + bytes(8) + b'{"txpk_ack":{"error":5}}', BadDatagramReason.SHAPE),
        (b"\x02\x00\x01\x05" + bytes(8) + b"OK", BadDatagramReason.JSON),
    ],
    ids=lambda value: value[:24].hex() if isinstance(value, bytes) else str(value),
)
def test_a_datagram_is_refused_for_its_reason(datagram: bytes, reason: BadDatagramReason) -> None:
    with pytest.raises(BadDatagram) as refused:
        parse(datagram)

    assert refused.value.reason is reason


def test_a_description_in_another_encoding_does_not_lose_the_packets_beside_it() -> None:
    body = b'{"rxpk":[{}],"stat":{"desc":"Taket p\xe5 stadshuset"}}'

    said = parse(push_data(body))

    assert isinstance(said, PushData)
    assert said.rxpk == ({},)


def test_acknowledgements_need_only_the_header() -> None:
    due = [
        (push_data(b"no JSON at all", token=0xBEEF), "02beef01"),
        (push_data({}, version=1, token=0xBEEF), "01beef01"),
        (pull_data(), "02000104"),
    ]

    assert [acknowledgement(datagram) for datagram, _ in due] == [bytes.fromhex(answer) for _, answer in due]


@pytest.mark.parametrize("datagram", [b"", pull_data()[:11], b"\x02\x00\x01\x05" + bytes(8), b"\x07" + pull_data()[1:]])
def test_nothing_else_is_acknowledged(datagram: bytes) -> None:
    assert acknowledgement(datagram) is None


def test_the_sender_is_in_the_header_of_what_gateways_send() -> None:
    senders = [sender(datagram) for datagram in (push_data(b""), pull_data(), b"\x02\x00\x01\x03" + bytes(20), b"")]

    assert senders == [GATEWAY, GATEWAY, None, None]


def outcome(datagram: bytes) -> str:
    """Parse; anything but BadDatagram passes through and fails the test."""
    acknowledgement(datagram)
    sender(datagram)
    try:
        return type(parse(datagram)).__name__
    except BadDatagram as refused:
        return str(refused.reason)


@pytest.mark.parametrize("vector", [*PUBLISHED, *CAPTURED], ids=lambda vector: vector["hex"][:30])
def test_every_truncation_is_refused_or_read(vector: dict[str, Json]) -> None:
    datagram = bytes.fromhex(vector["hex"])

    outcomes = {length: outcome(datagram[:length]) for length in range(len(datagram))}

    if len(datagram) > 14 and datagram[-1:] == b"}":  # cut inside its JSON, it cannot be whole
        header = 4 if datagram[3] == 3 else 12
        assert {outcomes[length] for length in range(header + 1, len(datagram))} == {"json"}


def test_every_flipped_bit_is_refused_or_read() -> None:
    datagram = bytes.fromhex(CAPTURED[20]["hex"])
    flipped = [
        bytes((*datagram[:at], datagram[at] ^ (1 << bit), *datagram[at + 1 :]))
        for at in range(len(datagram))
        for bit in range(8)
    ]

    outcomes = {outcome(one) for one in flipped}

    assert {"PushData", "json", "version", "type"} <= outcomes


def test_noise_is_refused_or_read() -> None:
    noise = random.Random(868)
    kinds = b"\x00\x01\x02\x03\x04\x05\x06"

    outcomes = {outcome(noise.randbytes(noise.randrange(64))) for _ in range(20_000)} | {
        outcome(bytes((2, 0, 0, noise.choice(kinds))) + noise.randbytes(noise.randrange(64))) for _ in range(20_000)
    }

    assert outcomes <= {kind.__name__ for kind in TYPES.values()} | set(map(str, BadDatagramReason))
