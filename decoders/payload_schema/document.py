"""Read a YAML file into mappings that know their line, so that a complaint can say where."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the reader of YAML raises for a date that cannot be, a number that is none, a thousand brackets."""


class TableError(ValueError):
    """A table that cannot be used: file, line, what is wrong and what would be right."""


class Mapping(dict[Any, Any]):
    """A YAML mapping that knows where it starts."""

    line: int = 0
    file: str = ""

    def wrong(self, message: str) -> TableError:
        """Return the complaint about this mapping."""
        name = self.get("name")
        where = f"{self.file} line {self.line}"
        return TableError(f"{where}: field {name!r}: {message}" if isinstance(name, str) else f"{where}: {message}")

    def part(self, key: str) -> Mapping:
        """Return the mapping at ``key``, an empty one when there is none; complain about anything else."""
        found = self.get(key)
        if found is None:
            return Mapping()
        if not isinstance(found, Mapping):
            raise self.wrong(f"{key} is a mapping (`name: value`), not {found!r}")
        return found

    def only(self, allowed: Collection[str], refused: Collection[str], what: str) -> None:
        """Complain about the first key that is neither allowed nor an ``x-`` extension of somebody else."""
        for key in self:
            if key in allowed or str(key).startswith("x-"):
                continue
            if key in refused:
                raise self.wrong(f"{key!r} is a part of the language that is not supported yet")
            raise self.wrong(f"{what} has no key {key!r}{did_you_mean(str(key), allowed)}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for a near miss, or ""."""
    near = get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def read(path: Path) -> Mapping:
    """Return the mapping that ``path`` holds; raises TableError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: {error}") from error
    return parse(text, str(path))


def parse(text: str, file: str) -> Mapping:
    """Return the mapping that ``text`` holds; raises TableError."""
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:  # a character that no YAML file holds
        raise TableError(f"{file}: {error}") from error
    try:
        loader.name = file
        document = loader.get_single_data()
    except TableError:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TableError(f"{file} line {line}: {error.problem}") from error
    except (yaml.YAMLError, *UNREADABLE) as error:
        raise TableError(f"{file} line {loader.line + 1}: {error}") from error
    finally:
        loader.dispose()
    if not isinstance(document, Mapping):
        raise TableError(f"{file} line 1: a mapping (`key: value`) is expected")
    return document


class _Loader(yaml.SafeLoader):
    """YAML 1.1 as other readers of the language have it, with lines, and sequences allowed as keys."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Mapping:
    loader.flatten_mapping(node)
    made = Mapping()
    made.line, made.file = node.start_mark.line + 1, loader.name
    for key_node, value_node in node.value:
        key = _key(loader, key_node)
        if key in made:
            raise TableError(f"{loader.name} line {key_node.start_mark.line + 1}: {key!r} stands here twice")
        made[key] = loader.construct_object(value_node, deep=True)
    return made


def _key(loader: _Loader, node: yaml.Node) -> Hashable:
    key = loader.construct_object(node, deep=True)
    if isinstance(key, list):
        return tuple(key)
    if not isinstance(key, Hashable):
        raise TableError(f"{loader.name} line {node.start_mark.line + 1}: a mapping cannot be a key")
    return key


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
