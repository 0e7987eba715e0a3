"""How fast a journal fills: by the rows of the last day, read beside whoever writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.errors import StorageError
from gateway.journal import segments
from gateway.journal.groups import unpacked
from gateway.journal.looking import Looking
from gateway.journal.records import decode_uplink
from gateway.model import RowId, TimeQuality, Uplink

DAY: Final = timedelta(days=1)
SHORTEST: Final = timedelta(minutes=10)  # of less nobody can say what a day brings
ENOUGH_ROWS: Final = 1000  # of which what each takes is to be seen in the file's size
USUAL_BYTES: Final = 150  # of a row with its part of a page, where it is not


@dataclass(frozen=True, slots=True)
class Pace:
    """How many rows a day brings, and how much room one takes."""

    rows_per_day: float | None  # None: not known yet
    bytes_per_row: float

    def lasts(self, room_bytes: float) -> timedelta | None:
        """Return how long ``room_bytes`` last; None where nobody knows, or it is for ever."""
        if not self.rows_per_day:
            return None
        return min(timedelta(days=room_bytes / (self.rows_per_day * self.bytes_per_row)), timedelta(days=36_500))


def pace(found: Looking, now: datetime, *, rows: int, used_bytes: int) -> Pace:
    """Return how fast it fills, by segments: from the first that began within a day, or the newest, until now."""
    bytes_per_row = used_bytes / rows if rows >= ENOUGH_ROWS else USUAL_BYTES
    began = None
    for first in reversed(found.firsts()):
        at = _heard_at(found, first)
        if at is None:
            continue
        if began is not None and at < now - DAY:
            break
        began = first, at
    if began is None or now - began[1] < SHORTEST:
        return Pace(None, bytes_per_row)
    first, at = began
    return Pace((_last(found) - first + 1) * (DAY / (now - at)), bytes_per_row)


def _heard_at(found: Looking, first: int) -> datetime | None:
    """Return when the first row of a segment was heard; None where there is none, or nobody knows its time."""
    uplink = _first(found, first)
    return None if uplink is None or uplink.heard_at.quality <= TimeQuality.UNSYNCHRONISED else uplink.heard_at.utc


def _first(found: Looking, first: int) -> Uplink | None:
    try:
        stored = found.fetch(f"SELECT id, record FROM {segments.table(first)} ORDER BY id LIMIT 1")  # noqa: S608 — a name of ours
        for _, record in unpacked(stored):
            return decode_uplink(record, found.words())
    except StorageError:  # the segment has gone meanwhile, or its first record is damaged
        return None
    return None


def _last(found: Looking) -> RowId:
    first = found.firsts()[-1]
    ((last,),) = found.fetch(f"SELECT max(id) FROM {segments.table(first)}")  # noqa: S608 — a name of ours
    return RowId(last or first - 1)
