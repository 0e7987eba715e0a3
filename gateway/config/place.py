"""A place as a configuration says it: degrees north, degrees east, and metres above the ellipsoid where they are known."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from gateway.config.values import Shown
from gateway.model import Json, Place

EXAMPLE = "[57.70887, 11.97456] is one, [57.70887, 11.97456, 12] one with its height"


def _place(value: Json) -> Any:
    if not isinstance(value, list):
        return value
    numbers = [one for one in value if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) != len(value) or len(value) not in {2, 3}:
        raise ValueError(f"{value!r} is no place; {EXAMPLE}")
    latitude, longitude, *height = map(float, numbers)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"{value!r} is not on Earth; {EXAMPLE}: first north, then east")
    if height and not -500 <= height[0] <= 10_000:
        raise ValueError(f"{height[0]:g} m is no height of a gateway; {EXAMPLE}")
    return Place(latitude, longitude, height[0] if height else None)


Coordinates = Annotated[
    Place | None, BeforeValidator(_place), Shown("a list of degrees north, degrees east and, where known, metres")
]
