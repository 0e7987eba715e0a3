"""Whether two settings say the same: they come from two readings of a file, and few of their parts know equality."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType
from typing import Final

PROTOCOL: Final = 4  # of pickle: what it takes apart is what settings cross from one process to another by
PLAIN: Final = (
    bool,
    int,
    float,
    str,
    bytes,
    Enum,
    PurePath,
    datetime,
    timedelta,
    type,
    FunctionType,
    BuiltinFunctionType,
)


def alike(one: object, other: object) -> bool:
    """Tell whether two values of settings are of the same types and say the same, all the way down."""
    return _essence(one, ()) == _essence(other, ())


def _essence(value: object, around: tuple[int, ...]) -> object:
    """Return what can be compared: types and parts, as a copy of the value would be made of them.

    ``around`` are the values that it is a part of: one that holds itself, as by a method of its own, is named by its depth.
    """
    if value is None or isinstance(value, PLAIN):
        return type(value), value
    if id(value) in around:
        return "itself", around.index(id(value))
    within = (*around, id(value))
    if isinstance(value, Mapping):
        return type(value), frozenset((_essence(key, within), _essence(one, within)) for key, one in value.items())
    if isinstance(value, set | frozenset):
        return type(value), frozenset(_essence(one, within) for one in value)
    if isinstance(value, list | tuple):
        return type(value), tuple(_essence(one, within) for one in value)
    return type(value), _parts(value, within)


def _parts(value: object, within: tuple[int, ...]) -> object:
    made = value.__reduce_ex__(PROTOCOL)
    return made if isinstance(made, str) else tuple(_essence(one, within) for one in made[1:3])
