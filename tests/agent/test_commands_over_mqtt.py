"""Commands from the stand-ins of ThingsBoard and Azure IoT Hub, over the real transport, to a device's queue and back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.commanding import Commander, Commanding
from gateway.formats import Commandable, Shape
from gateway.formats.azure_iot import AzureIot
from gateway.formats.thingsboard import ThingsBoard
from gateway.journal import Journal, Registration
from gateway.lorawan.region import EU868
from gateway.model import Instant, TimeQuality
from gateway.network import Network
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from gateway.transports.secret import Secret
from gateway.transports.shared_access import SharedAccess
from simulators.platforms.azure_iot import AzureHub
from simulators.platforms.thingsboard import ThingsBoardBroker
from tests.agent.test_commanding import CELLAR, CITY, DEVICES, FOREIGN, ROOM, encoder
from tests.network.radio import Radio, StandingClock
from tests.pipeline.rig import until

KEY = "c2VjcmV0IG9mIHRoZSBnYXRld2F5IQ=="
OCTETS = {"f_port": 10, "payload": "01ff"}


@dataclass
class Bench:
    """A destination that commands, over a real connection."""

    commanding: Commanding
    network: Network
    transport: Mqtt

    def waiting(self) -> list[bytes]:
        return [one.payload for one in self.network.queue.of(ROOM)]


@asynccontextmanager
async def at_work(path: Path, platform: ThingsBoard | AzureIot, shape: Shape, **broker: Any) -> AsyncIterator[Bench]:
    clock, own = StandingClock(), platform.identity("127.0.0.1")
    assert own.commands_topic is not None
    assert own.states_topic is not None
    settings: dict[str, Any] = {
        "client_id": "gw-1",
        "connect_limit_s": 2.0,
        "listen_topic": own.commands_topic,
    } | broker
    transport = Mqtt(Broker(**settings), lambda: Instant(datetime.now(UTC), 0.0, "boot", TimeQuality.NTP))
    journal = await Journal.open(path / "journal.db", clock=clock, destinations=[CITY])
    network = Network(journal=journal, sources={"radio": Radio()}, region=EU868, net_id=0, clock=clock)
    commander = Commander(
        name=CITY,
        transport=transport,
        topic=own.commands_topic,
        state_topic=own.states_topic,
        shape=shape,
        selects=lambda device: "ours" in device.tags,
        longest_delay=0.01,
        names=platform if isinstance(platform, Commandable) else None,
    )
    commanding = Commanding(
        commander, journal=journal, network=network, encoder=encoder, clock=clock, trust=TimeQuality.NTP
    )
    try:
        await journal.put_devices([Registration(device=device) for device in DEVICES])
        await network.load()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(commanding.run(), name="commanding")
            yield Bench(commanding, network, transport)
            task.cancel()
        await transport.close()
    finally:
        await journal.close()


# ── ThingsBoard ──


@pytest.fixture
async def thingsboard() -> AsyncIterator[ThingsBoardBroker]:
    platform = ThingsBoardBroker()
    await platform.start()
    yield platform
    await platform.stop()


VALVE = ThingsBoard(ids={ROOM: "valve 3"})


async def test_a_request_of_thingsboard_becomes_a_downlink_and_is_answered(
    tmp_path: Path, thingsboard: ThingsBoardBroker
) -> None:
    async with at_work(tmp_path, VALVE, Shape.THINGSBOARD, endpoint=endpoint(thingsboard.url)) as bench:
        await until(lambda: thingsboard.can_call("valve 3"))
        octets, words = thingsboard.call("valve 3", "downlink", OCTETS), thingsboard.call("valve 3", "interval", 600)
        await until(lambda: len(thingsboard.kept.answers) == 2)
        waiting = bench.waiting()

    assert waiting == [b"\x01\xff", b"\x02\x58"]
    assert thingsboard.kept.answers[octets]["success"]
    assert thingsboard.kept.answers[words]["command_state"] == "queued"
    assert thingsboard.acknowledged == [octets, words]
    assert thingsboard.refusals == []


async def test_what_becomes_of_it_later_is_telemetry_of_the_device(
    tmp_path: Path, thingsboard: ThingsBoardBroker
) -> None:
    async with at_work(tmp_path, VALVE, Shape.THINGSBOARD, endpoint=endpoint(thingsboard.url)) as bench:
        await until(lambda: thingsboard.can_call("valve 3"))
        thingsboard.call("valve 3", "downlink", OCTETS)
        await until(lambda: len(thingsboard.kept.answers) == 1)
        await bench.network.dispatch.drop([one.id for one in bench.network.queue.of(ROOM)])
        await until(lambda: bool(thingsboard.kept.log))

    told = {key: value for (device, key, _), value in thingsboard.kept.log.items() if device == "valve 3"}
    assert told["command_state"] == "dropped"
    assert thingsboard.kept.dropped == 0


async def test_a_request_that_cannot_be_is_answered_with_why(tmp_path: Path, thingsboard: ThingsBoardBroker) -> None:
    async with at_work(tmp_path, VALVE, Shape.THINGSBOARD, endpoint=endpoint(thingsboard.url)) as bench:
        await until(lambda: thingsboard.can_call("valve 3"))
        number = thingsboard.call("valve 3", "led", params=True)
        await until(lambda: bool(thingsboard.kept.answers))
        waiting = bench.waiting()

    assert waiting == []
    assert not thingsboard.kept.answers[number]["success"]
    assert "there is interval" in thingsboard.kept.answers[number]["command_detail"]


async def test_devices_are_announced_on_each_new_connection_and_only_the_destinations_own(
    tmp_path: Path, thingsboard: ThingsBoardBroker
) -> None:
    async with at_work(tmp_path, VALVE, Shape.THINGSBOARD, endpoint=endpoint(thingsboard.url)) as bench:
        await until(lambda: thingsboard.can_call("valve 3"))
        await thingsboard.stop()
        await thingsboard.start()
        await until(lambda: thingsboard.connections > 1 and thingsboard.can_call("valve 3"))
        thingsboard.call("valve 3", "downlink", OCTETS)
        await until(lambda: bool(thingsboard.kept.answers))
        waiting = bench.waiting()

    assert waiting == [b"\x01\xff"]
    assert thingsboard.kept.connects["valve 3"] >= 2
    assert thingsboard.kept.connects[CELLAR] >= 2
    assert FOREIGN not in thingsboard.kept.connects


async def test_an_id_that_comes_again_after_a_restart_of_the_server_is_another_request(
    tmp_path: Path, thingsboard: ThingsBoardBroker
) -> None:
    async with at_work(tmp_path, VALVE, Shape.THINGSBOARD, endpoint=endpoint(thingsboard.url)) as bench:
        await until(lambda: thingsboard.can_call("valve 3"))
        first = thingsboard.call("valve 3", "downlink", OCTETS)
        await until(lambda: bool(thingsboard.kept.answers))
        thingsboard.restart()
        second = thingsboard.call("valve 3", "downlink", {"f_port": 10, "payload": "02"})
        await until(lambda: len(bench.waiting()) == 2)
        waiting = bench.waiting()

    assert first == second
    assert waiting == [b"\x01\xff", b"\x02"]


# ── Azure IoT Hub ──


async def test_a_message_of_azure_becomes_a_downlink_and_its_state_goes_back_under_its_id(tmp_path: Path) -> None:
    hub = AzureHub({"gw-1": KEY})
    await hub.start()
    platform = AzureIot(device="gw-1")
    own = platform.identity("127.0.0.1")
    access = SharedAccess(key=Secret(KEY), resource=own.resource or "")
    login: dict[str, Any] = {"username": own.username, "version": MqttVersion.V3_1_1, "shared_access": access}
    async with at_work(tmp_path, platform, Shape.AZURE, endpoint=endpoint(hub.url), **login) as bench:
        await until(lambda: "gw-1" in hub.door.sessions and bool(hub.door.sessions["gw-1"].filters))
        for mid, body in ((1, OCTETS), (2, OCTETS), (3, {"payload": "01"})):
            order = "order%207" if mid < 3 else "order%208"  # the second one repeats the first
            hub.command("gw-1", body, mid=mid, properties=f"%24.mid={order}&devEUI={ROOM.upper()}")
        session = hub.door.sessions["gw-1"]
        await until(lambda: len(hub.kept.telemetry) == 3)
        waiting = bench.waiting()
    await hub.stop()

    told = [(one.properties["$.cid"], json.loads(one.body)["state"]) for one in hub.kept.telemetry]
    assert waiting == [b"\x01\xff"]
    assert told == [("order 7", "queued"), ("order 7", "queued"), ("order 8", "refused")]
    assert session.acknowledged == {1, 2, 3}
    assert hub.kept.telemetry[0].properties["kind"] == "command-state"
