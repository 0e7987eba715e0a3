"""A section of brygga.toml, on its way to text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.cities.profile import Said
from gateway.model import Json


@dataclass(frozen=True, slots=True)
class Line:
    """A key with its value and the reason for it; an idle one stands there as a comment."""

    key: str
    value: Json
    why: Said | None = None
    is_idle: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A section: what stands above it, its head, its keys."""

    head: str
    lines: tuple[Line, ...] = ()
    above: tuple[Said, ...] = ()


def unused(name: str, taken: Iterable[str]) -> str:
    """Return ``name``, with a number where it is taken."""
    there, number = frozenset(taken), 2
    if name not in there:
        return name
    while f"{name}-{number}" in there:
        number += 1
    return f"{name}-{number}"
