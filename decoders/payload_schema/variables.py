"""The names that a table's fields refer to each other by, and the names that hold them in the code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from decoders.payload_schema.document import Mapping, TableError, did_you_mean

REFERENCE = re.compile(r"\$\{?([A-Za-z_]\w*)")
BARE = ("field", "count_field", "on", "match")  # keys whose value names a field, with or without $


class Variables:
    """What a list of fields defines and refers to."""

    def __init__(self, fields: Sequence[Mapping]) -> None:
        self.defined = frozenset(defined(fields))
        self.wanted = frozenset(_wanted(fields)) & self.defined
        self._codes = {name: f"x{place}" for place, name in enumerate(sorted(self.wanted))}

    def code(self, name: str, owner: Mapping) -> str:
        """Return the name in the code; raises TableError for what no field defines."""
        try:
            return self._codes[name]
        except KeyError:
            raise self._nowhere(name, owner) from None

    def _nowhere(self, name: str, owner: Mapping) -> TableError:
        return owner.wrong(f"${name}: no field here has this name{did_you_mean(name, self.defined)}")


def defined(node: Any) -> Iterator[str]:
    """Yield the names that some fields define."""
    if isinstance(node, dict):
        yield from (node[key] for key in ("name", "var") if isinstance(node.get(key), str))
        for value in node.values():
            yield from defined(value)
    elif isinstance(node, list):
        for value in node:
            yield from defined(value)


def _wanted(node: Any, key: Any = None) -> Iterator[str]:
    if isinstance(node, dict):
        for inner, value in node.items():
            yield from _wanted(value, inner)
    elif isinstance(node, list):
        for value in node:
            yield from _wanted(value)
    elif isinstance(node, str):
        if key in BARE or key is True:  # what YAML 1.1 makes of an `on` without quotes
            yield node.removeprefix("$")
        yield from REFERENCE.findall(node)
