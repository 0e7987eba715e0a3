"""A command's whole way: said to a real mosquitto, heard by a device in its window, and its states back at the platform."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.model import DevAddr, Eui64, Json, Request, Verdict
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from simulators.end_device import Downlink, EndDevice
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.platforms.mqtt import Subscriber
from tests.pipeline.box import Box
from tests.pipeline.rig import LIMIT_S, Rig, Roof, clock, mqtt, registration, rig, until

DEV_EUI, DEV_ADDR = Eui64("a81758fffe051d02"), DevAddr("00011234")
DOWN, STATE = "brygga/test/down", "brygga/test/down/state"
CHANNEL_HZ = 868_300_000
COMMAND = {"dev_eui": DEV_EUI, "f_port": 10, "payload": "01ff", "confirmed": True, "reference": "order 7"}
COMMANDS = '[destination.commands]\ntopic = "brygga/{gateway}/down"\nstate_topic = "brygga/{gateway}/down/state"\n'


@dataclass
class Platform:
    """The city's side: commands out, states in."""

    states: Subscriber
    commands: Mqtt

    async def say(self, body: Mapping[str, Json], topic: str = DOWN) -> None:
        """Publish a command that the broker has when it returns."""
        request = Request(target=topic, body=json.dumps(body).encode(), content_type="application/json")
        (answer,) = await self.commands.send([request])
        assert answer.verdict is Verdict.TAKEN

    async def told(self, count: int) -> list[dict[str, Any]]:
        """Return the states that came, as soon as there are ``count``."""
        return [json.loads(one.payload) for one in await self.states.wait_for(count, LIMIT_S)]


def words(states: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["reference"], one["state"]) for one in states]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path / "mosquitto", MosquittoSettings(persistence=True)) as mosquitto:
        yield mosquitto


@pytest.fixture
async def platform(broker: Mosquitto) -> AsyncIterator[Platform]:
    states = Subscriber("127.0.0.1", broker.port, topics=[STATE])
    url = endpoint(f"mqtt://127.0.0.1:{broker.port}")
    commands = Mqtt(Broker(endpoint=url, client_id="platform"), clock)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(states.run(), name="platform")
        async with asyncio.timeout(LIMIT_S):
            await states.subscribed.wait()
        yield Platform(states, commands)
        task.cancel()
    await commands.close()


@pytest.fixture
def device() -> EndDevice:
    return EndDevice.abp(DEV_EUI, DEV_ADDR)


@contextlib.asynccontextmanager
async def at_work(folder: Path, broker: Mosquitto, device: EndDevice) -> AsyncIterator[tuple[Rig, Roof]]:
    """Run an agent that takes commands, with the device registered and a gateway on the roof."""
    async with rig(folder, mqtt(broker.port) + COMMANDS) as box:
        await box.register(registration(device))
        yield box, await box.roof()


def commands_of(box: Rig) -> Mapping[str, Json]:
    shown: Mapping[str, Json] = box.agent.status()["destinations"]["broker"]["commands"]
    return shown


async def uplink(roof: Roof, device: EndDevice) -> None:
    """Let the device report something."""
    await roof.push(device.uplink(5, b"\x02\x29"), timestamp_us=roof.forwarder.counter_us, frequency_hz=CHANNEL_HZ)


async def heard(roof: Roof, device: EndDevice) -> Downlink:
    """Return what the device hears next."""
    downlink = device.hear((await roof.downlink()).phy_payload)
    assert downlink is not None
    return downlink


def payloads(roof: Roof, device: EndDevice) -> list[bytes]:
    """Return what the device is told besides MAC commands, of all that nobody has heard yet."""
    left = [device.hear(roof.sent.get_nowait().phy_payload) for _ in range(roof.sent.qsize())]
    return [one.payload for one in left if one is not None and one.f_port]


async def test_a_command_reaches_the_device_in_its_window_and_its_acknowledgement_the_platform(
    tmp_path: Path, broker: Mosquitto, platform: Platform, device: EndDevice
) -> None:
    async with at_work(tmp_path, broker, device) as (box, roof):
        await platform.say(COMMAND)
        await platform.told(1)
        heard_us = roof.forwarder.counter_us
        await roof.push(device.uplink(5, b"\x02\x29"), timestamp_us=heard_us, frequency_hz=CHANNEL_HZ)
        transmission = await roof.downlink()
        downlink = device.hear(transmission.phy_payload)
        await uplink(roof, device)
        states = await platform.told(3)
        await until(lambda: commands_of(box)["states_waiting"] == 0)
        shown = commands_of(box)

    assert transmission.starts_us - heard_us == 1_000_000
    assert downlink is not None
    assert (downlink.f_port, downlink.payload, downlink.confirmed) == (10, b"\x01\xff", True)
    assert words(states) == [("order 7", "queued"), ("order 7", "sent"), ("order 7", "acknowledged")]
    assert {(one["dev_eui"], one["id"]) for one in states} == {(DEV_EUI, 1)}
    assert [(one["f_cnt"], one["tries"]) for one in states] == [(None, 0), (0, 1), (0, 1)]
    assert shown["counts"] == {"received": 1, "taken": 1, "told": 3}


async def test_commands_that_cannot_be_are_refused_and_the_line_stays(
    tmp_path: Path, broker: Mosquitto, platform: Platform, device: EndDevice
) -> None:
    async with at_work(tmp_path, broker, device) as (box, _):
        await platform.say({**COMMAND, "dev_eui": "0000000000000001"})
        await platform.say({"reference": "order 8", "f_port": "ten"})
        await platform.say(COMMAND)
        states = await platform.told(3)
        connects = box.agent.status()["destinations"]["broker"]["transport"]["connects"]

    assert words(states) == [("order 7", "refused"), ("order 8", "refused"), ("order 7", "queued")]
    assert "there is no device 0000000000000001" in states[0]["detail"]
    assert 'f_port: "ten" should be a valid integer; dev_eui: is missing' in states[1]["detail"]
    assert connects == 1


async def test_a_broker_that_is_killed_in_between_costs_no_state_and_sends_nothing_twice(
    tmp_path: Path, broker: Mosquitto, platform: Platform, device: EndDevice
) -> None:
    async with at_work(tmp_path, broker, device) as (box, roof):
        await platform.say(COMMAND)
        await platform.told(1)
        await until(lambda: commands_of(box)["states_waiting"] == 0)
        await broker.kill()
        await uplink(roof, device)
        first = await heard(roof, device)
        await uplink(roof, device)
        await until(lambda: commands_of(box)["states_waiting"] == 2)
        await broker.start()
        states = await platform.told(3)
        await platform.say(COMMAND)
        await platform.told(4)
        await uplink(roof, device)
        await until(lambda: box.agent.network.counts["uplinks"] == 3)
        waiting = len(box.agent.network.queue)

    assert first.payload == b"\x01\xff"
    assert words(states) == [("order 7", "queued"), ("order 7", "sent"), ("order 7", "acknowledged")]
    assert (payloads(roof, device), waiting) == ([], 0)


async def test_what_is_commanded_while_the_agent_is_away_is_done_when_it_is_back(
    tmp_path: Path, broker: Mosquitto, platform: Platform, device: EndDevice
) -> None:
    async with at_work(tmp_path, broker, device):
        pass
    await platform.say(COMMAND)

    async with at_work(tmp_path, broker, device) as (_, roof):
        await platform.told(1)
        await uplink(roof, device)
        first = await heard(roof, device)
    async with at_work(tmp_path, broker, device) as (box, roof):
        await uplink(roof, device)
        states = await platform.told(3)
        waiting = len(box.agent.network.queue)

    assert first.payload == b"\x01\xff"
    assert words(states) == [("order 7", "queued"), ("order 7", "sent"), ("order 7", "acknowledged")]
    assert (payloads(roof, device), waiting) == ([], 0)


async def test_an_agent_that_is_killed_with_commands_under_way_loses_none_and_sends_none_twice(
    box: Box, broker: Mosquitto, platform: Platform, device: EndDevice
) -> None:
    orders = [
        {**COMMAND, "reference": str(number), "payload": f"{number:02x}", "confirmed": False} for number in range(30)
    ]
    await box.start(registration(device), destinations=[mqtt(broker.port) + COMMANDS])
    await platform.say(orders[0])
    await platform.told(1)

    for number in range(1, 30):
        await platform.say(orders[number])
        if number % 10 == 5:
            await box.agent.kill()
            await box.agent.start()
    await until(lambda: len(by_number(platform)) == 30)
    status = await box.status(lambda one: one["destinations"]["broker"]["commands"]["states_waiting"] == 0)
    states = by_number(platform)

    assert status["network"]["downlinks_waiting"] == 30
    assert [states[number]["reference"] for number in sorted(states)] == [str(number) for number in range(30)]
    assert {one["state"] for one in states.values()} == {"queued"}


def by_number(platform: Platform) -> dict[int, dict[str, Any]]:
    """Return the last state of each downlink: a kill after the telling repeats one, which changes nothing."""
    states = [json.loads(one.payload) for one in platform.states.received]
    return {one["id"]: one for one in states}
