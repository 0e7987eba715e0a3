"""The catalogue's decoders and their vectors, each loaded once for all tests of a process that only use them."""

from __future__ import annotations

from functools import cache

from decoders.registry import Registry
from decoders.vectors import Vector

REGISTRY = Registry.load(entry_points=False)


@cache
def vectors(name: str) -> tuple[Vector, ...]:
    return REGISTRY.vectors(name)
