"""A loop's pulse: a number that it raises whenever it has done something, so that whoever watches sees that it moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

STEP_LIMIT_S: Final = 120.0  # for one step of work on this box; a worn flash card may take tens of seconds for a commit


class Pulse:
    """Of one loop. While no round is under way it may stand still: it waits for something to do."""

    __slots__ = ("_beside", "_raised", "limit_s", "name", "under_way")

    def __init__(self, name: str, limit_s: float = STEP_LIMIT_S, beside: Pulse | None = None) -> None:
        """``limit_s`` is how long a round may do nothing; what moves ``beside`` it counts, too: it is waited for."""
        self.name = name
        self.limit_s = limit_s
        self.under_way = 0
        self._beside = beside
        self._raised = 0

    @property
    def number(self) -> int:
        """How far it is."""
        return self._raised + (0 if self._beside is None else self._beside.number)

    def beat(self) -> None:
        """Raise the number."""
        self._raised += 1

    @contextmanager
    def round(self) -> Iterator[None]:
        """Be under way for as long as the block lasts; many may be at once."""
        self._raised += 1
        self.under_way += 1
        try:
            yield
        finally:
            self._raised += 1
            self.under_way -= 1
