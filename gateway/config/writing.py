"""A table as TOML 1.0: what a fleet's fragment is written with, and what is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Final

from gateway.model import Json

BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")

Table = Mapping[str, Json]


def toml(table: Table) -> str:
    """Return ``table`` as TOML: its values, then its tables, then its lists of tables."""
    return "\n".join(_lines(table, "")).lstrip("\n") + "\n"


def _lines(table: Table, place: str) -> Iterator[str]:
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    lists = {key: value for key, value in table.items() if _is_list_of_tables(value)}
    yield from (
        f"{key(name)} = {value(one)}" for name, one in table.items() if name not in tables and name not in lists
    )
    for name, one in tables.items():
        yield from ["", f"[{place}{key(name)}]", *_lines(one, f"{place}{key(name)}.")]
    for name, several in lists.items():
        for one in several:
            yield from ["", f"[[{place}{key(name)}]]", *_lines(one, f"{place}{key(name)}.")]


def _is_list_of_tables(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def key(name: str) -> str:
    """Return a key as TOML writes it."""
    return name if BARE_KEY.fullmatch(name) else _text(name)


def value(one: Json) -> str:
    """Return a value on one line; tables in it stand in braces."""
    match one:
        case bool():
            return str(one).lower()
        case str():
            return _text(str(one))
        case dict():
            return (
                "{ " + ", ".join(f"{key(name)} = {value(inner)}" for name, inner in one.items()) + " }" if one else "{}"
            )
        case list():
            return "[" + ", ".join(map(value, one)) + "]"
        case datetime() | date() | time():
            return one.isoformat()
        case _:
            return repr(one)


def _text(text: str) -> str:
    """Return a basic string: JSON's, but that DEL is a control character in TOML, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
