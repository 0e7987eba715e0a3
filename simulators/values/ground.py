"""Water and earth: levels, moisture, and what is measured in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

from simulators.hashed import uniform
from simulators.values.moments import YEAR_S, Moment, Place
from simulators.values.noise import DAY_S, HOUR_S, wander
from simulators.values.weather import Weather

MELT: Final = 0.30  # of a year: the snow is gone about the 20th of April
SENSOR_M: Final = 3.2  # height of a distance sensor above the bed
BIN_CM: Final = 150.0
SLOW_S: Final = 24 * DAY_S  # how far the earth is behind the air


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The water or the earth at a device."""

    weather: Weather
    key: int
    flood: int  # of the town
    own: float  # 0 to 1

    @classmethod
    def at(cls, place: Place) -> Self:
        """Return what is below a device."""
        key = place.key("ground")
        return cls(weather=Weather.at(place), key=key, flood=place.town_key("flood"), own=uniform(key, 0))

    # ── water ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def water_level(self, now: Moment) -> float:
        """Return m above the bed: a flood when the snow melts, and rain of days."""
        since_melt = (now.seconds / YEAR_S - MELT + 0.5) % 1.0 - 0.5
        melt_m = 0.7 * math.exp(-((since_melt / 0.05) ** 2))
        waves_m = 0.16 * wander(self.flood, now.seconds, 4 * DAY_S) + 0.01 * wander(self.key, now.seconds, HOUR_S)
        return max(0.05, 0.8 + 0.5 * self.own + melt_m + waves_m)

    def groundwater_level(self, now: Moment) -> float:
        """Return m below the surface."""
        return 2.0 + 1.5 * self.own + 0.4 * now.season + 0.2 * wander(self.flood, now.seconds, 20 * DAY_S)

    def distance(self, now: Moment) -> float:
        """Return m from a sensor above the water."""
        return SENSOR_M - self.water_level(now)

    def water_temperature(self, now: Moment) -> float:
        """Return °C, of water in the open or in a pipe: it follows the air after weeks, and never freezes."""
        then = now.before(SLOW_S)
        return max(0.4, self.weather.usual_cel(then.season) + 1.2 + 0.5 * wander(self.key, now.seconds, 3 * DAY_S))

    def slow(self, now: Moment, usual: float, spread: float, number: int) -> float:
        """Return what keeps near a usual value for days; ``number`` tells one such thing from another."""
        return usual * (0.9 + 0.2 * self.own) + spread * wander(self.key + number, now.seconds, 3 * DAY_S)

    # ── earth ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def soil_temperature(self, now: Moment) -> float:
        """Return °C some way down: later and milder than the air."""
        usual_cel = self.weather.usual_cel(now.before(SLOW_S).season)
        return 0.75 * usual_cel + 2.6 + 0.8 * wander(self.weather.front, now.seconds - 2 * DAY_S, 4 * DAY_S)

    def soil_moisture(self, now: Moment) -> float:
        """Return % of volume: dry in summer, wet after rain."""
        percent = 27 + 6 * self.own - 7 * now.season + 4 * wander(self.flood ^ 1, now.seconds, 3 * DAY_S)
        return max(4.0, min(48.0, percent))

    def soil_water_tension(self, now: Moment) -> float:
        """Return kPa: the drier the earth, the harder it holds its water."""
        return 600 / self.soil_moisture(now)

    def soil_conductivity(self, now: Moment) -> float:
        """Return S/m: the wetter, the better."""
        return 0.0018 * self.soil_moisture(now)

    def leaf_wetness(self, now: Moment) -> float:
        """Return %: dew, and rain."""
        damp = (self.weather.relative_humidity(now) - 82) * 5
        return max(0.0, min(100.0, damp + 25 * self.weather.rain_intensity(now)))

    # ── bins ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def fill_level(self, now: Moment) -> float:
        """Return % of a bin that is emptied each week and fills up by day."""
        weeks = now.seconds / (7 * DAY_S) + self.own
        by_day = (now.hour - 4.0) % 24 / 24
        days = math.floor(weeks % 1 * 7) + by_day
        full = 35 + 60 * uniform(self.key, math.floor(weeks))
        return min(100.0, full * min(days, 7.0) / 7)

    def fill_height(self, now: Moment) -> float:
        """Return cm."""
        return BIN_CM * self.fill_level(now) / 100

    def weight(self, now: Moment) -> float:
        """Return kg."""
        return 12 + 0.9 * self.fill_level(now)
