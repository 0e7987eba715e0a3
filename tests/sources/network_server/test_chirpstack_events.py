"""ChirpStack's application events, in JSON and protobuf: against chirpstack-api, which ChirpStack's own makers publish."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from chirpstack_api import gw, integration  # type: ignore[import-untyped]  # no stubs
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict

from gateway.model import Downlink, DownlinkState, LoraRate, ServerNews, ServerReceipt, ServerUplink
from gateway.sources.network_server import chirpstack
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason
from gateway.sources.network_server.chirpstack_fields import LOG_CODES, LOG_LEVELS, MESSAGES
from gateway.sources.network_server.decode import Decode
from gateway.sources.network_server.reading import Circumstances
from gateway.sources.protobuf_classes import SCALARS

from .events import ABOUT, CAME, EVENTS, JUNK, event, octets

UP = EVENTS["chirpstack-v4-uplink"]
APPLICATION = "ca739e26-7b67-4f14-b69e-d568c22a5a75"
REFERENCE = UUID("11111111-2222-5333-8444-555555555555")
OBJECT = {"temperature": 21.5, "zero": 0, "open": False, "name": "", "none": None, "list": [1, {"a": [True]}]}
OWN = {
    "Struct",
    "FieldsEntry",
    "Value",
    "ListValue",
    "Timestamp",
    "Duration",
    "Location",
    "ContextEntry",
    "JoinServerContext",
}


def heard(said: Any, about: Circumstances = ABOUT) -> ServerUplink:
    found = chirpstack.read("up", octets(said), about)
    assert isinstance(found, ServerUplink)
    return found


def in_protobuf(message: str, said: Any) -> bytes:
    return bytes(ParseDict(said, getattr(integration, message)()).SerializeToString())


def test_an_uplink_is_read_whole() -> None:
    one = heard(UP)

    assert (one.source, one.id, one.dev_eui, one.dev_addr) == (
        "campus", "3ac7e3c4-4401-4b8d-9386-a5c902f9202d", "0101010101010101", "00189440",
    )  # fmt: skip
    assert (one.f_cnt, one.f_port, one.payload.hex()) == (0, 1, "09630108f91d27fd")
    assert one.server_time == datetime(2022, 7, 18, 9, 34, 15, 775023, tzinfo=UTC)
    assert one.heard_at == CAME
    assert one.address == APPLICATION
    (reception,) = one.receptions
    assert (reception.gateway, reception.rssi_dbm, reception.snr_db) == ("0016c001f153a14c", -36, 10.5)
    assert (reception.frequency_hz, reception.data_rate) == (868_300_000, LoraRate(11, 125_000))


def test_zeros_and_nulls_that_the_server_writes_mean_what_their_absence_does() -> None:
    emitted = UP | {
        "fCnt": 0,
        "adr": False,
        "confirmed": False,
        "joinServerContext": None,
        "relayRxInfo": None,
        "object": None,
    }

    assert heard(emitted) == heard(UP)


def test_protobuf_says_what_json_says() -> None:
    said = UP | {"fCnt": 70_000, "adr": True, "confirmed": True, "object": OBJECT}

    found = chirpstack.read("up", in_protobuf("UplinkEvent", said), ABOUT, may_be_protobuf=True)

    assert found == heard(said)
    assert isinstance(found, ServerUplink)
    assert found.decoded is not None
    assert found.decoded.fields == OBJECT


def test_the_table_of_fields_is_that_of_the_published_messages() -> None:
    names = [*(set(MESSAGES) - OWN)]
    published = {name: (getattr(integration, name, None) or getattr(gw, name)).DESCRIPTOR for name in names}
    kinds = {
        number: name.removeprefix("TYPE_").lower()
        for name, number in vars(FieldDescriptor).items()
        if name.startswith("TYPE_")
    }

    wrong = [
        f"{name}.{field}"
        for name, descriptor in published.items()
        for field, (number, kind) in MESSAGES[name].items()
        if (theirs := descriptor.fields_by_name[field]).number != number
        or (kind in SCALARS and kinds[theirs.type] not in {kind, "enum"})
    ]

    assert wrong == []
    assert tuple(integration.LogCode.keys()) == LOG_CODES
    assert tuple(integration.LogLevel.keys()) == LOG_LEVELS


@pytest.mark.parametrize(("how", "kept"), [(Decode.AUTO, False), (Decode.SERVER, True), (Decode.HERE, None)])
def test_the_servers_decoding_is_kept_as_it_was_asked_for(how: Decode, kept: bool | None) -> None:  # noqa: FBT001
    one = heard(UP | {"object": OBJECT}, Circumstances("campus", CAME, how))

    assert (None if one.decoded is None else one.decoded.goes_first) is kept


def test_a_frame_without_a_port_has_no_payload() -> None:
    one = heard(event("chirpstack-v4-uplink", fPort=0, data=None))

    assert (one.f_port, one.payload) == (0, b"")


def test_an_uplink_that_no_gateway_is_told_of_is_heard_all_the_same() -> None:
    assert heard(event("chirpstack-v4-uplink", rxInfo=[])).receptions == ()
    assert heard(event("chirpstack-v4-uplink", txInfo=None)).receptions == ()
    assert heard(event("chirpstack-v4-uplink", rxInfo=[{"gatewayId": "a relay", "rssi": 1}, "?"])).receptions == ()


CAME_TO_SERVER = "2026-02-24T16:23:17+00:00"


@pytest.mark.parametrize(
    ("told", "more", "heard_at"),
    [
        ("2026-02-24T16:23:16.500+00:00", {}, "2026-02-24T16:23:16.500+00:00"),  # as it is where all is well
        (
            "2024-07-01T00:00:07+00:00",
            {},
            CAME_TO_SERVER,
        ),  # a gateway that booted without a network, and no battery clock
        ("2026-02-24T16:28:17+00:00", {}, CAME_TO_SERVER),  # nothing is heard after it was told
        ("2026-02-24T13:00:00+00:00", {}, "2026-02-24T13:00:00+00:00"),  # a bridge had kept it while its line was down
        (
            "2024-07-01T00:00:07+00:00",
            {"timeSinceGpsEpoch": "1403827214.5s"},
            "2024-07-01T00:00:07+00:00",
        ),  # GPS needs no proof
        (
            "2024-07-01T00:00:07+00:00",
            {"nsTime": None},
            "2024-07-01T00:00:07+00:00",
        ),  # there is nothing to compare it with
    ],
)
def test_a_gateways_clock_that_cannot_be_right_dates_no_uplink(told: str, more: Any, heard_at: str) -> None:
    (rx,) = UP["rxInfo"]
    said = event("chirpstack-v4-uplink", time=told, rxInfo=[rx | {"nsTime": CAME_TO_SERVER} | more])

    assert heard(said).server_time == datetime.fromisoformat(heard_at)
    assert heard(said) == chirpstack.read("up", in_protobuf("UplinkEvent", said), ABOUT, may_be_protobuf=True)


def test_a_server_in_the_year_1_is_believed_and_dated_by_nobody_here() -> None:
    (rx,) = UP["rxInfo"]

    one = heard(event("chirpstack-v4-uplink", rxInfo=[rx | {"nsTime": "0001-01-01T00:00:00Z"}]))

    assert one.server_time == datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"joinServerContext": {"sessionKeyId": "ff"}}, BadEventReason.ENCRYPTED),
        ({"joinServerContext": {}}, BadEventReason.ENCRYPTED),
        ({"deduplicationId": None}, BadEventReason.NO_ID),
        ({"deduplicationId": 5}, BadEventReason.NO_ID),
        ({"time": None}, BadEventReason.TIME),
        ({"time": "yesterday"}, BadEventReason.TIME),
        ({"deviceInfo": None}, BadEventReason.DEV_EUI),
        ({"deviceInfo": {"devEui": "0101"}}, BadEventReason.DEV_EUI),
        ({"deviceInfo": []}, BadEventReason.SHAPE),
        ({"data": "not base64!"}, BadEventReason.PAYLOAD),
        ({"data": "A" * 344}, BadEventReason.PAYLOAD),
        ({"fCnt": -1}, BadEventReason.COUNTER),
        ({"fCnt": 1 << 32}, BadEventReason.COUNTER),
        ({"fPort": 256}, BadEventReason.PORT),
    ],
)
def test_what_cannot_be_is_refused_for_its_reason(changed: dict[str, Any], reason: BadEventReason) -> None:
    with pytest.raises(BadEvent) as caught:
        heard(event("chirpstack-v4-uplink", **changed))

    assert caught.value.reason is reason


@pytest.mark.parametrize("event_name", [*chirpstack.EVENTS, "location", "integration", "", "up/more"])
def test_hostile_octets_are_refused_and_nothing_else_happens(event_name: str) -> None:
    seeded, whole = random.Random(20261126), in_protobuf("UplinkEvent", UP | {"object": OBJECT})
    in_json = octets(UP | {"object": OBJECT})
    hostile = [
        b"", b"[]", b"null", b"{", b'"x"', b"[" * 100_000, b'{"a":' * 50_000,
        *(in_json[:size] for size in range(0, len(in_json), 7)),
        *(whole[:size] for size in range(len(whole))),
        *(seeded.randbytes(seeded.randrange(60)) for _ in range(300)),
        *(json.dumps(dict.fromkeys(UP, junk)).encode() for junk in JUNK),
    ]  # fmt: skip

    for one in hostile:
        try:
            chirpstack.read(event_name, one, ABOUT, may_be_protobuf=True)
        except BadEvent:
            continue


def test_a_single_flipped_bit_of_protobuf_is_read_or_refused() -> None:
    whole = in_protobuf("UplinkEvent", UP)

    for place in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        try:
            chirpstack.read("up", bytes(flipped), ABOUT, may_be_protobuf=True)
        except BadEvent:
            continue


def test_protobuf_where_json_is_configured_is_no_json() -> None:
    with pytest.raises(BadEvent) as caught:
        chirpstack.read("up", in_protobuf("UplinkEvent", UP), ABOUT)

    assert caught.value.reason is BadEventReason.JSON


def test_a_join_and_a_status_are_news_in_words() -> None:
    joined = chirpstack.read("join", octets(EVENTS["chirpstack-v4-join"]), ABOUT)
    info = UP["deviceInfo"]
    status = {"time": UP["time"], "deviceInfo": info, "margin": 7, "batteryLevel": 78.4}
    told = [
        chirpstack.read("status", octets(status | more), ABOUT)
        for more in ({}, {"externalPowerSource": True}, {"batteryLevelUnavailable": True})
    ]

    assert isinstance(joined, ServerNews)
    assert joined.what == "joined at campus as 00189440"
    assert joined.at == datetime(2022, 7, 18, 9, 34, 15, 775023, tzinfo=UTC)
    assert [one.what for one in told if isinstance(one, ServerNews)] == [
        "battery 78 %; it hears its network with 7 dB to spare",
        "external power; it hears its network with 7 dB to spare",
        "the battery's level is not known; it hears its network with 7 dB to spare",
    ]


@pytest.mark.parametrize("form", ["json", "protobuf"])
@pytest.mark.parametrize(
    ("event_name", "message", "said", "state"),
    [
        ("txack", "TxAckEvent", {"fCntDown": 7}, DownlinkState.SENT),
        ("ack", "AckEvent", {"acknowledged": True, "fCntDown": 7}, DownlinkState.ACKNOWLEDGED),
        ("ack", "AckEvent", {"fCntDown": 7}, DownlinkState.FAILED),
    ],
)
def test_what_became_of_a_downlink_is_its_receipt(
    form: str, event_name: str, message: str, said: dict[str, Any], state: DownlinkState
) -> None:
    whole = {"time": UP["time"], "deviceInfo": UP["deviceInfo"], "queueItemId": str(REFERENCE), **said}
    body = octets(whole) if form == "json" else in_protobuf(message, whole)

    found = chirpstack.read(event_name, body, ABOUT, may_be_protobuf=True)

    assert isinstance(found, ServerReceipt)
    assert (found.reference, found.state, found.f_cnt) == (REFERENCE, state, 7)


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_a_log_event_is_news_unless_it_is_about_a_downlink_of_ours(form: str) -> None:
    said = {
        "time": UP["time"],
        "deviceInfo": UP["deviceInfo"],
        "level": "ERROR",
        "code": "DOWNLINK_PAYLOAD_SIZE",
        "description": "too long",
    }
    about_ours = said | {"context": {"queue_item_id": str(REFERENCE)}}
    bodies = [
        octets(one) if form == "json" else in_protobuf("LogEvent", one)
        for one in (said, about_ours, said | {"level": "INFO"})
    ]

    news, receipt, nothing = (chirpstack.read("log", body, ABOUT, may_be_protobuf=True) for body in bodies)

    assert isinstance(news, ServerNews)
    assert news.what == "campus: DOWNLINK_PAYLOAD_SIZE: too long"
    assert isinstance(receipt, ServerReceipt)
    assert (receipt.state, receipt.reference) == (DownlinkState.FAILED, REFERENCE)
    assert nothing is None


@pytest.mark.parametrize("is_json", [True, False])
def test_a_downlink_is_what_chirpstacks_own_parser_takes(is_json: bool) -> None:  # noqa: FBT001
    now = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    downlink = Downlink(
        id=7,
        dev_eui=heard(UP).dev_eui,
        f_port=10,
        payload=b"\x01\x02\x03",
        queued_at=now,
        confirmed=True,
        expires_at=now.replace(hour=13),
    )

    topic, body = chirpstack.write_down(APPLICATION, downlink, REFERENCE, is_json=is_json)
    command = integration.DownlinkCommand()
    command = ParseDict(json.loads(body), command) if is_json else command.FromString(body)

    assert topic == f"application/{APPLICATION}/device/0101010101010101/command/down"
    assert MessageToDict(command) == {
        "id": str(REFERENCE), "devEui": "0101010101010101", "confirmed": True, "fPort": 10, "data": "AQID", "expiresAt": "2026-11-26T13:00:00Z",
    }  # fmt: skip


def test_topics_are_those_of_one_application_or_of_all() -> None:
    assert "application/+/device/+/event/up" in chirpstack.topics("+")
    assert chirpstack.read_topic(f"application/{APPLICATION}/device/0101010101010101/event/up") == (APPLICATION, "up")
    with pytest.raises(BadEvent):
        chirpstack.read_topic("eu868/gateway/0016c001f153a14c/event/up")
