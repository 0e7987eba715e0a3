"""Whether a codec says what its publisher's example says, by the rules of the published vectors.

Numbers are equal within 1e-6, absolute or relative; null is absent; times are instants, to the millisecond, for
publishers write the same one with more digits or another offset.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

TOLERANCE: Final = 1e-6
SHOWN: Final = 120  # characters of a value in its line
MILLISECOND: Final = 0.001
ANY_INSTANT: Final = re.compile(
    r"X{4}-XX-XX[T ]XX:XX:XX(\.X+)?Z?"
)  # how Actility's catalogue writes "some time or other"

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the output of a codec departs from what is expected, first of all."""

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: {self.expected} is expected, {self.got} came"


def difference(got: Any, expected: Any, *, partial: bool = False) -> Difference | None:
    """Return where ``got`` first departs from ``expected``; None where the two say the same.

    ``partial`` is the rule of Payload Schema's own vectors: what they do not mention may be there, and true is 1.
    """
    return next(_differences("", got, expected, partial=partial), None)


def _differences(path: str, got: Any, expected: Any, *, partial: bool) -> Iterator[Difference]:
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        more = () if partial else (key for key in got if key not in expected)
        for key in (*expected, *more):
            inner = f"{path}.{key}" if path else str(key)
            yield from _differences(inner, got.get(key), expected.get(key), partial=partial)
    elif isinstance(expected, list | tuple) and isinstance(got, list | tuple):
        for place in range(max(len(expected), len(got))):
            yield from _differences(f"{path}[{place}]", _at(got, place), _at(expected, place), partial=partial)
    elif not (same(got, expected) or (partial and _same_number(got, expected))):
        yield Difference(path or "the output", shown(expected), shown(got))


def _same_number(got: Any, expected: Any) -> bool:
    return isinstance(got, int | float) and isinstance(expected, int | float) and same(float(got), float(expected))


def _at(values: list[Any] | tuple[Any, ...], place: int) -> Any:
    return values[place] if place < len(values) else None


def same(got: Any, expected: Any) -> bool:
    """Tell whether two values without parts are the same."""
    if isinstance(got, bool) or isinstance(expected, bool):
        return got is expected
    if isinstance(got, int | float) and isinstance(expected, int | float):
        return got == expected or math.isclose(got, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if isinstance(got, str) and isinstance(expected, str) and got != expected:
        left, right = instant(got), instant(expected)
        if left is not None and ANY_INSTANT.fullmatch(expected):
            return True
        return left is not None and right is not None and abs((left - right).total_seconds()) < MILLISECOND
    return bool(got == expected)


def instant(text: str) -> datetime | None:
    """Return the time that ``text`` is in ISO 8601, UTC where it names no offset; None where it is none."""
    if _INSTANT.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:  # the 31st of February
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def shown(value: Any) -> str:
    """Return ``value`` for a line that people read."""
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
