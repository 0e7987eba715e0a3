"""How often each device speaks, by the newest rows of the journal, read beside whoever writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

from gateway.errors import StorageError
from gateway.journal.looking import Looking, looking
from gateway.journal.records import decode_uplink
from gateway.model import Eui64, TimeQuality

ROWS: Final = 10_000  # the newest; half a second on a PC, some on a small box
FEWEST: Final = 4  # uplinks of a device, which make three pauses


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a device was heard last, and its usual pause; None where it was heard too seldom to tell."""

    last: datetime
    pause: timedelta | None


def rhythms(path: Path) -> Mapping[Eui64, Rhythm]:
    """Return the rhythm of each device that the newest rows are of. Raises ConfigError, StorageError."""
    heard: dict[Eui64, list[datetime]] = {}
    with looking(path) as found:
        for dev_eui, at in _newest(found):
            heard.setdefault(dev_eui, []).append(at)
    return {dev_eui: rhythm(times) for dev_eui, times in heard.items()}


def rhythm(times: Sequence[datetime]) -> Rhythm:
    """Return the rhythm of one device, its times in any order; the median: one that was out of reach for a day keeps its own."""
    ordered = sorted(times)
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(ordered)]
    usual = timedelta(seconds=median(pauses)) if len(ordered) >= FEWEST else None
    return Rhythm(ordered[-1], usual)


def _newest(found: Looking) -> Iterator[tuple[Eui64, datetime]]:
    words, left = found.words(), ROWS
    for first in reversed(found.firsts()):
        piece = found.piece(first)
        for _, record in reversed([] if piece is None else piece.rows):
            try:
                uplink = decode_uplink(record, words)
            except StorageError:  # a damaged record, of which the journal's own check tells
                continue
            if uplink.heard_at.quality > TimeQuality.UNSYNCHRONISED:
                yield uplink.dev_eui, uplink.heard_at.utc
            if not (left := left - 1):
                return
