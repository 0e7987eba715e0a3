"""Platforms and the way to them: they take, refuse, put off, say nothing, go away, and one forgets what it took."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from random import Random
from typing import Final
from uuid import UUID

from gateway.errors import Unreachable
from gateway.model import Answer, Bounds, Json, Request, Verdict
from simulators.simulation.process import Process
from simulators.simulation.trace import Trace

RETRY_AFTER: Final = timedelta(seconds=20)
FORGETS: Final = 0.3  # of what the forgetful platform has taken, at each lapse


class Kind(Enum):
    """What a platform does with an uplink that it takes."""

    STRICT = "keeps the latest value without comparing times"
    EVENTS = "keeps each event once, by its id"
    FORGETFUL = "acknowledges, and may forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """How a platform behaves for a time; shares of its answers, and seconds."""

    is_away: bool = False
    later: float = 0.0
    unclear: float = 0.0
    breaks: float = 0.0  # the connection, within a batch
    slowest_s: float = 0.05


CALM: Final = Mood()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An uplink as a platform was told it."""

    id: UUID
    dev_eui: str
    serial: int
    at: datetime
    bounds: Bounds | None  # of a time that nobody knows: it lies within them


@dataclass(slots=True, kw_only=True)
class Platform:
    """One platform, for the whole story. ``refuses_one_in`` uplinks are refused, always the same ones."""

    name: str
    kind: Kind
    random: Random
    refuses_one_in: int
    takes_uncertain_time: bool = False
    mood: Mood = CALM
    changed_s: float = 0.0  # when its mood changed last, in the loop's time
    taken: dict[UUID, Told] = field(default_factory=dict)
    values: dict[str, Told] = field(default_factory=dict)  # of each device the last that it was told
    answered: set[UUID] = field(default_factory=set)  # for which the agent has heard that they were taken
    refusals: set[UUID] = field(default_factory=set)

    def refuses(self, told: Told) -> bool:
        """Tell whether it will never take this uplink."""
        return zlib.crc32(f"{self.name}{told.id}".encode()) % self.refuses_one_in == 0

    def turn(self, mood: Mood) -> None:
        """Have another mood from now on."""
        self.mood, self.changed_s = mood, asyncio.get_running_loop().time()

    def forget(self) -> None:
        """Lose some of what was taken."""
        for uplink in [one for one in self.taken if self.random.random() < FORGETS]:
            del self.taken[uplink]


class Ear:
    """Who is to know what a platform is told, and when the agent knows that it took it."""

    def told(self, platform: Platform, told: Told) -> None:
        """Be told of an uplink before the platform takes it."""

    def answered(self, platform: Platform, told: Told) -> None:
        """Be told of an uplink that the agent has just learned to be taken."""


class Way:
    """A transport: the way of one process to one platform."""

    def __init__(self, platform: Platform, process: Process, trace: Trace, ear: Ear) -> None:
        self._platform = platform
        self._process = process
        self._trace = trace
        self._ear = ear

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Send as a transport does; the process may die before the platform has it, or before it knows."""
        platform = self._platform
        self._process.reach("before a request")
        await self._pass()
        if platform.mood.is_away:
            self._trace.note(f"{platform.name} is away")
            raise Unreachable(f"{platform.name}: no connection")
        told = [_told(request) for request in requests]
        answers = self._answers(told)
        await self._pass()
        self._process.reach("before an answer")
        self._note(told, answers)
        return answers

    async def close(self) -> None:
        """Say nothing."""

    def status(self) -> Mapping[str, Json]:
        """Return whether it is there."""
        return {"connected": not self._platform.mood.is_away}

    async def _pass(self) -> None:
        await asyncio.sleep(self._platform.random.uniform(0.0, self._platform.mood.slowest_s))
        self._process.reach("on the way")

    def _answers(self, told: Sequence[Told]) -> list[Answer]:
        answers: list[Answer] = []
        for one in told:
            if self._platform.random.random() < self._platform.mood.breaks:
                lost = Answer(verdict=Verdict.LATER, status=0, detail="not sent: connection lost")
                return [*answers, *[lost] * (len(told) - len(answers))]
            answers.append(self._answer(one))
        return answers

    def _answer(self, told: Told) -> Answer:
        platform, draw = self._platform, self._platform.random.random()
        if draw < platform.mood.later:
            return Answer(verdict=Verdict.LATER, status=503, detail="503 busy", retry_after=RETRY_AFTER)
        if draw < platform.mood.later + platform.mood.unclear:
            if platform.random.random() < 0.5 and not platform.refuses(told):
                self._take(told)
            return Answer(verdict=Verdict.UNCLEAR, status=0, detail="no answer")
        if platform.refuses(told):
            platform.refusals.add(told.id)
            return Answer(verdict=Verdict.REFUSED, status=400, detail="400 not that one")
        self._take(told)
        return Answer(verdict=Verdict.TAKEN, status=204)

    def _take(self, told: Told) -> None:
        self._ear.told(self._platform, told)
        self._platform.taken.setdefault(told.id, told)
        self._platform.values[told.dev_eui] = told

    def _note(self, told: Sequence[Told], answers: Sequence[Answer]) -> None:
        words = []
        for one, answer in zip(told, answers, strict=True):
            words.append(f"{one.serial} {answer.verdict}")
            if answer.verdict is Verdict.TAKEN:
                self._ear.answered(self._platform, one)
                self._platform.answered.add(one.id)
        self._trace.note(f"{self._platform.name}: {', '.join(words)}")


def _told(request: Request) -> Told:
    body = json.loads(request.body)
    return Told(
        id=UUID(body["id"]),
        dev_eui=body["dev_eui"],
        serial=body["serial"],
        at=datetime.fromisoformat(body["at"]),
        bounds=None if body["bounds"] is None else Bounds(*map(_time, body["bounds"])),
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
