"""A source, watched for a while: through the agent that runs, or opened by the command itself where none does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.agent import first_cause
from gateway.config import Settings
from gateway.control import ask
from gateway.errors import Brygga, Busy
from gateway.groundwork import system_clock
from gateway.model import Clock, DevAddr, Eui64, Frame, Heard, Json
from gateway.sources import catalogue
from gateway.sources.settings import SourceSettings
from gateway.survey import Known, Survey, merged

TURN_S: Final = 5.0  # of one question to the agent; whom it knows it looks up anew for each
TICK_S: Final = 0.5

Told = Callable[[float], None]
"""So many seconds have passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A source's status before and after, and what came in between."""

    running: bool  # the agent; else the source was opened for this
    seconds: float
    devices: int  # that are registered
    before: Mapping[str, Json]
    after: Mapping[str, Json]
    survey: Mapping[str, Json]


async def watch(settings: Settings, source: SourceSettings, seconds: float, told: Told) -> Watched:
    """Watch a source for ``seconds``; raises ConfigError where it cannot begin, Busy and StorageError as `ask` does."""
    try:
        async with asyncio.TaskGroup() as tasks:
            ticking = tasks.create_task(_tick(told, time.monotonic()), name="progress")
            watched = await _watched(settings, source, seconds, system_clock(settings))
            ticking.cancel()
    except* Brygga as group:
        raise first_cause(group) from group
    return watched


async def _watched(settings: Settings, source: SourceSettings, seconds: float, clock: Clock) -> Watched:
    async def question(turn_s: float) -> Json:
        return await ask(settings, clock, {"do": "source.watch", "name": source.name, "seconds": turn_s})

    async def of_the_agent(turn_s: float) -> Json:
        answer = await question(turn_s)
        if not answer["running"]:
            raise Busy("the agent has stopped meanwhile; try again")
        return answer

    if _has_never_run(settings):
        return await _opened(source, seconds, clock, Known())
    first = await question(0.0)
    if first["running"]:
        return await _of_the_agent(of_the_agent, seconds)
    addresses, dev_euis = map(DevAddr, first["addresses"]), map(Eui64, first["dev_euis"])
    return await _opened(source, seconds, clock, Known(frozenset(addresses), frozenset(dev_euis)))


async def _of_the_agent(question: Callable[[float], Awaitable[Json]], seconds: float) -> Watched:
    """Ask turn after turn: between two a frame may go uncounted by kind, and never by the source itself."""
    left, whole = seconds, await question(min(TURN_S, seconds))
    survey, last = whole["survey"], whole
    while (left := left - TURN_S) > 0:
        last = await question(min(TURN_S, left))
        survey = merged(survey, last["survey"])
    return Watched(
        running=True,
        seconds=seconds,
        devices=last["devices"],
        before=whole["before"],
        after=last["after"],
        survey=survey,
    )


async def _opened(settings: SourceSettings, seconds: float, clock: Clock, known: Known) -> Watched:
    source, survey = catalogue.make(settings, clock), Survey(settings.name, known)

    async def hear(heard: Heard) -> None:
        survey.take(heard)
        if not isinstance(heard, Frame):
            await (
                asyncio.Event().wait()
            )  # no limit but the watch's: what a server keeps for the agent is not taken from it

    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(source.run(hear), name=f"source {source.name}")
            before = source.status()
            await asyncio.sleep(seconds)
            after = source.status()
            running.cancel()
    except* Brygga as group:
        raise first_cause(group) from group
    return Watched(
        running=False,
        seconds=seconds,
        devices=len(known.dev_euis),
        before=before,
        after=after,
        survey=survey.as_json(),
    )


def _has_never_run(settings: Settings) -> bool:
    try:
        return not settings.journal_path.exists()
    except PermissionError:  # asking the agent says whose it is
        return False


async def _tick(told: Told, began: float) -> None:
    while True:
        told(time.monotonic() - began)
        await asyncio.sleep(TICK_S)
