"""The destination that goes to a stand-in, as a person may paste it into brygga.toml: `brygga check` takes it as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model import Json

Table = Mapping[str, Json]

BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")  # TOML 1.0, "Keys"
NAME: Final = "dry-run"


def section(url: str, keys: Table, note: str = "", *, name: str = NAME) -> str:
    """Return ``[[destination]]`` with the URL and ``keys``, tables in them as dotted keys, and ``note`` as a comment."""
    lines = ["[[destination]]", f"name = {_value(name)}", f"url = {_value(url)}", *_lines(keys, "")]
    return "\n".join([*lines, f"# {note}"] if note else lines)


def over(lower: Table, upper: Table) -> Table:
    """Return what two tables say together; ``upper`` wins, key by key, and inside tables, too."""
    both = {key: over(lower[key], value) for key, value in upper.items() if _are_tables(lower.get(key), value)}
    return {**lower, **upper, **both}


def _are_tables(one: Json, other: Json) -> bool:
    return isinstance(one, Mapping) and isinstance(other, Mapping)


def _lines(table: Table, place: str) -> Iterator[str]:
    for key, value in table.items():
        name = f"{place}{key if BARE_KEY.fullmatch(key) else _value(key)}"
        if isinstance(value, Mapping):
            yield from _lines(value, f"{name}.")
        else:
            yield f"{name} = {_value(value)}"


def _value(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)  # of texts, numbers and lists TOML and JSON write the same
