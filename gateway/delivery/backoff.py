"""How long to wait before the next try: doubled with each failure, and anywhere below that by chance.

Full jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog 2015): gateways that failed together do not come
back together. Half of them would still meet in the upper half of the pause.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

FIRST_DELAY: Final = 1.0  # seconds; the most before the second try
SHORTEST: Final = 0.05  # seconds; chance may say 0, and a platform that fails at once would be asked without end
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


def pause_s(failures: int, longest: float) -> float:
    """Return how many seconds to wait after so many failures in a row, at most ``longest``: doubled each time, with full jitter."""
    most = min(longest, FIRST_DELAY * 2.0 ** min(failures - 1, 16))
    return max(SHORTEST, random.uniform(0.0, most))  # noqa: S311 - jitter
