"""What was lost with a damaged journal, in words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.journal.salvage.tables import SEGMENT, Found
from gateway.journal.salvage.taking import Range, Taken

RANGES_SHOWN: Final = 5
# What a table holds, and what it means that a part of it is lost.
TABLES: Final[Mapping[str, tuple[str, str]]] = {
    "devices": ("devices", "those that are missing must be added again"),
    "sessions": ("sessions", "OTAA devices without one must join again"),
    "counters": ("frame counters", "they go on where the log says, downlinks far ahead"),
    "dev_nonces": ("used DevNonces", "a join request that was recorded may be answered once more"),
    "join_nonces": ("JoinNonces", "they go on far ahead"),
    "abp_activations": ("numbers of ABP activations", "they go on where the sessions say"),
    "destinations": ("destinations", "a new one begins with all that is kept"),
    "cursors": ("what destinations have got", "they are told again what is kept"),
    "held": ("dead letters and other rows held back", "those that are missing are lost"),
    "kept": ("uplinks of dead letters", "those that are missing are lost"),
    "memory": ("what formats remember of platforms", "they ask again, or send all anew"),
    "served": (
        "uplinks that network servers told last",
        "one that is told again may be stored twice, with the same id",
    ),
    "relays": ("names of relays", "what was kept for them may belong to nobody"),
    "relayed": ("frames that relays kept for the record", "those that are missing are lost"),
    "downlinks": ("downlinks", "what waited must be queued again"),
    "words": ("names of gateways, sources and boots", "rows stay, without them"),
    "boot_spans": ("times of boots", "rows that were not dated yet may stay undated"),
    "boots": ("times of boots", "rows that were not dated yet may stay undated"),
    "box": ("what the box knows of itself", "counters skip ahead"),
}


def words_of(found: Found, rows: Mapping[str, int], taken: Taken) -> Iterator[str]:
    """Yield what is lost, one line for each kind of thing."""
    damaged = sorted(name for name in {*found.broken, *found.lost, *rows} if not name.startswith(SEGMENT))
    for name in damaged:
        if name in TABLES:
            what, means = TABLES[name]
            yield f"{what}: a part may be lost, {rows.get(name, 0)} are saved; {means}"
    if others := [name for name in damaged if name not in TABLES]:
        yield f"and parts of {', '.join(others)}"
    if taken.missing:
        count = sum(last - first + 1 for first, last in taken.missing)
        yield f"{count} uplinks are lost: rows {_ranges(taken.missing)}; {taken.saved} of damaged segments are saved"
    if taken.is_open_ended:
        yield f"where the newest uplinks lay is damaged: there may have been some after row {taken.last}"
    if taken.left:
        count = sum(last - first + 1 for first, last in taken.left)
        yield (
            f"{count} uplinks, delivered ones among them, were left in the damaged file for want of room on the disk: "
            f"rows {_ranges(taken.left)}"
        )
    if found.unknown:
        yield f"{found.unknown} pages hold rows of which nobody can say whose they are"


def _ranges(missing: Sequence[Range]) -> str:
    shown = [str(first) if first == last else f"{first} to {last}" for first, last in missing[:RANGES_SHOWN]]
    more = len(missing) - len(shown)
    return ", ".join(shown) + (f" and {more} ranges more" if more > 0 else "")
