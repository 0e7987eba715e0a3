"""When a device speaks: by its rhythm, and at once when what it watches changes; pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from simulators.hashed import mixed, uniform
from simulators.lab.scenario import Rhythm

US: Final = 1_000_000
OWN: Final = 1  # tells the draws of a device's rhythm from its others
NOTICED_S: Final = 1.0  # after a change: a sensor looks twice


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """A time to speak, in microseconds of the scenario; an ``event`` is told late rather than never."""

    at_us: int
    is_event: bool


def turns(rhythm: Rhythm, key: int, changes: Iterator[float]) -> Iterator[Turn]:
    """Yield when a device speaks, in order and without an end where there is a rhythm; ``changes`` are in seconds of the scenario."""
    yield from heapq.merge(_beats(rhythm, mixed(key, OWN)), _events(changes))


def _beats(rhythm: Rhythm, own: int) -> Iterator[Turn]:
    every_s = rhythm.every_s
    if every_s is None:
        return
    first_s = rhythm.at_s if rhythm.at_s is not None else every_s * uniform(own, -1)
    last_us = 0
    for number in count():
        late_s = rhythm.spread_s * uniform(own, number)
        # In order: what spreads wider than its rhythm would overtake itself.
        last_us = max(last_us, round((first_s + number * every_s + late_s) * US))
        yield Turn(last_us, is_event=False)


def _events(changes: Iterator[float]) -> Iterator[Turn]:
    for at_s in changes:
        yield Turn(round((at_s + NOTICED_S) * US), is_event=True)
