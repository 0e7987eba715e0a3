"""Which revision of a decoder told which rows of a destination: so that a mended one tells again only what is new.

In the memory of a destination stands, under "decoder/<vendor>/<model>", ``[[first row, revision], ...]``, the oldest first: who told rows
for the first time; and under "again/<dev_eui>", ``[[first row, last row, revision], ...]``: who told rows of a device anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.model import Eui64, Json, RowId

MOST: Final = 8  # of either that are remembered: who mends a decoder more often than that in a week tells all again


def key(name: str) -> str:
    """Return where the revisions of a decoder stand in a destination's memory."""
    return f"decoder/{name}"


def key_again(dev_eui: Eui64) -> str:
    """Return where it stands who told rows of a device anew."""
    return f"again/{dev_eui}"


def teller(memory: Mapping[str, Json], name: str, dev_eui: Eui64, row: RowId) -> str | None:
    """Return the revision of the decoder ``name`` that told ``row`` of a device last; None where that is not known."""
    again = [revision for first, last, revision in memory.get(key_again(dev_eui)) or () if first <= row <= last]
    told = again or [revision for first, revision in memory.get(key(name)) or () if first <= row]
    return told[-1] if told else None


def noted(memory: Mapping[str, Json], told: Mapping[tuple[str, str], Sequence[RowId]]) -> Mapping[str, Json]:
    """Return what changes in the memory when decoders, by name and revision, have told rows for the first time."""
    changed: dict[str, Json] = {}
    for (name, revision), rows in told.items():
        known = memory.get(key(name)) or []
        if not known or revision != known[-1][1]:
            changed[key(name)] = [*known, [min(rows), revision]][-MOST:]
    return changed


def noted_again(memory: Mapping[str, Json], dev_eui: Eui64, rows: Sequence[RowId], revision: str) -> Mapping[str, Json]:
    """Return what changes in the memory when a revision tells all rows of a device from the first of ``rows`` to the last anew."""
    if not rows:
        return {}
    first, last = min(rows), max(rows)
    known = memory.get(key_again(dev_eui)) or []
    if known and known[-1][2] == revision and known[-1][0] <= last and first <= known[-1][1] + 1:
        known, first, last = known[:-1], min(first, known[-1][0]), max(last, known[-1][1])
    return {key_again(dev_eui): [*known, [first, last, revision]][-MOST:]}
