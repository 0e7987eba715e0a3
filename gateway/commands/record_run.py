"""One recording: fetched of the running agent turn after turn, and written; the agent hears on undisturbed."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.commands.record_mask import KEY_OCTETS, Mask
from gateway.commands.record_tape import Lines, Tape, Unwritten, Writes
from gateway.errors import Busy, ConfigError
from gateway.model import Json

TURN_S: Final = 1.0  # between two questions to the agent

Question = Callable[[Mapping[str, Json]], Awaitable[Json]]


class Ended(StrEnum):
    """Why a recording is over."""

    TIME = "time"  # that was asked for
    STOPPED = "stopped"  # Ctrl-C
    LIMIT = "limit"  # the file is as large as it may be
    ROOM = "room"  # the disk has no more than what the journal needs
    AGENT = "agent"  # it was stopped, or started again
    FILE = "file"  # it takes no more


BROKEN_OFF: Final = frozenset({Ended.AGENT, Ended.FILE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to be recorded, and where to."""

    file: Path
    sources: tuple[str, ...] = ()  # none named: all that hear frames
    seconds: float | None = None  # None: until it is stopped
    limit: int = 100_000_000  # octets of the file
    as_capture: bool = False
    anonymous: bool = False


@dataclass(slots=True)
class Recorded:
    """What came of it."""

    sources: Sequence[Mapping[str, Json]] = ()
    records: int = 0  # datagrams and frames in the file
    frames: Counter[str] = field(default_factory=Counter)  # by source, as the agent counts them
    gateways: Counter[str] = field(default_factory=Counter)  # records by gateway
    octets: int = 0
    dropped: int = 0  # that were not fetched in time
    left_out: int = 0  # that could not be made anonymous
    seconds: float = 0.0
    ended: Ended = Ended.STOPPED
    trouble: str = ""


Told = Callable[[Recorded], None]


async def record(question: Question, wishes: Wishes, stop: asyncio.Event, told: Told = lambda _: None) -> Recorded:
    """Record until the time is over or ``stop`` is set. Raises ConfigError and Busy where it cannot begin."""
    begun = await question({"do": "record.begin", "sources": [*wishes.sources]})
    if not begun["running"]:
        raise Busy(
            "no agent runs here, so there is nothing to record: `brygga run` first, or catch packets with tcpdump"
        )
    recorded = Recorded(sources=begun["sources"])
    try:
        with Tape(wishes.file) as tape:
            if not tape.has_room:
                wishes.file.unlink()
                raise ConfigError(
                    f"--to {wishes.file}: its disk has no room but what the journal is left; a USB stick has"
                )
            mask = Mask(secrets.token_bytes(KEY_OCTETS)) if wishes.anonymous else None
            recording = _Recording(question, begun["recording"], tape, _writer(tape, begun, wishes), mask, recorded)
            await recording.run(wishes, stop, told)
    except Unwritten as error:
        recorded.ended, recorded.trouble = Ended.FILE, str(error)
    recorded.octets = wishes.file.stat().st_size
    return recorded


def _writer(tape: Tape, begun: Mapping[str, Json], wishes: Wishes) -> Writes:
    if not wishes.as_capture:
        head = {"recording": 1, "began": begun["began"], "time_quality": begun["time_quality"]}
        return Lines(tape.stream, head | ({"anonymous": True} if wishes.anonymous else {}))
    try:
        from gateway.commands.record_capture import Capture
    except ModuleNotFoundError as error:
        wishes.file.unlink()
        raise ConfigError(
            "--pcap: dpkt, which writes captures, is not installed: pip install 'brygga[pcap]'; without --pcap it is not needed"
        ) from error
    return Capture(tape.stream, datetime.fromisoformat(begun["began"]))


class _Recording:
    """One recording that goes on."""

    def __init__(
        self, question: Question, name: str, tape: Tape, writer: Writes, mask: Mask | None, recorded: Recorded
    ) -> None:
        self.recorded = recorded
        self._question = question
        self._name = name
        self._tape = tape
        self._writer = writer
        self._mask = mask

    async def run(self, wishes: Wishes, stop: asyncio.Event, told: Told) -> None:
        """Fetch and write, until something ends it."""
        loop, recorded = asyncio.get_running_loop(), self.recorded
        began = loop.time()
        try:
            while (ended := self._over(wishes, stop)) is None:
                left_s = TURN_S if wishes.seconds is None else wishes.seconds - recorded.seconds
                more = await self._turn(min(TURN_S, left_s), is_last=False)
                recorded.seconds = loop.time() - began
                told(recorded)
                while more and self._over(wishes, stop) is None:
                    more = await self._turn(0.0, is_last=False)
            recorded.ended = ended
            while await self._turn(0.0, is_last=True) and recorded.octets < wishes.limit:
                pass
        except (Busy, ConfigError) as error:
            recorded.ended, recorded.trouble = Ended.AGENT, str(error)

    def _over(self, wishes: Wishes, stop: asyncio.Event) -> Ended | None:
        recorded = self.recorded
        if stop.is_set():
            return Ended.STOPPED
        if wishes.seconds is not None and recorded.seconds >= wishes.seconds:
            return Ended.TIME
        if recorded.octets >= wishes.limit:
            return Ended.LIMIT
        return None if self._tape.has_room else Ended.ROOM

    async def _turn(self, seconds: float, *, is_last: bool) -> bool:
        """Fetch what came and write it; return whether there is more. Raises Unwritten, and Busy where the agent has stopped."""
        answer = await self._question(
            {"do": "record.take", "recording": self._name, "seconds": seconds, "last": is_last}
        )
        if not answer["running"]:
            raise Busy("the agent has stopped")
        self._tape.write(self._writer, [*self._masked(answer["lines"])])
        self.recorded.dropped, self.recorded.frames = answer["dropped"], Counter(answer["frames"])
        self.recorded.octets = self._tape.octets
        return bool(answer["more"])

    def _masked(self, some: Sequence[dict[str, Json]]) -> Sequence[dict[str, Json]]:
        told = some if self._mask is None else [self._mask.line(one) for one in some]
        kept = [one for one in told if one is not None]
        self.recorded.left_out += len(some) - len(kept)
        self.recorded.records += len(kept)
        self.recorded.gateways.update(one["gateway"] for one in kept)
        return kept
