"""Read a YAML file into mappings that know their place in it, so that a complaint can say where."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable
from collections.abc import Mapping as AnyMapping
from difflib import get_close_matches
from pathlib import Path
from stat import S_ISREG
from types import MappingProxyType
from typing import Any

import yaml

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the reader of YAML raises for a date that cannot be, a number that is none, a thousand brackets."""
LONGEST_FILE = 1 << 18  # octets; the longest table that is known has 20,000, and these are read in a second
MOST_NODES = 200_000  # with aliases written out: ten lines of aliases to aliases are more than a memory holds
LONGEST_NUMBER = 128  # characters; the time to read `1:1:1…`, a number of base 60, grows with the square of its length
DEEPEST = 60  # lists and mappings within each other; the deepest table that is known has 14

MERGE = "tag:yaml.org,2002:merge"  # of the key <<

Spot = tuple[int, int]  # line and column, both from 1


class TableError(ValueError):
    """A table that cannot be used: file, line, column, what is wrong and what would be right."""


class Mapping(dict[Any, Any]):
    """A YAML mapping that knows where it and its keys start."""

    line: int = 0
    column: int = 0
    file: str = ""
    spots: AnyMapping[Any, Spot] = MappingProxyType({})

    def wrong(self, message: str, key: object = None) -> TableError:
        """Return the complaint about this mapping, or about its ``key``."""
        name = self.get("name")
        line, column = self.spots.get(key, (self.line, self.column))
        where = f"{self.file} line {line}, column {column}" if column else f"{self.file} line {line}"
        return TableError(f"{where}: field {name!r}: {message}" if isinstance(name, str) else f"{where}: {message}")

    def part(self, key: str) -> Mapping:
        """Return the mapping at ``key``, an empty one when there is none; complain about anything else."""
        found = self.get(key)
        if found is None:
            return Mapping()
        if not isinstance(found, Mapping):
            raise self.wrong(f"{key} is a mapping (`name: value`), not {shown(found)}", key)
        return found

    def truth(self, key: str, *, absent: bool = False) -> bool:
        """Return the truth value at ``key``, ``absent`` when there is none; complain about anything else."""
        found = self.get(key, absent)
        if not isinstance(found, bool):
            raise self.wrong(f"{key} is true or false, not {shown(found)}", key)
        return found

    def only(self, allowed: Collection[str], refused: Collection[str], what: str) -> None:
        """Complain about the first key that is neither allowed nor an ``x-`` extension of somebody else."""
        for key in self:
            if key in allowed or str(key).startswith("x-"):
                continue
            if key in refused:
                raise self.wrong(f"{key!r} is a part of the language that is not supported", key)
            raise self.wrong(f"{what} has no key {key!r}{did_you_mean(str(key), allowed)}", key)

    def changed(self, **changes: Any) -> Mapping:
        """Return a copy with other values at some keys."""
        return self.like({**self, **changes})

    def like(self, content: AnyMapping[Any, Any]) -> Mapping:
        """Return a mapping of other content that stands where this one does."""
        made = Mapping(content)
        made.line, made.column, made.file, made.spots = self.line, self.column, self.file, self.spots
        return made


def shown(value: object) -> str:
    """Return ``value`` as it may stand in a complaint: its beginning."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python prints
        text = "a very long number"
    return text if len(text) <= 60 else f"{text[:57]}…"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for a near miss, or ""."""
    near = get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def read(path: Path) -> Mapping:
    """Return the mapping that ``path`` holds; raises TableError."""
    try:
        if not S_ISREG(path.stat().st_mode):  # a pipe would be waited for
            raise TableError(f"{path}: a file is expected")
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: {error}") from error
    if len(content) > LONGEST_FILE:
        raise TableError(f"{path} line 1: the file is longer than {LONGEST_FILE} octets")
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
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "line 1"
        raise TableError(f"{file} {where}: {error.problem}") from error
    except (yaml.YAMLError, *UNREADABLE) as error:
        raise TableError(f"{file} line 1: {error}") from error
    finally:
        loader.dispose()
    if not isinstance(document, Mapping):
        raise TableError(f"{file} line 1: a mapping (`key: value`) is expected")
    if math.isinf(_nodes(document, {}, DEEPEST)):
        raise document.wrong(f"more than {MOST_NODES} values, aliases written out, or {DEEPEST} within each other")
    return document


def _nodes(node: Any, known: dict[int, float], depth: int) -> float:
    """Return how many values ``node`` holds, aliases written out; infinity where it is too many or too deep."""
    if not isinstance(node, dict | list):
        return 1
    if depth == 0:
        return math.inf
    place = id(node)
    if place not in known:
        inner = node.values() if isinstance(node, dict) else node
        total = 1 + sum(_nodes(one, known, depth - 1) for one in inner)
        known[place] = total if total <= MOST_NODES else math.inf
    return known[place]


# libyaml reads six times as fast (measured over the catalogue); a platform without it has the one in Python.
_Reader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _Loader(_Reader):  # type: ignore[misc]  # one of two, as the platform has it
    """YAML 1.1 as other readers of the language have it, with lines, and sequences allowed as keys."""

    merged = 0  # keys that came from elsewhere

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Write out what ``node`` takes from others (``<<``), before its own keys, which win; raises TableError."""
        own, node.value = node.value, [pair for pair in node.value if pair[0].tag != MERGE]  # one may merge itself
        merged: list[tuple[yaml.Node, yaml.Node]] = []
        for source in (one for key, value in own if key.tag == MERGE for one in _sources(value)):
            if not isinstance(source, yaml.MappingNode):
                raise TableError(f"{self.name} {_spot(source.start_mark)}: << takes a mapping, or a list of them")
            self.flatten_mapping(source)
            merged += source.value
            self.merged += len(source.value)
            if self.merged > MOST_NODES:
                raise TableError(f"{self.name} {_spot(node.start_mark)}: more than {MOST_NODES} keys come from <<")
        node.value = [*merged, *node.value]


def _sources(node: yaml.Node) -> list[yaml.Node]:
    """Return what a ``<<`` names, the strongest, which is the first, last."""
    return node.value[::-1] if isinstance(node, yaml.SequenceNode) else [node]


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Mapping:
    _no_doubles(loader, node)
    loader.flatten_mapping(node)
    made, spots = Mapping(), {}
    made.line, made.column, made.file = node.start_mark.line + 1, node.start_mark.column + 1, loader.name
    for key_node, value_node in node.value:
        key, mark = _key(loader, key_node), key_node.start_mark
        spots[key] = (mark.line + 1, mark.column + 1)
        made[key] = loader.construct_object(value_node, deep=True)
    made.spots = spots
    return made


def _no_doubles(loader: _Loader, node: yaml.MappingNode) -> None:
    """Complain about a key that a mapping has twice of its own."""
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == MERGE:
            continue
        if (key := _key(loader, key_node)) in seen:
            raise TableError(f"{loader.name} {_spot(key_node.start_mark)}: {shown(key)} stands here twice")
        seen.add(key)


def _number(loader: _Loader, node: yaml.Node) -> float:
    if len(node.value) > LONGEST_NUMBER:
        raise TableError(
            f"{loader.name} {_spot(node.start_mark)}: a number has at most {LONGEST_NUMBER} characters; a text stands in quotes"
        )
    made: float = _NUMBERS[node.tag](loader, node)
    return made


def _spot(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _key(loader: _Loader, node: yaml.Node) -> Hashable:
    key = loader.construct_object(node, deep=True)
    if isinstance(key, list):
        key = tuple(key)
    try:
        hash(key)
    except TypeError:
        raise TableError(f"{loader.name} {_spot(node.start_mark)}: a mapping cannot be a key") from None
    found: Hashable = key
    return found


_NUMBERS: AnyMapping[str, Any] = {
    f"tag:yaml.org,2002:{kind}": _Reader.yaml_constructors[f"tag:yaml.org,2002:{kind}"] for kind in ("int", "float")
}
for _tag in _NUMBERS:
    _Loader.add_constructor(_tag, _number)
_Loader.add_constructor("tag:yaml.org,2002:value", _Reader.construct_yaml_str)  # a bare =, which is a text here
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
