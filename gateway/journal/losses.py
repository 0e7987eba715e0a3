"""Rows that turn out to be gone or unreadable when they are to be told: counted for whoever loses them, and an alarm."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Final

from gateway.journal.alarms import raised
from gateway.journal.destinations import Destination
from gateway.journal.store import Store
from gateway.journal.values import AlarmKind

log = logging.getLogger(__name__)

MISSING: Final = "are missing in the journal"
UNREADABLE: Final = "cannot be read in the journal"


class Losses:
    """What was passed over since the start: one alarm tells of all of it, and stays until it is seen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_name: Counter[str] = Counter()
        self._since: datetime | None = None

    def lose(self, destination: Destination, rows: Collection[int], why: str) -> None:
        """Pass over ``rows``, which cannot be told: counted as lost, or as held rows that are lost where they were retried."""
        count = destination.lose_rows(rows)
        if not count:
            return
        log.error("%d rows from %d on %s; %s goes on without them", count, min(rows), why, destination.name)
        self._by_name[destination.name] += count
        self._since = self._since or self._store.clock().utc
        self._store.riding.append(raised(AlarmKind.UNREADABLE, self._since, self._words()))

    def _words(self) -> str:
        who = ", ".join(f"{name} loses {count}" for name, count in self._by_name.items())
        path = self._store.database.path
        return (
            f"{path}: uplinks are missing or cannot be read, and were passed over: {who}. `brygga journal verify` tells what is "
            f"wrong with the file; records that cannot be read lie in {path.name}.damaged, a backup may still have the uplinks"
        )
