"""The room in the agent: what is told to Prometheus and to a broker, and what of it another configuration changes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gateway.config import Settings
from gateway.desk import Desk
from gateway.errors import ConfigError
from gateway.model import Clock, Json
from gateway.observe.lag import Lag
from gateway.observe.machine import machine, process
from gateway.reloading import ports

if TYPE_CHECKING:
    from gateway.agent import Agent
    from gateway.observe.certificates import Ends
    from gateway.observe.counter import Ask, Sight
    from gateway.observe.health import Messages
    from gateway.observe.port import Port

logger = logging.getLogger(__name__)

Tell = Callable[[Settings], Coroutine[Any, Any, None]]
"""Do what settings say, until cancelled."""

Check = Callable[[Settings, Settings], Coroutine[Any, Any, None]]
"""Raise ConfigError where what the second settings say cannot be had while the first ones hold."""


class Changing:
    """A `Part` of a running agent: does what one field of the settings says, and begins anew when that is another."""

    def __init__(self, field: str, settings: Settings, tell: Tell, check: Check) -> None:
        self.field = field
        self._settings = settings
        self._tell = tell
        self._check = check
        self._changed = asyncio.Event()

    async def check(self, settings: Settings) -> None:
        """Raise ConfigError where what ``settings`` say cannot be had now."""
        await self._check(self._settings, settings)

    async def change(self, settings: Settings) -> None:
        """Go on as ``settings`` say."""
        self._settings = settings
        self._changed.set()

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            self._changed.clear()
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(self._tell(self._settings), name=self.field)
                try:
                    await self._changed.wait()  # no limit: it may stay as it is
                finally:
                    telling.cancel()


class Room:
    """All that is observed of one running agent."""

    def __init__(self, settings: Settings, desk: Desk, agent: Agent, clock: Clock) -> None:
        self._settings = settings
        self._desk = desk
        self._agent = agent
        self._clock = clock
        self._lag = Lag()
        self._ends: Ends | None = None
        self._devices: Ask | None = None
        self.port: Port | None = None
        self.messages: Messages | None = None
        self._parts = (
            Changing("metrics", settings, self._tell_metrics, _check_port),
            Changing("health", settings, self._tell_health, self._check_broker),
        )

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Have the desk answer for metrics and note what is observed, for as long as the block lasts."""
        self._agent.parts.extend(self._parts)
        self._agent.reloaded.append(self._take)
        with self._desk.joined({"metrics": self._answer}, self._note):
            yield

    async def run(self) -> None:
        """Observe until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lag.run(), name="lag of the loop")
            for part in self._parts:
                tasks.create_task(part.run(), name=f"observe: {part.field}")

    def _take(self, settings: Settings) -> None:
        self._settings, self._ends = settings, None

    # ── what the desk tells ──

    async def _answer(self, request: Mapping[str, Json]) -> Json:
        from gateway.observe.counter import told  # with the table, where somebody asks for it

        self._lag.begin()
        return await told(self._sight(), request)

    def _sight(self) -> Sight:
        from gateway.observe.counter import Sight  # as above

        return Sight(
            ask=self._desk.answer, note=self._note_more, not_hearing=self._agent.not_hearing, devices=self._devices
        )

    def _note(self, status: dict[str, Json]) -> None:
        """Add to a status what costs next to nothing: files that the kernel has in memory."""
        status["process"] = {**process(), "loop_lag_s": self._lag.longest_s}
        status["machine"] = machine(self._settings.gateway.data)
        if self.port is not None:
            status["metrics"] = self.port.status()
        if self.messages is not None:
            status["health"] = self.messages.status()

    def _note_more(self) -> Mapping[str, Json]:
        """Return what is looked up for those alone who observe."""
        if self._ends is None:
            from gateway.observe.certificates import Ends  # it brings the doctor's first file

            self._ends = Ends(self._settings)
        return {"certificates": self._ends.by_file()}

    # ── what settings say ──

    async def _tell_metrics(self, settings: Settings) -> None:
        wanted = settings.metrics
        async with asyncio.TaskGroup() as tasks:
            try:
                if wanted.devices:
                    tasks.create_task(self._follow_devices(settings), name="devices for metrics")
                if wanted.port is not None:
                    from gateway.observe.port import Port  # where there is one

                    self.port = Port(wanted.port, self._text)
                    tasks.create_task(self.port.run(), name="port of metrics")
                await asyncio.Event().wait()  # no limit: it is there until something else is wanted
            finally:
                self.port = None

    async def _check_broker(self, _: Settings, settings: Settings) -> None:
        from gateway.transports import catalogue  # as above

        if settings.health is not None:
            catalogue.make(settings.health.broker, self._clock)  # nothing is opened yet

    async def _text(self, accept: str) -> Mapping[str, str]:
        answer: Mapping[str, str] = await self._answer({"do": "metrics.text", "accept": accept})
        return answer

    async def _follow_devices(self, settings: Settings) -> None:
        """Know of each device how it was heard last, as the dashboard does."""
        from gateway.desk.lately import Lately  # of those who ask for devices
        from gateway.desk.overview import OverviewDesk, told_by

        agent = self._agent
        lately = Lately(agent.codecs, agent.network.device)
        overview = OverviewDesk(
            agent.network.devices, lambda: agent.network.last_heard, told_by(agent.network.session), lately, self._clock
        )
        known = [device.dev_eui for device in agent.network.devices()]
        self._devices = overview.answer
        try:
            with agent.journal.attend(lately.take):
                await lately.run(settings.journal_path, known)
        finally:
            self._devices = None

    async def _tell_health(self, settings: Settings) -> None:
        wanted = settings.health
        if wanted is None:
            return
        from gateway.observe.health import Messages  # where there is a broker for them
        from gateway.transports import catalogue

        try:
            transport = catalogue.make(wanted.broker, self._clock)
        except ConfigError as error:
            logger.error("health is not told: %s", "; ".join(error.problems))  # noqa: TRY400 - no bug: no trace
            return
        self._lag.begin()
        self.messages = Messages(wanted, settings.gateway.name, transport, self._sight(), self._clock)
        try:
            await self.messages.run()
        finally:
            self.messages = None


async def _check_port(now: Settings, settings: Settings) -> None:
    if (port := settings.metrics.port) is None:
        return
    from gateway.sources.web_listener import check_tcp  # with aiohttp, where there is a port
    from gateway.sources.web_tls import server_context

    if port.tls is not None:
        server_context(port.tls)
    if port.port not in ports(now):
        await check_tcp("metrics", port.host, port.port)


@contextlib.asynccontextmanager
async def observed(settings: Settings, desk: Desk, agent: Agent, clock: Clock) -> AsyncIterator[Room]:
    """Have a running agent observed for as long as the block lasts."""
    room = Room(settings, desk, agent, clock)
    with room.at_work():
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(room.run(), name="observe")
            try:
                yield room
            finally:
                task.cancel()
