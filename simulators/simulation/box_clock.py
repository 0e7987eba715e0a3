"""The box's clock: a boot, a wall that may be wrong, and how far it is believed; beside it the truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.model import Instant, TimeQuality
from simulators.jumping_time import BEGIN_S

START: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)  # the truth when a story begins


class BoxClock:
    """Call it for an `Instant`; ``now`` gives the loop's seconds, which are true."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._booted: dict[str, float] = {}
        self._boot_id = ""
        self._wrong_s = 0.0
        self.set_s = 0.0  # when the wall was set last, in the loop's time
        self.quality = TimeQuality.NTP
        self.learnable: set[str] = set()  # boots in which the clock was right at some time
        self.boot(0.0, TimeQuality.NTP)

    def boot(self, wrong_s: float, quality: TimeQuality) -> None:
        """Begin another boot, whose monotonic clock begins anew."""
        self._boot_id = f"boot-{len(self._booted) + 1}"
        self._booted[self._boot_id] = self._now() - 1.0
        self.set(wrong_s, quality)

    def set(self, wrong_s: float, quality: TimeQuality) -> None:
        """Have the wall clock ``wrong_s`` ahead of the truth from now on."""
        self._wrong_s, self.quality = wrong_s, quality
        self.set_s = self._now()
        if quality >= TimeQuality.NTP:
            self.learnable.add(self._boot_id)

    def __call__(self) -> Instant:
        """Return now, as the box has it."""
        utc = self.truth() + timedelta(seconds=self._wrong_s)
        return Instant(utc, self._now() - self._booted[self._boot_id], self._boot_id, self.quality)

    @property
    def boot_id(self) -> str:
        """The present boot."""
        return self._boot_id

    def truth(self) -> datetime:
        """Return what time it is."""
        return true_time(self._now())

    def true_time_of(self, instant: Instant) -> datetime:
        """Return when ``instant`` was, whatever the wall said then."""
        return true_time(self._booted[instant.boot_id] + instant.monotonic)


def true_time(loop_s: float) -> datetime:
    """Return the truth at a time of the loop."""
    return START + timedelta(seconds=loop_s - BEGIN_S)
