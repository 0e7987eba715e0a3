"""What tells of persons: quantities that count or watch them, and words in the names of a decoder's fields.

A name is read word by word (``region_1OutOfBed`` is region, out, of, bed); a field's path counts as one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
KNOWN: Final = 4096  # paths of fields whose words are remembered; a model has some dozens


def are_personal(quantities: Iterable[str], *, declared: bool = False) -> bool:
    """Tell whether a decoder with ``quantities`` tells of persons wherever its device hangs, or ``declared`` that it does."""
    return declared or not COUNTS_PEOPLE.isdisjoint(quantities)


def named_in(fields: Mapping[str, Any]) -> str:
    """Return the path of the first field whose name tells of persons, "" where none does."""
    return next((path for path in _paths(fields, "") if tells_of_persons(path)), "")


@lru_cache(KNOWN)
def tells_of_persons(path: str) -> bool:
    """Tell whether the words of a field's path are about persons."""
    words = frozenset(word.lower() for word in WORD.findall(path))
    for pair in NOBODY:
        if pair <= words:
            words -= pair
    return not words.isdisjoint(WORDS) or any(pair <= words for pair in PAIRS)


def _paths(fields: Mapping[str, Any], above: str) -> Iterator[str]:
    for name, value in fields.items():
        path = f"{above}{name}"
        yield path
        yield from _below(value, f"{path}.")


def _below(value: Any, above: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _paths(value, above)
    elif isinstance(value, list | tuple):
        for one in value:
            if isinstance(one, Mapping | list | tuple):
                yield from _below(one, above)
