"""What the doctor says: findings, the ills that they may name, and the checks that find them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from gateway.doctor.box import Box
from gateway.model import Json


class Standing(StrEnum):
    """How something stands."""

    WRONG = "wrong"  # uplinks are lost, late or not heard, or soon will be
    UNWISE = "unwise"  # it works, and one day it will not
    UNKNOWN = "unknown"  # it could not be looked at
    WELL = "well"


WORST_FIRST: Final = tuple(Standing)


@dataclass(frozen=True, slots=True)
class Ill:
    """One thing that can be wrong with what a check looks at; its name is stable, for those who translate."""

    name: str
    standing: Standing
    means: str  # for the page
    do: str  # what to do, with {keys} that a `Seen` fills in; short enough for a phone


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one thing; without an ill all is well with it."""

    words: str
    ill: Ill | None = None
    about: str = ""  # which source, destination, file; "" for the box
    keys: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's report."""

    check: str
    standing: Standing
    seen: str
    means: str = ""
    do: str = ""
    about: str = ""
    ill: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)  # that fill `do`, for one in another language

    def as_json(self) -> dict[str, Json]:
        """Return it by name."""
        return {
            "check": self.check,
            "standing": str(self.standing),
            "seen": self.seen,
            "means": self.means,
            "do": self.do,
            "about": self.about,
            "ill": self.ill,
            "keys": dict(self.keys),
        }


def _unseen(name: str, means: str, do: str) -> Ill:
    return Ill(f"unseen.{name}", Standing.UNKNOWN, means, do)


# Any check may have these instead of its own: what it looks at could not be looked at.
HIDDEN: Final = _unseen(
    "hidden", "it cannot be seen from here", "try as the agent's user or with sudo: sudo brygga doctor"
)
DENIED: Final = _unseen("denied", "it belongs to another user", "sudo brygga doctor")
SLOW: Final = _unseen("slow", "looking at it took too long", "try again; if it stays so, this is what hangs")
FAILED: Final = _unseen(
    "failed", "looking at it failed", "try again; if it stays so: brygga doctor --bundle box.zip, for whoever helps you"
)
ODD: Final = _unseen(
    "odd",
    "the agent's answer is not understood",
    "sudo systemctl restart brygga, so that agent and command are of one version",
)
UNSEEN: Final = (HIDDEN, DENIED, SLOW, FAILED, ODD)


class Unseen(Exception):
    """Something cannot be seen from here; the text says why."""


Probe = Callable[[Box], Awaitable[Any]]
"""Collect facts of a box, which a judge knows; None where there is nothing to be looked at. Raises Unseen, OSError, Brygga."""

Judge = Callable[[Any], Iterable[Seen]]
"""Judge facts: pure. Nothing is yielded where nothing is to be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the table: what is looked at, by what it is judged, what can be wrong with it."""

    id: str  # "disk.room"
    looks: str  # what is looked at
    probe: Probe
    judge: Judge
    ills: tuple[Ill, ...]
    only_deep: bool = False  # it sends something, so only where it is asked for

    @property
    def topic(self) -> str:
        """What `--only` calls it."""
        return self.id.partition(".")[0]

    def findings(self, facts: Any) -> list[Finding]:
        """Return what ``facts`` come to; of what is well one line for all."""
        seen = [] if facts is None else [*self.judge(facts)]
        ills = [self._finding(one, one.ill) for one in seen if one.ill is not None]
        well = [one.words for one in seen if one.ill is None]
        if ills or not well:
            return ills
        return [Finding(check=self.id, standing=Standing.WELL, seen="; ".join(well))]

    def unseen(self, why: str, ill: Ill) -> Finding:
        """Return that it could not be looked at; ``ill`` is one of UNSEEN."""
        return self._finding(Seen(why), ill)

    def _finding(self, seen: Seen, ill: Ill) -> Finding:
        assert ill in self.ills or ill in UNSEEN, f"{self.id}: {ill.name} is not in its table"
        return Finding(
            check=self.id,
            standing=ill.standing,
            seen=seen.words,
            means=ill.means,
            do=ill.do.format_map(seen.keys),
            about=seen.about,
            ill=ill.name,
            keys={name: str(value) for name, value in seen.keys.items()},
        )
