"""Where the sun stands: good to half a degree, which is enough for light and warmth."""

from __future__ import annotations

import math
from typing import Final

from simulators.values.moments import YEAR_S
from simulators.values.noise import DAY_S

TILT: Final = math.radians(23.44)
SOLSTICE: Final = 0.473  # of a year: the 21st of June


def elevation_sine(seconds: float, latitude: float, longitude: float) -> float:
    """Return the sine of the sun's height above the horizon; below 0 it is night."""
    declination = TILT * math.cos(2 * math.pi * (seconds / YEAR_S - SOLSTICE))
    turned = 2 * math.pi * (seconds / DAY_S + longitude / 360 - 0.5)
    north = math.radians(latitude)
    return math.sin(north) * math.sin(declination) + math.cos(north) * math.cos(declination) * math.cos(turned)
