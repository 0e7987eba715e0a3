"""The stage of a torture run: everything real but the air.

device ─ radio ─► UDP ─► agent ─► line ─► witness ─► mosquitto ─► city
                            │
                         disk
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Self

from gateway.devices_file import write_csv_with_keys
from gateway.model import eui64
from simulators.air import Air
from simulators.chaos_proxy import ChaosProxy
from simulators.faults.disk import FaultyDisk
from simulators.faults.namespace import Namespace
from simulators.faults.volume import Volume
from simulators.fleet import Fleet
from simulators.packet_forwarder import PacketForwarder
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.platforms.mqtt import Subscriber
from simulators.ports import free_udp_port
from simulators.torture.agent_process import AgentProcess
from simulators.torture.equipment import CITY_LINK, LINKS, RADIO_LINK, wants
from simulators.torture.plan import GATEWAYS, Plan, tortured_members
from simulators.torture.troubles import Needs
from simulators.torture.witness import Witness

HOST: Final = "127.0.0.1"
CITY: Final = "city"
STRANGER: Final = eui64("aa555a00000000ff")  # a gateway that no device belongs to
KEEP_ALIVE_S: Final = 0.5  # an agent that was started again soon knows where its gateways are
START_LIMIT_S: Final = 60.0  # on a busy machine, and until a disk is well again
RESTART_S: Final = 1.0  # systemd's RestartSec of the agent's unit is of that order
VOLUME_BYTES: Final = 128 * 2**20
STATE_PAUSE_S: Final = 0.05  # between two looks at how far it is

MakeSubscriber = Callable[[int], Subscriber]

CONFIGURATION: Final = """\
[gateway]
name = "torture"
data = "data"

[clock]
trust = "system"

# Devices are in a hurry here: what real ones send in a day.
[radio]
duty_cycle = "ignored"

[journal]
limit = "64 MB"
keep_delivered = "365 d"

[[source]]
name = "radio"
type = "semtech_udp"
host = "{host}"
port = {radio_port}

[[destination]]
name = "{city}"
url = "mqtt://{broker_host}:{broker_port}"
format = "senml"
retry_max_s = 2
backlog_per_s = 0
"""


class NotStarted(Exception):
    """Say why there was nothing to torture."""


def subscriber(port: int) -> Subscriber:
    """Return a city that keeps its session at the broker on ``port``."""
    return Subscriber(HOST, port)


class Scene:
    """All that takes part, in ``folder``; runs for as long as the context lasts."""

    def __init__(self, plan: Plan, folder: Path, make_city: MakeSubscriber) -> None:
        self._folder = folder
        self._seed = plan.seed
        self.network = Namespace(LINKS) if wants(plan.troubles, Needs.NAMESPACE, Needs.FILTER) else None
        self._server = (HOST if self.network is None else self.network.there(RADIO_LINK), free_udp_port())
        self._closing = AsyncExitStack()
        self._troubles = plan.troubles
        self._is_bad = 0  # how many troubles the disk has
        self._was_bad = 0  # how often it has had one
        self.killed_broker_runs: set[int] = set()
        self.restarts = 0  # of an agent that found its disk bad as it started, and ended
        self.may_have_let_go = "full-disk" in plan.troubles  # of what was delivered, to make room
        self.volume_in_hand = asyncio.Lock()  # nobody mounts, fills or copies it beside another
        self.disk: FaultyDisk | None = None
        self.volume: Volume | None = None
        self.line = ChaosProxy((HOST, 0))
        self.journal = folder / "data" / "journal.db"
        self.broker = Mosquitto(folder / "mosquitto", MosquittoSettings(persistence=True))
        self.broker_run = 0
        self.witness = Witness(self.broker.port, lambda: self.broker_run)
        self.city = make_city(self.broker.port)
        self.agent = AgentProcess(folder / "brygga.toml", folder / "agent.log")
        self.fleet = Fleet(
            tortured_members(plan),
            self._server,
            gateways=GATEWAYS,
            air=Air(seed=plan.seed, loss=plan.loss),
            seed=plan.seed,
            pace_s=plan.pace_s,
            speed=plan.speed,
            keep_alive_s=KEEP_ALIVE_S,
        )

    async def __aenter__(self) -> Self:
        """Start broker, witness, city and agent, and register the devices."""
        self._folder.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as opened:
            opened.push_async_callback(self.broker.stop)
            self._equip(opened)
            await self.start_broker()
            await opened.enter_async_context(self.witness)
            self.line = await opened.enter_async_context(self._make_line())
            await opened.enter_async_context(_listening(self.city))
            await self._save_subscription()
            opened.push_async_callback(self.agent.stop)
            await self._register_devices()
            await self.start_agent()
            if self.agent.crashes:
                raise NotStarted(f"the agent {self.agent.crashes[0]}")
            await opened.enter_async_context(self.fleet)
            self._closing = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    async def start_broker(self) -> None:
        """Start the broker; its PUBACKs count as those of a new run."""
        self.broker_run += 1
        await self.broker.start()

    async def start_agent(self) -> None:
        """Start the agent and return when it answers a gateway; one that never does is noted among its crashes.

        One that cannot open its journal ends, and systemd starts it again: so is it here, while its disk is bad.
        """
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await self._start_until_it_answers()
        except TimeoutError:
            self.agent.crashes.append(f"did not answer within {START_LIMIT_S:g} s; its log is {self.agent.log}")

    @contextlib.asynccontextmanager
    async def agent_starting(self) -> AsyncIterator[None]:
        """Have the agent start, and kill it however far it has come."""
        bad_before = self._was_bad - self._is_bad
        await self.agent.start()
        try:
            yield
        finally:
            if self.agent.pid is None and self._was_bad > bad_before:
                self.restarts += 1
                self.agent.forget()
            await self.agent.kill()

    async def _start_until_it_answers(self) -> None:
        async with PacketForwarder(STRANGER, self._server, keep_alive_s=KEEP_ALIVE_S) as stranger:
            while True:
                bad_before = self._was_bad - self._is_bad  # troubles that are over
                await self.agent.start()
                if await self._answers(stranger):
                    return
                if self._was_bad > bad_before:
                    self.restarts += 1
                    self.agent.forget()
                await asyncio.sleep(RESTART_S)
                await self.agent.kill()  # notes an end that no disk is to blame for

    async def _answers(self, stranger: PacketForwarder) -> bool:
        """Return True when the agent answers, False when it has ended."""
        connected = asyncio.create_task(stranger.connected(), name="agent answers")
        ended = asyncio.create_task(self.agent.ended(), name="agent ends")
        try:
            await asyncio.wait({connected, ended}, return_when=asyncio.FIRST_COMPLETED)  # the caller sets the limit
            return connected.done()
        finally:
            connected.cancel()
            ended.cancel()
            await asyncio.gather(connected, ended, return_exceptions=True)

    @contextlib.contextmanager
    def bad_disk(self) -> Iterator[None]:
        """Know that the disk is bad meanwhile."""
        self._is_bad += 1
        self._was_bad += 1
        try:
            yield
        finally:
            self._is_bad -= 1

    @property
    def _line_host(self) -> str:
        return HOST if self.network is None else self.network.here(CITY_LINK)

    def _make_line(self) -> ChaosProxy:
        return ChaosProxy((HOST, self.witness.port), seed=self._seed, host=self._line_host)

    def _equip(self, opened: AsyncExitStack) -> None:
        """Make what the troubles need; Missing says what is lacking."""
        if self.network is not None:
            opened.enter_context(self.network)
            self.agent.prefix = self.network.command
        if wants(self._troubles, Needs.VOLUME):
            volume = Volume(self._folder / "disk.img", self.journal.parent, VOLUME_BYTES)
            self.volume = opened.enter_context(volume)
        if wants(self._troubles, Needs.SHIM):
            self.disk = FaultyDisk.made_in(self._folder)
            self.agent.environment = self.disk.environment()

    @contextlib.asynccontextmanager
    async def stranger(self) -> AsyncIterator[PacketForwarder]:
        """Open one more gateway, which the agent has answered."""
        async with PacketForwarder(STRANGER, self._server, keep_alive_s=KEEP_ALIVE_S) as stranger:
            async with asyncio.timeout(START_LIMIT_S):
                await stranger.connected()
            yield stranger

    async def _save_subscription(self) -> None:
        """End the broker in good order once: from then on its file knows the city, whatever kills it."""
        async with asyncio.timeout(START_LIMIT_S):
            await self.city.subscribed.wait()
            await self.broker.stop()
            await until(lambda: not self.city.subscribed.is_set())
            await self.start_broker()
            await self.city.subscribed.wait()

    async def _register_devices(self) -> None:
        text = CONFIGURATION.format(
            host=self._server[0],
            radio_port=self._server[1],
            broker_host=self._line_host,
            broker_port=self.line.port,
            city=CITY,
        )
        (self._folder / "brygga.toml").write_text(text, encoding="utf-8")
        self.journal.parent.mkdir(exist_ok=True)
        await self.agent.ask("device", "import", "-", text=write_csv_with_keys(self.fleet.registrations()))


@contextlib.asynccontextmanager
async def _listening(city: Subscriber) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(city.run(), name="city")
        try:
            yield
        finally:
            task.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Return when ``condition`` holds; the caller sets the limit."""
    while not condition():  # noqa: ASYNC110 - what others count tells nobody when it changes
        await asyncio.sleep(STATE_PAUSE_S)
