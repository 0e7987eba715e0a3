"""The platforms that are told over MQTT, through a real broker: what it takes, and what its access list refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from decoders.contract import Reading
from gateway.formats.catalogue import make
from gateway.model import Item
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.platforms.mqtt import Subscriber
from tests.formats.items import DEVICE, eui, item
from tests.formats.over_mqtt import over_mqtt
from tests.formats.telling import Loop

LIMIT_S = 10.0


def heard(rows: int) -> list[Item]:
    return [
        item(Reading("co2", row, "[ppm]"), row=row, device=replace(DEVICE, dev_eui=eui(row % 4))) for row in range(rows)
    ]


@asynccontextmanager
async def city(port: int) -> AsyncIterator[Subscriber]:
    subscriber = Subscriber("127.0.0.1", port)
    task = asyncio.create_task(subscriber.run())
    async with asyncio.timeout(LIMIT_S):
        await subscriber.subscribed.wait()
    yield subscriber
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("yggio", b'"co2":'), ("iot_open", b"/co2"), ("rec_edge", b':co2"'), ("thingsboard", b'"co2":')],
)
async def test_all_of_a_batch_comes_through_once_and_well_formed(tmp_path: Path, name: str, value: bytes) -> None:
    async with (
        Mosquitto(tmp_path / "mosquitto") as broker,
        city(broker.port) as subscriber,
        over_mqtt(f"mqtt://127.0.0.1:{broker.port}", answer_limit_s=5.0) as transport,
    ):
        loop = Loop(make(name, {}), transport, heard(40))
        await loop.to_its_end()
        async with asyncio.timeout(LIMIT_S):
            while values(subscriber, value) < 40:  # noqa: ASYNC110 - no event tells of what is in a message
                await asyncio.sleep(0.01)

    assert loop.journal.delivered == list(range(40))
    assert values(subscriber, value) == 40
    assert (subscriber.problems, subscriber.repeated()) == ([], 0)


def values(subscriber: Subscriber, value: bytes) -> int:
    """Return how many values of CO2 have come."""
    return sum((one.topic.encode() + one.payload).count(value) for one in subscriber.received)


async def test_a_topic_that_the_access_list_forbids_refuses_its_own_device_alone(tmp_path: Path) -> None:
    access = [f"topic write yggio/generic/v2/{eui(number)}" for number in (0, 1, 3)]
    settings = MosquittoSettings(access=access)
    async with (
        Mosquitto(tmp_path / "mosquitto", settings) as broker,
        over_mqtt(f"mqtt://127.0.0.1:{broker.port}", answer_limit_s=5.0) as transport,
    ):
        loop = Loop(make("yggio", {}), transport, heard(20))
        await loop.to_its_end()

    assert {row % 4 for row in loop.refused()} == {2}
    assert len(loop.journal.delivered) == 15
