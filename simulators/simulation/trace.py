"""What happened, step by step: the last events for people, a digest of all of them to compare two runs by."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LAST: Final = 30  # events that a broken law is shown with


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A law that did not hold, at which step of the story, and what came before."""

    law: str
    what: str
    step: int
    before: tuple[str, ...]


class Trace:
    """The events of one story; ``now`` gives its seconds."""

    def __init__(self, now: Callable[[], float], tell: Callable[[str], None] | None = None) -> None:
        """``tell`` is given each line as it comes."""
        self._now = now
        self._tell = tell
        self._digest = hashlib.sha256()
        self._last: deque[str] = deque(maxlen=LAST)
        self.steps = 0
        self.broken: Broken | None = None  # the first one
        self.on_broken: Callable[[], None] = lambda: None

    def note(self, event: str) -> None:
        """Note that something happened."""
        self.steps += 1
        line = f"{self.steps:6d} {self._now():14.3f} s  {event}"
        self._digest.update(line.encode())
        self._last.append(line)
        if self._tell is not None:
            self._tell(line)

    def break_law(self, law: str, what: str) -> None:
        """Note that a law is broken. Does not raise: the agent must not be able to catch it."""
        if self.broken is None:
            self.note(f"BROKEN {law}: {what}")
            self.broken = Broken(law=law, what=what, step=self.steps, before=tuple(self._last))
            self.on_broken()

    @property
    def digest(self) -> str:
        """Tell two stories apart."""
        return self._digest.hexdigest()
