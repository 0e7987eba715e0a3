"""SensorThings over MQTT: through the real transport and a real mosquitto, into a strict server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decoders.contract import Reading
from gateway.formats.sensorthings import SensorThings, SensorThingsMqtt
from gateway.model import Answer, RowId, Verdict
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from simulators.platforms.mosquitto import Mosquitto
from simulators.platforms.mqtt import Subscriber
from simulators.platforms.sensorthings import SensorThingsServer
from tests.formats.items import DEV_EUI, DEVICE, converse, eui, item
from tests.formats.sensorthings_line import line, now

LIMIT_S = 5.0
STREAMS = {f"{DEV_EUI}/co2": 7, f"{DEV_EUI}/soil_moisture/depth_20cm": "'it''s'"}


@pytest.fixture
async def server() -> AsyncIterator[SensorThingsServer]:
    running = SensorThingsServer()
    await running.start()
    yield running
    await running.stop()


async def test_what_is_published_is_created_by_the_server(tmp_path: Path, server: SensorThingsServer) -> None:
    async with line(server.url) as provisioning:
        await provisioning.deliver(SensorThings(), [item(Reading("co2", 1, "[ppm]"), Reading("door_open", 1))])
    streams = {one["name"]: number for number, one in server.kept.entities["Datastreams"].items()}
    batch = [item(Reading("co2", row, "[ppm]"), Reading("door_open", row % 2), row=row) for row in range(2, 12)]

    async with Mosquitto(tmp_path) as broker:
        city = Subscriber("127.0.0.1", broker.port, topics=["v1.1/#"])
        listening = asyncio.create_task(city.run(), name="city")
        await city.subscribed.wait()
        mqtt = Mqtt(Broker(endpoint=endpoint(f"mqtt://127.0.0.1:{broker.port}"), client_id="roof"), now)
        conversation = SensorThingsMqtt(datastreams=streams).deliver(batch, {})
        with pytest.raises(StopIteration) as end:
            conversation.send(await mqtt.send(next(conversation)))
        for received in await city.wait_for(20, LIMIT_S):
            server.hear(received.topic, received.payload)
        await mqtt.close()
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening

    assert end.value.value.accepted == {one.row for one in batch}
    assert server.kept.repeated == 0
    assert {str(one.id) for each in batch for one in each.observations} <= server.kept.observations.keys()


def test_a_topic_names_the_datastream_as_the_server_writes_its_id() -> None:
    said = item(Reading("co2", 400, "[ppm]"), Reading("soil_moisture", 35, "%", channel="depth_20cm"))

    [requests], receipt = converse(SensorThingsMqtt(datastreams=STREAMS), [said])

    assert [one.target for one in requests] == [
        "v1.1/Datastreams(7)/Observations",
        "v1.1/Datastreams('it''s')/Observations",
    ]
    assert receipt.accepted == {1}


def test_what_has_no_datastream_is_counted_and_a_device_without_any_is_refused() -> None:
    known = item(Reading("co2", 400, "[ppm]"), Reading("air_temperature", 1, "Cel"))
    unknown = item(Reading("co2", 400, "[ppm]"), row=2, device=replace(DEVICE, dev_eui=eui(9)))

    _, receipt = converse(SensorThingsMqtt(datastreams=STREAMS), [known, unknown])

    assert receipt.accepted == {1}
    assert receipt.inexpressible == {"air_temperature": 1}
    assert receipt.refused[RowId(2)].startswith(f"unknown device {eui(9)}")


def test_what_moves_says_itself_where_it_was() -> None:
    moving = item(Reading("co2", 1, "[ppm]"), Reading("latitude", 59.5, "deg"), Reading("longitude", 18.5, "deg"))

    [[request]], _ = converse(SensorThingsMqtt(datastreams=STREAMS), [moving])

    assert b'"coordinates":[18.5,59.5]' in request.body


@pytest.mark.parametrize(
    ("verdict", "where"), [(Verdict.REFUSED, "refused"), (Verdict.LATER, "undecided"), (Verdict.UNCLEAR, "undecided")]
)
def test_a_row_that_comes_again_repeats_only_what_was_not_taken(verdict: Verdict, where: str) -> None:
    said = item(Reading("co2", 400, "[ppm]"), Reading("soil_moisture", 35, "%", channel="depth_20cm"))
    platform = SensorThingsMqtt(datastreams=STREAMS)

    _, first = converse(platform, [said], {1: Answer(verdict=verdict, status=0x87, detail="no")})
    memory: dict[str, Any] = dict(first.memory)
    [requests], second = converse(platform, [said], memory=memory)

    assert getattr(first, where)[1].endswith("no")
    assert [one.target for one in requests] == ["v1.1/Datastreams('it''s')/Observations"]
    assert second.accepted == {1}
    assert second.memory == {"part/1": None}
