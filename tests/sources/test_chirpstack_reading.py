"""What a gateway heard, out of protobuf, JSON, and what ChirpStack v3's programs write; and whatever else may come."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # it says no py.typed
from google.protobuf import json_format

from gateway.model import DataRate, Eui64, FskRate, Json, LoraRate, Place
from gateway.sources.chirpstack_gateway import protobuf, words
from gateway.sources.chirpstack_gateway.bad_event import BadEvent, BadEventReason
from gateway.sources.chirpstack_gateway.reading import (
    Crc,
    Generation,
    Heard,
    named_gateway,
    read_online,
    read_place,
    read_stats,
    read_uplink,
)

GATEWAY = Eui64("0016c001f153a14c")
V4: dict[str, Json] = {
    "phyPayload": "QNobJgGAAQABAgME",
    "txInfo": {
        "frequency": 868300000,
        "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 11, "codeRate": "CR_4_5"}},
    },
    "rxInfo": {
        "gatewayId": "0016c001f153a14c",
        "uplinkId": 4217106255,
        "gwTime": "2026-07-18T09:34:15.775023242Z",
        "timeSinceGpsEpoch": "1468402473.775023s",
        "fineTimeSinceGpsEpoch": "1468402473.775023242s",
        "rssi": -36,
        "snr": 10.5,
        "channel": 2,
        "rfChain": 1,
        "board": 1,
        "antenna": 3,
        "location": {"latitude": 57.7, "longitude": 11.97, "altitude": 12.5},
        "context": "4/SyJA==",
        "metadata": {"region_name": "eu868"},
        "crcStatus": "CRC_OK",
    },
}
# The shape is that of chirpstack-gateway-bridge v3.9.2 with the JSON marshaler; names and types after gw.proto of chirpstack-api v3.12.
V3: dict[str, Json] = {
    "phyPayload": "QNobJgGAAQABAgME",
    "txInfo": {
        "frequency": 868300000,
        "modulation": "LORA",
        "loRaModulationInfo": {
            "bandwidth": 125,
            "spreadingFactor": 11,
            "codeRate": "4/5",
            "polarizationInversion": False,
        },
    },
    "rxInfo": {
        "gatewayID": "ABbAAfFToUw=",
        "time": "2026-07-18T09:34:15.775023Z",
        "timeSinceGPSEpoch": "1468402473.775s",
        "rssi": -36,
        "loRaSNR": 10.5,
        "channel": 2,
        "rfChain": 1,
        "board": 1,
        "antenna": 3,
        "location": {"latitude": 57.7, "longitude": 11.97, "altitude": 12.5, "source": "UNKNOWN", "accuracy": 0},
        "fineTimestampType": "PLAIN",
        "plainFineTimestamp": {"time": "2026-07-18T09:34:15.775023242Z"},
        "context": "4/SyJA==",
        "uplinkID": "EjRWeBI0VngSNFZ4EjRWeA==",
        "crcStatus": "CRC_OK",
    },
}


def changed(message: dict[str, Json], path: str, value: Json = ...) -> dict[str, Json]:
    """Return a message with one field changed, or without it."""
    made = copy.deepcopy(message)
    *parents, name = path.split(".")
    place = made
    for parent in parents:
        place = place[parent]
    if value is ...:
        del place[name]
    else:
        place[name] = value
    return made


def heard(
    message: dict[str, Json], *, gateway: Eui64 | None = GATEWAY, place: Place | None = None, is_ours: bool = False
) -> Heard:
    said = words.read(json.dumps(message).encode())
    return read_uplink(said, gateway=gateway, source="radio", place=place, is_ours=is_ours)


def reason(message: dict[str, Json]) -> BadEventReason:
    with pytest.raises(BadEvent) as refused:
        heard(message)
    return refused.value.reason


@pytest.mark.parametrize(
    ("message", "generation", "in_kilohertz"), [(V4, Generation.V4, False), (V3, Generation.V3, True)], ids=["v4", "v3"]
)
def test_both_generations_say_the_same_of_a_frame(
    message: dict[str, Json],
    generation: Generation,
    in_kilohertz: bool,  # noqa: FBT001 - a column of the table
) -> None:
    said = heard(message)

    one = said.reception
    assert (said.phy_payload, said.crc) == (bytes.fromhex("40DA1B26018001000102 0304"), Crc.RIGHT)
    assert (said.generation, said.in_kilohertz) == (generation, in_kilohertz)
    assert (one.gateway, one.source, one.frequency_hz, one.data_rate) == (
        GATEWAY,
        "radio",
        868_300_000,
        LoraRate(11, 125_000),
    )
    assert (one.rssi_dbm, one.snr_db, one.channel, one.antenna) == (-36.0, 10.5, 2, 3)
    assert one.gateway_time == datetime(2026, 7, 18, 9, 34, 15, 775023, UTC)
    assert one.fine_time_ns == 775_023_242
    assert one.place == Place(57.7, 11.97, 12.5)
    assert (one.context, one.timestamp_us) == (bytes.fromhex("01 03 E3F4B224"), 0xE3F4B224)


def test_protobuf_says_the_same_as_json() -> None:
    frame = json_format.Parse(json.dumps(V4), gw_pb2.UplinkFrame())

    said = read_uplink(protobuf.read("UplinkFrame", frame.SerializeToString()), gateway=GATEWAY, source="radio")

    assert said == heard(V4)


def test_snake_case_and_numbers_for_names_are_read_alike() -> None:
    frame = json_format.Parse(json.dumps(V4), gw_pb2.UplinkFrame())
    told = json_format.MessageToDict(
        frame, preserving_proto_field_name=True, use_integers_for_enums=True, always_print_fields_with_no_presence=True
    )

    assert heard(told) == heard(V4)


def test_what_is_absent_is_zero() -> None:
    bare = {
        "phyPayload": "QA==",
        "txInfo": {"frequency": 868100000, "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 7}}},
        "rxInfo": {"gatewayId": GATEWAY, "crcStatus": "CRC_OK"},
    }

    one = heard(bare).reception

    assert (one.rssi_dbm, one.snr_db, one.channel, one.antenna) == (0.0, 0.0, 0, 0)
    assert (one.gateway_time, one.fine_time_ns, one.place, one.context, one.timestamp_us) == (
        None,
        None,
        None,
        b"",
        None,
    )


def test_a_float_of_32_bits_is_the_number_that_was_meant() -> None:
    frame = json_format.Parse(json.dumps(changed(V4, "rxInfo.snr", 9.2)), gw_pb2.UplinkFrame())

    said = read_uplink(protobuf.read("UplinkFrame", frame.SerializeToString()), gateway=GATEWAY, source="radio")

    assert said.reception.snr_db == 9.2


@pytest.mark.parametrize(
    ("modulation", "data_rate"),
    [
        ({"lora": {"bandwidth": 250000, "spreadingFactor": 7}}, LoraRate(7, 250_000)),
        ({"loRa": {"bandwidth": 500, "spreadingFactor": 12}}, LoraRate(12, 500_000)),
        ({"fsk": {"datarate": 50000}}, FskRate(50_000)),
    ],
)
def test_data_rates_are_lora_and_fsk(modulation: Json, data_rate: DataRate) -> None:
    one = heard(changed(V4, "txInfo.modulation", modulation)).reception

    assert one.data_rate == data_rate
    assert (one.snr_db is None) is isinstance(data_rate, FskRate)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("phyPayload", ..., BadEventReason.DATA),
        ("phyPayload", "", BadEventReason.DATA),
        ("phyPayload", "§", BadEventReason.DATA),
        ("phyPayload", 7, BadEventReason.DATA),
        ("phyPayload", "A" * 400, BadEventReason.TOO_LONG),
        ("txInfo", ..., BadEventReason.FREQUENCY),
        ("txInfo", [], BadEventReason.SHAPE),
        ("txInfo.frequency", 0, BadEventReason.FREQUENCY),
        ("txInfo.frequency", "many", BadEventReason.FREQUENCY),
        ("txInfo.modulation", ..., BadEventReason.MODULATION),
        ("txInfo.modulation", {}, BadEventReason.MODULATION),
        ("txInfo.modulation", {"lrFhss": {"operatingChannelWidth": 137000}}, BadEventReason.LR_FHSS),
        ("txInfo.modulation.lora.spreadingFactor", 13, BadEventReason.DATA_RATE),
        ("txInfo.modulation.lora.bandwidth", 7, BadEventReason.DATA_RATE),
        ("txInfo.modulation", {"fsk": {}}, BadEventReason.DATA_RATE),
        ("rxInfo", ..., BadEventReason.GATEWAY),
        ("rxInfo", "x", BadEventReason.SHAPE),
        ("rxInfo.gatewayId", "0102030405060708", BadEventReason.GATEWAY),
        ("rxInfo.gatewayId", "roof", BadEventReason.GATEWAY),
        ("rxInfo.crcStatus", "BAD_CRC", BadEventReason.BAD_CRC),
        ("rxInfo.crcStatus", 1, BadEventReason.BAD_CRC),
        ("rxInfo.crcStatus", 9, BadEventReason.BAD_CRC),
        ("rxInfo.rssi", "loud", BadEventReason.RSSI),
        ("rxInfo.rssi", True, BadEventReason.RSSI),
        ("rxInfo.rssi", 1e300, BadEventReason.RSSI),
    ],
)
def test_what_a_frame_needs_and_is_wrong_refuses_it(path: str, value: Json, expected: BadEventReason) -> None:
    assert reason(changed(V4, path, value)) is expected


@pytest.mark.parametrize(
    ("path", "value", "absent"),
    [
        ("rxInfo.gwTime", "yesterday", "gateway_time"),
        ("rxInfo.gwTime", 7, "gateway_time"),
        ("rxInfo.gwTime", "0001-01-01T00:00:00+23:00", "gateway_time"),
        ("rxInfo.fineTimeSinceGpsEpoch", "-1s", "fine_time_ns"),
        ("rxInfo.fineTimeSinceGpsEpoch", [1], "fine_time_ns"),
        ("rxInfo.snr", "NaN", "snr_db"),
        ("rxInfo.channel", -1, "channel"),
        ("rxInfo.location", {"latitude": 91, "longitude": 0}, "place"),
        ("rxInfo.location", "here", "place"),
        ("rxInfo.location", {}, "place"),
        ("rxInfo.context", "?", "timestamp_us"),
    ],
)
def test_what_only_adorns_a_frame_and_is_wrong_is_absent(path: str, value: Json, absent: str) -> None:
    without_gps = changed(V4, "rxInfo.timeSinceGpsEpoch")

    one = heard(changed(without_gps, path, value)).reception

    assert getattr(one, absent) is None


def every_path(message: Json, before: str = "") -> Iterator[str]:
    for name, value in message.items():
        yield f"{before}{name}"
        if isinstance(value, dict):
            yield from every_path(value, f"{before}{name}.")


WRONG: list[Json] = [None, True, -1, 0, 1e400, "", "x", "NaN", "9" * 5000, [], [1], {}, {"seconds": "x"}, {"lora": 1}]


@pytest.mark.parametrize("message", [V4, V3], ids=["v4", "v3"])
def test_a_value_of_any_wrong_type_is_absent_or_refuses_the_frame(message: dict[str, Json]) -> None:
    outcomes: list[Any] = []
    for path in every_path(message):
        for value in WRONG:
            try:
                outcomes.append(heard(changed(message, path, value)))
            except BadEvent as error:
                outcomes.append(error.reason)

    assert {type(one) for one in outcomes} == {Heard, BadEventReason}


def test_a_frame_without_crc_is_told_apart_in_v4_and_taken_in_v3_where_nobody_said_so() -> None:
    assert heard(changed(V4, "rxInfo.crcStatus")).crc is Crc.NONE
    assert heard(changed(V3, "rxInfo.crcStatus")).crc is Crc.RIGHT


def test_an_older_context_of_more_octets_is_kept_and_no_counter() -> None:
    one = heard(changed(V4, "rxInfo.context", "AAECAwQFBgc=")).reception

    assert (one.context, one.timestamp_us) == (bytes.fromhex("0103 0001020304050607"), None)


# ── time and place ──────────────────────────────────────────────────────────────────────────────────────────────


def test_gps_time_stands_in_for_the_gateways_time() -> None:
    one = heard(changed(changed(V4, "rxInfo.gwTime"), "rxInfo.timeSinceGpsEpoch", "1468402473.775s")).reception

    assert one.gateway_time == datetime(1980, 1, 6, tzinfo=UTC) + timedelta(seconds=1468402473.775 - 18)


def test_only_this_boxs_own_receiver_dates_what_it_hears() -> None:
    fallback = changed(V4, "rxInfo.timeSinceGpsEpoch")  # Concentratord's `time_fallback_enabled`: the system's time

    told = [
        heard(V4, is_ours=True).reception.gateway_time_is_gps,
        heard(V4, is_ours=False).reception.gateway_time_is_gps,
        heard(fallback, is_ours=True).reception.gateway_time_is_gps,
    ]

    assert told == [True, False, False]


def test_a_gateway_that_says_no_place_is_where_its_statistics_were() -> None:
    somewhere = Place(59.3, 18.1, None)

    assert heard(changed(V4, "rxInfo.location"), place=somewhere).reception.place == somewhere
    assert heard(V4, place=somewhere).reception.place == Place(57.7, 11.97, 12.5)


def test_zero_zero_is_no_place() -> None:
    assert read_place({"latitude": 0, "longitude": 0, "altitude": 0}) is None


@pytest.mark.parametrize(
    "said",
    [
        {
            "gatewayId": GATEWAY,
            "time": "2026-07-18T09:34:15Z",
            "rxPacketsReceived": 5,
            "rxPacketsReceivedOk": 4,
            "txPacketsEmitted": 1,
        },
        {
            "gatewayID": "ABbAAfFToUw=",
            "time": "2026-07-18T09:34:15Z",
            "rxPacketsReceived": 5,
            "rxPacketsReceivedOK": 4,
            "txPacketsEmitted": 1,
        },
    ],
    ids=["v4", "v3"],
)
def test_statistics_are_read(said: Json) -> None:
    read = words.read(json.dumps(said).encode())

    stats = read_stats(read)

    assert named_gateway(read) == GATEWAY
    assert stats.time == datetime(2026, 7, 18, 9, 34, 15, tzinfo=UTC)
    assert stats.numbers == {
        "rx_packets_received": 5,
        "rx_packets_received_ok": 4,
        "tx_packets_received": 0,
        "tx_packets_emitted": 1,
    }


@pytest.mark.parametrize(
    ("state", "online"), [("ONLINE", True), (1, True), ("OFFLINE", False), (0, False), (..., False)]
)
def test_a_state_is_online_or_offline_and_absent_is_offline(state: Json, online: bool) -> None:  # noqa: FBT001 - a column
    assert read_online({} if state is ... else {"state": state}) is online


def test_a_state_that_is_neither_is_refused() -> None:
    with pytest.raises(BadEvent):
        read_online({"state": "SLEEPING"})
