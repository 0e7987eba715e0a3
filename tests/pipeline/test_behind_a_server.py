"""A whole agent behind a network server: its broker is the real mosquitto, the agent a process that is killed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.agent import Agent, running
from gateway.config import load
from gateway.journal import Registration
from gateway.journal.groups import unpacked
from gateway.journal.looking import looking
from gateway.journal.records import decode_uplink
from gateway.model import Activation, Device, Downlink, DownlinkState, Eui64, Instant, TimeQuality, Uplink
from simulators.network_server import FIRST, ChirpStack, NetworkServer, Payload, TheThingsStack, Words
from simulators.platforms.mosquitto import Mosquitto
from simulators.platforms.mqtt import Subscriber
from tests.agent import process
from tests.pipeline.rig import PAUSE_S

DEVICES = [Eui64(f"a81758fffe0d{number:04x}") for number in range(10)]
TORGET = DEVICES[0]
ERS = bytes.fromhex("0100e20229")  # Elsys: 22.6 °C, 41 %
PLENTY = 10_000
LIMIT_S = 90.0

GATEWAY = '[gateway]\nname = "test"\ndata = "data"\n[clock]\ntrust = "system"\n'
CHIRPSTACK = '[[source]]\nname = "campus"\ntype = "chirpstack"\nurl = "mqtt://127.0.0.1:{port}"\nclient_id = "box"\n'
THE_THINGS_STACK = (
    '[[source]]\nname = "campus"\ntype = "the_things_stack"\nurl = "mqtt://127.0.0.1:{port}"\napplication = "city@ttn"\n'
    'username = "city@ttn"\nclient_id = "box"\n'
)
CITY = '[[destination]]\nname = "city"\nurl = "mqtt://127.0.0.1:{port}"\nformat = "senml"\nclient_id = "teller"\n'


def clock() -> Instant:
    """Return a wall clock that stands at noon of the day whose morning the server tells."""
    return Instant(FIRST + timedelta(hours=6), time.monotonic(), "boot", TimeQuality.NTP)


def configured(folder: Path, text: str) -> Path:
    path = folder / "brygga.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o640)
    return path


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path / "mosquitto") as started:
        yield started


def device(dev_eui: Eui64, decoder: str = "elsys/ers") -> Registration:
    return Registration(device=Device(dev_eui=dev_eui, decoder=decoder, activation=Activation.OTAA))


def payloads(count: int, first: int = 0) -> list[Payload]:
    """Return uplinks of ten devices, a second apart, beginning in the morning."""
    return [
        Payload(dev_eui=DEVICES[n % len(DEVICES)], f_cnt=n, data=ERS, f_port=5, time=FIRST + timedelta(seconds=n))
        for n in range(first, first + count)
    ]


def kept(folder: Path) -> list[Uplink]:
    """Return the uplinks of a journal, beside whoever writes it, in the order of its rows."""
    path = folder / "data" / "journal.db"
    if not path.exists():
        return []
    with looking(path) as found:
        words = found.words()
        return [decode_uplink(record, words) for piece in found.pieces() for _, record in unpacked(piece.rows)]


async def until(true: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    async with asyncio.timeout(limit_s):
        while not true():  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(PAUSE_S)


async def test_an_agent_that_is_killed_again_and_again_keeps_each_uplink_once(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    configuration = configured(tmp_path, GATEWAY + CHIRPSTACK.format(port=mosquitto.port))
    server, count = NetworkServer(mosquitto.port, ChirpStack()), 3000

    async with server.running():
        async with process.running(configuration) as agent:  # so that the broker knows whom to keep it for
            agent.kill()
        await server.tell(payloads(count))
        for part in (1, 2):
            async with process.running(configuration) as agent:
                await until(lambda part=part: len(kept(tmp_path)) > part * count // 4)  # type: ignore[misc]  # of this turn
                agent.kill()
        async with process.running(configuration):
            await until(lambda: len({one.id for one in kept(tmp_path)}) == count)
            uplinks = kept(tmp_path)

    assert sorted(one.f_cnt for one in uplinks) == [*range(count)], "each once"
    assert {one.heard_at.utc - FIRST for one in uplinks} == {timedelta(seconds=n) for n in range(count)}


async def test_ten_thousand_uplinks_of_a_day_that_the_box_was_away_come_in_their_order(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    settings = load(configured(tmp_path, GATEWAY + CHIRPSTACK.format(port=mosquitto.port)))
    server = NetworkServer(mosquitto.port, ChirpStack())

    async with server.running():
        async with running(settings, clock) as agent:
            await agent.sources[0].listening()
        await server.tell(payloads(PLENTY))
        began = time.monotonic()
        async with running(settings, clock) as agent:
            await until(lambda: agent.servers.counts["uplinks"] == PLENTY)
            rate = PLENTY / (time.monotonic() - began)
            stats = await agent.journal.stats()
    uplinks = kept(tmp_path)

    assert [one.f_cnt for one in uplinks] == [*range(PLENTY)]
    assert stats.commits < PLENTY / 5, "they share commits"
    print(f"{rate:.0f} uplinks/s")  # noqa: T201 - shown with -s, for the figure in docs/sources/chirpstack.md


@pytest.mark.parametrize(
    ("words", "source"), [(ChirpStack(), CHIRPSTACK), (TheThingsStack(), THE_THINGS_STACK)], ids=["chirpstack", "tts"]
)
async def test_readings_reach_the_city_with_the_servers_time_decoded_here_or_there(
    tmp_path: Path, mosquitto: Mosquitto, words: Words, source: str
) -> None:
    settings = load(configured(tmp_path, (GATEWAY + source + CITY).format(port=mosquitto.port)))
    server, city = (
        NetworkServer(mosquitto.port, words),
        Subscriber("127.0.0.1", mosquitto.port),
    )
    here, there = TORGET, DEVICES[1]
    normalised = [{"air": {"temperature": -3.5}}]

    async with server.running(), running(settings, clock) as agent, asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(city.run(), name="city")
        await agent.journal.put_devices([device(here), device(there, "")])
        await agent.devices_changed()
        await agent.sources[0].listening()
        async with asyncio.timeout(5):
            await city.subscribed.wait()
        await server.tell([Payload(dev_eui=here, f_cnt=1, data=ERS, f_port=5)])
        if isinstance(words, TheThingsStack):
            await server.tell([Payload(dev_eui=there, f_cnt=1, data=b"\0", f_port=9, normalised=normalised)])
        wanted = 2 if isinstance(words, TheThingsStack) else 1
        await until(lambda: len(told(city)) == wanted)
        listening.cancel()

    values = {record["n"]: record["v"] for pack in told(city) for record in pack if "v" in record}
    times = {pack[0]["bt"] + pack[0].get("t", 0) for pack in told(city)}
    assert values["air_temperature"] == (22.6 if wanted == 1 else -3.5)
    assert times == {FIRST.timestamp()}


def told(city: Subscriber) -> list[list[dict[str, Any]]]:
    """Return the SenML packs that a city got."""
    return [json.loads(one.payload) for one in city.received if one.payload.startswith(b'[{"bn"')]


@pytest.mark.parametrize(
    ("words", "source"), [(ChirpStack(), CHIRPSTACK), (TheThingsStack(), THE_THINGS_STACK)], ids=["chirpstack", "tts"]
)
async def test_a_downlink_goes_through_the_server_and_its_states_come_back(
    tmp_path: Path, mosquitto: Mosquitto, words: Words, source: str
) -> None:
    settings = load(configured(tmp_path, (GATEWAY + source).format(port=mosquitto.port)))
    server = NetworkServer(mosquitto.port, words)

    async with server.running(), running(settings, clock) as agent:
        await agent.journal.put_devices([device(TORGET)])
        await agent.devices_changed()
        await agent.sources[0].listening()
        await server.tell(payloads(1))
        await until(lambda: agent.servers.counts["uplinks"] == 1)
        queued = await ask(agent)
        await until(lambda: len(server.queue) == 1)
        (there,) = server.queue
        await server.become(there, "sent", f_cnt=9)
        await until(lambda: agent.servers.downlinks.counts["sent"] == 1)
        sent = await agent.journal.downlink(queued.id)
        await server.become(there, "ack", f_cnt=9)
        await until(lambda: agent.servers.downlinks.counts["acknowledged"] == 1)
        end = await agent.journal.downlink(queued.id)

    assert (there.f_port, there.data, there.confirmed) == (10, b"\x01\xff", True)
    assert sent is not None
    assert (sent.state, sent.f_cnt) == (DownlinkState.SENT, 9)
    assert end is not None
    assert end.state is DownlinkState.ACKNOWLEDGED


async def ask(agent: Agent) -> Downlink:
    registered = agent.network.device(TORGET)
    assert registered is not None
    wanted = Downlink(id=0, dev_eui=TORGET, f_port=10, payload=b"\x01\xff", queued_at=datetime.now(UTC), confirmed=True)
    return await agent.office.enqueue(registered, wanted)


async def test_a_stranger_is_told_to_the_city_once_it_is_registered(tmp_path: Path, mosquitto: Mosquitto) -> None:
    settings = load(configured(tmp_path, (GATEWAY + THE_THINGS_STACK + CITY).format(port=mosquitto.port)))
    server, city = NetworkServer(mosquitto.port, TheThingsStack()), Subscriber("127.0.0.1", mosquitto.port)
    normalised = [{"air": {"temperature": 21.5}}]

    async with server.running(), running(settings, clock) as agent, asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(city.run(), name="city")
        await agent.sources[0].listening()
        async with asyncio.timeout(5):
            await city.subscribed.wait()
        await server.tell([Payload(dev_eui=TORGET, f_cnt=1, data=b"\0", f_port=9, normalised=normalised)])
        await until(lambda: agent.servers.counts["of_strangers"] == 1)
        await hold(agent)
        before = told(city)
        await agent.journal.put_devices([device(TORGET, "")])
        await agent.devices_changed()
        await until(lambda: len(told(city)) == 1)
        listening.cancel()

    assert before == []


async def hold(agent: Agent) -> None:
    """Wait until the destination has set the stranger's uplink aside."""
    async with asyncio.timeout(LIMIT_S):
        while not await agent.journal.held("city"):  # noqa: ASYNC110 - what is asked has no event to wait for
            await asyncio.sleep(PAUSE_S)
