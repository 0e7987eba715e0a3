"""The Things Stack's application messages and its downlink queue."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from gateway.model import Downlink, DownlinkState, LoraRate, ServerNews, ServerReceipt, ServerUplink
from gateway.sources.network_server import the_things_stack
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason
from gateway.sources.network_server.decode import Decode
from gateway.sources.network_server.reading import Circumstances

from .events import ABOUT, CAME, EVENTS, JUNK, octets

UP: dict[str, Any] = EVENTS["tts-v3-uplink-shape"]
IDS = UP["end_device_ids"]
ADDRESS = "app1@ttn/dev1"
REFERENCE = UUID("11111111-2222-5333-8444-555555555555")
NORMALISED = [{"air": {"temperature": 21.5}}]


def changed(**message: Any) -> dict[str, Any]:
    """Return the uplink with other members of its message; None takes one out."""
    whole = {**UP["uplink_message"], **message}
    return dict(UP) | {"uplink_message": {name: value for name, value in whole.items() if value is not None}}


def heard(said: Any, about: Circumstances = ABOUT) -> ServerUplink:
    found = the_things_stack.read(octets(said), about, ADDRESS)
    assert isinstance(found, ServerUplink)
    return found


def test_an_uplink_is_read_whole() -> None:
    one = heard(changed(normalized_payload=NORMALISED))

    assert (one.dev_eui, one.dev_addr, one.address) == ("0004a30b001c0530", "00bcb929", ADDRESS)
    assert (one.f_cnt, one.f_port, one.payload) == (42, 15, b"Temperature = 0.0")
    assert one.server_time == datetime(2020, 2, 12, 15, 15, 45, 600_000, tzinfo=UTC)
    (reception,) = one.receptions
    assert (reception.gateway, reception.frequency_hz, reception.data_rate) == (
        "9c5c8e00001a05c4", 868_300_000, LoraRate(7, 125_000),
    )  # fmt: skip
    assert (reception.rssi_dbm, reception.snr_db, reception.timestamp_us) == (-35, 5.2, 2_463_457_000)
    assert one.decoded is not None
    assert (one.decoded.fields, one.decoded.normalised) == ({"temperature": 21.5}, NORMALISED)


def test_a_message_that_is_told_again_has_the_same_id_and_another_uplink_has_another() -> None:
    told_again = UP | {"received_at": "2020-02-12T15:16:00Z", "correlation_ids": ["as:up:02"]}

    assert heard(told_again).id == heard(UP).id
    assert heard(changed(f_cnt=43)).id != heard(UP).id
    assert heard(changed(session_key_id="AXA=")).id != heard(UP).id
    assert heard(changed(received_at="2020-02-12T15:15:46Z")).id != heard(UP).id, "an ABP device may begin at 0 again"


def test_what_is_left_out_is_zero_and_a_frame_without_a_port_has_no_payload() -> None:
    assert heard(changed(f_cnt=None)).f_cnt == 0
    empty = heard(changed(f_port=None, frm_payload=None, decoded_payload=None))

    assert (empty.f_port, empty.payload, empty.decoded) == (0, b"", None)


def test_a_gateway_of_another_network_is_known_by_what_packet_broker_says() -> None:
    foreign = {
        "gateway_ids": {"gateway_id": "packetbroker"},
        "packet_broker": {"forwarder_gateway_eui": "AA555A0000000001"},
    }
    unknown = {"gateway_ids": {"gateway_id": "packetbroker"}, "packet_broker": {}}

    one = heard(changed(rx_metadata=[foreign | {"rssi": -110, "snr": -3}, unknown | {"rssi": -90}]))

    assert [reception.gateway for reception in one.receptions] == ["aa555a0000000001"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (changed(app_s_key={"key": "ff"}), BadEventReason.ENCRYPTED),
        (changed(frm_payload="?"), BadEventReason.PAYLOAD),
        (changed(received_at="soon"), BadEventReason.TIME),
        (UP | {"end_device_ids": {"device_id": "dev1"}}, BadEventReason.DEV_EUI),
        (UP | {"uplink_message": []}, BadEventReason.SHAPE),
        ({"end_device_ids": IDS}, BadEventReason.SHAPE),
        ([], BadEventReason.SHAPE),
    ],
)
def test_what_cannot_be_is_refused_for_its_reason(said: Any, reason: BadEventReason) -> None:
    with pytest.raises(BadEvent) as caught:
        heard(said)

    assert caught.value.reason is reason


def test_hostile_octets_are_refused_and_nothing_else_happens() -> None:
    seeded, whole = random.Random(20261126), octets(UP)
    hostile = [
        b"",
        b"[" * 100_000,
        *(whole[:size] for size in range(0, len(whole), 5)),
        *(seeded.randbytes(40) for _ in range(200)),
    ]
    hostile += [
        octets({member: junk})
        for member in (*UP, *the_things_stack.RECEIPTS, "downlink_failed", "join_accept")
        for junk in JUNK
    ]

    for one in hostile:
        try:
            the_things_stack.read(one, ABOUT, ADDRESS)
        except BadEvent:
            continue


def test_a_join_is_news_and_normalised_copies_are_passed_over() -> None:
    joined = the_things_stack.read(
        octets({"end_device_ids": IDS, "received_at": UP["received_at"], "join_accept": {}}), ABOUT
    )

    assert isinstance(joined, ServerNews)
    assert joined.what == "joined at campus as 00bcb929"
    assert the_things_stack.read(octets({"end_device_ids": IDS, "uplink_normalized": {}}), ABOUT) is None


@pytest.mark.parametrize(
    ("member", "state"),
    [
        ("downlink_queued", DownlinkState.QUEUED),
        ("downlink_sent", DownlinkState.SENT),
        ("downlink_ack", DownlinkState.ACKNOWLEDGED),
        ("downlink_nack", DownlinkState.SENT),
    ],
)
def test_what_became_of_a_downlink_is_its_receipt(member: str, state: DownlinkState) -> None:
    said = {
        "end_device_ids": IDS,
        "correlation_ids": ["as:downlink:01", f"brygga:{REFERENCE}"],
        member: {"f_port": 15, "f_cnt": 3},
    }

    found = the_things_stack.read(octets(said), ABOUT)

    assert isinstance(found, ServerReceipt)
    assert (found.reference, found.state) == (REFERENCE, state)


def test_a_downlink_that_failed_says_why() -> None:
    downlink = {"f_port": 15, "correlation_ids": [f"brygga:{REFERENCE}"]}
    said = {
        "end_device_ids": IDS,
        "downlink_failed": {"downlink": downlink, "error": {"message_format": "no gateway available"}},
    }

    found = the_things_stack.read(octets(said), ABOUT)

    assert isinstance(found, ServerReceipt)
    assert (found.state, found.detail) == (DownlinkState.FAILED, "campus: no gateway available")


def test_a_downlink_of_others_is_nobodys_here() -> None:
    said = {
        "end_device_ids": IDS,
        "correlation_ids": ["as:downlink:01", "brygga:none"],
        "downlink_sent": {"f_port": 15},
    }

    assert the_things_stack.read(octets(said), ABOUT) is None


def test_a_downlink_goes_behind_the_others_of_its_device() -> None:
    now = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    downlink = Downlink(
        id=7, dev_eui=heard(UP).dev_eui, f_port=15, payload=b"\x01\x02\x03", queued_at=now, confirmed=True, priority=1
    )

    topic, body = the_things_stack.write_down(ADDRESS, downlink, REFERENCE)

    assert topic == "v3/app1@ttn/devices/dev1/down/push"
    assert json.loads(body) == {
        "downlinks": [
            {
                "f_port": 15,
                "frm_payload": "AQID",
                "confirmed": True,
                "priority": "ABOVE_NORMAL",
                "correlation_ids": [f"brygga:{REFERENCE}"],
            }
        ]
    }


def test_the_address_of_a_device_is_that_of_its_topic() -> None:
    assert the_things_stack.read_topic("v3/app1@ttn/devices/dev1/down/sent") == ADDRESS
    assert "v3/app1@ttn/devices/+/up" in the_things_stack.topics("app1@ttn")
    with pytest.raises(BadEvent):
        the_things_stack.read_topic("application/1/device/2/event/up")


def test_what_is_not_to_be_decoded_there_is_not_kept() -> None:
    assert heard(UP, Circumstances("campus", CAME, Decode.HERE)).decoded is None
