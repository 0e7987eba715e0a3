"""What the code of a compiled table calls: the rare cases, and what is too long to stand in every line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from decoders.contract import DecodeError, DecodeReason, Reading
from decoders.cursor import truncated

LONGEST_NAME = 200  # characters of a field's name that is computed; a payload may bring 500 for each reference
MOST_VALUES = 20_000  # fields of one payload; the largest history that is known has 600
WHOLE = 1 << 64  # whole numbers from here on are floats: no device counts so far, and squares of squares fill a memory

Plan = tuple[tuple[str, int, int], ...]
"""What is read in one go: its name, its octets after the first and how many they are."""
Fields = dict[str, Any]


# ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────


def short(plan: Plan, start: int, size: int) -> DecodeError:
    """Return the error of a payload of ``size`` octets that ends within ``plan``, which begins at ``start``."""
    what, offset, count = _missing(plan, start, size)
    return truncated(what, count, start + offset, size)


def beyond(plan: Plan, start: int, end: int) -> DecodeError:
    """Return the error of a tag whose length, up to ``end``, is too short for what it is said to hold."""
    what, offset, _ = _missing(plan, start, end)
    return DecodeError(DecodeReason.MALFORMED, f"{what}: its tag is too short, it ends at {end}, at {start + offset}")


def _missing(plan: Plan, start: int, size: int) -> tuple[str, int, int]:
    return next((one for one in plan if start + one[1] + one[2] > size), plan[-1])


def absent(name: str) -> DecodeError:
    """Return the error of a payload without what the rest of the table hangs on."""
    return DecodeError(DecodeReason.MALFORMED, f"${name} is not in this payload")


def unlabelled(name: str, value: Any, count: int) -> DecodeError:
    """Return the error of a value beyond a list of labels (PS-105)."""
    return DecodeError(DecodeReason.MALFORMED, f"{name}: {value} is none of the {count} values known")


def unknown(what: str, value: Any) -> DecodeError:
    """Return the error of a message that the table does not know."""
    return DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"{what} is {value}")


def unknown_tag(tag: Any, start: int) -> DecodeError:
    """Return the error of a tag that the table does not know and nothing can be read before."""
    return DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"tag {tag_in_words(tag)} at {start}")


def passed_over(tag: Any, start: int, rest: bytes) -> str:
    """Return the warning of a tag that is not known and the octets that were not read for it."""
    return f"tag {tag_in_words(tag)} at {start} is not known; not read: {rest.hex()}"


def malformed(words: str) -> DecodeError:
    """Return the error of a payload that cannot be."""
    return DecodeError(DecodeReason.MALFORMED, words)


def tag_in_words(tag: Any) -> str:
    """Return a tag as people write it: 01 67."""
    return " ".join(f"{part:02x}" if isinstance(part, int) else str(part) for part in tag)


# ── fields ──────────────────────────────────────────────────────────────────────────────────────────────────────


def again(found: Fields, name: str, value: Any) -> None:
    """Add the ``value`` of a field that is in ``found`` already: they become a list, lists are continued."""
    before = found[name]
    if isinstance(before, list):
        before += value if isinstance(value, list) else [value]
    else:
        found[name] = [before, value]


def merge(found: Fields, entry: Fields) -> None:
    """Add all of ``entry`` to ``found``; what is there already becomes a list."""
    for name, value in entry.items():
        if name in found:
            again(found, name, value)
        else:
            found[name] = value


def plain(value: Any) -> Any:
    """Return ``value`` as JavaScript would print it: 15, not 15.0 (PS-280); one beyond 64 bits stays the float that it is."""
    if value.__class__ is float and -WHOLE < value < WHOLE and value.is_integer():
        return int(value)
    return value


def name_of(parts: Sequence[Any], references: Sequence[str]) -> str:
    """Return the computed name of a field (PS-265): its parts, every second one the value of a reference."""
    for place, name in enumerate(references):
        if parts[2 * place + 1] is None:
            raise malformed(f"name_from refers to {name}, which is not in this payload")
    name = "".join(str(plain(part)) for part in parts)
    if len(name) > LONGEST_NAME:
        raise malformed(f"a computed name of more than {LONGEST_NAME} characters")
    return name


def spent(budget: int) -> int:
    """Return ``budget``, what is left of the values that a payload may have; DecodeError when there is nothing left."""
    if budget < 0:
        raise malformed(f"more than {MOST_VALUES} values in one payload")
    return budget


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────


def number(value: Any) -> Any:
    """Return ``value``, which is calculated with; TypeError when it is none: a text times a number is a long text."""
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value


def bounded(value: Any) -> Any:
    """Return a number that does not grow without end: a whole one of more than 64 bits is a float; OverflowError."""
    return float(value) if value.__class__ is int and not -WHOLE < value < WHOLE else value


def finite(value: Any) -> bool:
    """Tell whether JSON can hold ``value`` (PS-282)."""
    return value.__class__ is not float or math.isfinite(value)


def remainder(a: float, b: float) -> int | None:
    """Return the floored remainder of whole parts (PS-277, PS-284); None when ``b`` is 0 (PS-278)."""
    return int(a) % int(b) if int(b) else None


def quotient(a: float, b: float) -> int | None:
    """Return the floored quotient of whole parts (PS-276, PS-284); None when ``b`` is 0 (PS-278)."""
    return int(a) // int(b) if int(b) else None


def whole_or_none(value: Any, name: str, warnings: list[str]) -> int | None:
    """Return the whole number that ``value`` is said to be (PS-283); None and a warning when it is not whole."""
    if math.isfinite(value) and int(value) == value:
        return int(value)
    warnings.append(f"{name}: {value} is not whole, as its type says")
    return None


def calculated(formula: Callable[..., Any], *values: Any) -> float | None:
    """Return what a formula makes of ``values``; None when one is absent or it comes to nothing (a division by 0)."""
    if any(value is None for value in values):
        return None
    try:
        return float(formula(*map(number, values)))
    except (ArithmeticError, ValueError):
        return None


def shifted(value: int, places: int) -> int:
    """Return ``value`` shifted left; ValueError where that is more than a number of 64 bits can be."""
    if not 0 <= places <= 64:
        raise ValueError(f"{places} places to shift")
    return value << places


# ── times and readings ──────────────────────────────────────────────────────────────────────────────────────────


def epoch(seconds: Any) -> datetime | None:
    """Return the time of so many Unix seconds; None for 0 and None: the device did not know the time."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OSError, OverflowError, ValueError):  # of a year that no calendar has
        raise malformed(f"{seconds} is no time") from None


def before(received_at: datetime | None, seconds: Any) -> datetime | None:
    """Return the time so many seconds before reception; None when either is not known."""
    if received_at is None or seconds is None:
        return None
    return received_at - timedelta(seconds=seconds)


def untimed(quantity: str) -> str:
    """Return the warning of a reading whose time cannot be known."""
    return f"{quantity}: no time is known for it, so it is not stated"


def once(readings: list[Reading], warnings: list[str]) -> list[Reading]:
    """Return the readings, the last of those that say the same quantity of the same channel and time."""
    unique = {(one.quantity, one.channel, one.at): one for one in readings}
    if len(unique) == len(readings):
        return readings
    warnings.append(f"{len(readings) - len(unique)} readings were said again in this payload; the last counts")
    return list(unique.values())
