"""ChirpStack's and The Things Stack's words over a real broker, from the loop of a destination to a city that checks them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from google.protobuf.json_format import ParseError

from decoders.contract import Reading
from gateway.formats import Format
from gateway.formats.chirpstack import ChirpStack
from gateway.formats.the_things_stack import TheThingsStack
from gateway.model import Item, Uplink
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from simulators.platforms import diwise_facade
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.platforms.mqtt import Received, Subscriber
from tests.formats.items import DEVICE, eui, item
from tests.formats.lorawan_stack_messages import parsed
from tests.formats.telling import NOW, Loop

LIMIT_S = 10.0


def check_up(received: Received) -> str:
    try:
        parsed(received.payload)
    except ParseError as error:
        return f"{received.topic}: {error}"
    return ""


@dataclass
class City:
    """A broker that lets the gateway write to its own topics, and who listens behind it."""

    mosquitto: Mosquitto
    diwise: Subscriber
    users: Subscriber

    def gateway(self) -> Mqtt:
        broker = Broker(
            endpoint=endpoint(f"mqtt://127.0.0.1:{self.mosquitto.port}"),
            client_id="gateway-1",
            connect_limit_s=5.0,
            answer_limit_s=5.0,
        )
        return Mqtt(broker, lambda: NOW)


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    rights = ["topic readwrite application/5c8f/#", "topic readwrite v3/bad@ttn/#"]
    async with Mosquitto(tmp_path, MosquittoSettings(access=rights)) as mosquitto:
        diwise = Subscriber(
            "127.0.0.1",
            mosquitto.port,
            topics=["application/+/device/+/event/up"],
            check=diwise_facade.check,
            client_id="diwise",
        )
        users = Subscriber("127.0.0.1", mosquitto.port, topics=["v3/+/devices/+/up"], check=check_up, client_id="users")
        listening = [asyncio.create_task(one.run(), name="a city that listens") for one in (diwise, users)]
        async with asyncio.timeout(LIMIT_S):
            await diwise.subscribed.wait()
            await users.subscribed.wait()
        yield City(mosquitto, diwise, users)
        for task in listening:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def batch(rows: int) -> list[Item]:
    return [
        item(Reading("air_temperature", row / 10, "Cel"), row=row, device=replace(DEVICE, dev_eui=eui(row % 5)))
        for row in range(1, rows + 1)
    ]


def named(uplink: Uplink, platform: Format) -> str:
    return str(uplink.id) if isinstance(platform, ChirpStack) else f"as:up:{uplink.id}"


@pytest.mark.parametrize("platform", [ChirpStack(application="5c8f"), TheThingsStack(application="bad@ttn")])
async def test_a_backlog_arrives_once_each_under_its_own_id(city: City, platform: Format) -> None:
    rows = batch(250)
    listener = city.diwise if isinstance(platform, ChirpStack) else city.users

    loop = Loop(platform, transport := city.gateway(), rows)
    await loop.to_its_end()
    received = await listener.wait_for(250, LIMIT_S)
    await transport.close()

    told = [json.loads(one.payload) for one in received]
    ids = [one.get("deduplicationId") or one["correlation_ids"][0] for one in told]
    assert sorted(ids) == sorted(named(one.uplink, platform) for one in rows)
    assert listener.problems == []
    assert loop.journal.delivered == [one.row for one in rows]


async def test_the_time_that_diwise_keeps_is_that_of_hearing(city: City) -> None:
    [one] = batch(1)

    loop = Loop(ChirpStack(application="5c8f"), transport := city.gateway(), [one])
    await loop.to_its_end()
    [received] = await city.diwise.wait_for(1, LIMIT_S)
    await transport.close()

    event = diwise_facade.read("up", received.payload)
    assert event.at == one.uplink.heard_at.utc
    assert received.headers == {"uplink": str(one.uplink.id)}
    assert received.content_type == "application/json"


async def test_a_broker_that_is_away_gets_all_of_it_later(city: City) -> None:
    loop = Loop(ChirpStack(application="5c8f"), transport := city.gateway(), batch(20))
    await city.mosquitto.stop()

    await loop.turns(3)
    waiting = len(loop.journal.rows)
    await city.mosquitto.start()
    async with asyncio.timeout(LIMIT_S):
        await city.diwise.subscribed.wait()
    await loop.to_its_end()
    await city.diwise.wait_for(20, LIMIT_S)
    await transport.close()

    assert waiting == 20
    assert len(loop.journal.delivered) == 20
    assert city.diwise.problems == []


async def test_a_topic_without_the_right_to_write_loses_nothing_and_is_said_in_the_brokers_words(city: City) -> None:
    loop = Loop(ChirpStack(application="other"), transport := city.gateway(), batch(3))

    await loop.turns(6)
    status = json.dumps(loop.telling.status())
    await transport.close()

    assert "0x87 Not authorized" in status
    assert [row.id for row in loop.journal.rows] == [1, 2, 3]
