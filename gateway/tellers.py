"""Tellers: who is told, as the configuration says it now. Destinations come, change and go while all others go on.

    settings ─► alike? ─► those that go end between two turns ─► the roll ─► those that come begin

What is undecided when one ends stays in the journal, as at the end of the agent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from decoders.contract import Encoder
from gateway import former
from gateway.clock import SystemClock
from gateway.codecs import Codecs
from gateway.config import DestinationSettings, Settings
from gateway.config.likeness import alike
from gateway.delivery import Destination, Telling
from gateway.errors import StorageError
from gateway.formats import Commandable
from gateway.journal import Begin, Journal
from gateway.model import Clock, TimeQuality
from gateway.network import Network
from gateway.transports import Listener
from gateway.transports import catalogue as transports

if TYPE_CHECKING:
    from gateway.commanding import Commanding

BOOTED_LATELY_S: Final = 120.0  # of this machine's uptime: power may have come back to all gateways of a city at once
STOP_TIME: Final = 5.0  # seconds for good-byes; systemd waits 90
TURN_PATIENCE_S: Final = 8.0  # for a turn to end by itself; a platform that takes longer is told of those uplinks again


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What telling needs besides its settings."""

    journal: Journal
    network: Network
    codecs: Codecs
    encoder: Callable[[str], Encoder | None]
    clock: Clock
    trust: TimeQuality


@dataclass(slots=True, eq=False)
class Teller:
    """One destination at work."""

    settings: DestinationSettings
    files: Collection[object]  # the state of its certificates when they were read
    telling: Telling
    commanding: Commanding | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def end(self) -> None:
        """End between two turns, or in the middle of one that takes too long, and say good-bye."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TURN_PATIENCE_S):
                await self.telling.pause()
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)  # no limit: a loop that is cancelled ends within a few turns
        await leave(self.telling)


class Tellers:
    """The destinations of the configuration, and those that have moved to another city."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._parts = parts
        self._settings = settings
        self._present = [self._teller(one) for one in settings.destinations]
        self._names: set[str] = set()
        self.former = former.Former([])
        self._before: dict[str, DestinationSettings] = {}
        self._note(settings)
        self.untold = former.Untold(parts.journal, self._names)
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def tellings(self) -> list[Telling]:
        """The loops of the destinations that are configured, in their order."""
        return [one.telling for one in self._present]

    @property
    def commandings(self) -> list[Commanding]:
        """The loops of those that give commands."""
        return [one.commanding for one in self._present if one.commanding is not None]

    async def run(self) -> None:
        """Tell for ever; ends only by cancellation, and with a loop's own error."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for one in self._present:
                    self._begin(one)
                tasks.create_task(self.former.run(), name="former cities")
                tasks.create_task(self.untold.run(), name="states for former cities")
                await asyncio.Event().wait()  # no limit: a destination that goes must not end the others
        finally:
            self._tasks = None

    async def leave(self) -> None:
        """Say good-bye to all platforms, side by side."""
        # In tasks of their own: in one that is cancelled, Python 3.11.2 (Debian 12) takes its timeouts for cancellation.
        async with asyncio.TaskGroup() as leaving:
            for telling in [*self.tellings, *self.former.tellings()]:
                leaving.create_task(leave(telling), name=f"leaving {telling.destination.name}")

    async def let_go(self, destination: str) -> None:
        """Tell a former city no more; what is undecided stays as it is."""
        self._before.pop(destination, None)
        await self.former.let_go(destination)

    # ── another configuration ──

    async def change(self, settings: Settings) -> None:
        """Tell as ``settings`` say from now on; who is not touched by it tells on.

        Raises ConfigError when a TLS file is wrong, and StorageError when the journal takes no change: then all is as it was.
        """
        stays = {one.settings.name: one for one in self._present if self._is_the_same(one, settings)}
        made = [stays.get(one.name) or self._teller(one) for one in settings.destinations]
        gone = [one for one in self._present if one.settings.name not in stays]
        await self._end(gone)
        await self._end_former(settings)
        try:
            await enrol(self._parts.journal, settings)
        except StorageError:
            await self._as_before(stays)
            raise
        self._take(made, stays)
        self._note(settings)

    async def _as_before(self, stays: Mapping[str, Teller]) -> None:
        """Begin again those that have ended for a change that cannot be."""
        with contextlib.suppress(StorageError):  # whoever is known already needs no disk for it
            await enrol(self._parts.journal, self._settings)
        self._take([stays.get(one.settings.name) or self._teller(one.settings) for one in self._present], stays)
        self._note(self._settings)

    def _is_the_same(self, teller: Teller, settings: Settings) -> bool:
        return teller.files == _states(teller.settings) and any(
            alike(teller.settings, one) for one in settings.destinations
        )

    async def _end(self, gone: Sequence[Teller]) -> None:
        async with asyncio.TaskGroup() as ending:
            for one in gone:
                ending.create_task(one.end(), name=f"ending {one.settings.name}")

    async def _end_former(self, settings: Settings) -> None:
        """End the loops of former cities that are spoken to otherwise now, are present ones again, or are connected no more."""
        now = {one.name: one for one in settings.former}
        for name, before in [*self._before.items()]:
            if name not in now or not alike(before, now[name]):
                await self.let_go(name)

    def _take(self, tellers: list[Teller], running: Mapping[str, Teller]) -> None:
        self._present = tellers
        for one in tellers:
            if one.settings.name not in running:
                self._begin(one)

    def _note(self, settings: Settings) -> None:
        """Note who commands, and tell the former cities that something may wait for."""
        self._settings = settings
        self._names.clear()
        self._names.update(one.name for one in settings.destinations if one.commands is not None)
        ended = self._parts.journal.former()
        for one in settings.former:
            if one.name in ended and one.name not in self._before:
                self._before[one.name] = one
                self.former.add(self._telling(one))

    # ── one destination ──

    def _begin(self, teller: Teller) -> None:
        if self._tasks is None:
            return
        name = teller.settings.name
        teller.tasks = [self._tasks.create_task(teller.telling.run(), name=f"telling {name}")]
        if teller.commanding is not None:
            teller.tasks.append(self._tasks.create_task(teller.commanding.run(), name=f"commanding {name}"))

    def _teller(self, settings: DestinationSettings) -> Teller:
        files, telling = _states(settings), self._telling(settings)
        return Teller(settings, files, telling, self._commanding(settings, telling))

    def _telling(self, settings: DestinationSettings) -> Telling:
        parts = self._parts
        destination = Destination(
            name=settings.name,
            format=settings.format,
            transport=transports.make(settings.platform, parts.clock),
            selects=settings.selection.selects,
            share=settings.share,
            batch=settings.batch,
            longest_delay=settings.retry_max_s,
            strict=settings.strict,
            backlog_per_s=settings.backlog_per_s,
            give_up=settings.give_up,
            uncertain_time=settings.uncertain_time,
            side_by_side=settings.side_by_side,
            words=settings.words,
            memory_of=settings.memory_of,
            gather_s=settings.gather_s,
            first_contact_s=settings.retry_max_s if _booted_lately(parts.clock) else 0.0,
        )
        return Telling(
            destination,
            journal=parts.journal,
            codecs=parts.codecs,
            find=parts.network.device,
            clock=parts.clock,
            trust=parts.trust,
        )

    def _commanding(self, settings: DestinationSettings, telling: Telling) -> Commanding | None:
        if settings.commands is None:
            return None
        from gateway.commanding import Commander, Commanding  # it carries pydantic: only where a platform commands

        parts = self._parts
        commander = Commander(
            name=settings.name,
            transport=cast(
                "Listener", telling.destination.transport
            ),  # the configuration takes commands over MQTT only
            topic=settings.commands.topic,
            state_topic=settings.commands.state_topic,
            shape=settings.commands.shape,
            selects=settings.selection.selects,
            longest_delay=settings.retry_max_s,
            names=settings.format if isinstance(settings.format, Commandable) else None,
        )
        return Commanding(
            commander,
            journal=parts.journal,
            network=parts.network,
            encoder=parts.encoder,
            clock=parts.clock,
            trust=parts.trust,
        )


async def enrol(journal: Journal, settings: Settings) -> None:
    """Have the journal keep uplinks for the destinations of ``settings``, as at a start. Raises StorageError."""
    await journal.configure(
        [one.name for one in settings.destinations],
        begins={one.name: Begin(one.begin) for one in settings.destinations if one.begin},
        former=[one.name for one in settings.former],
    )


async def leave(telling: Telling) -> None:
    """Leave a platform in good order, or as it is after `STOP_TIME`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_TIME):
            await telling.close()


def _states(settings: DestinationSettings) -> list[object]:
    """Return when the certificates' files of a destination were written: a renewed one is read by a new loop only."""
    tls = settings.platform.tls
    return [_state(path) for path in (tls.ca_file, tls.certificate_file, tls.key_file)]


def _state(path: Path | None) -> object:
    try:
        found = None if path is None else path.stat()
    except OSError:
        return "not there"
    return None if found is None else (found.st_mtime_ns, found.st_size, found.st_ino)


def _booted_lately(clock: Clock) -> bool:
    return isinstance(clock, SystemClock) and clock().monotonic < BOOTED_LATELY_S
