"""What tells of persons: quantities that count or watch them, and words in the names of a decoder's fields.

A name is read word by word (``region_1OutOfBed`` is region, out, of, bed); a field's path counts as one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

COUNTS_PEOPLE: Final = frozenset({"people_count", "people_in", "people_out"})
WATCHES_SOMEBODY: Final = frozenset({"presence", "motion", "motion_count"})  # who, says the device that tells it

WORDS: Final = frozenset({
    "adult", "adults", "badge", "bathroom", "bed", "beds", "bssid", "child", "children", "dwell", "face", "faces", "fallen",
    "gender", "panic", "passenger", "passengers", "passerby", "pedestrian", "pedestrians", "people", "person", "persons",
    "respiration", "respiratory", "rfid", "sos", "ssid", "visitor", "visitors",
})  # fmt: skip
PAIRS: Final[tuple[frozenset[str], ...]] = tuple(
    frozenset(pair.split())
    for pair in (
        "card id", "fall alarm", "fall detected", "fall detection", "fall status", "heart rate", "help call", "licence plate",
        "license plate", "mac wifi", "mac wlan", "number plate", "tag id", "user id", "user name",
    )
)  # fmt: skip
NOBODY: Final = (frozenset({"child", "lock"}),)  # a lock against children tells of none
WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
SCALARS: Final = frozenset({bool, int, float, str, type(None)})
PATHS: Final = 4096  # that are remembered; a model has some dozens
SHAPES: Final = 256  # sets of names that are
USUAL: Final = (
    1024  # characters of such a set; a codec that is a stranger's code may make any names, and new ones each time
)
LONGEST: Final = 200  # characters of a path that are read, its last ones


def are_personal(quantities: Iterable[str], *, declared: bool = False) -> bool:
    """Tell whether a decoder with ``quantities`` tells of persons wherever its device hangs, or ``declared`` that it does."""
    return declared or not COUNTS_PEOPLE.isdisjoint(quantities)


def named_in(fields: Mapping[str, Any], above: str = "") -> str:
    """Return the path of a field whose name tells of persons, "" where none does; ``above`` is the path of ``fields``, with a dot."""
    names = tuple(fields)
    usual = sum(map(len, names), len(above)) <= USUAL
    if found := _first(above, names) if usual else _first.__wrapped__(above, names):
        return found
    inner = ((name, value) for name, value in fields.items() if type(value) not in SCALARS)
    return next((found for name, value in inner if (found := _below(value, f"{above}{name}."))), "")


def _below(value: Any, above: str) -> str:
    match value:
        case Mapping():
            return named_in(value, above)
        case list() | tuple():
            return next((found for one in value if type(one) not in SCALARS and (found := _below(one, above))), "")
    return ""


@lru_cache(SHAPES)
def _first(above: str, names: tuple[str, ...]) -> str:
    return next((path for name in names if tells_of_persons((path := f"{above}{name}")[-LONGEST:])), "")


@lru_cache(PATHS)
def tells_of_persons(path: str) -> bool:
    """Tell whether the words of a field's path are about persons."""
    words = frozenset(word.lower() for word in WORD.findall(path))
    for pair in NOBODY:
        if pair <= words:
            words -= pair
    return not words.isdisjoint(WORDS) or any(pair <= words for pair in PAIRS)
