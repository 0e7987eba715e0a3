"""Decoders described without being loaded: loading three hundred takes a small box ten seconds, and an installer types in a search box.

The catalogue has an index, which is made with its pages. Of a vendor whose files are not those that it was made of nothing is taken from it,
and of a model that an installer's file or a package has replaced neither.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from decoders.places import COMPANIONS, PARTS
from decoders.registry import CATALOGUE, Description, Registry

INDEX: Final = CATALOGUE / "index.json"
SAYS_NOTHING: Final = tuple(end for end in COMPANIONS if end != ".meta.yaml")  # files that change no description


def known(registry: Registry, catalogue: Path = CATALOGUE) -> Mapping[str, Description]:
    """Return the descriptions of all decoders of the catalogue whose index holds, by their names; the others are to be loaded.

    Blocks while it reads the catalogue's files: 30 ms here.
    """
    models = {str(one["name"]): one for one in _models(catalogue)}
    own = frozenset(registry.names_in(catalogue))

    def holds(name: str) -> bool:
        model = models.get(name)
        return model is not None and name in own and (model["same_as"] is None or holds(model["same_as"]))

    return {name: _description(model) for name, model in models.items() if holds(name)}


def _models(catalogue: Path) -> Iterator[Mapping[str, Any]]:
    """Yield what the index has of vendors whose files are those of then; nothing where it cannot be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        index = json.loads((catalogue / INDEX.name).read_bytes())
        fresh = {vendor for vendor, then in index["vendors"].items() if digest(catalogue / vendor) == then}
        yield from (one for one in index["models"] if one["vendor"] in fresh)


def digest(vendor: Path) -> str:
    """Return the hash of all files that say something of a vendor's decoders, names and contents; raises OSError."""
    found = hashlib.sha256()
    for path in sorted(vendor.rglob("*")):
        if path.name.endswith(PARTS) and not path.name.endswith(SAYS_NOTHING):
            content = path.read_bytes()
            found.update(f"{path.relative_to(vendor).as_posix()} {len(content)}\n".encode() + content)
    return found.hexdigest()[:16]


def index_of(models: Sequence[tuple[Description, str | None]], catalogue: Path = CATALOGUE) -> str:
    """Return the text of the index; with each description the model that it sends the same as, if any. A model a line."""
    vendors = {one.vendor: digest(catalogue / one.vendor) for one, _ in models}
    lines = [json.dumps({**asdict(one), "same_as": other}, ensure_ascii=False) for one, other in models]
    one_a_line = ",\n".join(lines)
    return f'{{"vendors": {json.dumps(vendors, indent=1, sort_keys=True)},\n"models": [\n{one_a_line}\n]}}\n'


def _description(told: Mapping[str, Any]) -> Description:
    fields = {name: value for name, value in told.items() if name != "same_as"}
    return Description(**{**fields, "ports": tuple(told["ports"]), "quantities": tuple(told["quantities"])})
