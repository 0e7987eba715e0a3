"""The box: the true agent in a process of its own that may die, on a disk in memory, started again as systemd does."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

import aiohappyeyeballs
import paho.mqtt.client as paho

from decoders.registry import Registry
from gateway import agent as agents
from gateway.agent import Agent
from gateway.config import Settings, load
from gateway.errors import StorageError
from gateway.groundwork import system_clock
from gateway.journal import Begin, Journal, Registration, WhenFull
from gateway.journal.database import Transaction
from gateway.model import Json
from gateway.network import Network
from gateway.sources import semtech_udp
from gateway.sources.basics_station import source as station_source
from gateway.sources.network_server import webhook
from simulators.lab.lab_loop import LabLoop
from simulators.lab.machine import Machine
from simulators.lab.mailbox import Post
from simulators.lab.net import dial
from simulators.simulation.memory_disk import MemoryDisk, Seam
from simulators.simulation.process import Process

JOURNAL: Final = Path("journal.db")  # a name: nothing is made there
RESTART_S: Final = 5.0  # as the unit says
STOP_LIMIT_S: Final = 90.0
CLOSE_LIMIT_S: Final = 60.0  # for what is left of a dead process
CONFIGURATION: Final = """\
[gateway]
name = "lab"
data = "data"
key_file = "brygga.key"
"""


class _Watched(Seam):
    """The disk as one process sees it: dead ones see nothing; each commit is told of."""

    def __init__(self, process: Process, committed: Callable[[], None]) -> None:
        self._process = process
        self._committed = committed

    async def before(self, transaction: Transaction) -> Transaction:
        await asyncio.sleep(0)
        self._process.reach("before a commit")
        return transaction

    def committed(self) -> None:
        self._committed()

    async def after(self) -> None:
        self._process.reach("after a commit")

    async def reading(self) -> None:
        await asyncio.sleep(0)
        self._process.reach("while reading")


class Box:
    """The gateway computer. ``committed`` is called when a commit is durable, ``fell`` when the agent ends unasked."""

    def __init__(
        self,
        *,
        folder: Path,
        loop: LabLoop,
        machine: Machine,
        sources: str,
        registrations: Sequence[Registration],
        registry: Registry,
        seed: int,
    ) -> None:
        self.disk = MemoryDisk()
        self.post = Post()
        self.agent: Agent | None = None
        self.counts = {"starts": 0, "power cuts": 0, "ended by itself": 0}
        self.committed: Callable[[], None] = lambda: None
        self.fell: Callable[[str], None] = lambda _: None
        self.before_start: list[Callable[[], None]] = []  # what is done while nothing runs
        self._folder = folder
        self._loop = loop
        self._machine = machine
        self._sources = sources
        self._registrations = registrations
        self._registry = registry
        self._drawn = Random(f"{seed}/addresses")
        self._process: Process | None = None
        self._ran: Agent | None = None  # the last one, until it is buried
        self._off_s = RESTART_S
        (folder / "brygga.key").write_text(Random(f"{seed}/key").randbytes(32).hex() + "\n", encoding="ascii")
        (folder / "brygga.key").chmod(0o600)

    def configure(self, destinations: str) -> None:
        """Write `brygga.toml` with these sections; the next start reads it."""
        file = self._folder / "brygga.toml"
        file.write_text(CONFIGURATION + self._sources + destinations, encoding="utf-8")
        file.chmod(0o640)

    @property
    def is_on(self) -> bool:
        """Tell whether an agent runs."""
        return self._process is not None and not self._process.is_over

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Have the agent's code in this process meet this box's clocks, network and chance."""
        network = functools.partial(Network, random_bits=self._drawn.getrandbits)
        with ExitStack() as patches:
            patches.enter_context(self._machine.in_place())
            patches.enter_context(patch.object(agents, "Network", network))
            patches.enter_context(patch.object(semtech_udp, "bind_udp", self.post.bind))
            for listener in (station_source, webhook):
                patches.enter_context(patch.object(listener, "bind_tcp", self._loop.net.bind))
            patches.enter_context(patch.object(aiohappyeyeballs, "start_connection", dial))
            patches.enter_context(patch.object(paho, "time_func", self._loop.time))
            yield

    # ── systemd ──

    async def keep_running(self) -> None:
        """Start the agent, and again when it ends; ends by cancellation."""
        while True:
            self.counts["starts"] += 1
            process = self._process = Process(f"agent {self.counts['starts']}", lambda _: None)
            process.begin(self._main(process))
            await process.ended.wait()  # no limit: it runs until something ends it
            await self._bury(process)
            for change in self.before_start:
                change()
            self.before_start = []
            await asyncio.sleep(self._off_s)
            if self._off_s != RESTART_S:
                self._machine.boot()
            self._off_s = RESTART_S

    async def _bury(self, process: Process) -> None:
        main = process.main
        assert main is not None
        if not process.is_over and main.done() and not main.cancelled() and (error := main.exception()) is not None:
            self.counts["ended by itself"] += 1
            self.fell("; ".join(f"{type(one).__name__}: {one}" for one in _causes(error)))
        gone = self._ran
        self.agent = self._process = self._ran = None
        self._cut(process)
        await process.bury()
        self._loop.net.bury(process)
        if gone is not None:  # what a dead process had open is closed for it, as a kernel does
            async with asyncio.timeout(CLOSE_LIMIT_S):
                for telling in [*gone.tellings, *gone.former.tellings()]:
                    await telling.destination.transport.close()

    def cut_power(self, off_s: float) -> None:
        """Take the power for so long."""
        if self._process is not None and not self._process.is_over:
            self.counts["power cuts"] += 1
            self._off_s = off_s
            process, self.agent = self._process, None
            process.die("power cut")
            self._cut(process)

    def _cut(self, process: Process) -> None:
        self.disk.cut_power()
        self._loop.net.die(process)
        self.post.die(process)

    async def stop(self) -> None:
        """Ask the agent to end, as systemd does; TimeoutError where it does not within 90 s."""
        process = self._process
        if process is not None and process.main is not None and not process.main.done():
            process.main.cancel()
            async with asyncio.timeout(STOP_LIMIT_S):
                await asyncio.wait([process.main])

    # ── the agent ──

    async def _main(self, process: Process) -> None:
        settings = load(self._folder / "brygga.toml")
        clock = system_clock(settings)
        journal = await Journal.open(
            JOURNAL,
            clock=clock,
            limit_bytes=settings.journal.limit_bytes,
            keep_delivered=settings.journal.keep_delivered,
            when_full=WhenFull(settings.journal.when_full),
            destinations=[one.name for one in settings.destinations],
            begins={one.name: Begin(one.begin) for one in settings.destinations if one.begin},
            former=[one.name for one in settings.former],
            key_file=settings.gateway.key_file,
            opening=self.disk.opening(_Watched(process, self.committed)),
        )
        try:
            clock.recall(journal.boots())
            await self._install(journal)
            self.agent = self._ran = Agent(settings, journal, clock, self._registry)
            await self.agent.run()
        finally:
            self.agent = None
            with contextlib.suppress(StorageError):
                await journal.close()

    async def _install(self, journal: Journal) -> None:
        if self._registrations:
            await journal.put_devices(self._registrations)
            self._registrations = ()

    async def status(self) -> Mapping[str, Json]:
        """Return what the agent says of itself, and how much lies before each destination; nothing where none runs."""
        agent = self.agent
        if agent is None:
            return {}
        try:
            depths = {name: await agent.journal.depth(name) for name in agent.journal.destinations()}
        except asyncio.CancelledError:
            if agent is self.agent:
                raise
            return {}  # it died while it was asked
        return {**agent.status(), "depths": depths}

    def settings(self) -> Settings:
        """Return what the agent is configured with."""
        return load(self._folder / "brygga.toml")


def _causes(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [cause for one in error.exceptions for cause in _causes(one)]
    return [error]
