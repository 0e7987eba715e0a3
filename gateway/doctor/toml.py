"""A table as TOML again, for people: scalars, tables, lists of tables; comments are not kept, for secrets may stand in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from gateway.model import Json


def written(table: Mapping[str, Json]) -> str:
    """Return a table as text."""
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: Mapping[str, Json], place: tuple[str, ...]) -> Iterator[str]:
    inner = {key: value for key, value in table.items() if _is_table(value) or _is_list_of_tables(value)}
    for key, value in table.items():
        if key not in inner:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        where = (*place, key)
        for one in [value] if _is_table(value) else value:
            head = ".".join(map(_key, where))
            yield ""
            yield f"[{head}]" if _is_table(value) else f"[[{head}]]"
            yield from _lines(one, where)


def _is_table(value: Json) -> bool:
    return isinstance(value, dict)


def _is_list_of_tables(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_table, value))


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def _value(value: Json) -> str:
    match value:
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())} }}"
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)
