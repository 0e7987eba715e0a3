"""Noise over time that anybody may ask for at any time: hashed draws at regular times, and smooth curves between them."""

from __future__ import annotations

import math
from typing import Final

from simulators.hashed import normal, uniform

HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0
MOST: Final = 3.0  # deviations; what is rarer would not be believed of weather


def wander(key: int, seconds: float, step_s: float) -> float:
    """Return a curve with mean 0 and deviation 1 that turns about every ``step_s``; never beyond 3."""
    place = seconds / step_s
    cell = math.floor(place)
    part = place - cell
    after = part * part * (3.0 - 2.0 * part)
    before = 1.0 - after
    drawn = before * normal(key, cell) + after * normal(key, cell + 1)
    return max(-MOST, min(MOST, drawn / math.sqrt(before * before + after * after)))


def draw(key: int, seconds: float, step_s: float) -> float:
    """Return a number between 0 and 1 that stays for ``step_s``; the next one knows nothing of it."""
    return uniform(key, math.floor(seconds / step_s))


def risen(key: int, mean: float, pauses: tuple[float, float] = (0.0, 0.6)) -> float:
    """Return a count that never falls and keeps within a half of ``mean``, which never falls either, but goes up by fits and starts.

    At each whole mean the count is off by a draw of less than a half; on the way from one to the next it stands for a part of the
    way, which ``pauses`` are the limits of, and rises in the other.
    """
    cell = math.floor(mean)
    low, high = _milestone(key, cell), _milestone(key, cell + 1)
    pause = pauses[0] + (pauses[1] - pauses[0]) * uniform(key, 2 * cell + 1)
    begins = pause * uniform(~key, 2 * cell + 1)
    part = (mean - cell - begins) / (1.0 - pause)
    return low + (high - low) * max(0.0, min(1.0, part))


def _milestone(key: int, cell: int) -> float:
    return cell + 0.98 * (uniform(key, 2 * cell) - 0.5)
