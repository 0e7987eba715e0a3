"""Where an antenna is: metres on a plane, a height, and what stands between it and the street."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

EARTH_RADIUS_M: Final = 6_371_000.0
NEAREST_M: Final = 1.0  # the formulas know no distance of nothing


class Walls(Enum):
    """What a signal has to go through besides the way in the open, dB."""

    OUTDOORS = 0.0
    TIMBER = 4.0  # COST 231, external wall of wood
    WINDOWS = 7.0  # COST 231, concrete with windows
    INDOORS = 15.0  # ground floor, mean of four buildings at 850 MHz (Elgannas and Kostanic, WCECS 2014)
    CELLAR = 35.0  # 20 dB more than indoors, what 3GPP TR 36.888 asks for meters in basements


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in a town; ``indoor_db`` is what the building takes, see `Walls`."""

    east_m: float
    north_m: float
    height_m: float = 1.5
    indoor_db: float = 0.0

    def distance_m(self, other: Spot) -> float:
        """Return the way from antenna to antenna, at least a metre."""
        ground_m = math.hypot(self.east_m - other.east_m, self.north_m - other.north_m)
        return max(math.hypot(ground_m, self.height_m - other.height_m), NEAREST_M)


def on_the_map(
    latitude: float, longitude: float, *, centre: tuple[float, float], height_m: float = 1.5, indoor_db: float = 0.0
) -> Spot:
    """Return the spot of a place on earth, on a plane that touches it at ``centre`` (degrees; right within some 100 km)."""
    north_m = math.radians(latitude - centre[0]) * EARTH_RADIUS_M
    east_m = math.radians(longitude - centre[1]) * EARTH_RADIUS_M * math.cos(math.radians(centre[0]))
    return Spot(east_m=east_m, north_m=north_m, height_m=height_m, indoor_db=indoor_db)
