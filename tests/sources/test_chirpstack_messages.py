"""ChirpStack's gateway messages in protobuf and JSON, held against the classes that ChirpStack itself publishes (`chirpstack-api`)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from chirpstack_api.common import common_pb2  # type: ignore[import-untyped]  # it says no py.typed
from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # the same
from google.protobuf import duration_pb2, json_format, timestamp_pb2
from google.protobuf.descriptor import FieldDescriptor

from gateway.model import Json
from gateway.sources.chirpstack_gateway import fields, protobuf, words
from gateway.sources.chirpstack_gateway.bad_event import BadEvent, BadEventReason
from gateway.sources.protobuf_classes import SCALARS

VECTORS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "vectors" / "chirpstack" / "gateway_messages.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]

# our name: theirs
THEIRS: dict[str, Any] = {
    "Timestamp": timestamp_pb2.Timestamp,
    "Duration": duration_pb2.Duration,
    "Location": common_pb2.Location,
    "Lora": gw_pb2.LoraModulationInfo,
    "LoraV3": gw_pb2.LoraModulationInfo,
    "Fsk": gw_pb2.FskModulationInfo,
    "Delay": gw_pb2.DelayTimingInfo,
    "DownlinkTxInfoV3": gw_pb2.DownlinkTxInfoLegacy,
    "DownlinkFrameItemV3": gw_pb2.DownlinkFrameItem,
    "DownlinkFrameV3": gw_pb2.DownlinkFrame,
}
SAME_ON_THE_WIRE = {FieldDescriptor.TYPE_ENUM: FieldDescriptor.TYPE_INT32}
ONLY_V3 = {("DownlinkTxAck", "error")}  # a field that v4 has taken out; chirpstack-api 3.12, gw.proto
RENAMED = {
    ("LoraV3", "code_rate"): "code_rate_legacy",
    ("DownlinkTxInfoV3", "gateway_id"): "gateway_id",
    ("DownlinkFrameItemV3", "tx_info"): "tx_info_legacy",
    ("DownlinkFrameV3", "token"): "downlink_id",
    ("DownlinkFrameV3", "downlink_id"): "downlink_id_legacy",
    ("DownlinkFrameV3", "gateway_id"): "gateway_id_legacy",
}


def theirs(message: str) -> Any:
    return THEIRS.get(message) or getattr(gw_pb2, message)


@pytest.mark.parametrize("message", [name for name in fields.MESSAGES if name != "Nothing"])
def test_every_field_has_chirpstacks_number_and_type(message: str) -> None:
    known = theirs(message).DESCRIPTOR.fields_by_name
    ours = {
        RENAMED.get((message, name), name): (number, kind)
        for name, (number, kind) in fields.MESSAGES[message].items()
        if (message, name) not in ONLY_V3
    }

    expected = {name: (known[name].number, _kind(known[name])) for name in ours}

    assert {name: (number, _plain(kind)) for name, (number, kind) in ours.items()} == expected


def _plain(kind: str) -> str:
    return "message" if kind.strip("[]")[0].isupper() else kind


def _kind(field: FieldDescriptor) -> str:
    names: dict[int, str] = {int(number): name for name, number in SCALARS.items()}
    kind = SAME_ON_THE_WIRE.get(field.type, field.type)
    return "message" if kind == FieldDescriptor.TYPE_MESSAGE else names[kind]


@pytest.mark.parametrize(
    ("names", "enumeration"),
    [
        (fields.TX_ACK_STATUS, gw_pb2.TxAckStatus),
        (fields.CRC_STATUS, gw_pb2.CRCStatus),
        (fields.DOWNLINK_TIMING_V3, gw_pb2.DownlinkTiming),
        (fields.CONN_STATE, gw_pb2.ConnState.State),
        (fields.MODULATION_V3, common_pb2.Modulation),
    ],
)
def test_enumerations_have_chirpstacks_numbers(names: tuple[str, ...], enumeration: Any) -> None:
    assert {name: number for number, name in enumerate(names)} == dict(enumeration.items())


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("chirpstack-gw-uplinkframe", "UplinkFrame"),
        ("concentratord-zmq-event", "Event"),
        ("concentratord-zmq-command-get-gateway-id", "Command"),
        ("concentratord-zmq-command-downlink", "Command"),
        ("gw-downlink-txack", "DownlinkTxAck"),
    ],
)
def test_published_messages_are_read_and_written_again_to_the_octet(kind: str, message: str) -> None:
    (octets,) = (bytes.fromhex(one["protobuf_hex"]) for one in VECTORS if one["kind"] == kind)

    said = protobuf.read(message, octets)

    assert theirs(message).FromString(protobuf.write(message, said)) == _without_unread(
        theirs(message).FromString(octets)
    )


def _without_unread(message: Any) -> Any:
    """Take out what we pass over: metadata."""
    for frame in (message, getattr(message, "uplink_frame", None)):
        if frame is not None and hasattr(frame, "rx_info") and frame.HasField("rx_info"):
            frame.rx_info.ClearField("metadata")
    return message


@pytest.mark.parametrize("kind", ["chirpstack-gw-uplinkframe", "gw-downlink-txack"])
def test_the_same_message_in_json_says_the_same(kind: str) -> None:
    (vector,) = (one for one in VECTORS if one["kind"] == kind)
    message = "UplinkFrame" if "uplink" in kind else "DownlinkTxAck"

    in_json = words.read(json.dumps(vector["json"]).encode())

    assert in_json.keys() == protobuf.read(message, bytes.fromhex(vector["protobuf_hex"])).keys()


def test_what_we_write_in_json_is_read_by_chirpstack() -> None:
    said = {
        "downlink_id": 77,
        "gateway_id": "0016c001f153a14c",
        "items": [
            {
                "phy_payload": b"\x60\xff",
                "tx_info": {
                    "frequency": 868_300_000,
                    "power": 16,
                    "modulation": {
                        "lora": {"bandwidth": 125_000, "spreading_factor": 11, "polarization_inversion": True}
                    },
                    "timing": {"delay": {"delay": {"seconds": 5, "nanos": 250_000_000}}},
                    "context": b"\xe3\xf4\xb2\x24",
                },
            }
        ],
    }

    read = json_format.Parse(words.write("DownlinkFrame", said), gw_pb2.DownlinkFrame())

    assert read == gw_pb2.DownlinkFrame.FromString(protobuf.write("DownlinkFrame", said))
    assert read.items[0].tx_info.timing.delay.delay.ToMilliseconds() == 5250


@pytest.mark.parametrize(
    "name", ["gatewayId", "gateway_id", "gatewayID", "GATEWAY_ID"], ids=["protojson", "snake", "v3", "capitals"]
)
def test_names_are_known_by_their_letters(name: str) -> None:
    assert words.read(json.dumps({name: "x", "metadata": {"a": "b"}}).encode()) == {"gateway_id": "x"}


def test_json_and_protobuf_are_told_apart_by_the_first_octet() -> None:
    told = {octets: words.is_json(octets) for octets in (b"{}", b'{"a":1}', b"", b"\x0a\x02ab", b"\x1a\x00")}

    assert told == {b"{}": True, b'{"a":1}': True, b"": False, b"\x0a\x02ab": False, b"\x1a\x00": False}


# ── hostile octets ──────────────────────────────────────────────────────────────────────────────────────────────


def read_or_refused(message: str, octets: bytes) -> Json:
    try:
        return words.read(octets) if words.is_json(octets) else protobuf.read(message, octets)
    except BadEvent as error:
        return error.reason


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["kind"])
def test_every_truncation_is_read_or_refused(vector: dict[str, Json]) -> None:
    octets = bytes.fromhex(vector["protobuf_hex"])

    outcomes = [
        read_or_refused(message, octets[:length]) for message in fields.MESSAGES for length in range(len(octets))
    ]

    assert all(isinstance(one, dict) or one is BadEventReason.PROTOBUF for one in outcomes)


@pytest.mark.parametrize("message", fields.MESSAGES)
def test_noise_is_read_or_refused(message: str) -> None:
    noise = random.Random(message)

    outcomes = [read_or_refused(message, noise.randbytes(noise.randrange(80))) for _ in range(500)]

    assert all(isinstance(one, dict | BadEventReason) for one in outcomes)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"{", BadEventReason.JSON),
        (b'{"a":}', BadEventReason.JSON),
        (b'{"phyPayload":"\xff"}', BadEventReason.JSON),
        (b'{"items":' * 100_000, BadEventReason.JSON),
        (b'{"items":[' * 400 + b"]}" * 400, None),
    ],
    ids=["open", "no value", "not UTF-8", "deep and open", "deep"],
)
def test_bad_json_is_refused_with_a_reason(octets: bytes, reason: BadEventReason | None) -> None:
    outcome = read_or_refused("UplinkFrame", octets)

    assert outcome is reason if reason else isinstance(outcome, dict | BadEventReason)


def test_groups_within_groups_do_not_exhaust_the_stack() -> None:
    assert read_or_refused("UplinkFrame", b"\x0b" * 100_000) is BadEventReason.PROTOBUF  # field 1 begins as a group
