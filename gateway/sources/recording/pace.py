"""When each record of a recording is due, in the time of whoever plays it."""

from __future__ import annotations

from typing import Final

LONGEST_GAP_S: Final = 3600.0  # between two records; more is a gap in the recording, or a clock that was set


class Pace:
    """Due times from recorded ones: ``speed`` times faster, a clock that went back no obstacle; None: all at once."""

    def __init__(self, speed: float | None, begins_at: float) -> None:
        self._speed = speed
        self._due = begins_at
        self._last: float | None = None

    def due(self, at_s: float | None) -> float:
        """Return when a record that was made at ``at_s`` is due; without a time it is due with the one before."""
        if self._speed is None or at_s is None:
            return self._due
        gap = 0.0 if self._last is None else min(max(at_s - self._last, 0.0), LONGEST_GAP_S)
        self._last = at_s
        self._due += gap / self._speed
        return self._due
