"""The street: cars by the hour, what they leave in the air, who parks, and who goes through a door."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from simulators.hashed import uniform
from simulators.values.moments import Moment, Place
from simulators.values.noise import DAY_S, HOUR_S, draw, wander
from simulators.values.weather import Weather

STAYS_S: Final = 40 * 60.0  # how often somebody may come or go at a parking space
VISIT_S: Final = 3 * 60.0  # how often somebody may go through a door
# Part of the spaces that are taken, by hour: on working days, Saturdays, Sundays (of a town's centre).
TAKEN: Final = (
    (.15, .12, .10, .10, .11, .15, .28, .52, .76, .86, .90, .92, .93, .91, .90, .87, .78, .66, .52, .42, .34, .28, .22, .18),
    (.20, .17, .14, .12, .11, .12, .15, .20, .32, .52, .74, .88, .93, .92, .88, .78, .62, .50, .46, .44, .40, .36, .30, .25),
    (.22, .19, .16, .13, .12, .11, .12, .14, .18, .26, .38, .50, .56, .58, .55, .48, .40, .34, .30, .27, .24, .21, .18, .16),
)  # fmt: skip


def rush(now: Moment) -> float:
    """Return how dense the traffic is, 0 to 1: two rush hours on working days, one broad hill at weekends."""
    day = math.exp(-(((now.hour - 13.5) / 5.0) ** 2))
    if not now.is_workday:
        return 0.04 + 0.45 * day
    morning = math.exp(-(((now.hour - 7.6) / 1.2) ** 2))
    evening = math.exp(-(((now.hour - 16.6) / 1.6) ** 2))
    return min(1.0, 0.03 + 0.45 * day + 0.6 * morning + 0.55 * evening)


@dataclass(frozen=True, slots=True)
class ParkingEvent:
    """A car comes, or goes."""

    at: datetime
    occupied: bool


def parking_events(place: Place, begins: datetime, ends: datetime) -> list[ParkingEvent]:
    """Return what a sensor in a parking space has to tell of a time, in order."""
    events = Street.at(place).parking_events(begins.timestamp(), ends.timestamp())
    return [ParkingEvent(datetime.fromtimestamp(seconds, UTC), occupied) for seconds, occupied in events]


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """What a device at a street meets."""

    weather: Weather
    key: int
    town: int
    size: float  # how much of the town's traffic

    @classmethod
    def at(cls, place: Place) -> Self:
        """Return the street of a device."""
        key = place.key("street")
        return cls(weather=Weather.at(place), key=key, town=place.town_key("air"), size=0.5 + uniform(key, 0))

    # ── air and sound ───────────────────────────────────────────────────────────────────────────────────────────────

    def fumes(self, now: Moment) -> float:
        """Return how bad the air is, about 0.3 to 4: traffic under a lid of cold air, and days of still weather."""
        lid = 1.0 + 0.5 * max(0.0, -now.season)
        days = math.exp(0.4 * wander(self.town, now.seconds, 2 * DAY_S))
        return days * lid * (0.5 + self.size * rush(now)) * (1 + 0.06 * wander(self.key, now.seconds, HOUR_S))

    def noise_laeq(self, now: Moment) -> float:
        """Return dB(A)."""
        return 42 + 8.5 * math.log10(1 + 60 * self.size * rush(now)) + 1.5 * wander(self.key ^ 1, now.seconds, 900)

    def vehicle_speed(self, now: Moment) -> float:
        """Return km/h of those who pass; slower where it is dense."""
        return 52 - 14 * rush(now) + 2.5 * wander(self.key ^ 2, now.seconds, 600)

    # ── parking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def parking_occupied(self, now: Moment) -> bool:
        """Tell whether a car stands on the space."""
        cell = math.floor(now.seconds / STAYS_S)
        if now.seconds < self._turns_s(cell):
            cell -= 1
        return self._taken(cell)

    def parking_events(self, begins_s: float, ends_s: float) -> Iterator[tuple[float, bool]]:
        """Yield when a car comes (True) or goes, in order, between two times in Unix seconds."""
        stands = self.parking_occupied(Moment.of_seconds(begins_s))
        for cell in range(math.floor(begins_s / STAYS_S), math.floor(ends_s / STAYS_S) + 1):
            turns_s = self._turns_s(cell)
            if begins_s < turns_s <= ends_s and (taken := self._taken(cell)) != stands:
                stands = taken
                yield turns_s, stands

    def _turns_s(self, cell: int) -> float:
        """Return when somebody comes or goes, if anybody does; once in each stay's length."""
        return (cell + uniform(self.key ^ 3, cell)) * STAYS_S

    def _taken(self, cell: int) -> bool:
        then = Moment.of_seconds(self._turns_s(cell))
        hours = TAKEN[max(0, then.weekday - 4)]
        return uniform(self.key ^ 4, cell) < hours[int(then.hour)]

    # ── doors ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def door_open(self, now: Moment) -> bool:
        """Tell whether a door stands open; more often by day."""
        visit = self._visit(self._visit_number(now.seconds))
        return visit is not None and visit[0] <= now.seconds < visit[1]

    def door_events(self, begins_s: float, ends_s: float) -> Iterator[tuple[float, bool]]:
        """Yield when a door opens (True) or closes, in order, between two times in Unix seconds."""
        for number in range(self._visit_number(begins_s), self._visit_number(ends_s) + 1):
            for at_s, opens in zip(self._visit(number) or (), (True, False), strict=False):
                if begins_s < at_s <= ends_s:
                    yield at_s, opens

    def _visit_number(self, seconds: float) -> int:
        return math.floor(seconds / VISIT_S - uniform(self.key ^ 9, 0))

    def _visit(self, number: int) -> tuple[float, float] | None:
        """Return from when to when somebody holds a door open, if anybody does; at most once in each while, and never across two."""
        opens_s = (number + uniform(self.key ^ 9, 0) + 0.7 * uniform(self.key ^ 5, number)) * VISIT_S
        if uniform(self.key ^ 7, number) >= 0.02 + 0.6 * rush(Moment.of_seconds(opens_s)):
            return None
        return opens_s, opens_s + 4.0 + 0.25 * VISIT_S * uniform(self.key ^ 8, number)

    def button_pressed(self, now: Moment) -> bool:
        """Tell whether somebody has pressed it in these ten minutes."""
        return draw(self.key ^ 6, now.seconds, 600.0) < 0.02 * rush(now)
