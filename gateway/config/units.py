"""Sizes and durations as people write them: "512 MB", "7 d"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

SIZES: Final = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
DURATIONS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
LARGEST: Final = 2**53  # of a size or a duration: beyond it nothing is meant


def size(text: str) -> int:
    """Read "512 MB" as octets; ValueError says what is wrong."""
    return _with_unit(text, SIZES)


def duration(text: str) -> timedelta:
    """Read "7 d" or "30 min"; ValueError says what is wrong."""
    try:
        return timedelta(seconds=_with_unit(text, DURATIONS))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any clock can count") from None


def _with_unit(text: str, units: dict[str, int]) -> int:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    known = ", ".join(units)
    if found is None:
        raise ValueError(f"{text!r} is no number with one of the units {known}")
    number, unit = found.groups()
    factor = next((value for name, value in units.items() if name.lower() == unit.lower()), None)
    if factor is None:
        raise ValueError(f"{text!r} has {f'the unknown unit {unit!r}' if unit else 'no unit'}; one of {known} is right")
    if float(number) * factor > LARGEST:
        raise ValueError(f"{text!r} is more than anybody can mean")
    return round(float(number) * factor)
