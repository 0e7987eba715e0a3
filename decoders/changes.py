"""Which of the decoders in use are no longer what their files say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from decoders.contract import Decoder
from decoders.places import COMPANIONS, Place, Stamps, is_decoder

Loaded = Mapping[str, Decoder]
Places = Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Changes:
    """Files below ``folders`` that were changed, have come or have gone."""

    files: frozenset[Path]
    folders: Sequence[Path]

    @classmethod
    def between(cls, before: Stamps, after: Stamps, folders: Sequence[Path]) -> Changes:
        """Return what is another in ``after``."""
        found = (path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        return cls(frozenset(found), folders)

    def touched(self, loaded: Loaded, before: Places, after: Places) -> frozenset[str]:
        """Return the names of the decoders that these files, and other places, make others."""
        shared = [folder for folder in self.folders if any(_is_shared(path, folder) for path in self.files)]
        names = {path.name for path in self.files}
        return frozenset(
            name
            for name, decoder in loaded.items()
            if (place := after.get(name)) != before.get(name)
            or (isinstance(place, Path) and (self._are_of(place) or any(map(place.is_relative_to, shared))))
            or not names.isdisjoint(_borrowed(decoder))
        )

    def _are_of(self, place: Path) -> bool:
        own = (place, *(place.with_name(f"{place.stem}{companion}") for companion in COMPANIONS))
        return not self.files.isdisjoint(own)


def with_those_alike(loaded: Loaded, names: AbstractSet[str]) -> frozenset[str]:
    """Return ``names`` with those of all decoders that are the same as one of them, by whatever steps."""
    stale = frozenset(names)
    while True:
        there = {id(decoder) for name, decoder in loaded.items() if name not in stale}
        others = {name: _other(decoder) for name, decoder in loaded.items() if name not in stale}
        more = {name for name, other in others.items() if id(other) not in there}
        if not more:
            return stale
        stale |= more


def _is_shared(path: Path, folder: Path) -> bool:
    """Tell whether a file is neither a decoder nor beside one, so that any decoder of ``folder`` may be made of it."""
    if not path.is_relative_to(folder):
        return False
    is_beside = path.name.endswith(COMPANIONS) and not path.name.startswith("_")
    return path.parent.parent != folder or not (is_decoder(path) or is_beside)


def _borrowed(decoder: Decoder) -> frozenset[str]:
    """Return the names of the files that a decoder was made of besides its own."""
    from decoders.loading import without_metadata
    from decoders.table import Table

    inner = without_metadata(decoder)
    return inner.borrows if isinstance(inner, Table) else frozenset()


def _other(decoder: Decoder) -> Decoder:
    """Return what a decoder is the same as, else itself."""
    from decoders.loading import SameAs, without_metadata

    inner = without_metadata(decoder)
    return inner.other if isinstance(inner, SameAs) else decoder
