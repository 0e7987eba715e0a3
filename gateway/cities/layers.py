"""What a destination's section becomes when it names a city: kind, profile, connection and the section itself, one over another.

What stands higher wins, key by key, and inside tables (`options`, `headers`, `tls`, `share`), too. Two things go as a whole: another
`format` has other options, and another kind of credential leaves no part of the lower one behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gateway.model import Json


Table = Mapping[str, Any]

CREDENTIALS: Final = (
    frozenset({"username", "password", "password_file"}),
    frozenset({"sas_key_file"}),
    frozenset({"token", "token_file"}),
    frozenset({"api_key_header", "api_key_file"}),
)
EITHER_OR: Final = {"password": "password_file", "token": "token_file"}
FILE: Final = "_file"  # how keys end that name a file; one in a connection begins at the connection's folder


@dataclass(frozen=True, slots=True)
class Origin:
    """Where keys were written, if not in the destination's own section."""

    shown: str  # as errors call it: "cities/lund.toml"
    path: Path | None  # None: it came with the agent


@dataclass(frozen=True, slots=True)
class Layer:
    """Some keys of a destination, and where they were written; None: in its own section."""

    table: Table
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Layered:
    """All keys of a destination, and where each was written that is not its section's own."""

    table: Table
    origins: Mapping[str, Origin | None]  # None: in the section itself

    def origin(self, key: str) -> Origin | None:
        """Return where a dotted key was written, or the table that it is or would be in; None: in the section itself."""
        parts = re.split(r"[.\[]", key)
        tried = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((self.origins[one] for one in tried if one in self.origins), None)


def layered(layers: Sequence[Layer]) -> Layered:
    """Return what ``layers`` say together, the lowest first."""
    table: dict[str, Json] = {}
    origins: dict[str, Origin | None] = {}
    for layer in layers:
        for key in _left_behind(table, layer.table):
            _forget(key, table, origins)
        for key, value in layer.table.items():
            _put(key, value, layer.origin, table, origins)
    return Layered(table, origins)


def with_paths(table: Table, folder: Path) -> dict[str, Json]:
    """Return ``table`` with the files that it names as whole paths, which may then stand in another folder's file."""
    return {key: _with_path(key, value, folder) for key, value in table.items()}


def _with_path(key: str, value: Json, folder: Path) -> Json:
    if isinstance(value, dict) and key == "tls":
        return with_paths(value, folder)
    return str(folder / value) if key.endswith(FILE) and isinstance(value, str) and value else value


def _left_behind(below: Table, above: Table) -> Iterator[str]:
    """Yield the keys below that those above take the place of, besides those of the same name."""
    if "format" in above and above["format"] != below.get("format"):
        yield "options"
    named = [kind for kind in CREDENTIALS if kind & above.keys()]
    yield from (key for kind in CREDENTIALS if named and kind not in named for key in kind)
    for one, other in EITHER_OR.items():
        yield from (two for two, by in ((one, other), (other, one)) if by in above and two not in above)


def _forget(key: str, table: dict[str, Json], origins: dict[str, Origin | None]) -> None:
    table.pop(key, None)
    for name in [one for one in origins if one == key or one.startswith(f"{key}.")]:
        del origins[name]


def _put(
    key: str, value: Json, origin: Origin | None, table: dict[str, Json], origins: dict[str, Origin | None]
) -> None:
    below = table.get(key)
    if not (isinstance(below, dict) and isinstance(value, dict)):
        _forget(key, table, origins)
        table[key] = value
        _note(_names(key, value), origin, origins)
        return
    table[key] = {**below, **value}
    _note((f"{key}.{name}" for name in value), origin, origins)


def _names(key: str, value: Json) -> Iterable[str]:
    return [key, *(f"{key}.{name}" for name in value)] if isinstance(value, dict) else [key]


def _note(names: Iterable[str], origin: Origin | None, origins: dict[str, Origin | None]) -> None:
    origins.update(dict.fromkeys(names, origin))
