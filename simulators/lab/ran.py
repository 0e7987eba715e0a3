"""What a run is while it lasts, and what is left of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from gateway.model import Json
from simulators.lab.plan import Town
from simulators.lab.scenario import Scenario
from simulators.lab.witness import Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

    passed_s: float
    lasts_s: float
    said: int
    heard: int
    delivered: int
    waiting: int
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """All that is left of a run."""

    scenario: Scenario
    witness: Witness
    town: Town
    passed_s: float
    is_whole: bool  # False: it was ended early
    box: Mapping[str, int]
    agent: Mapping[str, Json]  # what it said of itself at the end
    platforms: Mapping[str, list[str]]  # what was wrong with what each was told
    journal: bytes  # the canonical export


class Interruption:
    """Whoever may end a run early."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def end(self) -> None:
        """Let what is under way settle, and end."""
        self._event.set()

    @property
    def is_asked(self) -> bool:
        """Tell whether it was asked."""
        return self._event.is_set()

    async def within(self, limit_s: float) -> bool:
        """Return whether it came within so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, limit_s)):
                await self._event.wait()
        return self.is_asked


Watch = Callable[[Callable[[], Progress], Interruption], None]
"""Be told, once all is set up, how to see how far it is, and how to end it early."""


def digest(ran: Ran) -> str:
    """Return what two equal journals have in common."""
    return sha256(ran.journal).hexdigest()
