"""The weather of a town in the middle of Sweden: one for all its devices, with a little of each place's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

from simulators.hashed import normal
from simulators.values.moments import YEAR_S, Moment, Place
from simulators.values.noise import DAY_S, HOUR_S, risen, wander
from simulators.values.sun import elevation_sine

MEAN_CEL: Final = 7.4  # SMHI, normals 1991 to 2020 of Örebro: -2 in January, 17.5 in July
SEASON_CEL: Final = 9.8
NORTHWARD_CEL: Final = 0.6  # colder for each degree of latitude
MEAN_LATITUDE: Final = 59.27
FULL_SUN_LX: Final = 110_000.0
FULL_SUN_W_M2: Final = 1000.0
RAIN_MM_A_YEAR: Final = 640.0
MM_A_SHOWER: Final = 5.0
DRY: Final = (0.88, 0.99)  # the part of the time from shower to shower


def dew_point(celsius: float, percent: float) -> float:
    """Return the dew point in °C (Magnus, with the coefficients of WMO No. 8)."""
    ratio = math.log(max(percent, 1.0) / 100) + 17.62 * celsius / (243.12 + celsius)
    return 243.12 * ratio / (17.62 - ratio)


def humidity(celsius: float, dew_point_cel: float) -> float:
    """Return the relative humidity in % of air with such a dew point (the same)."""
    return 100 * math.exp(17.62 * dew_point_cel / (243.12 + dew_point_cel) - 17.62 * celsius / (243.12 + celsius))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The weather at a place."""

    latitude: float
    longitude: float
    front: int  # keys of the town
    hours: int
    clouds: int
    damp: int
    pressure: int
    wind: int
    rain: int
    snow: int
    own_cel: float

    @classmethod
    def at(cls, place: Place) -> Self:
        """Return the weather that a device at ``place`` is in."""
        return cls(
            latitude=place.latitude,
            longitude=place.longitude,
            front=place.town_key("front"),
            hours=place.town_key("hours"),
            clouds=place.town_key("clouds"),
            damp=place.town_key("damp"),
            pressure=place.town_key("pressure"),
            wind=place.town_key("wind"),
            rain=place.town_key("rain"),
            snow=place.town_key("snow"),
            own_cel=0.5 * max(-2.0, min(2.0, normal(place.key("microclimate"), 0))),
        )

    def usual_cel(self, season: float) -> float:
        """Return the temperature that the season has in the long run."""
        return MEAN_CEL - NORTHWARD_CEL * (self.latitude - MEAN_LATITUDE) + SEASON_CEL * season

    def cloudiness(self, now: Moment) -> float:
        """Return how much of the sky is covered, 0 to 1; more in winter."""
        return 1 / (1 + math.exp(-1.6 * wander(self.clouds, now.seconds, 11 * HOUR_S) + 0.6 * now.season))

    def air_temperature(self, now: Moment) -> float:
        """Return °C: season, day, fronts that pass in days, and an hour's whims."""
        clear = 1.0 - 0.7 * self.cloudiness(now)
        day_cel = clear * (3.4 + 2.8 * now.season) * now.swing(15.5)
        front_cel = (3.4 - 0.8 * now.season) * wander(self.front, now.seconds, 3.5 * DAY_S)
        return (
            self.usual_cel(now.season)
            + day_cel
            + front_cel
            + 0.6 * wander(self.hours, now.seconds, 9 * HOUR_S)
            + self.own_cel
        )

    def relative_humidity(self, now: Moment) -> float:
        """Return %: drier in summer and in the afternoon."""
        percent = (
            78
            - 9 * now.season
            - (8 + 6 * now.season) * now.swing(15.5)
            + 7 * wander(self.damp, now.seconds, 14 * HOUR_S)
        )
        return max(22.0, min(100.0, percent))

    def dew_point(self, now: Moment) -> float:
        """Return °C."""
        return dew_point(self.air_temperature(now), self.relative_humidity(now))

    def atmospheric_pressure(self, now: Moment) -> float:
        """Return hPa at the level of the sea."""
        return (
            1012
            + 9 * wander(self.pressure, now.seconds, 2.5 * DAY_S)
            + 1.5 * wander(~self.pressure, now.seconds, 15 * HOUR_S)
        )

    def sunshine(self, now: Moment) -> float:
        """Return how much of a clear midday in the tropics there is, 0 to 1."""
        height = elevation_sine(now.seconds, self.latitude, self.longitude)
        return math.pow(max(0.0, height), 1.2) * (1 - 0.75 * self.cloudiness(now))

    def is_dark(self, now: Moment) -> bool:
        """Tell whether street lights burn: the sun is three degrees below the horizon."""
        return elevation_sine(now.seconds, self.latitude, self.longitude) < -0.05

    def illuminance(self, now: Moment) -> float:
        """Return lx, with a street light at night."""
        return FULL_SUN_LX * self.sunshine(now) + (8.0 if self.is_dark(now) else 0.0)

    def solar_irradiance(self, now: Moment) -> float:
        """Return W/m²."""
        return FULL_SUN_W_M2 * self.sunshine(now)

    def wind_speed(self, now: Moment) -> float:
        """Return m/s."""
        return 3.1 * math.exp(
            0.4 * wander(self.wind, now.seconds, 8 * HOUR_S) + 0.12 * wander(~self.wind, now.seconds, HOUR_S)
        )

    def wind_direction(self, now: Moment) -> float:
        """Return degrees, most of the time from the south-west."""
        return (225 + 70 * wander(self.wind ^ 1, now.seconds, 1.5 * DAY_S)) % 360

    def rainfall_total(self, now: Moment) -> float:
        """Return mm since 1970; it rises in showers."""
        showers = now.seconds * RAIN_MM_A_YEAR / MM_A_SHOWER / YEAR_S
        return MM_A_SHOWER * (1 + risen(self.rain, showers, DRY))

    def rainfall(self, now: Moment) -> float:
        """Return mm within the last hour."""
        return self.rainfall_total(now) - self.rainfall_total(now.before(HOUR_S))

    def rain_intensity(self, now: Moment) -> float:
        """Return mm/h, over the last ten minutes."""
        return 6 * (self.rainfall_total(now) - self.rainfall_total(now.before(HOUR_S / 6)))

    def snow_depth(self, now: Moment) -> float:
        """Return cm: none in summer, some in a usual winter, more where it stays cold."""
        winter = max(0.0, -now.season - 0.35) / 0.65
        return winter * max(0.0, 18 + 14 * wander(self.snow, now.seconds, 9 * DAY_S))
