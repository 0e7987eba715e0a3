"""Whether two settings say the same: they come from two readings of a file, and few of their parts know equality."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType
from typing import Final

PROTOCOL: Final = 4  # of pickle: what it takes apart is what a settings value crosses processes by
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
    return _essence(one) == _essence(other)


def _essence(value: object) -> object:
    """Return what can be compared: types and parts, as a copy of the value would be made of them."""
    if value is None or isinstance(value, PLAIN):
        return type(value), value
    if isinstance(value, Mapping):
        return type(value), frozenset((_essence(key), _essence(one)) for key, one in value.items())
    if isinstance(value, set | frozenset):
        return type(value), frozenset(map(_essence, value))
    if isinstance(value, list | tuple):
        return type(value), tuple(map(_essence, value))
    made = value.__reduce_ex__(PROTOCOL)
    return type(value), made if isinstance(made, str) else _essence(list(made[1:3]))
