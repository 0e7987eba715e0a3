"""What lies between two antennas for ever: hills and houses, as a field over the town for each gateway.

The field is made of normal draws on a grid, weighted so that its variance is the same everywhere. Two sensors on one house
are in one shadow; a grid's width apart they know nothing of each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from simulators.hashed import mixed, normal
from simulators.radio.spots import Spot

GRID_M: Final = 100.0  # the order of Gudmundson's decorrelation distances in towns (Electronics Letters 27(23), 1991)


@dataclass(frozen=True, slots=True)
class Shadow:
    """The shadows around one gateway; ``key`` tells it from the others."""

    key: int
    deviation_db: float

    def loss_db(self, spot: Spot) -> float:
        """Return by how much the loss at ``spot`` departs from the mean; the same spot, the same shadow."""
        if not self.deviation_db:
            return 0.0
        east, north = spot.east_m / GRID_M, spot.north_m / GRID_M
        column, row = math.floor(east), math.floor(north)
        right, up = east - column, north - row
        corners = (
            ((1 - right) * (1 - up), column, row),
            (right * (1 - up), column + 1, row),
            ((1 - right) * up, column, row + 1),
            (right * up, column + 1, row + 1),
        )
        total = sum(weight * normal(mixed(self.key, x), y) for weight, x, y in corners)
        return self.deviation_db * total / math.sqrt(sum(weight * weight for weight, _, _ in corners))
