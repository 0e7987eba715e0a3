"""What a gateway is told to send, in the four dialects; and what its acknowledgement means."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from chirpstack_api.common import common_pb2  # type: ignore[import-untyped]  # it says no py.typed
from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # the same
from google.protobuf import json_format

from gateway.model import DataRate, Eui64, FskRate, Json, LoraRate, TxRequest, TxResult
from gateway.sources.chirpstack_gateway import protobuf, words
from gateway.sources.chirpstack_gateway.order import Dialect, read_number, read_result, worth_s, write_order
from gateway.sources.chirpstack_gateway.reading import Generation

GATEWAY = Eui64("0016c001f153a14c")
SF7 = LoraRate(7, 125_000)
CONTEXT = bytes.fromhex("01 03 E3F4B224")  # board, antenna, and what the gateway said


def request(
    *,
    delay: timedelta | None = timedelta(seconds=1),
    data_rate: DataRate = SF7,
    context: bytes = CONTEXT,
) -> TxRequest:
    return TxRequest(
        source="radio",
        gateway=GATEWAY,
        phy_payload=b"\x60\x01\x02\x03",
        frequency_hz=868_100_000,
        data_rate=data_rate,
        power_dbm=13.7,
        timestamp_us=None,
        delay=delay,
        context=context,
    )


def v4(order: bytes, *, is_json: bool = False) -> Any:
    return json_format.Parse(order, gw_pb2.DownlinkFrame()) if is_json else gw_pb2.DownlinkFrame.FromString(order)


@pytest.mark.parametrize("is_json", [False, True], ids=["protobuf", "json"])
def test_an_order_is_one_item_in_chirpstacks_words(is_json: bool) -> None:  # noqa: FBT001 - a column
    frame = v4(write_order(request(), 0xABCD0001, Dialect(is_json=is_json)), is_json=is_json)

    (item,) = frame.items
    lora = item.tx_info.modulation.lora
    assert (frame.downlink_id, frame.gateway_id, item.phy_payload) == (0xABCD0001, GATEWAY, b"\x60\x01\x02\x03")
    assert (item.tx_info.frequency, item.tx_info.power) == (868_100_000, 13)
    assert (lora.bandwidth, lora.spreading_factor, lora.code_rate) == (125_000, 7, gw_pb2.CR_4_5)
    assert (lora.polarization_inversion, lora.no_crc) == (True, True)
    assert (item.tx_info.board, item.tx_info.antenna, item.tx_info.context) == (1, 3, bytes.fromhex("E3F4B224"))
    assert item.tx_info.timing.delay.delay.ToTimedelta() == timedelta(seconds=1)


@pytest.mark.parametrize("is_json", [False, True], ids=["protobuf", "json"])
def test_without_a_delay_it_goes_out_immediately(is_json: bool) -> None:  # noqa: FBT001 - a column
    frame = v4(write_order(request(delay=None), 1, Dialect(is_json=is_json)), is_json=is_json)

    assert frame.items[0].tx_info.timing.WhichOneof("parameters") == "immediately"


@pytest.mark.parametrize(
    ("delay", "expected_s"),
    [
        (None, 1),
        (timedelta(seconds=1), 1),
        (timedelta(seconds=6), 6),
        (timedelta(milliseconds=1500), 2),
        (timedelta(0), 1),
    ],
)
def test_an_order_is_worth_keeping_until_its_slot(delay: timedelta | None, expected_s: int) -> None:
    assert worth_s(request(delay=delay)) == expected_s


def test_fsk_has_lorawans_deviation() -> None:
    fsk = v4(write_order(request(data_rate=FskRate(50_000)), 1, Dialect())).items[0].tx_info.modulation.fsk

    assert (fsk.datarate, fsk.frequency_deviation) == (50_000, 25_000)


def test_a_request_that_answers_nothing_has_no_context() -> None:
    info = v4(write_order(request(delay=None, context=b""), 1, Dialect())).items[0].tx_info

    assert (info.board, info.antenna, info.context) == (0, 0, b"")


@pytest.mark.parametrize(("in_kilohertz", "bandwidth"), [(True, 125), (False, 125_000)])
def test_v3_gets_its_own_fields(in_kilohertz: bool, bandwidth: int) -> None:  # noqa: FBT001 - a column
    order = write_order(request(), 258, Dialect(Generation.V3, in_kilohertz=in_kilohertz))

    frame = gw_pb2.DownlinkFrame.FromString(order)
    info = frame.items[0].tx_info_legacy
    assert (frame.downlink_id, frame.downlink_id_legacy) == (258, bytes(14) + b"\x01\x02")
    assert (frame.gateway_id_legacy, info.gateway_id) == (bytes.fromhex(GATEWAY),) * 2
    assert (info.frequency, info.power, info.board, info.antenna) == (868_100_000, 13, 1, 3)
    assert (info.modulation, info.lora_modulation_info.bandwidth) == (common_pb2.LORA, bandwidth)
    assert (info.lora_modulation_info.spreading_factor, info.lora_modulation_info.code_rate_legacy) == (7, "4/5")
    assert (info.timing, info.delay_timing_info.delay.seconds, info.context) == (
        gw_pb2.DELAY,
        1,
        bytes.fromhex("E3F4B224"),
    )


def test_v3_in_json_has_the_names_of_its_own_messages() -> None:
    order = json.loads(write_order(request(delay=None), 258, Dialect(Generation.V3, is_json=True, in_kilohertz=True)))

    assert order == {
        "token": 258,
        "downlink_id": "AAAAAAAAAAAAAAAAAAABAg==",
        "items": [
            {
                "phy_payload": "YAECAw==",
                "tx_info": {
                    "gateway_id": "ABbAAfFToUw=",
                    "frequency": 868100000,
                    "power": 13,
                    "modulation": 0,
                    "lora_modulation_info": {
                        "bandwidth": 125,
                        "spreading_factor": 7,
                        "code_rate": "4/5",
                        "polarization_inversion": True,
                    },
                    "board": 1,
                    "antenna": 3,
                    "timing": 0,
                    "immediately_timing_info": {},
                    "context": "4/SyJA==",
                },
            }
        ],
        "gateway_id": "ABbAAfFToUw=",
    }


def test_v3_has_fsk_too() -> None:
    order = write_order(request(data_rate=FskRate(50_000)), 1, Dialect(Generation.V3))

    info = gw_pb2.DownlinkFrame.FromString(order).items[0].tx_info_legacy
    assert (info.modulation, info.fsk_modulation_info.datarate) == (common_pb2.FSK, 50_000)


# ── acknowledgements ────────────────────────────────────────────────────────────────────────────────────────────


def ack(*statuses: int, **more: Any) -> dict[str, Json]:
    items = [gw_pb2.DownlinkTxAckItem(status=status) for status in statuses]
    return protobuf.read("DownlinkTxAck", gw_pb2.DownlinkTxAck(items=items, **more).SerializeToString())


@pytest.mark.parametrize("name", gw_pb2.TxAckStatus.keys())
def test_every_status_of_chirpstack_is_a_result(name: str) -> None:
    expected = {"OK": TxResult.SENT, "IGNORED": TxResult.NO_ANSWER}.get(name) or TxResult(name.lower())

    read = [
        read_result(ack(gw_pb2.TxAckStatus.Value(name))),
        read_result(words.read(json.dumps({"items": [{"status": name}]}).encode())),
    ]

    assert read == [expected] * 2


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"items": []},
        {"items": "x"},
        {"items": [7]},
        {"items": [{"status": 99}]},
        {"items": [{"status": "ON_FIRE"}]},
        {"error": 7},
    ],
)
def test_what_nobody_understands_may_have_been_sent(said: dict[str, Json]) -> None:
    assert read_result(said) is TxResult.NO_ANSWER


@pytest.mark.parametrize(("error", "expected"), [("", TxResult.SENT), ("TOO_LATE", TxResult.TOO_LATE)])
def test_before_there_were_items_one_word_said_it(error: str, expected: TxResult) -> None:
    assert read_result({"token": 7, "error": error}) is expected


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ({"downlinkId": 258}, 258),
        ({"downlinkId": "258"}, 258),
        ({"token": 258, "downlinkID": "AAAAAAAAAAAAAAAAAAABAg=="}, 258),
        ({"downlinkID": "AAAAAAAAAAAAAAAAAAABAg=="}, 258),
        ({"downlinkId": -1}, None),
        ({}, None),
    ],
)
def test_an_acknowledgement_names_its_order(said: dict[str, Json], number: int | None) -> None:
    assert read_number(words.read(json.dumps(said).encode())) == number


def test_an_acknowledgement_in_protobuf_names_its_order_in_both_generations() -> None:
    assert read_number(ack(1, downlink_id=258)) == 258
    assert read_number(ack(1, downlink_id_legacy=bytes(14) + b"\x01\x02")) == 258
