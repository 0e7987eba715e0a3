"""Boots whose wall clock became known: what dates the rows that were heard before it was (law 5)."""

from __future__ import annotations

from datetime import datetime

from gateway.journal.database import Database, Statement, Step
from gateway.journal.records import microseconds, moment
from gateway.journal.words import Words
from gateway.model import TimeQuality

Boots = dict[str, tuple[datetime, TimeQuality]]


async def load(database: Database, words: Words) -> Boots:
    """Return each known boot's time at monotonic 0, and how good it is."""
    rows = await database.fetch("SELECT word, utc_at_zero, quality FROM boots")
    return {words.text(word): (moment(at), TimeQuality(quality)) for word, at, quality in rows}


def learned(word: int, utc_at_zero: datetime, quality: TimeQuality) -> tuple[Step, ...]:
    """Return what stores a boot's time."""
    return (Statement("REPLACE INTO boots VALUES (?, ?, ?)", (word, microseconds(utc_at_zero), int(quality))),)
