"""Health messages at a real mosquitto: kept, right by their schema, and "offline" when the agent is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.agent import running
from gateway.config import load
from gateway.errors import StorageError
from gateway.model import Json
from gateway.observe.message import disk_message
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from tests.agent.process import BRYGGA
from tests.pipeline.rig import CONFIGURATION, LIMIT_S, NOON, clock

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "docs" / "reference" / "health.schema.json").read_text(encoding="utf-8"))
TOPIC, STATE = "brygga/test/health", "brygga/test/health/state"
HEALTH = '[health]\nurl = "mqtt://127.0.0.1:{port}"\ninterval_s = 5\n'
PASSWORD = "secret"
AWAY = '[[destination]]\nname = "lund"\nurl = "http://127.0.0.1:9"\nformat = "ngsi_ld"\n'


class City:
    """Somebody who watches all boxes."""

    def __init__(self, port: int, username: str | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard: defaultdict[str, asyncio.Queue[tuple[str, bool]]] = defaultdict(asyncio.Queue)
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(username, None if username is None else PASSWORD)
        self._client.on_message = self._came
        self._client.on_connect = lambda client, *_: client.subscribe("brygga/+/health/#", qos=1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _came(self, _: Client, __: Any, message: MQTTMessage) -> None:
        heard = message.payload.decode(), message.retain
        self._loop.call_soon_threadsafe(lambda: self._heard[message.topic].put_nowait(heard))

    async def next(self, topic: str) -> tuple[str, bool]:
        """Return the next text at a topic, and whether the broker had kept it."""
        async with asyncio.timeout(LIMIT_S):
            return await self._heard[topic].get()

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.asynccontextmanager
async def city(port: int, username: str | None = None) -> AsyncIterator[City]:
    watching = City(port, username)
    try:
        yield watching
    finally:
        await asyncio.to_thread(watching.leave)


def right(text: str) -> Json:
    """Return a message that is right by its schema."""
    message = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(message)
    return message


def written(folder: Path, *more: str) -> Path:
    path = folder / "brygga.toml"
    path.write_text("\n".join([CONFIGURATION, *more]), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.observe.health.FIRST_S", 0.2)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path / "mosquitto") as mosquitto:
        yield mosquitto


async def test_a_city_sees_how_a_box_is(tmp_path: Path, broker: Mosquitto) -> None:
    settings = load(written(tmp_path, HEALTH.format(port=broker.port), AWAY))
    async with running(settings, clock), city(broker.port) as watching:
        state, _ = await watching.next(STATE)
        message = right((await watching.next(TOPIC))[0])

    assert state == "online"
    assert (message["gateway"], message["next_s"]) == ("test", 5)
    assert message["at"] == NOON.isoformat(timespec="seconds")
    assert message["clock"] == {"quality": "ntp", "trusted": True}
    assert [(one["name"], one["hears"]) for one in message["sources"]] == [("radio", True)]
    assert [one["name"] for one in message["destinations"]] == ["lund"]
    assert message["memory_bytes"] > 10_000_000


async def test_who_comes_later_finds_the_last_message_and_the_good_bye(tmp_path: Path, broker: Mosquitto) -> None:
    settings = load(written(tmp_path, HEALTH.format(port=broker.port)))
    async with running(settings, clock), city(broker.port) as watching:
        await watching.next(TOPIC)

    async with city(broker.port) as later:
        message, message_kept = await later.next(TOPIC)
        state, state_kept = await later.next(STATE)

    assert right(message)["gateway"] == "test"
    assert (message_kept, state_kept, state) == (True, True, "offline")


async def test_an_agent_that_is_killed_is_offline(tmp_path: Path, broker: Mosquitto) -> None:
    path = written(tmp_path, HEALTH.format(port=broker.port))
    process = await asyncio.create_subprocess_exec(
        BRYGGA, "run", "--config", path, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with city(broker.port) as watching:
            assert (await watching.next(STATE))[0] == "online"
            right((await watching.next(TOPIC))[0])
            process.send_signal(signal.SIGKILL)
            assert (await watching.next(STATE))[0] == "offline"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_broker_that_is_away_gets_the_next_one(
    tmp_path: Path, broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    await broker.stop()
    async with running(load(written(tmp_path, HEALTH.format(port=broker.port))), clock):
        async with asyncio.timeout(LIMIT_S):
            while "the next message is tried" not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.02)
        await broker.start()
        async with city(broker.port) as watching:
            right((await watching.next(TOPIC))[0])


async def test_a_broker_with_passwords_is_told(tmp_path: Path) -> None:
    access = MosquittoSettings(passwords={"box": PASSWORD}, access=["user box", "topic readwrite brygga/#"])
    more = f'username = "box"\npassword = "{PASSWORD}"\n'
    async with Mosquitto(tmp_path / "closed", access) as broker:
        settings = load(written(tmp_path, HEALTH.format(port=broker.port) + more))
        async with running(settings, clock), city(broker.port, "box") as watching:
            right((await watching.next(TOPIC))[0])


def test_a_journal_that_cannot_be_read_is_said_nevertheless() -> None:
    message = disk_message("test", "1.0", NOON, 60.0, str(StorageError("the disk is full: " + "x" * 999)))

    assert right(json.dumps(message))["alarms"][0]["kind"] == "disk"
