"""Former cities: what still waits for them is told to them, until nothing does or a person lets go of it.

What became of commands that a former city gave is told to nobody: it commands these devices no more, and the present city
would not know the references. Each such state is counted, lest it go in silence.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from gateway.delivery import Telling
from gateway.errors import StorageError
from gateway.journal import Journal

logger = logging.getLogger(__name__)

AT_ONCE: Final = 50  # states forgotten in one go
STORAGE_RETRY_S: Final = 1.0  # between two tries at a disk that takes nothing


async def take_backlog(journal: Journal, newest_only: Collection[str] = ()) -> None:
    """Give what waits for former cities to the present ones, but for what those of ``newest_only`` would refuse as `late`."""
    for name, present in journal.former().items():
        if why := await late(journal, name, present, newest_only):
            logger.warning("%s: its backlog stays there: %s", name, why)
            continue
        logger.warning("what waits for %s goes to %s", name, present)
        await Untold(journal, ()).forget(
            name
        )  # but not what became of its commands: the present city did not give them
        await journal.rename_destination(name, present)


async def late(journal: Journal, old: str, new: str, newest_only: Collection[str]) -> str:
    """Return why ``new`` would not take what waits for ``old``, in words; "" where it would.

    One of ``newest_only`` has one value of each thing, and no place for an older one once it has been told a newer one.
    """
    if new not in newest_only or new not in journal.destinations():
        return ""
    waiting = (await journal.depth(old)).waiting
    if not waiting or not (await journal.depth(new)).has_settled:
        return ""
    return (
        f"{new} keeps the newest values alone and has been told newer ones: most of the {waiting} uplinks that wait for {old} "
        "would become dead letters there, or stand over newer values"
    )


class Former:
    """The loops of destinations that have moved to another city, by the names that they ended under."""

    def __init__(self, tellings: Sequence[Telling]) -> None:
        self._tellings = {telling.destination.name: telling for telling in tellings}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    def tellings(self) -> Sequence[Telling]:
        """Return the loops that have not been let go of."""
        return list(self._tellings.values())

    async def run(self) -> None:
        """Tell all of them, for ever; ends only by cancellation, and with a loop's own error."""
        try:
            async with asyncio.TaskGroup() as self._group:
                for telling in self.tellings():
                    self.add(telling)
                await asyncio.Event().wait()  # no limit: a loop that was let go of must not end the others
        finally:
            self._group = None

    def add(self, telling: Telling) -> None:
        """Tell one more, at once where the others are told already."""
        name = telling.destination.name
        self._tellings[name] = telling
        if self._group is not None:
            self._tasks[name] = self._group.create_task(telling.run(), name=f"telling {name}")

    async def let_go(self, name: str) -> None:
        """End one loop, and return when it has said good-bye; nothing happens where there is none."""
        telling, task = self._tellings.pop(name, None), self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})  # no limit: a loop that is cancelled ends within a few turns
        if telling is not None:
            await telling.close()


class Untold:
    """The states of commands whose giver is no more among those who are ``commanding``: former cities above all."""

    def __init__(self, journal: Journal, commanding: Collection[str]) -> None:
        self._states = journal.command_states
        self._commanding = commanding
        self.counts: Counter[str] = Counter()  # told to nobody since the start, by the destination's name

    async def run(self) -> None:
        """Forget them as they come, for ever; ends only by cancellation."""
        while True:
            for name in await self._states.wait_for_others(self._commanding):
                try:
                    await self.forget(name)
                except StorageError:  # the journal has said so
                    await asyncio.sleep(STORAGE_RETRY_S)

    async def forget(self, name: str) -> None:
        """Forget the states that wait for ``name``. Raises StorageError."""
        while self._states.waiting(name):
            waiting = await self._states.read(name, AT_ONCE)
            if waiting:
                await self._states.told(name, [number for number, _ in waiting])
            if waiting and not self.counts[name]:
                logger.warning("%s commands no more: states of what it asked for are told to nobody", name)
            self.counts[name] += len(waiting)
