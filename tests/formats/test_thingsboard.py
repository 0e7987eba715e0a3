"""ThingsBoard: what its own SDK publishes, in fewer messages, over MQTT and by each device's token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from gateway.formats.catalogue import misfit
from gateway.formats.thingsboard import ThingsBoard
from gateway.model import Answer, Eui64, Item, Request, RowId, Verdict
from gateway.transports.http import Http
from simulators.platforms.mqtt_platform import Fault as Silence
from simulators.platforms.thingsboard import LARGEST, ThingsBoardBroker, ThingsBoardHttp
from simulators.platforms.web_platform import Fault
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, TAKEN, converse, eui, item
from tests.formats.over_mqtt import over_mqtt
from tests.formats.telling import Loop, over_http

SDK = Path(__file__).parent.parent / "vectors" / "thingsboard" / "sdk_publications.txt"
MILLISECONDS = 1772366401123  # HEARD_AT and one second
TOKENS: dict[str, str] = {eui(number): f"token-{number}" for number in range(4)}
BY_TOKEN = "/api/v1/{id}/telemetry"


def published(topic: str) -> list[Any]:
    """Return what the vendor's SDK published to ``topic``."""
    rows = [line.split("|", 3) for line in SDK.read_text(encoding="utf-8").splitlines()]
    return [json.loads(payload) for where, _, _, payload in rows if where == topic]


def shape(value: Any) -> Any:
    """Return keys and types of a message; whatever a device's name, its keys and its numbers are."""
    match value:
        case {"ts": _, "values": _}:
            return {name: shape(one) if name == "ts" else dict for name, one in value.items()}
        case dict():
            return sorted(str(shape(one)) for one in value.values())
        case list():
            return [shape(one) for one in value]
    return type(value).__name__


def said(waves: list[list[Request]], topic: str) -> list[Any]:
    return [json.loads(request.body) for wave in waves for request in wave if request.target == topic]


def typical(quantity: Quantity) -> float | bool:
    return True if quantity.value_type is ValueType.BOOLEAN else 1


def heard(rows: int) -> list[Item]:
    return [
        item(
            Reading("air_temperature", row / 10, "Cel"),
            Reading("door_open", row % 2 == 0),
            row=row,
            device=replace(DEVICE, dev_eui=eui(row % 4)),
        )
        for row in range(rows)
    ]


# ── words ──


def test_messages_have_the_shape_of_those_of_the_vendors_sdk() -> None:
    device = replace(DEVICE, dev_eui=Eui64("a81758fffe0312ab"), place=None)
    batch = [item(Reading("air_temperature", 21.5 + row, "Cel"), row=row, device=device) for row in (1, 2)]

    waves, _ = converse(ThingsBoard(device=False, profile="ERS-CO2"), batch)

    assert said(waves, "v1/gateway/connect") == published("v1/gateway/connect")
    assert shape(said(waves, "v1/gateway/telemetry")) == shape(published("v1/gateway/telemetry")[1:])
    [attributes] = said(waves, "v1/gateway/attributes")
    assert attributes.keys() == published("v1/gateway/attributes")[0].keys()


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda one: one.name)
def test_every_quantity_is_said_with_its_time_and_its_unit_is_an_attribute(quantity: Quantity) -> None:
    waves, receipt = converse(
        ThingsBoard(device=False), [item(Reading(quantity.name, typical(quantity), quantity.unit))]
    )

    [telemetry] = said(waves, "v1/gateway/telemetry")
    [attributes] = said(waves, "v1/gateway/attributes")
    assert telemetry == {DEV_EUI: [{"ts": MILLISECONDS, "values": {quantity.name: typical(quantity)}}]}
    assert attributes[DEV_EUI].get(f"unit_{quantity.name}", "") == quantity.unit
    assert receipt.accepted == {1}


def test_a_batch_is_one_message_and_each_devices_values_stand_together_oldest_first() -> None:
    waves, _ = converse(ThingsBoard(device=False), heard(8))

    [telemetry] = said(waves, "v1/gateway/telemetry")
    assert list(telemetry) == [eui(number) for number in range(4)]
    assert [one["values"]["air_temperature"] for one in telemetry[eui(1)]] == [0.1, 0.5]


def test_no_message_is_larger_than_thingsboard_takes() -> None:
    batch = [
        item(*(Reading("soil_moisture", 1, "%", f"depth_{number}") for number in range(40)), row=row)
        for row in range(200)
    ]

    waves, receipt = converse(ThingsBoard(device=False), batch)

    sizes = [len(request.body) for wave in waves for request in wave if request.target == "v1/gateway/telemetry"]
    assert len(sizes) > 1
    assert max(sizes) <= 60_000 < LARGEST
    assert len(receipt.accepted) == 200


def test_each_time_of_an_uplink_has_its_own_ts_and_equal_keys_do_not_overwrite_each_other() -> None:
    early = HEARD_AT - timedelta(minutes=10)
    one = item(Reading("co2", 1, "[ppm]"), Reading("co2", 2, "[ppm]"), Reading("co2", 3, "[ppm]", None, early))

    waves, _ = converse(ThingsBoard(device=False), [one])

    [telemetry] = said(waves, "v1/gateway/telemetry")
    assert telemetry[DEV_EUI] == [
        {"ts": 1772365800123, "values": {"co2": 3}},
        {"ts": MILLISECONDS, "values": {"co2": 1, "co2_2": 2}},
    ]


# ── devices ──


def test_a_device_is_introduced_once_and_its_attributes_when_they_change() -> None:
    first, second = item(Reading("co2", 1, "[ppm]"), row=1), item(Reading("co2", 2, "[ppm]"), row=2)
    third = item(Reading("snr", 2, "dB"), row=3)

    waves, receipt = converse(ThingsBoard(device=False), [first])
    again, _ = converse(ThingsBoard(device=False), [second], memory=receipt.memory)
    more, _ = converse(ThingsBoard(device=False), [third], memory=receipt.memory)
    moved, _ = converse(ThingsBoard(device=False, profile="air"), [second], memory=receipt.memory)

    assert [len(wave) for wave in waves] == [2, 1]
    assert [len(wave) for wave in again] == [1]
    assert said(more, "v1/gateway/attributes") == [{DEV_EUI: {"unit_snr": "dB"}}]
    assert said(moved, "v1/gateway/connect") == [{"device": DEV_EUI, "type": "air"}]


def test_an_introduction_that_was_not_taken_comes_again_and_holds_no_value_back() -> None:
    refuse = Answer(verdict=Verdict.REFUSED, status=0x99, detail="0x99 Payload format invalid")

    _, receipt = converse(
        ThingsBoard(device=False),
        [item(Reading("co2", 1, "[ppm]"))],
        lambda request: TAKEN if request.target.endswith("telemetry") else refuse,
    )

    assert receipt.accepted == {1}
    assert receipt.memory == {}
    assert "attributes were not taken: 0x99 Payload format invalid" in receipt.warnings


def test_where_a_device_stands_is_an_attribute_unless_it_moves() -> None:
    still = item(Reading("co2", 1, "[ppm]"))
    moves = item(Reading("latitude", 62.1, "deg"), Reading("longitude", 17.1, "deg"))

    standing, _ = converse(ThingsBoard(device=False), [still])
    moving, _ = converse(ThingsBoard(device=False), [moves])

    assert said(standing, "v1/gateway/attributes")[0][DEV_EUI]["latitude"] == 62.3908
    assert "latitude" not in said(moving, "v1/gateway/attributes")[0][DEV_EUI]
    assert said(moving, "v1/gateway/telemetry")[0][DEV_EUI][0]["values"] == {"latitude": 62.1, "longitude": 17.1}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"topic": "v1/devices/me/telemetry"}, "is neither 'v1/gateway/telemetry' nor"),
        ({"topic": "/api/v1/telemetry"}, r"has no \{id\}"),
        ({"topic": "/api/v1/{token}/telemetry"}, r"\{token\} is none of \{id\}"),
        ({"batch_bytes": 0}, "at least 1"),
        ({"profile": ""}, "profile: is empty"),
        ({"ids": {"x": "y"}}, "ids: 'x' is no DevEUI"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ThingsBoard(device=False, **options)


def test_the_configuration_says_which_topic_goes_which_way() -> None:
    assert f"options.topic = '{BY_TOKEN}'" in misfit("thingsboard", {}, "https")
    assert misfit("thingsboard", {"topic": BY_TOKEN}, "https") == ""
    assert misfit("thingsboard", {}, "mqtts") == ""


# ── the broker ──


@pytest.fixture
async def broker() -> AsyncIterator[ThingsBoardBroker]:
    platform = ThingsBoardBroker()
    await platform.start()
    yield platform
    await platform.stop()


async def test_a_backlog_arrives_once_in_few_messages(broker: ThingsBoardBroker) -> None:
    async with over_mqtt(broker.url) as transport:
        loop = Loop(ThingsBoard(device=False, profile="air"), transport, heard(250))
        await loop.to_its_end()

    assert (loop.refused(), broker.refusals, broker.kept.repeated) == ({}, [], 0)
    assert len(broker.kept.values) == 500
    assert broker.kept.log[eui(1), "air_temperature", MILLISECONDS] == 0.1
    assert set(broker.kept.profiles.values()) == {"air"}
    assert broker.kept.connects == {eui(number): 1 for number in range(4)}
    assert sum(broker.answers.values()) == 4 + 4 + 3


async def test_a_lost_connection_costs_a_repetition_that_overwrites_itself(broker: ThingsBoardBroker) -> None:
    broker.faults.extend([Silence()] * 8 + [Silence(silent=True)])
    async with over_mqtt(broker.url, answer_limit_s=0.3) as transport:
        loop = Loop(ThingsBoard(device=False), transport, heard(8))
        await loop.to_its_end()

    assert loop.refused() == {}
    assert broker.kept.repeated == 16
    assert len(broker.kept.log) == 16


async def test_one_row_that_is_refused_takes_no_other_along(broker: ThingsBoardBroker) -> None:
    batch = heard(8)
    bad = replace(batch[5], observations=(replace(batch[5].observations[0], quantity="x" * 70_000),))

    async with over_mqtt(broker.url) as transport:
        receipt = await told(transport, ThingsBoard(device=False), [*batch[:5], bad, *batch[6:]])

    assert set(receipt.refused) == {5}
    assert len(receipt.accepted) == 7


async def told(transport: Any, platform: ThingsBoard, batch: list[Item]) -> Any:
    """Hold one conversation; items as they are, where a decoder would never make such."""
    conversation = platform.deliver(batch, {})
    try:
        requests = next(conversation)
        while True:
            requests = conversation.send(await transport.send(requests))
    except StopIteration as end:
        return end.value


# ── by token ──


@pytest.fixture
async def devices() -> AsyncIterator[ThingsBoardHttp]:
    platform = ThingsBoardHttp(TOKENS.values())
    await platform.start()
    yield platform
    await platform.stop()


@pytest.fixture
async def way(devices: ThingsBoardHttp) -> AsyncIterator[Http]:
    transport = over_http(devices.url, connect_limit_s=1.0, total_limit_s=2.0)
    yield transport
    await transport.close()


async def test_each_device_tells_its_backlog_in_one_request(devices: ThingsBoardHttp, way: Http) -> None:
    loop = Loop(ThingsBoard(device=False, topic=BY_TOKEN, ids=TOKENS), way, heard(80))

    await loop.to_its_end()

    assert loop.refused() == {}
    assert len(devices.kept.values) == 160
    assert devices.kept.repeated == 0
    assert devices.answers == {200: 4 + 4}
    assert devices.kept.attributes["token-1"]["unit_air_temperature"] == "Cel"


async def test_a_row_that_thingsboard_stumbles_over_ends_and_its_neighbours_are_delivered(
    devices: ThingsBoardHttp, way: Http
) -> None:
    devices.poison.add("tilt")
    batch = [*heard(20), item(Reading("tilt", 1, "deg"), row=20, device=replace(DEVICE, dev_eui=eui(1)))]
    loop = Loop(ThingsBoard(device=False, topic=BY_TOKEN, ids=TOKENS, tries=3), way, batch)

    await loop.turns(1)
    delivered = len(loop.journal.delivered)
    await loop.to_its_end()

    assert delivered == 20
    assert set(loop.refused()) == {20}
    assert loop.refused()[RowId(20)].startswith("tried 3 times")
    assert not [key for key in loop.journal.kept if key.startswith("tries/")]


async def test_a_token_that_is_not_known_holds_back_its_own_device_alone(devices: ThingsBoardHttp, way: Http) -> None:
    devices.tokens.remove("token-2")
    loop = Loop(ThingsBoard(device=False, topic=BY_TOKEN, ids=TOKENS), way, heard(20))

    await loop.turns(2)
    waiting = [row.id % 4 for row in loop.journal.rows]
    devices.tokens.add("token-2")
    await loop.to_its_end()

    assert set(waiting) == {2}
    assert len(loop.journal.delivered) == 20


async def test_a_device_without_a_token_is_refused_with_a_word(way: Http) -> None:
    tokens = {dev_eui: token for dev_eui, token in TOKENS.items() if dev_eui != eui(3)}
    loop = Loop(ThingsBoard(device=False, topic=BY_TOKEN, ids=tokens), way, heard(8))

    await loop.to_its_end()

    assert set(loop.refused()) == {3, 7}
    assert loop.refused()[RowId(3)].startswith(f"unknown device {eui(3)}")


async def test_no_token_is_in_what_people_see(devices: ThingsBoardHttp, way: Http) -> None:
    devices.mood = Fault(status=422, detail="no")
    loop = Loop(ThingsBoard(device=False, topic=BY_TOKEN, ids=TOKENS), way, heard(4))

    await loop.to_its_end()

    seen = str([loop.refused(), loop.telling.status(), loop.journal.kept])
    assert len(loop.refused()) == 4
    assert "token-" not in seen


def test_a_token_in_a_path_is_hidden_from_whoever_sees_a_request() -> None:
    token = "åa/1 secret-token"
    platform = ThingsBoard(topic=BY_TOKEN, ids={DEV_EUI: token})

    waves, _ = converse(platform, [item(Reading("co2", 1, "[ppm]"))])

    requests = [request for wave in waves for request in wave]
    assert {request.target.split("/")[3] for request in requests} == {"%C3%A5a%2F1%20secret-token"}
    assert {request.shown().target.split("/")[3] for request in requests} == {"(secret)"}
    assert "secret-token" not in repr(requests)
    assert {request.shown().body for request in requests} == {request.body for request in requests}


async def test_through_trouble_nothing_is_lost(devices: ThingsBoardHttp, way: Http) -> None:
    devices.faults.extend(
        [Fault()] * 4 + [Fault(status=503), Fault(silent=True), Fault(status=500), Fault(status=429), Fault(status=408)]
    )
    loop = Loop(ThingsBoard(device=False, topic=BY_TOKEN, ids=TOKENS), way, heard(40))

    await loop.to_its_end()

    assert loop.refused() == {}
    assert len(devices.kept.log) == 80
