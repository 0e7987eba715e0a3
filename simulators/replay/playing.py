"""A recording that is played: each datagram when it is due, and what became of it."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

from gateway.sources.recording.pace import Pace
from simulators.replay.players import Player
from simulators.replay.script import Moment, Overview, Script

WINDOW: Final = 64  # datagrams that are not answered yet: a server's receive buffer holds them all
OVERDUE_WINDOW: Final = 1024  # the same at a pace: a second that a server stands still
REST_S: Final = 1.0  # between two rounds
LINGER_S: Final = 1.0  # for orders that answer the last frames: they come when copies are gathered and all is committed
MOST_LATENESSES: Final = 1_000_000  # 8 MB; a longer replay's percentile is of its beginning

Told = Callable[[int], None]


@dataclass(slots=True)
class Played:
    """How it went."""

    sent: int = 0
    acknowledged: int = 0
    rounds: int = 0  # that came to their end
    seconds: float = 0.0
    stopped: bool = False  # before its end
    lateness_s: array[float] = field(default_factory=lambda: array("d"))

    def percentile_s(self, share: float) -> float | None:
        """Return within which time ``share`` of the datagrams left after they were due; None where none was due at a time."""
        late = sorted(self.lateness_s)
        return late[min(int(share * len(late)), len(late) - 1)] if late else None


class Playing:
    """One replay."""

    def __init__(self, script: Script, player: Player, speed: float | None, stop: asyncio.Event, told: Told) -> None:
        self.played = Played()
        self._script = script
        self._player = player
        self._speed = speed
        self._stop = stop
        self._told = told
        self._window = asyncio.Semaphore(WINDOW if speed is None else OVERDUE_WINDOW)

    async def run(self, *, again: bool) -> None:
        """Play it, and ``again`` and again; return when it has ended, or was stopped, and what was sent is answered or lost."""
        loop, played = asyncio.get_running_loop(), self.played
        began = loop.time()
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._round(tasks)
                while again and not await self._stopped_within(REST_S):
                    await self._round(tasks)
        finally:
            played.stopped = self._stop.is_set()
            played.seconds = loop.time() - began

    async def _round(self, tasks: asyncio.TaskGroup) -> None:
        self._player.begin_round()
        turns, pace = self._script.turns(), Pace(self._speed, asyncio.get_running_loop().time())
        try:
            while turn := await asyncio.to_thread(next, turns, None):
                for moment in turn:
                    if await self._stopped_before(pace.due(moment.at_s)):
                        return
                    await self._window.acquire()
                    tasks.create_task(self._bring(moment), name="datagram")
                self._told(self.played.sent)
        finally:
            await asyncio.to_thread(_closed, turns)
        self.played.rounds += 1

    async def _stopped_before(self, due: float) -> bool:
        """Wait until it is time; return whether it was stopped meanwhile."""
        loop = asyncio.get_running_loop()
        if (wait_s := due - loop.time()) > 0:
            self._told(self.played.sent)
            if await self._stopped_within(wait_s):
                return True
        if self._speed is not None and len(self.played.lateness_s) < MOST_LATENESSES:
            self.played.lateness_s.append(loop.time() - due)
        return self._stop.is_set()

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True

    async def _bring(self, moment: Moment) -> None:
        self.played.sent += 1
        try:
            arrived = await self._player.bring(moment)
            self.played.acknowledged += arrived
        finally:
            self._window.release()


def _closed(turns: Iterator[list[Moment]]) -> None:
    """Close a generator, and the file in it."""
    turns.close()  # type: ignore[attr-defined]  # it is a generator


async def play(
    script: Script,
    overview: Overview,
    player: Player,
    speed: float | None,
    stop: asyncio.Event,
    told: Told,
    *,
    again: bool,
) -> tuple[Played, int]:
    """Connect the gateways and play; return how it went, and how many gateways were not answered. Raises NobodyThere."""
    async with AsyncExitStack() as closing:
        silent = await player.open(overview.versions, closing)
        playing = Playing(script, player, speed, stop, told)
        await playing.run(again=again)
        if not playing.played.stopped:
            await asyncio.sleep(LINGER_S)
    return playing.played, len(silent)
