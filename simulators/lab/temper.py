"""How a platform may be: moods that come and go, each of which strikes a share of its requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


class ByTemper:
    """The mood of a stand-in, which its `temper` has: asked for at each answer, and set by nobody."""

    def __init__(self, forgets: Callable[[Any], object] = lambda _: None) -> None:
        """``forgets``: what the stand-in keeps of each request, and days would not let it keep."""
        self._forgets = forgets

    def __get__(self, city: Any, owner: type) -> Any:
        """Return what is wrong with the next answer."""
        self._forgets(city)
        return city.temper.fault()

    def __set__(self, city: Any, mood: object) -> None:
        """Leave it: stand-ins begin with a mood of their own."""
