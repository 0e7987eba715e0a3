"""``rename`` and ``prefix``: the same definition several times in one table, its fields under other names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AnyMapping
from typing import Any

from decoders.payload_schema.document import Mapping, did_you_mean, shown

REFERENCE = re.compile(r"\$(\{?)([A-Za-z_]\w*)")
NAMES = ("name", "var")  # keys of a field that define a name
BARE = ("field", "count_field")  # keys that refer to one, with or without $
SILENT = ("senml", "ipso", "semantic", "wrap", "values", "lookup")  # mappings whose "name" is no field's


def renamed(fields: list[Mapping], reference: Mapping) -> list[Mapping]:
    """Return the fields under the names that ``reference`` asks for, and what refers to them; raises TableError."""
    if "rename" not in reference and "prefix" not in reference:
        return fields
    prefix = reference.get("prefix", "")
    if not isinstance(prefix, str):
        raise reference.wrong(f"prefix is a text, not {shown(prefix)}", "prefix")
    names = list(dict.fromkeys(_defined(fields)))
    wanted = _wanted(reference, fields, names, prefix)
    return [_copy(field, {name: wanted.get(name, _prefixed(name, prefix)) for name in names}) for field in fields]


def _wanted(reference: Mapping, fields: Sequence[Mapping], names: Sequence[str], prefix: str) -> dict[str, str]:
    """Return the new names that are said one by one, by the old ones."""
    rename = reference.get("rename", {})
    if isinstance(rename, str):
        first = [field["name"] for field in fields if isinstance(field.get("name"), str)]
        if len(first) != 1:
            raise reference.wrong("rename is a text only where one field is meant; else {old: new}", "rename")
        return {first[0]: rename}
    if not isinstance(rename, AnyMapping) or not all(isinstance(one, str) for one in rename.values()):
        raise reference.wrong("rename is {old: new}", "rename")
    prefixed = {_prefixed(str(name), prefix): str(name) for name in names}
    for old in rename:
        if old not in names and old not in prefixed:
            raise reference.wrong(f"rename: there is no field {old!r} in it{did_you_mean(str(old), names)}", "rename")
    return {prefixed.get(str(old), str(old)): str(new) for old, new in rename.items()}


def _prefixed(name: str, prefix: str) -> str:
    """Return the name with its prefix; what is internal stays so."""
    return f"_{prefix}{name.removeprefix('_')}" if name.startswith("_") and prefix else f"{prefix}{name}"


def _defined(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node[key] for key in NAMES if isinstance(node.get(key), str))
        for key, value in node.items():
            if key not in SILENT:
                yield from _defined(value)
    elif isinstance(node, list):
        for value in node:
            yield from _defined(value)


def _copy(node: Any, names: AnyMapping[str, str], key: Any = None) -> Any:
    match node:
        case Mapping():
            return node.like({k: v if k in SILENT else _copy(v, names, k) for k, v in node.items()})
        case list():
            return [_copy(value, names, key) for value in node]
        case str() if key in NAMES or (key in BARE and not node.startswith("$")):
            return names.get(node, node)
        case str():
            return REFERENCE.sub(lambda match: f"${match[1]}{names.get(match[2], match[2])}", node)
        case _:
            return node
