"""Values as vendors' codecs return them: numbers as text, "ON", a Date's ISO text, seconds, milliseconds."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any, Final

from decoders.vocabulary.spellings import ucum

LARGEST: Final = 1e300  # beyond it arithmetic with a unit's factor overflows
LONGEST: Final = 40  # characters of a text that may be a number or a time
NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
MEASURED: Final = re.compile(rf"(?P<number>{NUMBER.pattern})\s*(?P<unit>[^\s\d.].{{0,23}})", re.ASCII)
DATE: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", re.ASCII)
MILLISECONDS: Final = 1e11  # as seconds it is the year 5138, as milliseconds 1973
WORDS: Final = {True: ("true", "yes", "on"), False: ("false", "no", "off")}
"""What YAML reads as a truth value although a person may have meant the word."""


Scalar = bool | int | float | str


class Unreadable(ValueError):
    """Say why a native value cannot be what is expected of it."""


def number(value: Any) -> float | int:
    """Return ``value``, a finite number or a text that is one; raises Unreadable."""
    match value:
        case bool():
            raise Unreadable(f"{shown(value)} where a number is expected")
        case int() | float() if -LARGEST < value < LARGEST:  # not so of NaN and the infinities
            return value
        case str() if len(value) <= LONGEST and NUMBER.fullmatch(text := value.strip()):
            return number(int(text) if text.lstrip("+-").isdecimal() else float(text))
        case _:
            raise Unreadable(f"{shown(value)} where a number is expected")


def measured(value: Any) -> tuple[float | int, str] | None:
    """Return the number and the unit (UCUM) of a text that has both, as "21.5 °C"; None for anything else."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    found = MEASURED.fullmatch(value.strip())
    unit = ucum(found["unit"]) if found else None
    return None if found is None or unit is None else (number(found["number"]), unit)


def truth(value: Any) -> bool:
    """Return ``value`` as yes or no: a truth value, 1 or 0, or such a text; raises Unreadable."""
    if isinstance(value, bool):
        return value
    word = value.strip().casefold() if isinstance(value, str) else value
    if word in {1, "1", "true"}:
        return True
    if word in {0, "0", "false"}:
        return False
    raise Unreadable(f"{shown(value)} is neither true nor false; labels say what it means")


def quantity_value(value: Any, *, boolean: bool) -> bool | float | int:
    """Return ``value`` as a truth value or as a number; raises Unreadable."""
    if isinstance(value, dict | list | tuple):
        raise Unreadable(f"{shown(value)} where {'yes or no' if boolean else 'a number'} is expected")
    return truth(value) if boolean else number(value)


def moment(value: Any) -> datetime:
    """Return the time that ``value`` is, UTC; raises Unreadable.

    An ISO 8601 text (UTC where it names no zone), Unix seconds, or milliseconds. 0 is what a clock that was never set says.
    """
    if isinstance(value, str) and len(value) <= LONGEST and DATE.fullmatch(text := value.strip()):
        return _iso(text)
    try:
        seconds = float(number(value))
    except Unreadable:
        raise Unreadable(f"is {shown(value)}, which is no time") from None
    if seconds >= MILLISECONDS:
        seconds /= 1000
    try:
        if seconds > 0:
            return datetime.fromtimestamp(seconds, UTC)
    except (OSError, OverflowError, ValueError):
        pass  # of a year that no calendar has
    raise Unreadable(f"is {shown(value)}, which is no time")


def _iso(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Unreadable(f"is {shown(text)}, which is no time") from None


def alike(value: Any, expected: Scalar) -> bool:
    """Tell whether ``value`` is what a person wrote in YAML: 255 is also 255.0 and "255", ``on`` is also "ON"."""
    if isinstance(expected, str):
        return isinstance(value, str) and value == expected
    if isinstance(expected, bool):
        return value.casefold() in WORDS[expected] if isinstance(value, str) else bool(value == expected)
    try:
        return math.isclose(number(value), expected, rel_tol=1e-9)
    except Unreadable:
        return False


def shown(value: Any) -> str:
    """Return ``value`` in a few characters, for a warning."""
    match value:
        case None:
            return "absent"
        case dict() | list() | tuple():
            return "an object" if isinstance(value, dict) else "a list"
        case str():
            return ascii(value[:LONGEST])
        case int() if not -LARGEST < value < LARGEST:
            return "a number of very many digits"  # which Python does not turn into text
        case _:
            return f"{value!r}"[:LONGEST]
