"""What platforms command: three shapes, every problem at once in words, and the states they are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.formats import Shape
from gateway.formats.commands import Asked, Command, Refusal, Whom, read, state_request
from gateway.model import CommandState, Eui64, TimeQuality

DEV_EUI = Eui64("a81758fffe051d02")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CHIRPSTACK = f"application/17/device/{DEV_EUI}/command/down"
PUSH, REPLACE = "v3/city@ttn/devices/room-3/down/push", "v3/city@ttn/devices/room-3/down/replace"
OCTETS = Command(f_port=10, payload=b"\x01\xff", fields=None, is_known_by_reference=False)


def said(shape: Shape, topic: str, table: Mapping[str, Any]) -> Asked | Refusal:
    found = read(shape, topic, json.dumps(table).encode())
    assert found is not None
    return found


BRYGGA = [
    ({"dev_eui": "A8-17-58-FF-FE-05-1D-02", "f_port": 10, "payload": "01 FF"}, OCTETS),
    ({"dev_eui": DEV_EUI, "f_port": 10, "payload_base64": "Af8="}, OCTETS),
    (
        {"dev_eui": DEV_EUI, "command": {"interval": 600}},
        replace(OCTETS, f_port=None, payload=None, fields={"interval": 600}),
    ),
    (
        {
            "dev_eui": DEV_EUI, "f_port": 10, "payload": "01ff", "confirmed": True, "priority": 5, "reference": "order 7",
            "expires_in_s": 90,
        },
        replace(
            OCTETS, confirmed=True, priority=5, reference="order 7", expires_in=timedelta(seconds=90), is_known_by_reference=True
        ),
    ),
    (
        {"dev_eui": DEV_EUI, "f_port": 10, "payload": "01ff", "expires_at": "2026-11-24T13:00:00+01:00"},
        replace(OCTETS, expires_at=NOON),
    ),
    ({"dev_eui": DEV_EUI, "f_port": 10, "payload": "01ff", "expires_at": None, "device": None}, OCTETS),
]  # fmt: skip


@pytest.mark.parametrize(("table", "command"), BRYGGA)
def test_a_command_in_our_own_words_is_understood(table: Mapping[str, Any], command: Command) -> None:
    asked = said(Shape.BRYGGA, "brygga/roof/down", table)

    assert asked == Asked(whom=Whom(DEV_EUI), commands=(command,))


def test_a_device_may_be_called_by_its_name() -> None:
    asked = said(Shape.BRYGGA, "brygga/roof/down", {"device": "room 3", "f_port": 10, "payload": "01ff"})

    assert asked == Asked(whom=Whom(None, "room 3"), commands=(OCTETS,))


def test_every_problem_of_a_command_is_said_at_once() -> None:
    table = {
        "dev_eui": "a81758", "device": "room 3", "f_port": 224, "payload": "01f", "payload_base64": "Af8", "payloads": 1,
        "confirmed": "yes", "priority": 1.5, "expires_in_s": 0, "expires_at": "tomorrow", "reference": "x" * 300,
    }  # fmt: skip

    refusal = said(Shape.BRYGGA, "brygga/roof/down", table)

    assert isinstance(refusal, Refusal)
    assert sorted(problem.partition(":")[0] for problem in refusal.problems) == [
        "confirmed", "dev_eui", "device", "expires_at", "expires_at", "expires_in_s", "f_port", "payload", "payload_base64",
        "payload_base64", "payloads", "priority", "reference",
    ]  # fmt: skip
    assert "payloads: there is no such key; did you mean 'payload'?" in refusal.problems
    assert "dev_eui: 6 hex digits where 16 are expected" in refusal.problems
    assert "f_port: 224 should be less than or equal to 223" in refusal.problems
    assert (refusal.reference, refusal.device) == ("x" * 256, "a81758")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"f_port": 1, "payload": "01"}, "dev_eui: is missing; dev_eui or device is needed"),
        ({"device": "x", "f_port": 1}, "payload: is missing; payload or payload_base64 or command is needed"),
        ({"device": "x", "payload": "01"}, "f_port: is missing; a payload goes to a port, 1 to 223"),
        (
            {"device": "x", "f_port": 1, "payload": "01", "expires_at": "2026-11-24T12:00:00"},
            "expires_at: '2026-11-24T12:00:00' is no time with its zone, e.g. '2026-11-24T12:00:00Z'",
        ),
    ],
)
def test_what_is_missing_is_named(table: Mapping[str, Any], problem: str) -> None:
    assert said(Shape.BRYGGA, "brygga/roof/down", table) == Refusal(problems=(problem,), device=table.get("device", ""))


# ── ChirpStack: https://www.chirpstack.io/docs/chirpstack/integrations/mqtt.html, "Scheduling a downlink" ──

SCHEDULED = {"devEui": DEV_EUI, "confirmed": True, "fPort": 10, "data": "Af8="}


@pytest.mark.parametrize(
    ("more", "command"),
    [
        ({}, replace(OCTETS, confirmed=True)),
        ({"id": "c4b3"}, replace(OCTETS, confirmed=True, reference="c4b3", is_known_by_reference=True)),
        ({"expiresAt": "2026-11-24T12:00:00Z"}, replace(OCTETS, confirmed=True, expires_at=NOON)),
        ({"data": None, "object": {"led": 1}}, replace(OCTETS, confirmed=True, payload=None, fields={"led": 1})),
        ({"fCntDown": 7, "isEncrypted": False}, replace(OCTETS, confirmed=True)),
    ],
)
def test_a_command_of_chirpstack_is_understood(more: Mapping[str, Any], command: Command) -> None:
    asked = said(Shape.CHIRPSTACK, CHIRPSTACK, {**SCHEDULED, **more})

    assert asked == Asked(whom=Whom(DEV_EUI), commands=(command,))


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"devEui": "a81758fffe051d03"}, f"devEui: a81758fffe051d03, and the topic is of the device {DEV_EUI}"),
        ({"isEncrypted": True}, "isEncrypted: payloads are encrypted here, with the session's key; send it in clear"),
        ({"object": {}}, "object: stands beside data; one of the two is enough"),
    ],
)
def test_what_chirpstack_may_say_and_cannot_be_is_refused(more: Mapping[str, Any], problem: str) -> None:
    refusal = said(Shape.CHIRPSTACK, CHIRPSTACK, {**SCHEDULED, **more})

    assert isinstance(refusal, Refusal)
    assert refusal.problems == (problem,)


# ── The Things Stack: https://www.thethingsindustries.com/docs/integrations/other-integrations/mqtt/ ──

PUSHED = {"f_port": 10, "frm_payload": "Af8=", "priority": "NORMAL"}
EARTH = replace(OCTETS, is_known_by_reference=False)


def test_downlinks_of_the_things_stack_are_understood_in_their_order() -> None:
    table = {
        "downlinks": [
            {**PUSHED, "confirmed": True, "correlation_ids": ["my-id", "2"]},
            {**PUSHED, "priority": "HIGHEST"},
        ]
    }

    asked = said(Shape.THE_THINGS_STACK, PUSH, table)

    first, second = replace(EARTH, confirmed=True, reference="my-id"), replace(EARTH, priority=3)
    assert asked == Asked(whom=Whom(None, "room-3"), commands=(first, second))


def test_replace_with_an_empty_list_clears_the_queue_and_push_does_not() -> None:
    assert said(Shape.THE_THINGS_STACK, REPLACE, {"downlinks": []}) == Asked(
        whom=Whom(None, "room-3"), commands=(), replaces=True
    )
    assert isinstance(said(Shape.THE_THINGS_STACK, PUSH, {"downlinks": []}), Refusal)


def test_a_device_that_is_called_after_its_eui_is_known_by_it() -> None:
    asked = said(
        Shape.THE_THINGS_STACK, f"v3/city@ttn/devices/eui-{DEV_EUI.upper()}/down/push", {"downlinks": [PUSHED]}
    )

    assert isinstance(asked, Asked)
    assert asked.whom.dev_eui == DEV_EUI


def test_of_several_downlinks_each_problem_has_its_place() -> None:
    table = {
        "downlinks": [{**PUSHED, "priority": "URGENT"}, {"frm_payload": "!"}, {**PUSHED, "class_b_c": {"gateways": []}}]
    }

    refusal = said(Shape.THE_THINGS_STACK, PUSH, table)

    assert isinstance(refusal, Refusal)
    assert [problem.partition(":")[0] for problem in refusal.problems] == [
        "downlinks[0].priority", "downlinks[1].frm_payload", "downlinks[1].f_port", "downlinks[2].class_b_c",
    ]  # fmt: skip
    assert refusal.device == "room-3"


def test_a_topic_without_a_device_is_refused() -> None:
    refusal = said(Shape.THE_THINGS_STACK, "brygga/roof/down", {"downlinks": [PUSHED]})

    assert isinstance(refusal, Refusal)
    assert "names no device" in refusal.problems[0]


# ── octets of anybody ──


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b"\xff", b"{" * 5000, b'{"f_port": NaN}', b'{"a": "\\ud800"}', b"null"]
)
@pytest.mark.parametrize("shape", list(Shape))
def test_what_is_no_json_object_is_refused_in_words(shape: Shape, body: bytes) -> None:
    refusal = read(shape, PUSH, body)

    assert isinstance(refusal, Refusal)
    assert refusal.problems[0].startswith("this is no JSON")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
)
KEYS = ["dev_eui", "device", "f_port", "payload", "payload_base64", "command", "confirmed", "priority", "expires_in_s", "expires_at",
        "reference", "devEui", "fPort", "data", "object", "id", "expiresAt", "isEncrypted", "downlinks"]  # fmt: skip


@given(
    shape=st.sampled_from(Shape),
    table=st.dictionaries(st.sampled_from(KEYS), JSON),
    topic=st.sampled_from([PUSH, CHIRPSTACK, ""]),
)
def test_nothing_that_a_platform_writes_raises(shape: Shape, table: dict[str, Any], topic: str) -> None:
    assert isinstance(read(shape, topic, json.dumps(table).encode()), Asked | Refusal | None)


def test_no_octets_raise() -> None:
    random, whole = Random(3), json.dumps({"downlinks": [PUSHED], **SCHEDULED}).encode()
    cut = [whole[:size] for size in range(len(whole))]
    noise = [random.randbytes(random.randrange(60)) for _ in range(300)]

    assert all(isinstance(read(shape, PUSH, body), Refusal) for shape in Shape for body in cut + noise)


# ── what is told ──

STATE = CommandState(
    destination="city", reference="order 7", state="sent", at=NOON, time_quality=TimeQuality.NTP, dev_eui=DEV_EUI, downlink=4,
    f_cnt=12, tries=1,
)  # fmt: skip


def test_a_state_is_told_as_json() -> None:
    request = state_request(STATE, "brygga/roof/down/state", TimeQuality.NTP)

    assert (request.target, request.content_type) == ("brygga/roof/down/state", "application/json")
    assert json.loads(request.body) == {
        "reference": "order 7", "dev_eui": DEV_EUI, "id": 4, "state": "sent", "at": "2026-11-24T12:00:00Z", "f_cnt": 12,
        "tries": 1, "detail": None,
    }  # fmt: skip


def test_a_time_that_nobody_vouches_for_is_not_told() -> None:
    request = state_request(replace(STATE, time_quality=TimeQuality.UNSYNCHRONISED), "t", TimeQuality.NTP)

    assert json.loads(request.body)["at"] is None
