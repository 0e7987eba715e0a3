"""Commands in ThingsBoard's and Azure's envelopes, and the states that go back in theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.formats import Shape
from gateway.formats.azure_iot import AzureIot
from gateway.formats.commands import Asked, Command, Refusal, Whom, read, state_request
from gateway.formats.thingsboard import ThingsBoard
from gateway.model import CommandState, Device, Eui64, TimeQuality

DEV_EUI = Eui64("a81758fffe051d02")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RPC = "v1/gateway/rpc"
THEIRS = '["room 3", 7]'
OCTETS = Command(f_port=10, payload=b"\x01\xff", fields=None, is_known_by_reference=False, reference=THEIRS)
STATE = CommandState(
    destination="city", reference=THEIRS, state="queued", at=NOON, time_quality=TimeQuality.NTP, dev_eui=DEV_EUI, downlink=4
)  # fmt: skip


def said(shape: Shape, topic: str, table: Mapping[str, Any]) -> Asked | Refusal | None:
    return read(shape, topic, json.dumps(table).encode())


# ── ThingsBoard: https://thingsboard.io/docs/reference/gateway-mqtt-api/, "RPC API" ──


@pytest.mark.parametrize(
    ("data", "command"),
    [
        ({"method": "downlink", "params": {"f_port": 10, "payload": "01ff"}}, OCTETS),
        (
            {
                "method": "downlink",
                "params": {"f_port": 10, "payload_base64": "Af8=", "confirmed": True, "priority": 3},
            },
            replace(OCTETS, confirmed=True, priority=3),
        ),
        ({"method": "interval", "params": 600}, replace(OCTETS, f_port=None, payload=None, fields={"interval": 600})),
        ({"method": "reboot"}, replace(OCTETS, f_port=None, payload=None, fields={"reboot": None})),
        (
            {"method": "downlink", "params": {"command": {"interval": 600, "led": True}}},
            replace(OCTETS, f_port=None, payload=None, fields={"interval": 600, "led": True}),
        ),
    ],
)
def test_a_request_of_thingsboard_is_octets_or_a_word_of_the_encoder(data: Mapping[str, Any], command: Command) -> None:
    asked = said(Shape.THINGSBOARD, RPC, {"device": "room 3", "data": {"id": 7, **data}})

    assert asked == Asked(whom=Whom(None, "room 3"), commands=(command,))


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"data": {"id": 7, "method": "x"}}, "device: is missing; the name of a device is expected"),
        ({"device": "room 3"}, "data: is missing; an object with id, method and params is expected"),
        ({"device": "room 3", "data": {"method": "x"}}, "data.id: is missing; ThingsBoard's number of the request is"),
        (
            {"device": "room 3", "data": {"id": 7}},
            "data.method: is missing; 'downlink' or a word of the device's encoder",
        ),
        (
            {"device": "room 3", "data": {"id": 7, "method": "downlink"}},
            "data.params: is no object; f_port and payload, or",
        ),
        (
            {"device": "room 3", "data": {"id": 7, "method": "downlink", "params": {"payload": "01"}}},
            "f_port: is missing; a payload goes to a port, 1 to 223",
        ),
        (
            {"device": "room 3", "data": {"id": 7, "method": "downlink", "params": {"f_port": 1, "payload": "1"}}},
            "payload: '1' is not hex",
        ),
        (
            {"device": "room 3", "data": {"id": 7, "method": "downlink", "params": {"reference": "mine", "f_port": 1}}},
            "data.params.reference: the request itself says it; leave it out",
        ),
    ],
)
def test_what_cannot_be_is_refused_under_the_requests_own_id(table: Mapping[str, Any], problem: str) -> None:
    refusal = said(Shape.THINGSBOARD, RPC, table)

    assert isinstance(refusal, Refusal)
    assert refusal.problems[0].startswith(problem)
    has_id = "id" in table.get("data", {}) and "device" in table
    assert refusal.reference == (THEIRS if has_id else '["", 7]' if "id" in table.get("data", {}) else "")


def test_an_answer_that_comes_back_from_the_broker_is_no_command() -> None:
    request = state_request(STATE, RPC, TimeQuality.NTP, Shape.THINGSBOARD)

    assert read(Shape.THINGSBOARD, request.target, request.body) is None


@pytest.mark.parametrize(("state", "success"), [("queued", True), ("refused", False)])
def test_the_first_state_answers_the_request(state: str, success: bool) -> None:  # noqa: FBT001 - a table's column
    first = replace(STATE, state=state, detail="why" if state == "refused" else "")

    request = state_request(first, RPC, TimeQuality.NTP, Shape.THINGSBOARD)

    answer = json.loads(request.body)
    assert (request.target, answer["device"], answer["id"]) == (RPC, "room 3", 7)
    assert (answer["data"]["success"], answer["data"]["command_state"]) == (success, state)
    assert answer["data"].get("command_detail", "") == first.detail


@pytest.mark.parametrize("state", ["sent", "acknowledged", "failed", "expired", "dropped", "queued"])
def test_each_other_state_is_telemetry_of_the_device_with_its_time(state: str) -> None:
    later = replace(STATE, state=state, tries=2, f_cnt=41)

    request = state_request(later, RPC, TimeQuality.NTP, Shape.THINGSBOARD)
    undated = state_request(replace(later, time_quality=TimeQuality.SYSTEM), RPC, TimeQuality.NTP, Shape.THINGSBOARD)

    values = {"command_state": state, "command_id": 4, "command_f_cnt": 41, "command_tries": 2}
    assert request.target == undated.target == "v1/gateway/telemetry"
    assert json.loads(request.body) == {"room 3": [{"ts": 1795521600000, "values": values}]}
    assert json.loads(undated.body) == {"room 3": [values]}


def test_a_request_that_cannot_be_answered_is_told_of_the_gateway() -> None:
    refused = replace(STATE, state="refused", reference="", detail="this is no JSON")

    request = state_request(refused, RPC, TimeQuality.NTP, Shape.THINGSBOARD)

    assert (request.target, json.loads(request.body)["command_detail"]) == (
        "v1/devices/me/telemetry",
        "this is no JSON",
    )


def test_devices_are_announced_by_the_names_that_they_have_there() -> None:
    platform = ThingsBoard(ids={DEV_EUI: "valve 3"}, profile="air")

    requests = platform.greetings([Device(dev_eui=DEV_EUI), Device(dev_eui=Eui64("a81758fffe051d03"))])

    assert [(one.target, json.loads(one.body)) for one in requests] == [
        ("v1/gateway/connect", {"device": "valve 3", "type": "air"}),
        ("v1/gateway/connect", {"device": "a81758fffe051d03", "type": "air"}),
    ]


# ── Azure IoT Hub: Microsoft Learn, "Receiving cloud-to-device messages"; the bag is of azure-iot-sdk-python's tests ──

BAG = (
    "%24.exp=3237-07-19T23%3A06%3A40.0000000Z&%24.cid=fake_corid&%24.mid=6b822696-f75a-46f5-8b02-0680db65abf5"
    "&%24.to=%2Fdevices%2Ffake_device%2Fmessages%2Fdevicebound&%24.ct=fake_content_type&%24.ce=utf-8"
)
DEVICEBOUND = "devices/fake_device/messages/devicebound/"


def test_what_a_message_of_azure_does_not_say_stands_in_its_properties() -> None:
    body = {"f_port": 10, "payload": "01ff"}

    asked = said(Shape.AZURE, f"{DEVICEBOUND}{BAG}&devEUI=A81758FFFE051D02", body)

    reference = "6b822696-f75a-46f5-8b02-0680db65abf5"
    expected = replace(
        OCTETS, reference=reference, is_known_by_reference=True, expires_at=datetime(3237, 7, 19, 23, 6, 40, tzinfo=UTC)
    )
    assert asked == Asked(whom=Whom(DEV_EUI), commands=(expected,))


def test_what_the_body_says_itself_stays() -> None:
    body = {"device": "room 3", "f_port": 10, "payload": "01ff", "reference": "mine", "expires_in_s": 60}

    asked = said(Shape.AZURE, f"{DEVICEBOUND}{BAG}&devEUI=A81758FFFE051D02", body)

    assert isinstance(asked, Asked)
    assert asked.whom == Whom(None, "room 3")
    assert (asked.commands[0].reference, asked.commands[0].expires_at) == ("mine", None)


def test_a_message_without_properties_is_a_command_too() -> None:
    asked = said(Shape.AZURE, DEVICEBOUND, {"dev_eui": DEV_EUI, "f_port": 10, "payload": "01ff"})

    assert isinstance(asked, Asked)
    assert not asked.commands[0].is_known_by_reference


def test_a_state_goes_back_under_the_messages_id() -> None:
    topic = AzureIot(device="gw-1").identity("hub").states_topic
    assert topic is not None

    request = state_request(replace(STATE, reference="order 7/8"), topic, TimeQuality.NTP, Shape.AZURE)
    unnamed = state_request(replace(STATE, reference=""), topic, TimeQuality.NTP, Shape.AZURE)

    assert request.target == f"{topic}&%24.cid=order%207%2F8"
    assert unnamed.target == topic
    assert json.loads(request.body)["state"] == "queued"
