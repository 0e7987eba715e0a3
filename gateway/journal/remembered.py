"""What a destination's memory is of: most of it of one platform (ids that it gave, what it was told), some of rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.model import Json

MEMORY_OF: Final = "profile/platform"  # in the memory: a digest of the platform that it is of
ABOUT_ROWS: Final = ("decoder/", "again/")  # which decoder told which rows (gateway/revisions.py), whoever was told


def about_rows(memory: Mapping[str, Json]) -> dict[str, Json]:
    """Return what of ``memory`` holds at another platform, too."""
    return {key: value for key, value in memory.items() if key.startswith(ABOUT_ROWS)}


def taken_over(old: str, left: Mapping[str, Json], new: str, came: Mapping[str, Json]) -> dict[str, Json]:
    """Return what the destination ``new``, which remembers ``came``, remembers when it takes over what ``old`` has.

    Another city has another platform, and so may another name of the same city: an id of the one would be somebody else's
    thing at the other.
    """
    is_same = _city(old) == _city(new) and (MEMORY_OF not in came or left.get(MEMORY_OF) == came[MEMORY_OF])
    return {**(left if is_same else about_rows(left)), **came}


def _city(name: str) -> str:
    return name.partition("@")[2]
