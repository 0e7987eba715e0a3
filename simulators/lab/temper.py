"""How a platform may be: moods that come and go, each of which strikes a share of its requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulators.hashed import key, uniform


@dataclass(frozen=True, slots=True)
class Mood:
    """What a platform does to a share of its requests, besides answering well."""

    what: str  # a key of a platform's faults
    share: float


class Temper:
    """How a platform is: each request draws by its number, so that the same run has the same answers."""

    def __init__(self, seed: int, name: str, faults: Mapping[str, Any]) -> None:
        self._moods: list[Mood] = []
        self._key = key(seed, name, "mood")
        self._number = 0
        self._faults = faults

    def take(self, mood: Mood) -> None:
        """Be in a mood besides those that it is in; the last one is asked first."""
        self._moods.insert(0, mood)

    def leave(self, mood: Mood) -> None:
        """Be in that mood no more."""
        self._moods.remove(mood)

    def fault(self) -> Any:
        """Return what is wrong with the answer to the next request; None: nothing."""
        for mood in self._moods:
            self._number += 1
            if uniform(self._key, self._number) < mood.share:
                return self._faults[mood.what]
        return None
