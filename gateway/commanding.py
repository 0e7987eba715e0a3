"""Commanding: one loop per destination that takes commands, from its platform's words to a device's queue and back.

    receive ─► read ─► whose device? ─► encode ─► queued on disk ─► acknowledged to the broker
    states on disk ─► told, in their order ─► forgotten

A command is acknowledged when it is on disk, or when its refusal is: what the broker sends again meets its own reference.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from decoders.contract import EncodeError, Encoder
from gateway.delivery import pause_s
from gateway.errors import ConfigError, StorageError, Unreachable
from gateway.formats import Commandable, Shape
from gateway.formats.commands import Asked, Command, Refusal, Whom, keys_of, read, state_request
from gateway.journal import Changes, Journal
from gateway.journal.state_rows import state_of
from gateway.model import REFUSED, Clock, CommandState, Device, Downlink, Json, TimeQuality, Verdict
from gateway.network import Network
from gateway.network.office import check_answers
from gateway.transports import Listener, Message

logger = logging.getLogger(__name__)

STORAGE_RETRY_S: Final = 1.0  # between two tries at a disk that takes nothing
STEADY_S: Final = 30.0  # a connection that lasted so long was a good one: its loss is the first in a row
AT_ONCE: Final = 50  # states told in one go
MOST_UNTOLD: Final = 1_000  # states waiting: who cannot be answered gives no further commands meanwhile
MOST_KNOWN: Final = 10_000  # commands known again when they come a second time: as many as the journal keeps
RETAINED: Final = "a retained command may be of any age: publish it without the retain flag, and clear the retained one"

FindEncoder = Callable[[str], Encoder | None]
"""Return what encodes for the devices of a decoder; None where nobody wrote it, LookupError or ValueError as `Registry.encoder`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commander:
    """Who gives commands: a destination, its words, and which devices are its own."""

    name: str
    transport: Listener
    topic: str  # for people
    state_topic: str
    shape: Shape
    selects: Callable[[Device], bool]
    longest_delay: float  # seconds between two tries at a platform that is away
    names: Commandable | None = None  # the platform's own for devices, which it is told on each connection


class Commanding:
    """The loop of one destination, and what `status` shows of it."""

    def __init__(
        self,
        commander: Commander,
        *,
        journal: Journal,
        network: Network,
        encoder: FindEncoder,
        clock: Clock,
        trust: TimeQuality,
    ) -> None:
        self.commander = commander
        self._journal = journal
        self._network = network
        self._encoder = encoder
        self._clock = clock
        self._trust = trust
        self._known: OrderedDict[str, int] = OrderedDict()  # what a command is known by: its downlink
        self._told = asyncio.Event()
        self._untold_why = ""
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Take commands and tell what becomes of them; ends by cancellation."""
        for downlink in await self._journal.downlinks(limit=2 * MOST_KNOWN):
            if downlink.origin == self.commander.name:
                self._know(downlink)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name=f"commands of {self.commander.name}")
            tasks.create_task(self._tell(), name=f"states for {self.commander.name}")

    def status(self) -> Mapping[str, Json]:
        """Return what was taken and refused since the start, and what waits to be told."""
        return {
            "topic": self.commander.topic,
            "state_topic": self.commander.state_topic,
            "shape": str(self.commander.shape),
            "counts": dict(self.counts),
            "states_waiting": self._journal.command_states.waiting(self.commander.name),
            "trouble": self._untold_why or None,
        }

    # ── from the platform ──

    async def _listen(self) -> None:
        failures = 0
        while True:
            began = self._clock().monotonic
            try:
                await self._greet()
                await self.commander.transport.receive(self.take)
            except Unreachable as lost:
                failures = 1 if self._clock().monotonic - began >= STEADY_S else failures + 1
                logger.info("%s: commands: %s", self.commander.name, lost)
            await asyncio.sleep(pause_s(failures, self.commander.longest_delay))

    async def _greet(self) -> None:
        """Say on a new connection whom commands may be for, where the platform asks for that."""
        if self.commander.names is None:
            return
        ours = [one for one in self._network.devices() if self.commander.selects(one)]
        for answer in await self.commander.transport.send(self.commander.names.greetings(ours)):
            if answer.verdict is not Verdict.TAKEN:
                logger.warning("%s: a device was not announced for commands: %s", self.commander.name, answer.detail)

    async def take(self, message: Message) -> None:
        """Return when what a message asks for is on disk, or its refusal; waits while the disk takes nothing."""
        while self._journal.command_states.waiting(self.commander.name) >= MOST_UNTOLD:
            self._told.clear()
            await self._told.wait()  # no limit: the broker keeps what we do not take
        self.counts["received"] += 1
        again = message.is_repeated
        while True:
            try:
                await self._take(message, again=again)
            except StorageError as error:
                if again is message.is_repeated:
                    logger.warning("%s: a command waits for the disk: %s", self.commander.name, error)
            else:
                return
            again = True  # a part of it may be on disk
            await asyncio.sleep(STORAGE_RETRY_S)

    async def _take(self, message: Message, *, again: bool) -> None:
        asked = read(self.commander.shape, message.topic, message.body)
        if asked is None:
            self.counts["no_command"] += 1
            return
        if isinstance(asked, Refusal):
            await self._refuse(
                asked.reference, asked.device, RETAINED if message.is_retained else "; ".join(asked.problems)
            )
        elif message.is_retained:
            await self._refuse_all(asked, RETAINED)
        else:
            device = self._device(asked.whom)
            if isinstance(device, Device):
                await self._order(
                    asked, device, keys_of(asked, message.topic, message.body, message.number), again=again
                )
            else:
                await self._refuse_all(asked, device)

    def _device(self, whom: Whom) -> Device | str:
        """Return the device that is meant, or why there is none; whether another destination has it is not told."""
        known = self._network.devices() if whom.dev_eui is None else [self._network.device(whom.dev_eui)]
        found = [
            one
            for one in known
            if one is not None
            and (whom.dev_eui is not None or self._is(one, whom.name))
            and self.commander.selects(one)
        ]
        if not found:
            return f"there is no device {whom} among those of the destination {self.commander.name}"
        return found[0] if len(found) == 1 else f"{len(found)} devices are called {whom}: name one by its DevEUI"

    def _is(self, device: Device, name: str) -> bool:
        names = self.commander.names
        return name == device.name or (names is not None and name == names.called(device))

    async def _order(self, asked: Asked, device: Device, keys: Sequence[str], *, again: bool) -> None:
        if asked.replaces:
            await self._replace(device, keys)
        for command, key in zip(asked.commands, keys, strict=True):
            if key in self._known and (again or command.is_known_by_reference):
                await self._repeat(self._known[key], again=again)
                continue
            try:
                downlink = await self._network.dispatch.enqueue(self._downlink(command, device, key))
            except ConfigError as error:
                await self._refuse(command.reference, device.dev_eui, str(error))
            else:
                self._know(downlink)
                self.counts["taken"] += 1

    async def _replace(self, device: Device, keys: Sequence[str]) -> None:
        """Drop what this platform asked for before; not what the same message brought already, nor others' downlinks."""
        before = [
            one.id
            for one in self._network.queue.of(device.dev_eui)
            if one.origin == self.commander.name and one.origin_key not in keys
        ]
        if before:
            await self._network.dispatch.drop(before)

    async def _repeat(self, number: int, *, again: bool) -> None:
        """Send nothing a second time; a platform that asks again is told how it stands, a broker that repeats is not."""
        self.counts["duplicates"] += 1
        downlink = None if again else await self._journal.downlink(number)
        if downlink is not None:
            await self._journal.commit(Changes(command_states=(state_of(downlink, self._clock()),)))

    def _downlink(self, command: Command, device: Device, key: str) -> Downlink:
        check_answers(device)
        f_port, payload = self._octets(command, device)
        now = self._clock().utc
        return Downlink(
            id=0,  # the queue numbers them
            dev_eui=device.dev_eui,
            f_port=f_port,
            payload=payload,
            queued_at=now,
            confirmed=command.confirmed,
            priority=command.priority,
            expires_at=command.expires_at if command.expires_in is None else now + command.expires_in,
            reference=command.reference,
            origin=self.commander.name,
            origin_key=key,
        )

    def _octets(self, command: Command, device: Device) -> tuple[int, bytes]:
        if command.payload is not None and command.f_port is not None:
            return command.f_port, command.payload
        try:
            encoder = self._encoder(device.decoder) if device.decoder else None
            if encoder is None:
                raise ConfigError(
                    f"{device.decoder or device.dev_eui} has no encoder for commands in words; send octets as payload"
                )
            encoded = encoder.encode(command.fields or {})
        except (EncodeError, LookupError, ValueError) as error:
            raise ConfigError(f"{device.decoder}: {error}") from error
        return command.f_port or encoded.f_port, encoded.data

    def _know(self, downlink: Downlink) -> None:
        self._known[downlink.origin_key] = downlink.id
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    # ── to the platform ──

    async def _refuse_all(self, asked: Asked, why: str) -> None:
        for reference in [command.reference for command in asked.commands] or [""]:
            await self._refuse(reference, str(asked.whom), why)

    async def _refuse(self, reference: str, device: str, why: str) -> None:
        now = self._clock()
        state = CommandState(
            destination=self.commander.name,
            reference=reference,
            state=REFUSED,
            at=now.utc,
            time_quality=now.quality,
            dev_eui=device,
            detail=why,
        )
        await self._journal.commit(Changes(command_states=(state,)))
        self.counts["refused"] += 1
        logger.warning("%s: a command was refused: %s", self.commander.name, why)

    async def _tell(self) -> None:
        failures = 0
        while True:
            await self._journal.command_states.wait(self.commander.name)
            self._untold_why = await self._tell_some()
            failures = failures + 1 if self._untold_why else 0
            if failures:
                await asyncio.sleep(pause_s(failures, self.commander.longest_delay))

    async def _tell_some(self) -> str:
        """Tell the oldest states; return why not all of them could be, "" for all."""
        name, states = self.commander.name, self._journal.command_states
        try:
            waiting = await states.read(name, AT_ONCE)
            answers = await self.commander.transport.send(
                [
                    state_request(state, self.commander.state_topic, self._trust, self.commander.shape)
                    for _, state in waiting
                ]
            )
            # What follows one that was not taken is told again behind it: the last word must be the newest.
            taken = len([*takewhile(lambda answer: answer.verdict is Verdict.TAKEN, answers)])
            if taken:
                await states.told(name, [number for number, _ in waiting[:taken]])
        except (Unreachable, StorageError) as error:
            return str(error)
        self.counts["told"] += taken
        self._told.set()
        return "" if taken == len(waiting) else answers[taken].detail
