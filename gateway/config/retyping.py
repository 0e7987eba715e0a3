"""Numbers and truths that come from variables: those are texts, and become what the key expects."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic_core import ErrorDetails

from gateway.config.environment import Filled
from gateway.model import Json

EXPECTED: Final[Mapping[str, tuple[type, ...]]] = {  # by pydantic's word for what is wrong with a text
    "int_type": (int,),
    "float_type": (int, float),
    "bool_type": (bool,),
}

Table = Mapping[str, Json]


def retyped(table: Table, details: Sequence[ErrorDetails]) -> Table:
    """Return ``table`` with each filled text that was refused as what its key expects; itself where none can be."""
    for one in details:
        types = EXPECTED.get(one["type"])
        if types is not None and isinstance(one["input"], Filled):
            value = _value(one["input"])
            if type(value) in types:
                table = _put(table, one["loc"], value)
    return table


def _value(text: str) -> Json:
    """Return what TOML would take ``text`` for; None for anything but one value."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else None
    except tomllib.TOMLDecodeError:
        return None


def _put(table: Json, place: Sequence[int | str], value: Json) -> Json:
    match table, place:
        case _, () | []:
            return value
        case dict(), [key, *rest] if key in table:
            return {**table, key: _put(table[key], rest, value)}
        case list(), [int(number), *rest] if number < len(table):
            return [*table[:number], _put(table[number], rest, value), *table[number + 1 :]]
        case _:
            return value  # what pydantic names behind a value is which of a union's kinds it tried
