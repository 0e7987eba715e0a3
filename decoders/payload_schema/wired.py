"""What is known of a value that stands in the octets, and the checks of the words that say it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from decoders.cursor import ByteOrder
from decoders.payload_schema.document import Mapping, shown
from decoders.payload_schema.source import Place, Source, Value

MOST_OCTETS = 4096  # of one value; a payload has at most 255

Make = Callable[[Source, Place, Sequence[str]], Value]
"""Return the value that stands at a place, or that struct has taken from there under some names."""
Show = Callable[[Source, str], Value]
"""Return the value that some octets are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A value of known size: the octets it looks at, those it passes over, and how it is made of them."""

    what: str
    size: int
    advance: int
    make: Make | None  # None: nothing is made of them
    letters: str = ""  # of struct; "" where it takes its octets itself
    order: ByteOrder = "big"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A value whose octets are counted by the payload: "remaining", or the name of what says how many."""

    what: str
    length: str
    show: Show | None


def whole_keys(field: Mapping, values: dict[Any, Any], key: str) -> dict[int, Any]:
    """Return a mapping of labels with its keys as whole numbers, without ``default``; raises TableError."""
    try:
        return {int(str(one), 0): label(word) for one, word in values.items() if one != "default"}
    except (TypeError, ValueError):
        raise field.wrong(f"the keys of {key} are whole numbers or default", key) from None


def label(word: Any) -> Any:
    """Return a word of a table as JSON holds it: 15, not 15.0 (PS-280); None for what is no number."""
    if isinstance(word, float):
        return None if not math.isfinite(word) else int(word) if word.is_integer() else word
    return word if word is None or isinstance(word, bool | int | str | list | dict) else str(word)


def whole(field: Mapping, key: str, default: int) -> int:
    """Return the whole number at ``key``, 0 or more; raises TableError."""
    return count_at(field, key, field.get(key, default))


def count_at(field: Mapping, key: str, count: Any) -> int:
    """Return ``count``, what stands at ``key``, as a number of octets or of other things; raises TableError."""
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_OCTETS:
        raise field.wrong(f"{key} is a whole number, 0 to {MOST_OCTETS}, not {shown(count)}", key)
    return count
