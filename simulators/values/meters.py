"""Meters that only rise: what a household, a house or a door uses up by the hour of the week and the season, added up in closed form.

A meter's mean is an integral that can be written down: a profile over the week, repeated, and a wave over the year. `risen`
makes use of it that comes by fits and starts and never runs backwards. Meters know no summer time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Final, Self

from simulators.hashed import uniform
from simulators.values.moments import MIDWINTER, THURSDAY, YEAR_S, Moment, Place
from simulators.values.noise import DAY_S, HOUR_S, risen

# How an ordinary day is shared out among its hours; weights.
HOUSEHOLD: Final = (.3, .15, .1, .1, .15, .5, 1.6, 2.2, 1.5, 1.0, .9, .9, 1.0, .9, .8, .9, 1.3, 1.8, 2.1, 1.9, 1.5, 1.2, .9, .5)  # fmt: skip
OFFICE_HOURS: Final = (.1, .1, .1, .1, .1, .2, .5, 1.4, 2.4, 2.4, 2.3, 2.4, 2.2, 2.3, 2.3, 2.2, 1.8, 1.0, .5, .3, .2, .1, .1, .1)  # fmt: skip
EVEN: Final = (1.0,) * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A counter: so much a day in the mean, shared out over the week, but for the part ``winter`` (0 to 1), which goes with the cold.

    ``step`` is what goes through at once, in the mean: the smaller, the smoother.
    """

    key: int
    a_day: float
    step: float
    week: tuple[float, ...]  # of a week, what is behind at the beginning of each hour; 169 numbers from 0 to 1
    winter: float
    installed_s: float

    @classmethod
    def of(
        cls,
        place: Place,
        name: str,
        *,
        a_day: float,
        step: float,
        hours: tuple[float, ...] = EVEN,
        weekend: float = 1.0,
        winter: float = 0.0,
    ) -> Self:
        """Return a device's meter; its owner uses half to one and a half of ``a_day``, and ``weekend`` of a day's on Saturdays."""
        key = place.key(name)
        return cls(
            key=key,
            a_day=a_day * (0.5 + uniform(key, -1)),
            step=step,
            week=_week(hours, weekend),
            winter=winter,
            installed_s=YEAR_S * (48 + 5 * uniform(key, -2)),  # between 2018 and 2023
        )

    def __call__(self, now: Moment) -> float:
        """Return what it shows, in the unit of ``a_day``."""
        means = self._mean(now.seconds) - self._mean(self.installed_s)
        return max(0.0, self.step * (1 + risen(self.key, means / self.step)))

    def rate(self, now: Moment, over_s: float = 900.0) -> float:
        """Return what went through in the last quarter of an hour, an hour."""
        return (self(now) - self(now.before(over_s))) * HOUR_S / over_s

    def _mean(self, seconds: float) -> float:
        """Return the integral of the mean use since 1970."""
        weeks, part = divmod((seconds + HOUR_S) / DAY_S + THURSDAY, 7)
        hour, within = divmod(part * 24, 1)
        before, after = self.week[int(hour)], self.week[int(hour) + 1]
        days = 7 * (weeks + before + (after - before) * within)
        turn = 2 * math.pi * (seconds / YEAR_S - MIDWINTER)
        cold_days = (
            seconds + YEAR_S / (2 * math.pi) * math.sin(turn)
        ) / DAY_S  # nothing at midsummer, twice the mean at midwinter
        return self.a_day * ((1 - self.winter) * days + self.winter * cold_days)


@cache
def _week(hours: tuple[float, ...], weekend: float) -> tuple[float, ...]:
    weights = [*hours] * 5 + [weekend * one for one in hours] * 2
    total = sum(weights)
    return tuple(accumulate((one / total for one in weights), initial=0.0))
