"""Paths into what a codec returns: ``soil.moisture``, ``history[*].temp``, ``line_*_total_in``, ``"a.name with dots"``.

A name is followed by ``.name``, ``[n]`` (the first element is 0) or ``[*]`` (each element). In a name ``*`` stands for a
number, and a name in quotes for itself. ``[*]`` and ``*`` are places: two paths are taken at the same place when the
first of one has the value of the first of the other, and so on. ``?`` at the end: it may be absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Place = int | str
"""What a ``[*]`` is, an element's index, or what a ``*`` stands for, digits."""


@dataclass(frozen=True, slots=True)
class Each:
    """``[*]``: each element of a list."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """``line_*_total``: each name that has a number there."""

    before: str
    after: str

    def number(self, name: str) -> str | None:
        """Return the digits that stand for the ``*`` in ``name``; None for another name."""
        digits = name[len(self.before) : len(name) - len(self.after)]
        fits = name.startswith(self.before) and name.endswith(self.after)
        return digits if fits and digits.isascii() and digits.isdecimal() else None


Step = str | int | Each | Numbered

STEP: Final = re.compile(
    r"""\[(?P<index>\d{1,5})\] | \[(?P<each>\*)\] | \[?(?P<quote>["'])(?P<quoted>(?s:.*?))(?P=quote)\]?
    | (?P<name>[^.\[\]{}"'?@]+)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A path, read; ``text`` is what a person wrote."""

    text: str
    steps: tuple[Step, ...]
    optional: bool = False

    @property
    def places(self) -> int:
        """Return how many ``[*]`` and ``*`` it has."""
        return sum(isinstance(step, Each | Numbered) for step in self.steps)

    def at(self, data: Any, places: Sequence[Place] = ()) -> Any:
        """Return what stands at this path in ``data``, its n-th ``[*]`` or ``*`` being ``places[n]``; None when nothing does."""
        remaining = iter(places)
        for step in self.steps:
            match step:
                case Each():
                    data = _element(data, next(remaining))
                case Numbered(before, after):
                    data = _named(data, f"{before}{next(remaining)}{after}")
                case str():
                    data = _named(data, step)
                case int():
                    data = _element(data, step)
        return data

    def all(self, data: Any) -> Iterator[tuple[tuple[Place, ...], Any]]:
        """Yield each value that is there, with its places; null is absent."""
        return _walk(data, self.steps, ())


def parse(text: object) -> FieldPath:
    """Return the path that ``text`` is; raises ValueError in words for people."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{text!r} is no path; e.g. temperature, soil.moisture or history[*].temp is one")
    written = text.strip()
    body = written.removesuffix("?")
    if not body:
        raise ValueError(f"{text!r} is no path; a name stands before the ?")
    steps, position = [], 0
    while position < len(body):
        found = STEP.match(body, position)
        if found is None:
            raise ValueError(f"{text!r} is no path at {body[position:]!r}; a name with odd characters stands in quotes")
        steps.append(_step(found, written))
        position = _after(body, found.end(), written)
    return FieldPath(written, tuple(steps), optional=body != written)


def quoted(name: str) -> str:
    """Return ``name`` as it stands in a path: in quotes where it would be read as something else."""
    found = STEP.fullmatch(name)
    plain = found is not None and found["name"] is not None and "*" not in name and name == name.strip()
    return name if plain else f'"{name}"' if '"' not in name else f"'{name}'"


def _step(found: re.Match[str], whole: str) -> Step:
    if found["index"] is not None:
        return int(found["index"])
    if found["each"] is not None:
        return Each()
    if found["quoted"] is not None:
        return found["quoted"]
    before, star, after = found["name"].partition("*")
    if "*" in after:
        raise ValueError(f"{whole!r}: a name has one * at most")
    return Numbered(before, after) if star else found["name"]


def _after(body: str, position: int, whole: str) -> int:
    """Return where the next step starts: behind a dot, or at a bracket."""
    if position == len(body) or body[position] == "[":
        return position
    if body[position] != "." or position + 1 == len(body):
        raise ValueError(f"{whole!r} is no path at {body[position:]!r}; names are joined by dots, a.b[0].c")
    return position + 1


def _named(data: Any, name: str) -> Any:
    return data.get(name) if isinstance(data, Mapping) else None


def _element(data: Any, index: Place) -> Any:
    fits = isinstance(data, list | tuple) and isinstance(index, int) and index < len(data)
    return data[index] if fits else None


def _walk(data: Any, steps: tuple[Step, ...], places: tuple[Place, ...]) -> Iterator[tuple[tuple[Place, ...], Any]]:
    for depth, step in enumerate(steps):
        match step:
            case str():
                data = _named(data, step)
            case int():
                data = _element(data, step)
            case Each():
                for index, element in enumerate(data if isinstance(data, list | tuple) else ()):
                    yield from _walk(element, steps[depth + 1 :], (*places, index))
                return
            case Numbered():
                for name, value in data.items() if isinstance(data, Mapping) else ():
                    number = step.number(name) if isinstance(name, str) else None
                    if number is not None:
                        yield from _walk(value, steps[depth + 1 :], (*places, number))
                return
        if data is None:
            return
    if data is not None:
        yield places, data
