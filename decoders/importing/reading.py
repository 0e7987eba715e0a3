"""Read a tree by all forms that are known: the special ones first, bare codecs in what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from decoders.importing import licences, names
from decoders.importing.published import Published
from decoders.importing.readers import bare, chirpstack, lorawan_devices, normalising, packages, tables
from decoders.importing.readers.found import Found
from decoders.importing.tree import Tree
from decoders.places import NAME

READERS: Final[tuple[Callable[[Tree], Found], ...]] = (
    lorawan_devices.read,
    chirpstack.read,
    normalising.read,
    packages.read,
    tables.read,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tree publishes, and what of it could not be read, one line each."""

    models: tuple[Published, ...]
    notes: tuple[str, ...]


def read(tree: Tree, *, vendor: str = "") -> Reading:
    """Return all models of the tree; ``vendor`` names the vendor of codecs whose tree does not say it."""
    found = Found()
    for reader in READERS:
        found = _added(found, reader(tree))
    found = _added(found, bare.read(tree, found.claimed, names.valid(vendor)))
    named = [one for one in found.models if NAME.fullmatch(one.name)]
    nameless = [
        f"{one.file}: no name for a decoder can be made of {one.name!r}"
        for one in found.models
        if not NAME.fullmatch(one.name)
    ]
    return Reading(tuple(_licensed(tree, named)), tuple(dict.fromkeys((*tree.notes, *found.notes, *nameless))))


def _added(before: Found, new: Found) -> Found:
    """Return both, without the models whose file an earlier reader has taken already."""
    return before + replace(new, models=tuple(one for one in new.models if one.file not in before.claimed))


def _licensed(tree: Tree, models: Iterable[Published]) -> Iterator[Published]:
    folders = licences.by_folder(tree)
    for one in models:
        yield one if one.licence else replace(one, licence=licences.licence_of(tree, one.file, folders))
