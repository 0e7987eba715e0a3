"""The agent: wires the rooms together. The only file that knows them all.

sources ─► gather ─► network ─► journal ─► telling (one a destination) ─► format, transport
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING

from decoders.contract import DecodeReason
from decoders.registry import Registry
from gateway import redating
from gateway.clock import SystemClock, learn_boots
from gateway.codecs import Codecs
from gateway.config import Settings, make_data_folder
from gateway.control import serving
from gateway.delivery import Telling
from gateway.delivery.sorting import NOT_REGISTERED
from gateway.desk import Desk
from gateway.desk.log_lines import LogLines
from gateway.errors import Brygga, ConfigError, StorageError
from gateway.former import Former, Untold
from gateway.former import take_backlog as take_over
from gateway.groundwork import load_registry, system_clock
from gateway.here import Here
from gateway.journal import Begin, Journal, WhenFull
from gateway.machine import fingerprint
from gateway.model import Clock, Eui64, Fix, Frame, Heard, Json, ServerNews, ServerReceipt, ServerUplink, TimeQuality
from gateway.network import Network
from gateway.network.office import RunningOffice
from gateway.observe.room import observed
from gateway.pulse import Pulse
from gateway.recorder import Recorder
from gateway.redecoding import Redecoding
from gateway.reloading import Difference, Part, difference, outcome
from gateway.servers import Servers
from gateway.sources import Source
from gateway.sources import catalogue as sources
from gateway.sources.beginning import not_there
from gateway.sources.gather import Gather
from gateway.sources.settings import Brings, bring, type_of
from gateway.sources.tally import Tally
from gateway.survey import Survey
from gateway.tellers import Parts, Tellers
from gateway.web.room import web_room

if TYPE_CHECKING:
    from gateway.commanding import Commanding
    from gateway.relay.relay import Relay

logger = logging.getLogger(__name__)

AT_ONCE_S = 0.05  # for a source that hears to say so

Read = Callable[[], Awaitable[Settings]]
"""Read the configuration once more; ConfigError says all that is wrong with it."""


class Agent:
    """One running agent: open with `running`, which also closes it."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        clock: Clock,
        registry: Registry,
        read: Read | None = None,
        lines: LogLines | None = None,
    ) -> None:
        """``read`` reads the configuration once more; without it there is no reload. ``lines`` are the last of the log."""
        self.lines = lines or LogLines()
        self._clock = clock
        self._started = clock().monotonic
        self._trust = settings.clock.trust
        self.journal = journal
        self.sources: list[Source] = [sources.make(one, clock) for one in settings.sources]
        self._types = {one.name: type_of(one) for one in settings.sources}
        self.recorder = Recorder(self.sources, clock)
        self.codecs = Codecs(registry.get)
        self.network = Network(
            journal=journal,
            sources={source.name: source for source in self.sources},
            region=settings.network.region,
            wanted=settings.network.wanted,
            net_id=settings.radio.net_id,
            addresses=settings.radio.dev_addr_block,
            clock=clock,
            trust=settings.clock.trust,
            lawful=settings.radio.lawful,
            antenna_gain_dbi={one.name: one.antenna_gain_dbi for one in settings.sources}.__getitem__,
        )
        self.servers = Servers.of(
            self.network,
            journal,
            {one.name: one for one in self.sources},
            clock,
            settings.clock.trust,
            has_radio=bring(settings.sources, Brings.FRAMES),
        )
        self.office = RunningOffice(self.network, self.servers.strangers)
        self._broken_decoders = registry.broken
        self._redecoding = Redecoding(
            self.codecs,
            look_again=registry.look_again,
            in_use=lambda: (device.decoder for device in self.network.devices() if device.decoder),
            retry=journal.retry_decoder_changed,
            retry_waiting=lambda: journal.retry_reason(DecodeReason.WAITING),
            broken=registry.broken,
            unread=registry.unread,
        )
        self.relays = self._relays(settings)
        self._surveys: list[Survey] = []
        self._tally = Tally(self.sources, clock)
        self._hearing = Pulse("hearing", beside=journal.pulse)
        self.here = Here(settings.gateway.place)
        self.gather = Gather(self.network.hear, window_s=settings.radio.gather_ms / 1000)
        self.tellers = Tellers(
            Parts(
                journal=journal,
                network=self.network,
                codecs=self.codecs,
                encoder=registry.encoder,
                clock=clock,
                trust=settings.clock.trust,
            ),
            settings,
        )
        self.settings = settings
        self.parts: list[Part] = []  # rooms that take another configuration, too
        self._registry = registry
        self._read = read
        self._reloading = asyncio.Lock()
        self._begun = asyncio.Event()  # while it runs, with all its rooms
        self._tasks: asyncio.TaskGroup | None = None
        self._owes_a_try = False  # uplinks of devices that have come since: the disk failed, or one is under way
        self.announcing_reload: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self.reloaded: list[Callable[[Settings], None]] = []  # told of what holds from now on

    @property
    def tellings(self) -> Sequence[Telling]:
        """The loops of the destinations that are configured."""
        return self.tellers.tellings

    @property
    def commandings(self) -> Sequence[Commanding]:
        """The loops of those that give commands."""
        return self.tellers.commandings

    @property
    def former(self) -> Former:
        """The loops of former cities."""
        return self.tellers.former

    @property
    def untold(self) -> Untold:
        """The states that are told to nobody."""
        return self.tellers.untold

    def _relays(self, settings: Settings) -> Sequence[Relay]:
        if not settings.relays:
            return ()
        from gateway.relay import catalogue as relays  # where there is one

        found = {source.name: source for source in self.sources}
        return [relays.make(one, found, self.network.beside, self.journal, self._clock) for one in settings.relays]

    async def run(self) -> None:
        """Hear and tell until cancelled."""
        await self.devices_changed()
        with contextlib.suppress(StorageError):  # the next start looks again
            await redating.put_back(self.journal, self._trust, self._clock().boot_id)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._begun.set()
                tasks.create_task(self.network.run(), name="network")
                tasks.create_task(self.servers.downlinks.run(), name="downlinks to network servers")
                tasks.create_task(learn_boots(self._clock, self._trust, self.journal.learn_boot), name="clock")
                tasks.create_task(self._redecoding.run(), name="redecoding")
                tasks.create_task(self.tellers.run(), name="tellers")
                for relay in self.relays:
                    tasks.create_task(relay.run(), name=f"relay {relay.name}")
                # Within: sources end first, and what they have acknowledged still gets safe and is answered.
                async with asyncio.TaskGroup() as listening:
                    for source in self.sources:
                        listening.create_task(source.run(self._hear), name=f"source {source.name}")
        finally:
            self._begun.clear()
            await self.tellers.leave()

    async def _hear(self, heard: Heard) -> None:
        """Take what a source brings: a frame, and the time from it where its gateway has a GPS receiver, or a server's uplink."""
        for survey in self._surveys:
            survey.take(heard)
        self.recorder.take(heard)
        with self._hearing.round():
            await self._take_in(heard)

    async def _take_in(self, heard: Heard) -> None:
        match heard:
            case Frame():
                self._tally.heard(heard.best.source, heard.best.gateway, heard.heard_at.monotonic)
                if isinstance(self._clock, SystemClock):
                    self._clock.hear(heard)
                await self.gather(self.here.placed(heard))
            case Fix():
                if isinstance(self._clock, SystemClock):
                    self._clock.hear(heard)
                self.here.learn(heard)
            case ServerUplink() | ServerNews() | ServerReceipt():
                if isinstance(heard, ServerUplink):
                    self._tally.heard(heard.source, None, self._clock().monotonic)
                await self.servers.hear(heard)

    def pulses(self) -> Sequence[Pulse]:
        """Return the pulses of the loops that have to move."""
        tellings = [*self.tellings, *self.former.tellings()]
        return [self.journal.pulse, self.network.dispatch.pulse, self._hearing, *(one.pulse for one in tellings)]

    @contextlib.contextmanager
    def attend(self, survey: Survey) -> Iterator[None]:
        """Have a survey take all that sources bring, for as long as the block lasts."""
        self._surveys.append(survey)
        try:
            yield
        finally:
            self._surveys.remove(survey)

    async def devices_changed(self, only: Collection[Eui64] | None = None) -> None:
        """Take devices from the journal anew, ``only`` some or all, and try what no decoder understood with the decoders of now."""
        is_all, self._owes_a_try = only is None or self._owes_a_try, True
        await self.network.load(only)
        self.servers.claimed()
        await self._redecoding.again()
        with contextlib.suppress(StorageError):  # the next change of devices, or start, tries again
            known = [one.dev_eui for one in self.network.devices() if is_all or one.dev_eui in (only or ())]
            await self.journal.retry_reason(NOT_REGISTERED, known)
            self._owes_a_try = False

    def status(self) -> Mapping[str, Json]:
        """Return what only a running agent knows, for `brygga status`."""
        now = self._clock()
        trusted = now.quality >= self._trust
        return {
            "pid": os.getpid(),
            "since_s": round(now.monotonic - self._started, 1),
            "clock": {
                "utc": now.utc.isoformat(timespec="seconds"),
                "quality": now.quality.name.lower(),
                "trusted": trusted,
                "words": _clock_words(self._clock, self._trust, is_trusted=trusted),
            },
            "sources": [self._source_status(one) for one in self.sources],
            "gather": self.gather.status(),
            "network": self.network.status(),
            "relays": {relay.name: relay.status() for relay in self.relays},
            "servers": self.servers.status(),
            "destinations": {
                telling.destination.name: self._told(telling) for telling in [*self.tellings, *self.former.tellings()]
            },
            "states_for_nobody": dict(self.untold.counts),
            "undecoded": {
                f"{name or 'no decoder'}: {why}": count for (name, why), count in self.codecs.failures.items()
            },
            "broken_decoders": self._broken_decoders(),
        }

    def _source_status(self, source: Source) -> Mapping[str, Json]:
        name, status = source.name, source.status()
        found = {"name": name, "type": self._types[name], **self._tally.status(name), **status}
        if "gateways" in status:
            found["gateways"] = self._tally.gateways(name, status["gateways"])
        return found

    def _told(self, telling: Telling) -> Mapping[str, Json]:
        commands = {one.commander.name: one.status() for one in self.commandings}
        name = telling.destination.name
        return {**telling.status(), "commands": commands[name]} if name in commands else telling.status()

    async def not_hearing(self) -> Sequence[str]:
        """Return the names of sources that do not hear at the moment."""
        return await not_there(self.sources, asyncio.Event(), AT_ONCE_S)

    async def let_go(self, destination: str) -> None:
        """Tell a former city no more; what is undecided stays as it is."""
        await self.tellers.let_go(destination)

    async def reload(self) -> Difference:
        """Read the configuration once more and go on as it says, hearing all the while; return what that changed.

        Raises ConfigError with every problem of the file, or where a port or certificate that it names cannot be had; StorageError where the
        journal takes no change; Brygga where the file cannot be read: then all is as it was. What breaks later (somebody takes the port in
        between, a platform is away) is tried again and said in the status. Once begun it goes on to its end: whoever asked for it may go.
        """
        if self._read is None:
            raise ConfigError("reload: this agent was not started from a file; start it again instead")
        await self._begun.wait()  # no limit of its own: a start has one
        assert self._tasks is not None
        going_on = self._tasks.create_task(outcome(self._reload_in_turn(self._read)), name="reload")
        found = await asyncio.shield(going_on)  # cut in two it would leave destinations ended, and none in their place
        if isinstance(found, Brygga):
            raise found
        return found

    async def _reload_in_turn(self, read: Read) -> Difference:
        async with self._reloading:  # no limit of its own: each step of who has it has one
            with self.announcing_reload():
                return await self._reload(read)

    async def _reload(self, read: Read) -> Difference:
        found = difference(self.settings, await read(), [part.field for part in self.parts])
        touched = [part for part in self.parts if part.field in found.fields]
        for part in touched:
            await part.check(found.settings)
        await self.tellers.change(found.settings)  # the last that may fail, and then goes on as before
        for part in touched:
            await part.change(found.settings)
        self._registry.use_folders(found.settings.decoders.folders)
        self.settings = found.settings
        for tell in self.reloaded:
            tell(found.settings)
        try:
            await self.devices_changed()
        except StorageError as error:  # devices are what they were, and all else is as the file says
            logger.warning("reloaded: devices are not looked at anew: %s", error)
        for line in (*found.changed, *(f"needs a restart: {one}" for one in found.restart)):
            logger.info("reloaded: %s", line)
        return found

    def last_heard_s(self) -> Mapping[str, float]:
        """Return the age of each device's last frame since the start, in seconds."""
        now = self._clock().monotonic
        return {dev_eui: round(now - heard, 1) for dev_eui, heard in self.network.last_heard.items()}


@contextlib.asynccontextmanager
async def running(
    settings: Settings, clock: Clock | None = None, *, take_backlog: bool = False, read: Read | None = None
) -> AsyncIterator[Agent]:
    """Run an agent for as long as the block lasts. Raises ConfigError, Busy, StorageError when it cannot begin.

    Whatever ends the agent ends the block, too. With ``take_backlog`` what waits for former cities goes to the present ones.
    ``read`` reads the configuration once more, for `Agent.reload`.
    """
    clock = clock or system_clock(settings)
    make_data_folder(settings.gateway.data)
    journal = await Journal.open(
        settings.journal_path,
        limit_bytes=settings.journal.limit_bytes,
        keep_delivered=settings.journal.keep_delivered,
        when_full=WhenFull(settings.journal.when_full),
        clock=clock,
        destinations=[one.name for one in settings.destinations],
        begins={one.name: Begin(one.begin) for one in settings.destinations if one.begin},
        former=[one.name for one in settings.former],
        key_file=settings.gateway.key_file,
    )
    try:
        if isinstance(clock, SystemClock):
            clock.recall(journal.boots())
        if take_backlog:
            await take_over(journal, [one.name for one in settings.destinations if one.newest_only])
        if skipped := await journal.box.settle_on(fingerprint()):
            logger.warning("%s: downlink counters and JoinNonces skip ahead, lest one be used twice", skipped.why)
        with contextlib.closing(load_registry(settings)) as registry, LogLines().kept() as lines:
            agent = Agent(settings, journal, clock, registry, read, lines)
            desk = Desk(settings, journal, clock, agent)
            agent.reloaded.append(desk.furnish)
            async with (
                serving(settings.control_socket, desk),
                web_room(settings, desk, agent, registry, clock),
                observed(settings, desk, agent, clock),
                asyncio.TaskGroup() as tasks,
            ):
                task = tasks.create_task(agent.run(), name="agent")
                try:
                    yield agent
                finally:
                    task.cancel()
    finally:
        await journal.close()


def first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error that is not itself a group: a task group wraps even a wrong port number."""
    first = group.exceptions[0]
    return first_cause(first) if isinstance(first, BaseExceptionGroup) else first


def _clock_words(clock: Clock, trust: TimeQuality, *, is_trusted: bool) -> str:
    jumped_s = clock.not_followed_s if isinstance(clock, SystemClock) else None
    if jumped_s is not None:
        return (
            f"the machine's clock has jumped by {timedelta(seconds=round(jumped_s))}; the time goes on from before, and the clock is "
            "followed when it has stood for an hour. Was it set by hand?"
        )
    return (
        ""
        if is_trusted
        else f"not yet {trust.name.lower()}: uplinks are kept and wait for it. Is chrony or systemd-timesyncd running? "
        'A machine whose clock is right without them says clock.trust = "system"'
    )
