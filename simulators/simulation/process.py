"""One run of the agent's process, which may die at any point: nothing of it is heard of again."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from simulators.simulation.loop import LIFE

T = TypeVar("T")

TURNS_TO_DIE: Final = 200  # of the loop, for tasks that are cancelled and wait for each other

POINTS: Final = (  # where a process may die between two things that the world outside sees
    "before a commit",
    "after a commit",
    "before a request",
    "before an answer",
    "before a transmission",
    "after a transmission",
    "while hearing",
)


@dataclass(slots=True)
class Fuse:
    """What makes a process die when it passes ``point`` for the ``left``-th time."""

    point: str
    left: int


class Process:
    """A process: its tasks, and whether it lives. At each edge of the world `reach` is called."""

    def __init__(self, name: str, died: Callable[[str], None]) -> None:
        """``died`` is called at once when the process dies, with the reason."""
        self.name = name
        self.is_over = False
        self.ended = asyncio.Event()
        self.main: asyncio.Task[None] | None = None
        self.fuse: Fuse | None = None
        self._died = died
        self._tasks: list[asyncio.Task[Any]] = []
        self._context = contextvars.copy_context()
        self._context.run(LIFE.set, self)

    def own(self, task: asyncio.Task[Any]) -> None:
        """Take a task that dies with the process."""
        self._tasks.append(task)

    def begin(self, main: Coroutine[Any, Any, None]) -> None:
        """Run ``main``; `ended` is set when it ends."""
        self.main = self.spawn(main, "main")
        self.main.add_done_callback(lambda _: self.ended.set())

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Let the process do something more."""
        return asyncio.get_running_loop().create_task(work, name=f"{self.name}: {name}", context=self._context)

    def inside(self, call: Callable[[T], object], value: T) -> None:
        """Call something that begins tasks, so that they are this process's."""
        self._context.run(call, value)

    def reach(self, point: str) -> None:
        """Pass a point where the process may die; raises CancelledError when it has died, there or before."""
        if not self.is_over and self.fuse is not None and self.fuse.point == point:
            self.fuse.left -= 1
            if not self.fuse.left:
                self.die(point)
        if self.is_over:
            raise asyncio.CancelledError

    def die(self, reason: str) -> None:
        """Die now: whatever its tasks still do, no edge of the world lets it through."""
        if not self.is_over:
            self.is_over = True
            self._died(reason)
            self.ended.set()

    async def bury(self) -> None:
        """End what is left of a process that is over."""
        self.is_over = True
        for _ in range(TURNS_TO_DIE):
            left = [task for task in self._tasks if not task.done()]
            if not left:
                break
            for task in left:
                task.cancel()
            await asyncio.sleep(0)
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.exception()  # seen: a dead process's tasks fail as they like
        self._tasks.clear()
