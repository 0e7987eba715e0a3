"""What a device says of itself: its battery, which falls with what it sends, with time and with cold; how it hangs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from simulators.hashed import uniform
from simulators.values.moments import YEAR_S, Moment, Place
from simulators.values.noise import DAY_S, draw, wander

CAPACITY_MAH: Final = 2400.0  # a lithium thionyl chloride cell of size AA
UPLINK_MAH: Final = 0.012  # 40 mA for a second, and the receive windows
ASLEEP_MAH_A_YEAR: Final = 90.0  # 5 µA and what the cell loses by itself
FULL_V: Final = 3.62
NEVER: Final = 0.004  # the part of days on which something is wrong with a device


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A cell; ``installed_s`` is when it was new. ``Moment.uplinks`` are those since then."""

    key: int
    installed_s: float

    @classmethod
    def of(cls, place: Place) -> Self:
        """Return a device's cell, which came into use between 2021 and 2025."""
        key = place.key("battery")
        return cls(key=key, installed_s=YEAR_S * (51 + 4 * uniform(key, 0)))

    def battery_level(self, now: Moment) -> float:
        """Return %."""
        years = max(0.0, now.seconds - self.installed_s) / YEAR_S
        used_mah = years * ASLEEP_MAH_A_YEAR + now.uplinks * UPLINK_MAH
        return max(1.0, 100 - 100 * used_mah / CAPACITY_MAH)

    def battery_voltage(self, now: Moment, celsius: float) -> float:
        """Return V: flat for most of a cell's life, and lower in the cold."""
        level = self.battery_level(now)
        sag_v = 0.006 * max(0.0, 20 - celsius)
        return FULL_V - 0.0012 * (100 - level) - 0.03 * max(0.0, 15 - level) - sag_v

    def low_battery(self, now: Moment) -> bool:
        """Tell whether a tenth is left."""
        return self.battery_level(now) < 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """How a device hangs, and what seldom happens to it."""

    key: int

    def happens(self, now: Moment, number: int, part: float = NEVER) -> bool:
        """Tell whether something that is true on a ``part`` of all days is true today."""
        return draw(self.key + number, now.seconds, DAY_S) < part

    def near(self, now: Moment, usual: float, spread: float, number: int, step_s: float = 3600.0) -> float:
        """Return what keeps near ``usual`` all the time."""
        return usual + spread * wander(self.key + number, now.seconds, step_s)
