"""Rows that were held for want of a time, put back where there is one now: the configuration trusts more than it did."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from gateway.dating import Dated, date
from gateway.journal import HeldKind, Journal
from gateway.model import RowId, TimeQuality

AT_ONCE: Final = 5_000  # held rows that are looked at; the next start looks at more


async def put_back(journal: Journal, trust: TimeQuality, present: str) -> int:
    """Put back the rows that can be dated now, and return how many; ``present`` is the boot that goes on."""
    found = defaultdict[str, list[RowId]](list)
    boots = journal.boots()
    for held in await journal.held(None, HeldKind.UNDATED, AT_ONCE):
        if isinstance(date(held.uplink, boots, trust, present), Dated):
            found[held.destination].append(held.id)
    return sum([await journal.retry(name, HeldKind.UNDATED, ids) for name, ids in found.items()])
