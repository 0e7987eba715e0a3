"""What is kept connected: opened, used until it is lost, and opened again, for ever.

A device that is missing is looked for once a second by its path. That costs one stat(2), and unlike inotify it goes through
the links of /dev/serial/by-id, whose whole folder goes with the last device in it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.errors import Brygga, ConfigError
from gateway.model import Clock
from gateway.sources.serial_port import is_url
from gateway.sources.serial_port.lost import Lost, PortLost
from gateway.transports.jitter import pause_s

logger = logging.getLogger(__name__)

LONGEST_PAUSE_S: Final = 60.0  # between two tries
LOOK_EVERY_S: Final = 1.0  # whether a missing device is back
SETTLE_S: Final = 5.0  # udev gives a new device its owner some time after its name
NOT_BY_ITSELF: Final = frozenset({Lost.FORBIDDEN, Lost.NO_PORT})  # what no waiting mends, once udev is done


class NoAnswer(Brygga):
    """Say that what is at the other end of an open port does not say what it should."""


class State(StrEnum):
    """How it stands."""

    OPENS = "opens"
    LISTENS = "listens"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long what is waited for; ``pause`` gives the seconds before the next try, by how many failed and the most allowed."""

    look_every_s: float = LOOK_EVERY_S
    settle_s: float = SETTLE_S
    pause: Callable[[int, float], float] = pause_s


class Kept:
    """One port's connection. What becomes of it is counted in ``counts``."""

    def __init__(self, name: str, port: str, clock: Clock, counts: Counter[str], patience: Patience) -> None:
        self._name = name
        self._port = port
        self._clock = clock
        self._counts = counts
        self._patience = patience
        self.state = State.OPENS
        self.trouble = ""
        self.since = clock().monotonic  # when it began to listen
        self.settled = asyncio.Event()  # it listens, or is known to be away
        self._may_be_no_port = True  # until anything speaks for it: what is plugged in later has not its owner at once

    def begun(self, what: str) -> None:
        """Note that all is well: ``what`` is said to whoever reads the log."""
        self.state, self.trouble, self._may_be_no_port = State.LISTENS, "", False
        self.since = self._clock().monotonic
        self._counts["begun"] += 1
        self.settled.set()
        logger.info("source %s: %s", self._name, what)

    async def again_and_again(self, connect: Callable[[], Awaitable[None]]) -> None:
        """Call ``connect``, which calls `begun` and ends with PortLost or NoAnswer, until cancelled.

        Raises ConfigError where the port is none, or may not be opened by this user, and was so from the beginning on.
        """
        started, failures = self._clock().monotonic, 0
        try:
            while True:
                try:
                    await connect()
                except (PortLost, NoAnswer) as error:
                    failures = 1 if self.state is State.LISTENS else failures + 1
                    self._away(error, may_settle=self._clock().monotonic - started < self._patience.settle_s)
                await self._pause(failures)
        finally:
            self.state = State.OPENS
            self.settled.clear()

    def _away(self, error: PortLost | NoAnswer, *, may_settle: bool) -> None:
        why = str(error.why) if isinstance(error, PortLost) else "no_answer"
        self._may_be_no_port &= isinstance(error, PortLost) and error.why in NOT_BY_ITSELF
        if self._may_be_no_port and not may_settle:
            raise ConfigError(f"source {self._name!r}: {error}") from error
        self._counts[f"away_{why}"] += 1
        if str(error) != self.trouble:
            logger.warning("source %s: %s", self._name, error)
        self.state, self.trouble = State.AWAY, str(error)
        if not self._may_be_no_port:
            self.settled.set()

    async def _pause(self, failures: int) -> None:
        """Wait for the next try: until the device is there, and some time by chance."""
        if not is_url(self._port):
            while not os.path.exists(self._port):  # noqa: ASYNC110, ASYNC240, PTH110 - no limit: it may be plugged in next year
                await asyncio.sleep(self._patience.look_every_s)
        await asyncio.sleep(self._patience.pause(failures, LONGEST_PAUSE_S))
