"""When a station's moments are on this box's clock, learnt from what it hears: no station says what time it is now."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.sources.basics_station.phy import Moment

DRIFT: Final = 1e-4  # of two crystals that nobody corrects
MOST_SESSIONS: Final = 16  # a station has as many as radio units; each start of a radio is another one
_MICROSECOND: Final = timedelta(microseconds=1)


class AirClock:
    """The clocks of one station's radios, as long as it is connected; what it heard before is answered no more."""

    def __init__(self) -> None:
        self._zeros: dict[int, tuple[float, float]] = {}  # by session: our time at its 0, and when that was learnt

    def heard(self, moment: Moment, monotonic: float) -> None:
        """Learn from a frame that came at ``monotonic``: what was under way for the shortest time says most."""
        zero = monotonic - moment.microseconds / 1e6
        known = self._zeros.pop(moment.session, None)
        if known is not None:
            zero = min(zero, known[0] + DRIFT * (monotonic - known[1]))
        elif len(self._zeros) >= MOST_SESSIONS:
            del self._zeros[next(iter(self._zeros))]
        self._zeros[moment.session] = zero, monotonic

    def opens(self, moment: Moment, delay: timedelta) -> float | None:
        """Return when a slot opens, in our monotonic seconds; None where the radio has started anew since."""
        known = self._zeros.get(moment.session)
        return None if known is None else known[0] + (moment.microseconds + delay // _MICROSECOND) / 1e6
