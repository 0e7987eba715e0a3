"""What was heard in each of the last sixty minutes, whole and broken: pure, on the monotonic clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.model import Json

KEPT: Final = 60  # minutes
STEP_S: Final = 60.0
FEW: Final = 10  # minutes that tell how it is now
EMPTY: Final = (0,) * KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What was heard in the last so many minutes: ``heard`` is whole, ``broken`` has a wrong CRC."""

    minutes: int
    heard: int
    broken: int

    @property
    def packets(self) -> int:
        """How many came, in whatever state."""
        return self.heard + self.broken

    @property
    def share_broken(self) -> float:
        """Which part of them is broken, 0 to 1; of nothing 0."""
        return self.broken / self.packets if self.packets else 0.0

    @property
    def when(self) -> str:
        """Return in which time, in words."""
        return "the last hour" if self.minutes == KEPT else f"the last {self.minutes} minutes"

    def __str__(self) -> str:
        frames = "1 frame" if self.heard == 1 else f"{self.heard or 'no'} frames"
        broken = f", {self.share_broken:.0%} of all packets broken" if self.broken else ""
        return f"{frames} in {self.when}{broken}"

    def as_json(self) -> dict[str, Json]:
        """Return it by name."""
        return {"minutes": self.minutes, "heard": self.heard, "broken": self.broken}


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Counts by the minute, sixty each, the oldest first; the last is of the minute that runs."""

    minute: int  # that runs, since the clock's beginning
    heard: tuple[int, ...] = EMPTY
    broken: tuple[int, ...] = EMPTY

    @classmethod
    def begun(cls, now: float) -> Minutes:
        """Return them before anything was heard; ``now`` is monotonic, in seconds."""
        return cls(minute=int(now // STEP_S))

    def at(self, now: float) -> Minutes:
        """Return them as they stand at ``now``: what is older than an hour has gone."""
        on = min(int(now // STEP_S) - self.minute, KEPT)
        if on <= 0:
            return self
        gone = EMPTY[:on]
        return Minutes(minute=int(now // STEP_S), heard=self.heard[on:] + gone, broken=self.broken[on:] + gone)

    def noted(self, when: float, *, heard: int = 0, broken: int = 0) -> Minutes:
        """Return them with more that was heard at ``when``; what was heard more than an hour ago is in none of them."""
        there = self.at(when)
        place = KEPT - 1 + int(when // STEP_S) - there.minute
        if place < 0:
            return there
        return Minutes(
            minute=there.minute, heard=_more(there.heard, place, heard), broken=_more(there.broken, place, broken)
        )

    def as_json(self) -> dict[str, Json]:
        """Return both lists by name."""
        return {"heard": [*self.heard], "broken": [*self.broken]}


def lately(counts: Mapping[str, Sequence[int]]) -> tuple[Lately, Lately]:
    """Return the last ten minutes and the whole hour of what `Minutes.as_json` told."""
    few, all_of = (
        Lately(minutes=one, heard=sum(counts["heard"][-one:]), broken=sum(counts["broken"][-one:]))
        for one in (FEW, KEPT)
    )
    return few, all_of


def telling(spans: Iterable[Lately], least: int) -> Lately:
    """Return the first of ``spans`` that has ``least`` packets, else the last."""
    every = [*spans]
    return next((one for one in every if one.packets >= least), every[-1])


def _more(counts: tuple[int, ...], place: int, more: int) -> tuple[int, ...]:
    return (*counts[:place], counts[place] + more, *counts[place + 1 :]) if more else counts
