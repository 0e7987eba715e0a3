"""How long a destination waits before the next try: with full jitter, or as long as the platform asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.transports.jitter import FIRST_DELAY, pause_s

PATIENCE: Final = 10  # times the longest pause: a platform that asks for more (Retry-After) is asked earlier


class Backoff:
    """The failures in a row of one destination."""

    def __init__(self) -> None:
        self.failures = 0

    def failed(self, longest: float, *, got_through: bool = False, asked_for: timedelta | None = None) -> float:
        """Return how many seconds to wait after one failure more.

        ``got_through``: the platform took something nevertheless, and this failure is the first in a row. ``asked_for``: what
        it wants (Retry-After, RFC 9110, section 10.2.3): exactly that where it is a second or more, up to ten times ``longest``.
        """
        self.failures = 1 if got_through else self.failures + 1
        wanted = 0.0 if asked_for is None else asked_for.total_seconds()
        return min(wanted, PATIENCE * longest) if wanted >= FIRST_DELAY else pause_s(self.failures, longest)

    def succeeded(self) -> None:
        """Begin anew."""
        self.failures = 0
