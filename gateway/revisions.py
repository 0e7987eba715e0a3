"""Which revision of a decoder told which rows of a destination: so that a mended one tells again only what is new.

In the memory of a destination stands, under "decoder/<vendor>/<model>", ``[[first row, revision], ...]``, the oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.model import Json, RowId

MOST: Final = (
    8  # revisions of one decoder that are remembered: who mends it more often than that in a week tells all again
)


def key(name: str) -> str:
    """Return where the revisions of a decoder stand in a destination's memory."""
    return f"decoder/{name}"


def teller(memory: Mapping[str, Json], name: str, row: RowId) -> str | None:
    """Return the revision of the decoder ``name`` that told ``row``; None where that is not known."""
    told = [revision for first, revision in memory.get(key(name)) or () if first <= row]
    return told[-1] if told else None


def noted(memory: Mapping[str, Json], told: Mapping[tuple[str, str], Sequence[RowId]]) -> Mapping[str, Json]:
    """Return what changes in the memory when decoders, by name and revision, have told rows for the first time."""
    changed: dict[str, Json] = {}
    for (name, revision), rows in told.items():
        known = memory.get(key(name)) or []
        if not known or revision != known[-1][1]:
            changed[key(name)] = [*known, [min(rows), revision]][-MOST:]
    return changed
