"""A source behind a network server's broker: the real mosquitto between a simulated server and this box."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from paho.mqtt.publish import single

from gateway.model import (
    Downlink,
    Eui64,
    FromServer,
    Heard,
    Instant,
    ServerNews,
    ServerUplink,
    TimeQuality,
    TxResult,
    Verdict,
)
from gateway.sources.network_server import broker
from gateway.sources.network_server.broker import BehindABroker, chirpstack_behind, named, the_things_stack_behind
from gateway.sources.network_server.decode import Decode
from gateway.sources.settings import ChirpstackSettings, TheThingsStackSettings
from gateway.transports import subscription
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.endpoint import endpoint
from gateway.transports.secret import Secret
from simulators.network_server import ChirpStack, NetworkServer, Payload, TheThingsStack, Words
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings

DEV_EUI = Eui64("a81758fffe0d0001")
REFERENCE = UUID("11111111-2222-5333-8444-555555555555")
APPLICATION = ChirpStack().application


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "LONGEST_PAUSE_S", 0.05)


def clock() -> Instant:
    return Instant(datetime(2026, 11, 26, 12, 0, tzinfo=UTC), 1000.0, "boot", TimeQuality.NTP)


def chirpstack(port: int, **changed: Any) -> BehindABroker:
    return chirpstack_behind(chirpstack_settings(port, **changed), clock)


def chirpstack_settings(port: int, **changed: Any) -> ChirpstackSettings:
    whole: dict[str, Any] = {
        "name": "campus", "broker": at(port), "client_id": "box-1", "application": "+", "decode": Decode.AUTO, "is_json": True, **changed,
    }  # fmt: skip
    return ChirpstackSettings(**whole)


def the_things_stack(port: int) -> BehindABroker:
    settings = TheThingsStackSettings(
        name="campus",
        broker=at(port, version=MqttVersion.V3_1_1),
        client_id="box-1",
        application="city@ttn",
        decode=Decode.AUTO,
    )
    return the_things_stack_behind(settings, clock)


def at(port: int, **changed: Any) -> Broker:
    whole: dict[str, Any] = {
        "endpoint": endpoint(f"mqtt://127.0.0.1:{port}"),
        "client_id": "-",
        "connect_limit_s": 5.0,
        **changed,
    }
    return Broker(**whole)


@dataclass
class Ear:
    """Hears what sources bring; a gate holds it back."""

    heard: list[FromServer] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    async def hear(self, told: Heard) -> None:
        assert not hasattr(told, "phy_payload")
        self.waiting += 1
        async with asyncio.timeout(10):
            await self.gate.wait()
        self.heard.append(told)  # type: ignore[arg-type]  # no frame, as asserted

    def counters(self) -> list[int]:
        return [one.f_cnt for one in self.heard if isinstance(one, ServerUplink)]


def opened() -> Ear:
    ear = Ear()
    ear.gate.set()
    return ear


@asynccontextmanager
async def listening(source: BehindABroker, ear: Ear) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(source.run(ear.hear), name="source")
        async with asyncio.timeout(5):
            await source.listening()
        yield
        task.cancel()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is asked has no event to wait for
            await asyncio.sleep(0.005)


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path / "mosquitto") as started:
        yield started


def payloads(count: int, first: int = 0) -> list[Payload]:
    return [
        Payload(dev_eui=DEV_EUI, f_cnt=number, data=bytes([number % 256])) for number in range(first, first + count)
    ]


SERVERS: list[tuple[Words, Callable[[int], BehindABroker], str]] = [
    (ChirpStack(), chirpstack, APPLICATION),
    (TheThingsStack(), the_things_stack, "city@ttn/eui-a81758fffe0d0001"),
]
BOTH = pytest.mark.parametrize(("words", "source_at", "address"), SERVERS, ids=["chirpstack", "the_things_stack"])


@BOTH
async def test_what_a_server_tells_is_heard_in_its_order(
    mosquitto: Mosquitto, words: Words, source_at: Callable[[int], BehindABroker], address: str
) -> None:
    server, ear, source = NetworkServer(mosquitto.port, words), opened(), source_at(mosquitto.port)

    async with server.running(), listening(source, ear):
        await server.tell(payloads(100))
        await until(lambda: len(ear.heard) == 100)

    assert ear.counters() == [*range(100)]
    first = ear.heard[0]
    assert isinstance(first, ServerUplink)
    assert (first.dev_eui, first.payload, first.address) == (DEV_EUI, b"\0", address)


@BOTH
async def test_what_was_not_safe_comes_again(
    mosquitto: Mosquitto, words: Words, source_at: Callable[[int], BehindABroker], address: str
) -> None:
    server, held, ear = NetworkServer(mosquitto.port, words), Ear(), opened()

    async with server.running():
        async with listening(source_at(mosquitto.port), held):
            await server.tell(payloads(10))
            await until(lambda: held.waiting == 10)
        async with listening(source_at(mosquitto.port), ear):
            await until(lambda: len(ear.heard) == 10)

    assert held.heard == []
    assert ear.counters() == [*range(10)]


async def test_what_is_told_while_this_box_is_away_comes_when_it_is_back(mosquitto: Mosquitto) -> None:
    server, ear = NetworkServer(mosquitto.port, ChirpStack()), opened()

    async with server.running():
        async with listening(chirpstack(mosquitto.port), ear):
            pass
        await server.tell(payloads(500))
        async with listening(chirpstack(mosquitto.port), ear):
            await until(lambda: len(ear.heard) == 500)

    assert ear.counters() == [*range(500)]


@BOTH
async def test_a_downlink_reaches_the_server_as_it_was_asked_for(
    mosquitto: Mosquitto, words: Words, source_at: Callable[[int], BehindABroker], address: str
) -> None:
    server, source = NetworkServer(mosquitto.port, words), source_at(mosquitto.port)
    downlink = Downlink(id=7, dev_eui=DEV_EUI, f_port=10, payload=b"\x01\xff", queued_at=clock().utc, confirmed=True)

    async with server.running(), listening(source, opened()):
        answer = await source.command(address, downlink, REFERENCE)
        await until(lambda: len(server.queue) == 1)

    (queued,) = server.queue
    assert answer.verdict is Verdict.TAKEN
    assert (queued.dev_eui, queued.f_port, queued.data, queued.confirmed) == (DEV_EUI, 10, b"\x01\xff", True)
    assert str(REFERENCE) in queued.reference


async def test_without_a_server_a_downlink_waits_and_it_is_said(mosquitto: Mosquitto) -> None:
    source = chirpstack(mosquitto.port)
    downlink = Downlink(id=7, dev_eui=DEV_EUI, f_port=10, payload=b"\x01", queued_at=clock().utc)

    away = await source.command(APPLICATION, downlink, REFERENCE)
    async with listening(source, opened()):
        nobody = await source.command(APPLICATION, downlink, REFERENCE)
        nowhere = await source.command("", downlink, REFERENCE)
        advice = source.status()["advice"]

    assert (away.verdict, nobody.verdict, nowhere.verdict) == (Verdict.LATER, Verdict.LATER, Verdict.REFUSED)
    assert broker.NOBODY in advice


async def test_there_is_no_radio_to_transmit_with(mosquitto: Mosquitto) -> None:
    assert await chirpstack(mosquitto.port).transmit(None) is TxResult.NOT_CONNECTED  # type: ignore[arg-type]  # it looks at nothing


async def test_a_wrong_key_is_said_in_words(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path / "m", MosquittoSettings(passwords={"city@ttn": "NNSXS.RIGHT"})) as mosquitto:
        source = chirpstack(
            mosquitto.port, broker=at(mosquitto.port, username="city@ttn", password=Secret("NNSXS.WRONG"))
        )
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(source.run(opened().hear), name="source")
            await until(lambda: "check username" in str(source.status()["advice"]))
            status = source.status()
            task.cancel()

    assert status["listening"] is None
    assert "check username" in status["advice"][0]
    assert "WRONG" not in str(status)


async def test_what_comes_at_qos_0_is_said_to_be_lost_while_away(mosquitto: Mosquitto) -> None:
    source, ear = chirpstack(mosquitto.port), opened()
    event = ChirpStack().up(payloads(1)[0])

    async with listening(source, ear):
        await publish(mosquitto.port, event.target, event.body, qos=0)
        await until(lambda: len(ear.heard) == 1)
        advice = source.status()["advice"]

    assert broker.QOS_0 in advice


async def publish(port: int, topic: str, body: bytes, *, qos: int = 1, retain: bool = False) -> None:
    await asyncio.to_thread(single, topic, body, qos=qos, retain=retain, hostname="127.0.0.1", port=port)


async def test_what_is_no_event_is_counted_acknowledged_and_said(mosquitto: Mosquitto) -> None:
    source, ear = chirpstack(mosquitto.port), opened()
    up = f"application/{APPLICATION}/device/{DEV_EUI}/event/up"
    join = f"application/{APPLICATION}/device/{DEV_EUI}/event/join"
    device = {"deviceInfo": {"devEui": DEV_EUI}}

    async with listening(source, ear):
        await publish(mosquitto.port, up, b"\x0a\x05proto")
        await publish(mosquitto.port, up, b'{"joinServerContext":{}}')
        await publish(mosquitto.port, join, str({**device, "devAddr": "00189440"}).replace("'", '"').encode())
        await until(lambda: len(ear.heard) == 1)
        status = source.status()

    assert isinstance(ear.heard[0], ServerNews)
    assert status["dropped"] == {"json": 1, "encrypted": 1}
    assert sum("AppSKey" in words for words in status["advice"]) == 1
    assert status["broker"]["under_way"] == 0


async def test_an_event_that_the_broker_kept_is_of_any_age_and_not_heard(mosquitto: Mosquitto) -> None:
    event, ear = ChirpStack().up(payloads(1)[0]), opened()
    await publish(mosquitto.port, event.target, event.body, retain=True)
    source = chirpstack(mosquitto.port)

    async with listening(source, ear):
        await until(lambda: source.status()["dropped"] == {"retained": 1})

    assert ear.heard == []


def test_two_sources_and_two_machines_have_client_ids_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here = [named(chirpstack_settings(1, name=name, client_id=None)).client_id for name in ("campus", "harbour")]
    monkeypatch.setattr(broker, "fingerprint", lambda: "another")
    there = named(chirpstack_settings(1, client_id=None)).client_id

    assert len({*here, there}) == 3
    assert named(chirpstack_settings(1)).client_id == "box-1"
