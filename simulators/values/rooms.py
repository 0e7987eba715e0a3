"""Rooms with people in them: warmth, air, light and sound by the hours in which somebody is there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

from simulators.hashed import normal, uniform
from simulators.values.moments import Moment, Place, Setting
from simulators.values.noise import DAY_S, HOUR_S, draw, wander
from simulators.values.weather import Weather, dew_point, humidity

OUTDOOR_PPM: Final = 425.0  # of CO2, 2025
MINUTE_S: Final = 60.0
AIRED_S: Final = (
    0.0,
    15 * MINUTE_S,
    30 * MINUTE_S,
    50 * MINUTE_S,
    80 * MINUTE_S,
)  # how long a room remembers its people

# When people come and go on working days, and how full it is at lunch and at the weekend; hours.
HOURS: Final = {
    Setting.OFFICE: (7.6, 16.8, 0.55, 0.02),
    Setting.SCHOOL: (8.0, 15.2, 0.35, 0.0),
    Setting.HOME: (16.5, 31.0, 1.0, 0.75),
}
USUAL_CEL: Final = {Setting.CELLAR: 14.0, Setting.COLD_STORE: 4.0}
MOST_PEOPLE: Final = {Setting.OFFICE: 14, Setting.SCHOOL: 27, Setting.HOME: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The room around a device."""

    setting: Setting
    weather: Weather
    key: int
    own_cel: float
    size: float  # how much its people use up of its air

    @classmethod
    def at(cls, place: Place) -> Self:
        """Return the room that a device is in; of one outdoors an office."""
        setting = Setting.OFFICE if place.setting is Setting.OUTDOORS else place.setting
        key = place.key("room")
        return cls(
            setting=setting,
            weather=Weather.at(place),
            key=key,
            own_cel=0.5 * max(-2.0, min(2.0, normal(key, 1))),
            size=0.6 + 0.6 * uniform(key, 2),
        )

    def occupancy(self, now: Moment) -> float:
        """Return how full it is, 0 to 1; people come and go within a quarter of an hour around the usual times."""
        hours = HOURS.get(self.setting)
        if hours is None:
            return 0.0
        comes, goes, lunch, weekend = hours
        day = math.floor((now.seconds - 12 * HOUR_S * (self.setting is Setting.HOME)) / DAY_S)
        late = 0.25 * max(-2.0, min(2.0, normal(self.key, day)))
        hour = now.hour + 24 * (self.setting is Setting.HOME and now.hour < 12)
        there = _ramp(hour - comes - late) * _ramp(goes + late - hour)
        if not now.is_workday:
            return weekend * (1.0 if self.setting is Setting.HOME else there)
        at_lunch = 1 - (1 - lunch) * max(0.0, 1 - abs(hour - 12.2) / 0.7)
        return there * at_lunch * (0.75 + 0.25 * uniform(~self.key, day))

    def breath(self, now: Moment) -> float:
        """Return what is left in the air of those who were here in the last hour or so, 0 to 1."""
        return sum(self.occupancy(now.before(ago)) for ago in AIRED_S) / len(AIRED_S)

    def air_temperature(self, now: Moment) -> float:
        """Return °C."""
        whims = 0.25 * wander(self.key, now.seconds, 5 * HOUR_S)
        if self.setting in USUAL_CEL:
            moves = 3.0 * now.season if self.setting is Setting.CELLAR else 0.4 * now.swing(15.0)
            return USUAL_CEL[self.setting] + self.own_cel + whims + moves
        outside = max(0.0, self.weather.air_temperature(now) - 18)
        return 20.6 + self.own_cel + 1.4 * self.breath(now) + 0.3 * outside + whims

    def relative_humidity(self, now: Moment) -> float:
        """Return %: the air outside, warmed up, and what people breathe out; at most 70 % where it is warm."""
        celsius = self.air_temperature(now)
        inside = self.weather.dew_point(now) + 2.0 + 1.5 * self.breath(now)
        return max(8.0, min(95.0, humidity(celsius, min(inside, celsius - 6))))

    def dew_point(self, now: Moment) -> float:
        """Return °C."""
        return dew_point(self.air_temperature(now), self.relative_humidity(now))

    def co2(self, now: Moment) -> float:
        """Return ppm."""
        return OUTDOOR_PPM + 15 + 620 * self.size * self.breath(now) + 9 * wander(self.key, now.seconds, 1200)

    def tvoc(self, now: Moment) -> float:
        """Return ppb."""
        return 90 + 260 * self.size * self.breath(now) + 12 * wander(self.key ^ 1, now.seconds, 1800)

    def illuminance(self, now: Moment) -> float:
        """Return lx: windows, and lamps while somebody is there."""
        lamps = 320.0 if self.occupancy(now) > 0.1 and 6 < now.hour < 22.5 else 0.0
        return 0.012 * self.weather.illuminance(now) + lamps + 1.0

    def noise_laeq(self, now: Moment) -> float:
        """Return dB(A)."""
        return 33 + 21 * math.sqrt(self.occupancy(now)) + 1.6 * wander(self.key ^ 2, now.seconds, 600)

    def motion(self, now: Moment) -> bool:
        """Tell whether somebody moved in the last five minutes."""
        return draw(self.key ^ 3, now.seconds, 5 * MINUTE_S) < 0.85 * self.occupancy(now)

    def presence(self, now: Moment) -> bool:
        """Tell whether somebody sits there; people stay for a while."""
        return draw(self.key ^ 4, now.seconds, 25 * MINUTE_S) < 0.8 * self.occupancy(now)

    def people_count(self, now: Moment) -> int:
        """Return how many are there."""
        return round(
            MOST_PEOPLE.get(self.setting, 0) * self.occupancy(now) * (0.8 + 0.2 * draw(self.key, now.seconds, 900))
        )

    def window_open(self, now: Moment) -> bool:
        """Tell whether a window is open: where somebody is there, and it is warm."""
        warm = max(0.03, min(0.5, (self.weather.air_temperature(now) - 8) / 30))
        return draw(self.key ^ 5, now.seconds, 40 * MINUTE_S) < warm * self.occupancy(now)

    def temperature_setpoint(self, now: Moment) -> float:
        """Return °C."""
        return 21.0 if self.occupancy(now) > 0 else 18.0

    def valve_position(self, now: Moment) -> float:
        """Return %, of a radiator."""
        need = (17 - self.weather.air_temperature(now)) * 2.6
        return max(0.0, min(100.0, need + 6 * wander(self.key ^ 6, now.seconds, 2 * HOUR_S)))


def _ramp(hours: float) -> float:
    """Return 0 before and 1 half an hour after."""
    return max(0.0, min(1.0, 2 * hours))
