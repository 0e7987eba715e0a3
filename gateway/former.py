"""Former cities: what still waits for them is told to them, until nothing does or a person lets go of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from gateway.delivery import Telling
from gateway.journal import Journal

logger = logging.getLogger(__name__)


async def take_backlog(journal: Journal) -> None:
    """Give what waits for former cities to the present ones."""
    for name, present in journal.former().items():
        logger.warning("what waits for %s goes to %s", name, present)
        await journal.rename_destination(name, present)


class Former:
    """The loops of destinations that have moved to another city, by the names that they ended under."""

    def __init__(self, tellings: Sequence[Telling]) -> None:
        self._tellings = {telling.destination.name: telling for telling in tellings}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def tellings(self) -> Sequence[Telling]:
        """Return the loops that have not been let go of."""
        return list(self._tellings.values())

    async def run(self) -> None:
        """Tell all of them, for ever; ends only by cancellation, and with a loop's own error."""
        async with asyncio.TaskGroup() as tasks:
            for name, telling in self._tellings.items():
                self._tasks[name] = tasks.create_task(telling.run(), name=f"telling {name}")
            await asyncio.Event().wait()  # no limit: a loop that was let go of must not end the others

    async def let_go(self, name: str) -> None:
        """End one loop, and return when it has said good-bye; nothing happens where there is none."""
        telling, task = self._tellings.pop(name, None), self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})  # no limit: a loop that is cancelled ends within a few turns
        if telling is not None:
            await telling.close()
