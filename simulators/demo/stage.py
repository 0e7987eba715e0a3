"""All that a demo needs, in one process: devices and gateways, the agent, two cities, and the internet between.

devices ─ LoRaWAN ─► forwarders ─ UDP ─► agent ─┬─ line ─► MQTT broker ─► subscriber (north city)
                                                └─ line ─► NGSI-LD broker (south city)
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from decoders.registry import Registry
from gateway.agent import Agent, running
from gateway.clock import SystemClock
from gateway.config import load
from gateway.model import Clock, TimeQuality, eui64
from gateway.sources.semtech_udp import SemtechUdp
from simulators.air import Air
from simulators.demo.city import SenMlCity
from simulators.demo.line import HOST, Line, line
from simulators.demo.screen import Screen
from simulators.demo.verdict import Delivered, Verdict
from simulators.fleet import Fleet
from simulators.members import members
from simulators.platforms.mqtt import EmbeddedBroker, Subscriber
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.ports import free_port_from

GATEWAYS: Final = (eui64("aa555a0000000001"), eui64("aa555a0000000002"))
LOSS: Final = 0.12  # of each gateway's copies; what both miss, one in seventy, was never heard
LISTEN_LIMIT_S: Final = 5.0
DASHBOARD_PORT: Final = 8080  # or the first one after it that nobody has
NORTH, SOUTH = "north-city", "south-city"

CONFIGURATION: Final = """\
[gateway]
name = "brygga-demo"
data = "data"
place = [57.7041, 11.9568]

# The sensors' time is compressed here: in real time they would have their answers well within the law.
[radio]
duty_cycle = "ignored"

[web]
port = {web}

[[source]]
name = "radio"
type = "semtech_udp"
host = "127.0.0.1"
port = 0

[[destination]]
name = "{north}"
url = "mqtt://127.0.0.1:{mqtt}"
mqtt_version = "3.1.1"
format = "senml"
retry_max_s = 2

[[destination]]
name = "{south}"
url = "http://127.0.0.1:{http}"
format = "ngsi_ld"
retry_max_s = 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that runs, for whoever tells the story and whoever judges it."""

    agent: Agent
    clock: Clock
    fleet: Fleet
    screen: Screen
    lines: Mapping[str, Line]
    north: SenMlCity
    subscriber: Subscriber
    south: NgsiLdReceiver
    dashboard: str  # its address

    def verdict(self) -> Verdict:
        """Say where each uplink is now."""
        return Verdict(
            sent=frozenset(self.fleet.sent),
            heard=frozenset(self.fleet.heard),
            acknowledged=frozenset(self.fleet.acknowledged),
            committed=frozenset(self.screen.committed),
            cities={
                NORTH: Delivered(
                    uplinks=frozenset(self.north.packs),
                    repeated=self.north.repeated,
                    problems=tuple(self.subscriber.problems),
                    trouble=self._trouble(NORTH),
                ),
                SOUTH: Delivered(
                    uplinks=frozenset(map(UUID, self.south.uplink_ids)),
                    repeated=self.south.repeated,
                    problems=tuple(self.south.kept.went_back),
                    trouble=self._trouble(SOUTH),
                ),
            },
        )

    def _trouble(self, city: str) -> str:
        told = {telling.destination.name: telling for telling in self.agent.tellings}
        return told[city].status()["trouble"] or ""

    def cut(self) -> None:
        """Take the internet away."""
        for one in self.lines.values():
            one.cut()

    async def mend(self) -> None:
        """Bring it back."""
        for one in self.lines.values():
            await one.mend()


@contextlib.asynccontextmanager
async def stage(folder: Path, south: NgsiLdReceiver, *, seed: int, pace_s: float) -> AsyncIterator[Stage]:
    """Set everything up in ``folder`` and let the devices speak; ``south`` is started and stopped here."""
    clock = SystemClock(at_least=TimeQuality.NTP)  # a demo dates its own radio; nobody need set this machine's clock
    north = SenMlCity()
    async with contextlib.AsyncExitStack() as open_things:
        enter = open_things.enter_async_context
        broker = EmbeddedBroker()
        await broker.start()
        open_things.push_async_callback(broker.stop)
        await south.start()
        open_things.push_async_callback(south.stop)
        subscriber = Subscriber(HOST, broker.port, check=north.check, mqtt5=False)
        await enter(_in_background(subscriber))
        lines = {NORTH: await enter(line(HOST, broker.port)), SOUTH: await enter(line(HOST, _port(south)))}
        path = folder / "brygga.toml"
        web = free_port_from(DASHBOARD_PORT)
        ports = {"web": web, "mqtt": lines[NORTH].port, "http": lines[SOUTH].port}
        path.write_text(CONFIGURATION.format(north=NORTH, south=SOUTH, **ports), encoding="utf-8")
        settings = load(path)
        agent = await enter(running(settings, clock))
        screen = Screen(agent)
        await enter(screen.watching(settings.journal_path))
        fleet = Fleet(
            members(registry=Registry.load(entry_points=False), seed=seed),
            await _listening(agent),
            gateways=GATEWAYS,
            air=Air(seed=seed, loss=LOSS),
            seed=seed,
            pace_s=pace_s,
        )
        await agent.journal.put_devices(fleet.registrations())
        await agent.devices_changed()
        await enter(fleet)
        await enter(_living(fleet))
        yield Stage(
            agent=agent,
            clock=clock,
            fleet=fleet,
            screen=screen,
            lines=lines,
            north=north,
            subscriber=subscriber,
            south=south,
            dashboard=f"http://{HOST}:{web}/",
        )


@contextlib.asynccontextmanager
async def _in_background(subscriber: Subscriber) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(subscriber.run(), name="north-city")
        async with asyncio.timeout(LISTEN_LIMIT_S):
            await subscriber.subscribed.wait()
        try:
            yield
        finally:
            listening.cancel()


@contextlib.asynccontextmanager
async def _living(fleet: Fleet) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(fleet.run(), name="fleet")
        try:
            yield
        finally:
            life.cancel()


async def _listening(agent: Agent) -> tuple[str, int]:
    (source,) = agent.sources
    assert isinstance(source, SemtechUdp)
    async with asyncio.timeout(LISTEN_LIMIT_S):
        return await source.listening()


def _port(receiver: NgsiLdReceiver) -> int:
    return int(receiver.url.rpartition(":")[2])
