"""What the tests of transports share: a clock, brokers, requests, and a city that listens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.model import Answer, Instant, Request, TimeQuality, Verdict
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.http import Http
from gateway.transports.mqtt import Mqtt
from gateway.transports.service import Service
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.platforms.mqtt import Subscriber
from simulators.platforms.scripted_broker import Script, ScriptedBroker

from .web_platform import MakeHttp, Platform, Speak, served

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that stands still until a test moves it."""

    passed_s: float = 0.0

    def __call__(self) -> Instant:
        return Instant(START + timedelta(seconds=self.passed_s), 1000.0 + self.passed_s, "boot", TimeQuality.NTP)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def request_to(topic: str, body: bytes = b"{}") -> Request:
    return Request(target=topic, body=body, content_type="application/json")


def requests_to(topic: str, count: int, first: int = 0) -> list[Request]:
    return [request_to(topic, b'{"n":%d}' % number) for number in range(first, first + count)]


def verdicts(answers: Sequence[Answer]) -> list[Verdict]:
    return [answer.verdict for answer in answers]


MakeMqtt = Callable[..., Mqtt]


@pytest.fixture
async def make_mqtt(clock: HandClock) -> AsyncIterator[MakeMqtt]:
    made: list[Mqtt] = []

    def make(port: int, *, scheme: str = "mqtt", host: str = "127.0.0.1", **broker: Any) -> Mqtt:
        settings: dict[str, Any] = {"client_id": "gateway-1", "connect_limit_s": 5.0, "answer_limit_s": 5.0} | broker
        made.append(Mqtt(Broker(endpoint=endpoint(f"{scheme}://{host}:{port}"), **settings), clock))
        return made[-1]

    yield make
    for transport in made:
        await transport.close()


@dataclass
class Mosquittos:
    """Makes mosquittos that end with the test."""

    folder: Path
    made: list[Mosquitto] = field(default_factory=list)

    async def start(self, **settings: Any) -> Mosquitto:
        mosquitto = Mosquitto(self.folder / f"mosquitto-{len(self.made)}", MosquittoSettings(**settings))
        self.made.append(mosquitto)
        await mosquitto.start()
        return mosquitto


@pytest.fixture
async def mosquittos(tmp_path: Path) -> AsyncIterator[Mosquittos]:
    made = Mosquittos(tmp_path)
    yield made
    for mosquitto in made.made:
        await mosquitto.kill()


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedBroker]:
    async with ScriptedBroker(Script()) as broker:
        yield broker


@pytest.fixture
async def make_http(clock: HandClock) -> AsyncIterator[MakeHttp]:
    made: list[Http] = []

    def make(url: str, **service: Any) -> Http:
        settings: dict[str, Any] = {"connect_limit_s": 1.0, "total_limit_s": 3.0} | service
        made.append(Http(Service(endpoint=endpoint(url), **settings), clock))
        return made[-1]

    yield make
    for transport in made:
        await transport.close()


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    made = Platform()
    runner = await served(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def raw() -> AsyncIterator[Callable[[Speak], Awaitable[str]]]:
    """Give a server that speaks octets, for what a real one would not do."""
    servers: list[asyncio.Server] = []

    async def start(speak: Speak) -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                await speak(reader, writer)
            finally:
                writer.close()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


async def until(true: Callable[[], bool]) -> None:
    """Wait for what no event tells of: a status, a counter of a broker."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is asked has no event to wait for
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def listening(port: int, **subscriber: Any) -> AsyncIterator[Subscriber]:
    """Give a city that is subscribed, for as long as the block lasts."""
    city = Subscriber("127.0.0.1", port, **subscriber)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(city.run(), name="city")
        async with asyncio.timeout(5):
            await city.subscribed.wait()
        try:
            yield city
        finally:
            task.cancel()
