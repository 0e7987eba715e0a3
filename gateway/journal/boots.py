"""Boots, and what the wall clock said in them while it was trusted: what dates rows that were heard when it was not (law 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from gateway.dating import Span, Spans
from gateway.journal.database import Database, Each, Statement, Step
from gateway.journal.records import microseconds, moment
from gateway.journal.words import Words
from gateway.model import TimeQuality

LISTED: Final = "SELECT word, since, until, utc_at_zero, quality FROM boot_spans ORDER BY word, since"


async def load(database: Database, words: Words) -> dict[str, Spans]:
    """Return the spans of each boot, the boots in the order in which they were: a word is numbered when it is first used."""
    return listed(await database.fetch(LISTED), words)


def listed(rows: Iterable[Sequence[Any]], words: Words) -> dict[str, Spans]:
    """Return what the rows of `LISTED` say."""
    found: dict[str, Spans] = {}
    for word, since, until, at, quality in rows:
        boot = words.text(word)
        found[boot] = (*found.get(boot, ()), Span(since, until, moment(at), TimeQuality(quality)))
    return found


def stored(word: int, spans: Spans) -> tuple[Step, ...]:
    """Return what stores all that is known of a boot's time."""
    rows = [(word, one.since, one.until, microseconds(one.utc_at_zero), int(one.quality)) for one in spans]
    return (
        Statement("DELETE FROM boot_spans WHERE word = ?", (word,)),
        Each("INSERT INTO boot_spans VALUES (?, ?, ?, ?, ?)", rows),
    )
