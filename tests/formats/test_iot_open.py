"""IoT Open: one number a topic with its own time, and devices and functions made once over REST."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from gateway.formats.iot_open import IotOpen
from gateway.formats.iot_open_functions import Known, provide
from gateway.model import Item, RowId
from gateway.transports.http import Http
from simulators.platforms.iot_open import IotOpenBroker, LynxRest
from simulators.platforms.mqtt_platform import Fault
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, converse, eui, item
from tests.formats.over_mqtt import over_mqtt
from tests.formats.telling import Loop, over_http

SECONDS = 1772366401.123  # HEARD_AT and one second


def said(platform: IotOpen, one: Item) -> dict[str, Any]:
    waves, _ = converse(platform, [one])
    return {request.target: json.loads(request.body) for wave in waves for request in wave}


def typical(quantity: Quantity) -> float | bool:
    return True if quantity.value_type is ValueType.BOOLEAN else 1


# ── words ──


def test_each_value_has_a_topic_and_its_own_time() -> None:
    early = HEARD_AT - timedelta(minutes=10)
    heard = item(
        Reading("air_temperature", 21.5, "Cel"),
        Reading("soil_moisture", 30, "%", "depth/20+"),
        Reading("co2", 400, "[ppm]", None, early),
        Reading("door_open", False),
    )

    found = said(IotOpen(client="1459", ids={DEV_EUI: "torget"}), heard)

    assert found == {
        "1459/obj/brygga/torget/co2": {"value": 400, "timestamp": 1772365800.123, "msg": "[ppm]"},
        "1459/obj/brygga/torget/air_temperature": {"value": 21.5, "timestamp": SECONDS, "msg": "Cel"},
        "1459/obj/brygga/torget/soil_moisture_depth_20_": {"value": 30, "timestamp": SECONDS, "msg": "%"},
        "1459/obj/brygga/torget/door_open": {"value": 0, "timestamp": SECONDS, "msg": ""},
    }


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda one: one.name)
def test_every_quantity_is_a_number_with_its_unit_and_time(quantity: Quantity) -> None:
    heard = item(Reading(quantity.name, typical(quantity), quantity.unit))

    [(topic, body)] = said(IotOpen(), heard).items()

    assert topic == f"obj/brygga/{DEV_EUI}/{quantity.name}"
    assert body == {"value": 1, "timestamp": SECONDS, "msg": quantity.unit}
    assert type(body["value"]) is int


def test_a_text_cannot_be_said_and_is_counted() -> None:
    heard = item(Reading("co2", 400, "[ppm]"), Reading("tilt", 1, "deg"))
    with_text = replace(heard, observations=(heard.observations[0], replace(heard.observations[1], value="steep")))

    waves, receipt = converse(IotOpen(), [with_text])

    assert sum(map(len, waves)) == 1
    assert receipt.accepted == {1}
    assert receipt.inexpressible == {"tilt": 1}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client": "lund"}, "client: 'lund' is no number"),
        ({"topic": "set/{id}/{key}"}, "does not begin with 'obj/'"),
        ({"topic": "obj/{id}"}, r"has no \{key\}"),
        ({"topic": "obj/{key}"}, "the same for every device"),
        ({"topic": "obj/+/{id}/{key}"}, "wildcard"),
        ({"late": "never"}, "late: 'never'"),
        ({"tries": 0}, "tries: 0"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        IotOpen(**options)


def test_the_values_of_one_time_go_together_where_the_latest_counts() -> None:
    batch = [item(Reading("co2", row, "[ppm]"), Reading("snr", row, "dB"), row=row) for row in (1, 2)]

    waves, _ = converse(IotOpen(late="refuse"), batch)

    assert [len(wave) for wave in waves] == [2, 2]


# ── the broker ──


@pytest.fixture
async def broker() -> AsyncIterator[IotOpenBroker]:
    platform = IotOpenBroker("1459")
    await platform.start()
    yield platform
    await platform.stop()


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


async def test_a_backlog_arrives_once_with_its_times_and_units(broker: IotOpenBroker) -> None:
    async with over_mqtt(broker.url) as transport:
        loop = Loop(IotOpen(client="1459"), transport, heard(250))
        await loop.to_its_end()

    assert (loop.refused(), broker.refusals, broker.kept.repeated) == ({}, [], 0)
    assert len(broker.kept.values) == 500
    assert broker.kept.log[f"obj/brygga/{eui(1)}/air_temperature", SECONDS] == 0.1
    assert broker.kept.units[f"obj/brygga/{eui(1)}/air_temperature"] == "Cel"


async def test_another_clients_number_is_refused_in_the_brokers_words(broker: IotOpenBroker) -> None:
    async with over_mqtt(broker.url) as transport:
        loop = Loop(IotOpen(client="7"), transport, heard(2))
        await loop.to_its_end()

    assert set(loop.refused()) == {0, 1}
    assert "Not authorized" in loop.refused()[RowId(0)]


async def test_what_was_not_acknowledged_comes_again_with_the_same_time(broker: IotOpenBroker) -> None:
    broker.faults.extend([Fault(silent=True), Fault(reason=0x97)])
    async with over_mqtt(broker.url, answer_limit_s=0.3) as transport:
        loop = Loop(IotOpen(client="1459"), transport, heard(2))
        await loop.to_its_end()

    assert loop.refused() == {}
    assert sorted(loop.journal.delivered) == [0, 1]
    assert broker.kept.repeated > 0
    assert len(broker.kept.values) == 4


# ── REST ──


@pytest.fixture
async def lynx() -> AsyncIterator[LynxRest]:
    platform = LynxRest(1, token="k3y")
    await platform.start()
    yield platform
    await platform.stop()


@pytest.fixture
async def way(lynx: LynxRest) -> AsyncIterator[Http]:
    transport = over_http(lynx.url, headers={"X-API-Key": "k3y"}, concurrency=1)
    yield transport
    await transport.close()


async def provided(way: Http, items: list[Item], platform: IotOpen | None = None) -> Known:
    exchange = provide(items, platform or IotOpen(), 1)
    try:
        requests = next(exchange)
        while True:
            requests = exchange.send(await way.send(requests))
    except StopIteration as end:
        found: Known = end.value
        return found


async def test_devices_and_functions_are_made_once(lynx: LynxRest, way: Http) -> None:
    items = heard(6)

    first = await provided(way, items)
    second = await provided(way, items)

    assert first.problems == second.problems == ()
    assert first == second
    assert [one["meta"]["dev_eui"] for one in lynx.things["devicex"]] == [eui(number) for number in range(4)]
    assert len(lynx.things["functionx"]) == 8
    temperature = lynx.things["functionx"][0]
    assert temperature["type"] == "air_temperature"
    assert temperature["meta"] == {
        "name": f"{eui(0)} air_temperature",
        "device_id": str(first.devices[eui(0)]),
        "topic_read": f"obj/brygga/{eui(0)}/air_temperature",
        "unit": "Cel",
    }
    assert lynx.things["functionx"][1]["meta"]["state_on"] == "1"


async def test_every_published_topic_has_a_function(way: Http) -> None:
    items, platform = heard(6), IotOpen(ids={eui(1): "torget"})

    found = await provided(way, items, platform)

    published = {request.target for wave in converse(platform, items)[0] for request in wave}
    assert found.topics == published


async def test_a_wrong_key_makes_nothing_and_says_so(lynx: LynxRest) -> None:
    transport = over_http(lynx.url, headers={"X-API-Key": "old"})

    found = await provided(transport, heard(1))
    await transport.close()

    assert (found.devices, found.topics) == ({}, frozenset())
    assert "invalid api key" in found.problems[0]
    assert lynx.things == {"devicex": [], "functionx": []}
