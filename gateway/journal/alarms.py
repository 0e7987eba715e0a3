"""Alarms: what a person is to know until he has seen it, kept in the journal; and what is wrong at the moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.errors import StorageError
from gateway.journal.database import Insert, Statement, Step
from gateway.journal.records import microseconds, moment
from gateway.journal.store import Store
from gateway.journal.values import Alarm, AlarmKind
from gateway.journal.writer import Writer

LONGEST: Final = 4_000  # characters of one alarm


class Alarms:
    """The journal's alarms."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer

    async def all(self) -> Sequence[Alarm]:
        """Return all alarms, the oldest first."""
        try:
            rows = await self._store.database.fetch("SELECT name, at, words FROM alarms ORDER BY at")
        except StorageError:  # that it cannot be read is among those of now
            rows = []
        kept = [Alarm(AlarmKind(name), moment(at), words, until_seen=True) for name, at, words in rows]
        return [*kept, *self._now()]

    def _now(self) -> Iterator[Alarm]:
        for kind, (since, words) in self._store.wrong.items():
            yield Alarm(kind, since, words, until_seen=False)

    async def forget(self, kind: AlarmKind | None = None) -> int:
        """Forget the alarms that stay until they are seen, of one kind or all, and return how many there were."""
        kept = [one for one in await self.all() if one.until_seen and kind in {None, one.kind}]
        if kept:
            rows = [(one.kind.value, microseconds(one.since)) for one in kept]
            await self._writer.submit(
                steps=[Statement("DELETE FROM alarms WHERE name = ? AND at = ?", row) for row in rows]
            )
        return len(kept)


def raised(kind: AlarmKind, at: datetime, words: str) -> Step:
    """Return what keeps an alarm until it is seen."""
    row: tuple[Any, ...] = (kind.value, microseconds(at), words[:LONGEST])
    return Insert("REPLACE INTO alarms", [row])
