"""Where this box is, as its GNSS receiver tells: the place of each reception that this box itself heard and that has none.

A receiver that stands still wanders by some metres, and a place costs octets in each row. So a place stays until a better one
comes, or one that is farther away than both can be wrong. One that was known stays when the sky is gone: boxes do not walk.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from gateway.model import Fix, Frame, Place

MOVED_M: Final = 50.0  # less than that is the receiver's wandering, whatever it says of itself
BETTER: Final = 0.5  # of the accuracy that was: then the new place is taken
UNKNOWN_M: Final = 50.0  # of a receiver that says nothing of its accuracy
DECIMALS: Final = 5  # of a degree: 1.1 m
EARTH_M: Final = 6_371_000.0


class Here:
    """This box's place: what the configuration says, if anything, until a receiver has told."""

    def __init__(self, place: Place | None = None) -> None:
        self.place = place
        self._accuracy_m = math.inf

    def learn(self, fix: Fix) -> None:
        """Take a fix that has a place, where it tells more than is known."""
        if fix.place is None:
            return
        accuracy_m = UNKNOWN_M if fix.accuracy_m is None else fix.accuracy_m
        if self.place is None or self._has_moved(fix.place, accuracy_m) or accuracy_m < self._accuracy_m * BETTER:
            self.place, self._accuracy_m = _rounded(fix.place), accuracy_m

    def placed(self, frame: Frame) -> Frame:
        """Return a frame whose receptions by this box have a place."""
        if self.place is None or not any(one.is_here and one.place is None for one in frame.receptions):
            return frame
        receptions = tuple(
            replace(one, place=self.place) if one.is_here and one.place is None else one for one in frame.receptions
        )
        return replace(frame, receptions=receptions)

    def _has_moved(self, place: Place, accuracy_m: float) -> bool:
        assert self.place is not None
        return apart_m(self.place, place) > max(MOVED_M, 2 * (self._accuracy_m + accuracy_m))


def apart_m(one: Place, other: Place) -> float:
    """Return how far two places lie apart on the ground, in metres (haversine)."""
    first, second = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def _rounded(place: Place) -> Place:
    altitude_m = None if place.altitude_m is None else float(round(place.altitude_m))
    return Place(round(place.latitude, DECIMALS), round(place.longitude, DECIMALS), altitude_m)
