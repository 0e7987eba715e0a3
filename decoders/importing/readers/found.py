"""What a reader took from a tree, and what readers have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from decoders.importing import notation
from decoders.importing.notation import NOT_READ
from decoders.importing.published import Published
from decoders.importing.tree import Tree, Unreadable

LONGEST_DESCRIPTION: Final = 200

DECODES: Final = re.compile(r"\b(?:decodeUplink|Decoder|Decode)\s*(?:\(|=|:)|\bdecentlab_decoder\b")
ENCODES: Final = re.compile(r"\b(?:encodeDownlink|Encoder|Encode)\s*(?:\(|=|:)")


@dataclass(frozen=True, slots=True)
class Found:
    """The models of a tree that one reader knows, the files that are accounted for with them, and what could not be read."""

    models: tuple[Published, ...] = ()
    claimed: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def __add__(self, other: Found) -> Found:
        return Found(self.models + other.models, self.claimed | other.claimed, self.notes + other.notes)


def joined(parts: Iterable[Found]) -> Found:
    """Return all that the parts have."""
    models: list[Published] = []
    claimed: set[str] = set()
    notes: list[str] = []
    for part in parts:
        models += part.models
        claimed |= part.claimed
        notes += part.notes
    return Found(tuple(models), frozenset(claimed), tuple(notes))


def of_each(read: Callable[[str], Found], places: Iterable[str]) -> Found:
    """Return what ``read`` finds at each of ``places``; one that is too odd to be read is a line, and costs no other."""
    return joined(_guarded(read, place) for place in places)


def _guarded(read: Callable[[str], Found], place: str) -> Found:
    try:
        return read(place)
    except NOT_READ as error:
        return Found(notes=(f"{place or 'the tree'}: passed over: {too_odd(error)}",))


def too_odd(error: BaseException) -> str:
    """Return in words why something that nobody expected could not be read."""
    return f"{type(error).__name__}: {error}"


def mapping(tree: Tree, path: str) -> Mapping[str, Any]:
    """Return the mapping that the file holds; raises Unreadable."""
    found = notation.read(tree, path)
    if not isinstance(found, Mapping):
        raise Unreadable(f"{path}: a mapping is expected")
    return found


def mapping_or_none(tree: Tree, path: str | None) -> Mapping[str, Any]:
    """Return the mapping that the file holds, an empty one where there is no such file or it holds none."""
    try:
        return mapping(tree, path) if path else {}
    except Unreadable:
        return {}


def part(whole: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return the mapping at ``keys``, one within the other; an empty one where it is missing."""
    for key in keys:
        found = whole.get(key)
        whole = found if isinstance(found, Mapping) else {}
    return whole


def entries(whole: Mapping[str, Any], key: str) -> list[Any]:
    """Return the list at ``key``; an empty one where it is missing."""
    found = whole.get(key)
    return found if isinstance(found, list) else []


def text(whole: Mapping[str, Any], *keys: str) -> str:
    """Return the first text among ``keys`` as one line of bounded length; "" where there is none."""
    given = next((whole[key] for key in keys if isinstance(whole.get(key), str | int | float) and whole[key] != ""), "")
    line = " ".join(str(given).split())
    return line if len(line) <= LONGEST_DESCRIPTION else f"{line[:LONGEST_DESCRIPTION]}…"


def described(name: str, description: str) -> str:
    """Return a product's name and what it is, in one line."""
    return (
        f"{name}: {description}"
        if name and description and name.lower() not in description.lower()
        else description or name
    )


def decodes(tree: Tree, path: str) -> bool:
    """Tell whether the file has a function that decodes, going by its words; nothing is run."""
    try:
        return DECODES.search(tree.text(path)) is not None
    except Unreadable:
        return False
