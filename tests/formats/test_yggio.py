"""Yggio: flat JSON with units and times, over MQTT and by HTTP push, which takes no history."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from gateway.formats.catalogue import misfit
from gateway.formats.yggio import Yggio
from gateway.model import Item, RowId
from gateway.transports.http import Http
from simulators.platforms.mqtt_platform import Fault as Silence
from simulators.platforms.web_platform import Fault
from simulators.platforms.yggio import ARRIVED, YggioBroker, YggioPush
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, converse, eui, item
from tests.formats.over_mqtt import over_mqtt
from tests.formats.telling import NOW, Loop, over_http

AT = "2026-03-01T12:00:01.123Z"
PUSH = "/http-push/generic?identifier=devEui"


def said(platform: Yggio, one: Item) -> list[tuple[str, dict[str, Any]]]:
    waves, _ = converse(platform, [one])
    return [(request.target, json.loads(request.body)) for wave in waves for request in wave]


def typical(quantity: Quantity) -> float | bool:
    return True if quantity.value_type is ValueType.BOOLEAN else 1


# ── words ──


def test_a_message_over_mqtt_is_flat_and_says_when() -> None:
    heard = item(Reading("air_temperature", 21.5, "Cel"), Reading("soil_moisture", 30, "%", "depth 20cm"))

    [(topic, body)] = said(Yggio(ids={DEV_EUI.upper(): "torget"}), heard)

    assert topic == "yggio/generic/v2/torget"
    assert body == {
        "air_temperature": 21.5,
        "air_temperature_unit": "Cel",
        "soil_moisture_depth_20cm": 30,
        "soil_moisture_depth_20cm_unit": "%",
        "reportedAt": AT,
    }


def test_a_node_is_meant_by_its_secret_too_which_is_its_whole_topic() -> None:
    [(topic, _)] = said(Yggio(ids={DEV_EUI: "yggio/generic/v2/torget"}), item(Reading("co2", 1, "[ppm]")))

    assert topic == "yggio/generic/v2/torget"


@pytest.mark.parametrize("name", ["yggio/generic/v2/", "/torget", "torget/", "lund//torget"])
def test_a_name_that_leaves_a_level_of_the_topic_empty_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^ids: the name of a81758fffe03abcd leaves a level of its topic empty"):
        Yggio(ids={DEV_EUI: name})


def test_the_secret_of_a_push_is_hidden_from_whoever_sees_a_request() -> None:
    platform = Yggio(topic="/http-push/generic?identifier=secret", ids={DEV_EUI: "s3cret-of-torget"})

    waves, _ = converse(platform, [item(Reading("co2", 1, "[ppm]"))])

    [request] = [request for wave in waves for request in wave]
    assert json.loads(request.body)["secret"] == "s3cret-of-torget"
    assert json.loads(request.shown().body)["secret"] == "(secret)"
    assert "s3cret" not in repr(request)


def test_a_reserved_topic_may_have_levels() -> None:
    [(topic, _)] = said(Yggio(ids={DEV_EUI: "lund/torget"}), item(Reading("co2", 1, "[ppm]")))

    assert topic == "yggio/generic/v2/lund/torget"


def test_a_push_holds_its_identifier() -> None:
    heard = item(Reading("door_open", True))

    [(target, body)] = said(Yggio(topic=PUSH), heard)
    [(_, by_secret)] = said(Yggio(topic=PUSH.replace("devEui", "secret"), ids={DEV_EUI: "s3cret-of-torget"}), heard)

    assert target == PUSH
    assert body == {"devEui": "A81758FFFE03ABCD", "door_open": True, "reportedAt": AT}
    assert by_secret["secret"] == "s3cret-of-torget"


def test_units_can_be_left_to_the_names() -> None:
    [(_, body)] = said(Yggio(units="none"), item(Reading("co2", 400, "[ppm]")))

    assert body == {"co2": 400, "reportedAt": AT}


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda one: one.name)
def test_every_quantity_is_said_with_its_unit_and_time(quantity: Quantity) -> None:
    heard = item(Reading(quantity.name, typical(quantity), quantity.unit))

    [(_, body)] = said(Yggio(), heard)

    assert body[quantity.name] == typical(quantity)
    assert body.get(f"{quantity.name}_unit", "") == quantity.unit
    assert body["reportedAt"] == AT


def test_each_time_has_its_message_and_a_second_value_its_own_key() -> None:
    early = HEARD_AT - timedelta(minutes=10)
    heard = item(Reading("co2", 1, "[ppm]"), Reading("co2", 2, "[ppm]"), Reading("co2", 3, "[ppm]", None, early), row=1)

    bodies = [body for _, body in said(Yggio(units="none"), heard)]

    assert bodies == [
        {"co2": 3, "reportedAt": "2026-03-01T11:50:00.123Z"},
        {"co2": 1, "co2_2": 2, "reportedAt": AT},
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"topic": "generic/{id}"}, "does not begin with 'yggio/generic/v2/'"),
        ({"topic": "yggio/generic/v2/all"}, "the same for every device"),
        ({"topic": "yggio/generic/v2/{name}"}, r"\{name\} is none of \{id\}, \{dev_eui\}"),
        ({"topic": "yggio/generic/v2/{id"}, "topic"),
        ({"topic": "yggio/generic/v2/#{id}"}, "wildcard"),
        ({"topic": "/http-push/generic"}, "no identifier that Yggio knows"),
        ({"topic": "/http-push/generic?identifier=name"}, "no identifier that Yggio knows"),
        ({"ids": {"12": "x"}}, "ids: '12' is no DevEUI"),
        ({"ids": {DEV_EUI: ""}}, "has an empty name"),
        ({"ids": {DEV_EUI: "a/#"}}, r"holds \+, # or"),
        ({"topic": PUSH.replace("devEui", "secret"), "ids": {DEV_EUI: "short"}}, "8 to 128"),
        ({"units": "suffix"}, "units: 'suffix' is none of"),
        ({"late": "never"}, "late: 'never' is none of"),
        ({"fresh_s": 0}, "at least 1"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Yggio(**options)


def test_a_secret_is_in_no_error() -> None:
    with pytest.raises(ValueError, match="the secret of") as caught:
        Yggio(topic=PUSH.replace("devEui", "secret"), ids={DEV_EUI: "hush ()"})

    assert "hush" not in str(caught.value)


def test_a_secret_is_not_remembered() -> None:
    platform = Yggio(topic=PUSH.replace("devEui", "secret"), ids={DEV_EUI: "s3cret-of-torget"})

    _, receipt = converse(platform, [item(Reading("co2", 1, "[ppm]"))])

    assert receipt.memory
    assert "s3cret" not in str(receipt)


@pytest.mark.parametrize(
    ("topic", "scheme", "words"),
    [
        ("yggio/generic/v2/{id}", "https", f"options.topic = '{PUSH}'"),
        (PUSH, "mqtts", "leave it out, it is 'yggio/generic/v2/{id}' then"),
        (PUSH, "https", ""),
    ],
)
def test_a_topic_that_does_not_go_that_way_says_what_does(topic: str, scheme: str, words: str) -> None:
    found = misfit("yggio", {"topic": topic}, scheme)

    assert words in found
    assert bool(found) is bool(words)


def test_a_device_that_nobody_made_there_is_refused_with_a_word() -> None:
    _, receipt = converse(Yggio(topic=PUSH.replace("devEui", "serialNumber")), [item(Reading("co2", 1, "[ppm]"))])

    assert receipt.refused[RowId(1)].startswith(f"unknown device {DEV_EUI}")


# ── time ──


def test_what_is_not_fresh_does_not_go_where_it_would_get_the_time_of_arrival() -> None:
    fresh = item(Reading("co2", 1, "[ppm]"), row=1)
    old = replace(item(Reading("co2", 2, "[ppm]"), row=2), age=timedelta(hours=3))
    logged = item(Reading("co2", 3, "[ppm]", None, HEARD_AT - timedelta(hours=1)), row=3)

    waves, receipt = converse(Yggio(topic=PUSH), [old, logged, fresh])

    assert sum(map(len, waves)) == 1
    assert receipt.accepted == {1}
    assert receipt.refused[RowId(2)].startswith("late: measured at 2026-03-01T12:00:02.123Z, 10800 s ago")
    assert "over MQTT" in receipt.refused[RowId(3)]


def test_over_mqtt_history_goes_with_its_own_time() -> None:
    old = replace(item(Reading("co2", 2, "[ppm]"), row=2), age=timedelta(days=14))

    waves, receipt = converse(Yggio(), [old])

    assert sum(map(len, waves)) == 1
    assert receipt.accepted == {2}


def test_a_node_is_pushed_to_in_order_one_at_a_time() -> None:
    batch = [item(Reading("co2", row, "[ppm]"), row=row) for row in (1, 2)]

    waves, _ = converse(Yggio(topic=PUSH), batch)

    assert [[json.loads(request.body)["co2"] for request in wave] for wave in waves] == [[1], [2]]


# ── the broker ──


@pytest.fixture
async def broker() -> AsyncIterator[YggioBroker]:
    platform = YggioBroker()
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


async def test_a_backlog_arrives_once_with_its_times(broker: YggioBroker) -> None:
    async with over_mqtt(broker.url) as transport:
        loop = Loop(Yggio(units="none"), transport, heard(250))
        await loop.to_its_end()

    assert (loop.refused(), broker.refusals, broker.kept.repeated) == ({}, [], 0)
    assert len(broker.kept.values) == 500
    assert broker.kept.went_back == []


async def test_a_topic_that_is_not_reserved_takes_only_its_own_device_along(broker: YggioBroker) -> None:
    broker.topics = {f"yggio/generic/v2/{eui(number)}" for number in (0, 1, 3)}
    async with over_mqtt(broker.url) as transport:
        loop = Loop(Yggio(), transport, heard(20))
        await loop.to_its_end()

    assert {row % 4 for row in loop.refused()} == {2}
    assert len(loop.journal.delivered) == 15
    assert "Not authorized" in loop.refused()[RowId(2)]


async def test_a_wrong_password_loses_nothing(broker: YggioBroker) -> None:
    broker.let_in(yes=False)
    async with over_mqtt(broker.url) as transport:
        loop = Loop(Yggio(), transport, heard(3))
        await loop.turns(4)
        waiting = len(loop.journal.rows)
        broker.let_in(yes=True)
        await loop.to_its_end()

    assert waiting == 3
    assert loop.journal.delivered == [0, 1, 2]


async def test_what_was_not_acknowledged_comes_again_with_the_same_time(broker: YggioBroker) -> None:
    broker.faults.append(Silence(silent=True))
    async with over_mqtt(broker.url, answer_limit_s=0.3) as transport:
        loop = Loop(Yggio(units="none"), transport, heard(1))
        await loop.to_its_end()

    assert loop.journal.delivered == [0]
    assert broker.kept.repeated == 2
    assert len(broker.kept.values) == 2


# ── the push ──


@pytest.fixture
async def push() -> AsyncIterator[YggioPush]:
    platform = YggioPush()
    await platform.start()
    yield platform
    await platform.stop()


@pytest.fixture
async def way(push: YggioPush) -> AsyncIterator[Http]:
    transport = over_http(push.url, connect_limit_s=1.0, total_limit_s=2.0)
    yield transport
    await transport.close()


def live(rows: int) -> list[Item]:
    at = NOW.utc - timedelta(minutes=1)
    return [
        item(
            Reading("air_temperature", row, "Cel"),
            row=row,
            device=replace(DEVICE, dev_eui=eui(row % 4)),
            heard_at=at + timedelta(seconds=row),
        )
        for row in range(rows)
    ]


async def test_live_values_arrive_in_order_for_each_node(push: YggioPush, way: Http) -> None:
    loop = Loop(Yggio(topic=PUSH), way, live(20))

    await loop.to_its_end()

    assert len(loop.journal.delivered) == 20
    assert push.kept.current[eui(3).upper(), "air_temperature"] == 19
    assert push.kept.values[eui(3).upper(), "air_temperature", ARRIVED] == 5


async def test_a_missing_node_takes_only_its_own_uplinks_along(push: YggioPush, way: Http) -> None:
    push.nodes = {eui(number).upper() for number in (0, 1, 2)}
    loop = Loop(Yggio(topic=PUSH), way, live(12))

    await loop.to_its_end()

    assert set(loop.refused()) == {3, 7, 11}
    assert "no such node" in loop.refused()[RowId(3)]


async def test_a_history_is_refused_by_the_loops_own_clock(push: YggioPush, way: Http) -> None:
    loop = Loop(Yggio(topic=PUSH), way, [*heard(5), *(replace(one, row=RowId(100 + one.row)) for one in live(2))])

    await loop.to_its_end()

    assert set(loop.refused()) == {0, 1, 2, 3, 4}
    assert loop.journal.delivered == [100, 101]


async def test_through_trouble_nothing_is_lost(push: YggioPush, way: Http) -> None:
    push.faults.extend([Fault(status=503), Fault(silent=True), Fault(status=401), Fault(status=429), Fault(status=500)])
    loop = Loop(Yggio(topic=PUSH), way, live(8))

    await loop.to_its_end()

    assert loop.refused() == {}
    assert len(loop.journal.delivered) == 8
    assert push.kept.current[eui(3).upper(), "air_temperature"] == 7
