"""The story as far as it is told: its phase in plain words, what happened when, and how the backlog grew."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.demo.snapshot import Snapshot

REMEMBERED: Final = 240  # snapshots: a minute of backlog
EVENTS: Final = 40


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the story."""

    words: str
    style: str


JOINING: Final = Phase("The sensors join and begin to speak", "cyan")
WELL: Final = Phase("All is well: what is heard is at both cities at once", "green")
GONE: Final = Phase("The internet is gone: uplinks are kept on disk", "red")
BACK: Final = Phase("It is back: catching up", "yellow")
ENDING: Final = Phase("The sensors rest; the last uplinks are on their way", "cyan")


def caught_up(lost: int, heard: int) -> Phase:
    """Return the end of an outage."""
    return Phase(f"Caught up: {lost} lost of the {heard} uplinks heard so far", "red" if lost else "green")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    at_s: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One frame of the film."""

    at_s: float
    phase: Phase
    snapshot: Snapshot
    events: Sequence[Event]
    backlog: Sequence[int]  # rows that waited, the latest last
    dashboard: str = ""  # where a browser sees the same


class Tale:
    """Collects what is told; ``time`` gives seconds."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._began = time()
        self._events: deque[Event] = deque(maxlen=EVENTS)
        self._backlog: deque[int] = deque(maxlen=REMEMBERED)
        self.phase = JOINING
        self.turn_to(JOINING)

    def turn_to(self, phase: Phase) -> None:
        """Begin the next part."""
        self.phase = phase
        self.note(phase.words)

    def note(self, words: str) -> None:
        """Remember that something happened."""
        self._events.append(Event(self._time() - self._began, words))

    def moment(self, snapshot: Snapshot, dashboard: str = "") -> Moment:
        """Return the present moment, with ``snapshot`` as its picture of the agent."""
        self._backlog.append(snapshot.waiting)
        return Moment(
            at_s=self._time() - self._began,
            phase=self.phase,
            snapshot=snapshot,
            events=tuple(self._events),
            backlog=tuple(self._backlog),
            dashboard=dashboard,
        )
