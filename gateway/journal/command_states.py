"""What platforms are to be told of the commands they gave: on disk with the downlink's own state, until it was told.

A downlink whose ``origin`` is a destination brings a row with each of its states, in the same transaction. So no
state is lost between the disk and the platform, whatever ends in between; a crash after the telling repeats the last.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.journal.database import Each
from gateway.journal.state_rows import decode
from gateway.journal.store import Store
from gateway.journal.writer import Writer
from gateway.model import CommandState

Numbered = tuple[int, CommandState]


class CommandStates:
    """The states that wait to be told."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._writer = writer

    def waiting(self, destination: str) -> int:
        """Return how many states a destination has not been told."""
        return max(0, self._store.untold[destination])

    async def wait(self, destination: str) -> None:
        """Return when there is something to tell. Has no limit: most days nobody commands anything."""
        while not self.waiting(destination):
            await self._store.news.wait()

    async def wait_for_others(self, known: Collection[str]) -> Sequence[str]:
        """Return the destinations besides those ``known`` that states wait for, when there are some; has no limit, as `wait`."""
        while not (others := [name for name, count in self._store.untold.items() if count > 0 and name not in known]):
            await self._store.news.wait()
        return others

    async def read(self, destination: str, limit: int) -> Sequence[Numbered]:
        """Return the oldest states that a destination has not been told, in their order, with their numbers."""
        counted = self._store.untold[destination]
        rows = await self._store.database.fetch(
            "SELECT id, record FROM command_states WHERE destination = ? ORDER BY id LIMIT ?", (destination, limit)
        )
        if not rows and self._store.untold[destination] == counted:
            del self._store.untold[destination]  # the destination was removed meanwhile, its states with it
        return [(number, decode(destination, record)) for number, record in rows]

    async def told(self, destination: str, numbers: Sequence[int]) -> None:
        """Forget states that were told; durable when it returns."""
        rows = [(number,) for number in numbers]
        await self._writer.submit(steps=[Each("DELETE FROM command_states WHERE id = ?", rows)])
        self._store.untold[destination] -= len(rows)
