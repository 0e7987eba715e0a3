"""The story: all is well, the internet goes, the backlog grows, it comes back, the backlog drains, nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import tempfile
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from rich.console import Console

from simulators.demo.shows import Show, show_on
from simulators.demo.snapshot import take
from simulators.demo.stage import Stage, stage
from simulators.demo.summary import summarise
from simulators.demo.tale import BACK, ENDING, GONE, WELL, Phase, Tale, caught_up
from simulators.demo.verdict import Verdict
from simulators.platforms.ngsi_ld import NgsiLdReceiver

DRAW_EVERY_S: Final = 0.25
LOOK_EVERY_S: Final = 0.1
JOIN_S: Final = 6.5  # a join accept comes after 5 s: until then the sensors begin to speak

ShowOn = contextlib.AbstractContextManager[Show]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How long each part lasts, in seconds."""

    once: bool = True
    outage_s: float = 12.0
    join_s: float = JOIN_S
    well_s: float = 5.0
    after_s: float = 4.0
    between_s: float = 30.0  # outages of a demo that goes on
    drain_limit_s: float = 60.0  # of a backlog, once the internet is back
    settle_limit_s: float = 20.0  # of the last uplinks
    pace_s: float = 2.5  # between two uplinks of a sensor
    seed: int = 1


async def perform(
    script: Script, console: Console, south: NgsiLdReceiver, *, shown: Callable[[Console], ShowOn] = show_on
) -> Verdict:
    """Play ``script`` with ``south`` as one of the cities, and print what became of every uplink."""
    stop = asyncio.Event()
    tale = Tale(asyncio.get_running_loop().time)
    with tempfile.TemporaryDirectory(prefix="brygga-demo-") as folder, _signals(stop), _remarks(tale):
        async with stage(Path(folder), south, seed=script.seed, pace_s=script.pace_s) as everything:
            tale.note(f"The dashboard is at {everything.dashboard}")
            with shown(console) as show:
                verdict = await _shown(script, everything, tale, show, stop)
    summarise(verdict, console)
    return verdict


async def _shown(script: Script, everything: Stage, tale: Tale, show: Show, stop: asyncio.Event) -> Verdict:
    async with asyncio.TaskGroup() as tasks:
        drawing = tasks.create_task(_draw(everything, tale, show), name="drawing")
        await _tell(script, everything, tale, stop)
        verdict = await _end(script, everything, tale)
        drawing.cancel()
    return verdict


async def _draw(everything: Stage, tale: Tale, show: Show) -> None:
    while True:
        show.draw(tale.moment(await take(everything), everything.dashboard))
        await asyncio.sleep(DRAW_EVERY_S)


async def _tell(script: Script, everything: Stage, tale: Tale, stop: asyncio.Event) -> None:
    await _wait(stop, script.join_s)
    tale.turn_to(WELL)
    await _wait(stop, script.well_s)
    while not stop.is_set():
        everything.cut()
        tale.turn_to(GONE)
        await _wait(stop, script.outage_s)
        await everything.mend()
        tale.turn_to(BACK)
        tale.turn_to(await _drained(script, everything))
        await _wait(stop, script.after_s)
        if script.once:
            return
        tale.turn_to(WELL)
        await _wait(stop, script.between_s)


async def _drained(script: Script, everything: Stage) -> Phase:
    """Wait until every uplink that was heard up to now is at both cities, and say how it ended."""
    kept = frozenset(everything.fleet.heard)
    return caught_up(len(await _delivered(everything, kept, script.drain_limit_s)), len(kept))


async def _end(script: Script, everything: Stage, tale: Tale) -> Verdict:
    tale.turn_to(ENDING)
    await everything.fleet.rest()
    await _delivered(everything, frozenset(everything.fleet.heard), script.settle_limit_s)
    await asyncio.sleep(2 * DRAW_EVERY_S)  # for a last look at the result
    return everything.verdict()


async def _delivered(everything: Stage, uplinks: AbstractSet[UUID], limit_s: float) -> AbstractSet[UUID]:
    """Wait until ``uplinks`` are everywhere; return those that are not when the limit is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + limit_s
    while (missing := everything.verdict().lost & uplinks) and loop.time() < until:  # noqa: ASYNC110 - the cities ring no bell
        await asyncio.sleep(LOOK_EVERY_S)
    return missing


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Let the first Ctrl-C end the story with its summary; a second one ends the process."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class _Remarks(logging.Handler):
    """Makes what the agent logs a part of the story; on a live screen it would tear the picture."""

    def __init__(self, tale: Tale) -> None:
        super().__init__(logging.WARNING)
        self._tale = tale

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line."""
        self._tale.note(f"agent: {record.getMessage()}")


@contextlib.contextmanager
def _remarks(tale: Tale) -> Iterator[None]:
    handler, root = _Remarks(tale), logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
