"""Who ran into a limit lately: whoever does so again and again waits, and nobody else does."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

STRIKES: Final = (
    3  # overruns in a row before a device waits: one odd payload, or a machine that was busy, costs nothing
)
FIRST_WAIT: Final = 60.0  # seconds
LONGEST_WAIT: Final = 3600.0  # seconds; a device that sends every ten minutes then costs a tenth of a second an hour
REMEMBERED: Final = 4096  # devices in trouble; the oldest is forgiven when there are more


@dataclass(frozen=True, slots=True)
class Strain:
    """Overruns in a row, and the moment (monotonic, seconds) until which nothing more is tried."""

    strikes: int
    until: float


class Patience:
    """Counts overruns by key: a decoder's source and a device."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the monotonic clock, in seconds."""
        self._clock = clock
        self._strains: OrderedDict[tuple[str, str], Strain] = OrderedDict()

    def wait_s(self, key: tuple[str, str]) -> float:
        """Return how long ``key`` has to wait still, in seconds; 0: it is tried."""
        strain = self._strains.get(key)
        return 0.0 if strain is None else max(strain.until - self._clock(), 0.0)

    def overran(self, key: tuple[str, str]) -> None:
        """Count an overrun: from the third in a row on ``key`` waits, twice as long each time."""
        before = self._strains.pop(key, None)
        strikes = 1 if before is None else before.strikes + 1
        wait = min(FIRST_WAIT * 2 ** min(strikes - STRIKES, 10), LONGEST_WAIT) if strikes >= STRIKES else 0.0
        self._strains[key] = Strain(strikes, self._clock() + wait)
        if len(self._strains) > REMEMBERED:
            self._strains.popitem(last=False)

    def went_well(self, key: tuple[str, str]) -> None:
        """Forget what was."""
        self._strains.pop(key, None)
