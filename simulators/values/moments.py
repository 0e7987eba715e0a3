"""When and where something is measured: a moment with its place in day, week and year, and the place of a device."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

from simulators.hashed import key
from simulators.values.noise import DAY_S, HOUR_S

YEAR_S: Final = 365.2425 * DAY_S
MIDWINTER: Final = 0.055  # of a year: the coldest days are about the 20th of January
THURSDAY: Final = 3  # 1970-01-01


class Setting(StrEnum):
    """What surrounds a device."""

    OUTDOORS = "outdoors"
    OFFICE = "office"
    SCHOOL = "school"
    HOME = "home"
    CELLAR = "cellar"
    COLD_STORE = "cold_store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a device hangs. All places of one ``seed`` are in one town and have one weather."""

    seed: int
    device: str
    setting: Setting = Setting.OUTDOORS
    latitude: float = 59.27  # Örebro
    longitude: float = 15.21

    def key(self, name: str) -> int:
        """Return the key of something that the device has for itself."""
        return key(self.seed, self.device, name)

    def town_key(self, name: str) -> int:
        """Return the key of something that the whole town has in common."""
        return key(self.seed, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time, in Unix seconds, and what people there call it; ``uplinks`` is what the device has sent in its life."""

    seconds: float
    uplinks: int
    hour: float  # 0 to 24, local
    weekday: int  # 0 is Monday
    season: float  # 1 in midsummer, -1 in midwinter

    @classmethod
    def of(cls, at: datetime, uplinks: int = 0) -> Moment:
        """Return the moment of an aware time."""
        return cls.of_seconds(at.timestamp(), uplinks)

    @classmethod
    def of_seconds(cls, seconds: float, uplinks: int = 0) -> Moment:
        """Return the moment of Unix seconds."""
        begins, ends = _summer(1970 + int(seconds // YEAR_S))
        local = seconds + HOUR_S * (2 if begins <= seconds < ends else 1)
        return cls(
            seconds=seconds,
            uplinks=uplinks,
            hour=local % DAY_S / HOUR_S,
            weekday=int(local // DAY_S + THURSDAY) % 7,
            season=-math.cos(2 * math.pi * (seconds / YEAR_S - MIDWINTER)),
        )

    @property
    def is_workday(self) -> bool:
        """Tell whether people work; holidays are not known."""
        return self.weekday < 5

    def swing(self, warmest: float) -> float:
        """Return a curve over the day between -1 and 1 whose height is at the hour ``warmest``."""
        return math.cos(2 * math.pi * (self.hour - warmest) / 24)

    def before(self, seconds: float) -> Moment:
        """Return the moment so much earlier."""
        return Moment.of_seconds(self.seconds - seconds, self.uplinks)


@cache
def _summer(year: int) -> tuple[float, float]:
    """Return when summer time begins and ends in the European Union: the last Sundays of March and October, 01:00 UTC."""
    return _last_sunday(year, 3), _last_sunday(year, 10)


def _last_sunday(year: int, month: int) -> float:
    last = date(year, month, 31)
    day = last - timedelta(days=(last.weekday() + 1) % 7)
    return datetime(day.year, day.month, day.day, 1, tzinfo=UTC).timestamp()


Value = float | int | bool
