"""An event loop whose clock jumps: when nothing is ready, it is at once the time of the next timer.

    run(story())  # like asyncio.run: a day of sleeps takes as long as its work

Sockets are real, and so are threads. Before the clock jumps the selector is asked without waiting, so that datagrams on
the loopback interface arrive at the moment they were sent; and while a thread works (`asyncio.to_thread`, name look-ups,
aiosqlite's connections) the clock stands still and the loop waits for it in real time. So a commit takes no time at
all, and what depends on how long a disk takes is not seen here.

Limits. What works in a thread that nobody told the loop of, in another process or on another machine is overtaken by the
clock. The kernel delivers loopback datagrams within the call that sends them, but may put it off under heavy load: such a
datagram is late by one jump. `time.monotonic()` is not this clock: code that is to be timed takes its clock from `loop.time()`.
The same seed gives the same story as far as its own randomness goes; the order of two sockets that are ready at once is the kernel's.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, Final, TypeVar
from unittest.mock import patch

import aiosqlite.core

T = TypeVar("T")

BEGIN_S: Final = 1_000.0  # as a machine that has been up for some time
THREAD_LIMIT_S: Final = 60.0  # real seconds without news from a thread: it hangs


class NothingWillHappen(Exception):
    """Say that all tasks wait for something that no timer, socket or thread can bring."""


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop on virtual time; ``jumps`` counts how often its clock has moved."""

    def __init__(self) -> None:
        self._virtual_s = BEGIN_S
        self._working = 0  # calls in threads
        self.jumps = 0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._virtual_s

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._virtual_s += seconds
        self.jumps += 1

    @property
    def threads_work(self) -> bool:
        """Tell whether an answer of a thread is awaited."""
        return self._working > 0

    def watch(self, answer: asyncio.Future[Any]) -> None:
        """Let time stand still until a thread has given ``answer``, or nobody waits for it any more."""
        self._working += 1
        answer.add_done_callback(self._worked)

    def _worked(self, _: asyncio.Future[Any]) -> None:
        self._working -= 1

    def run_in_executor(  # type: ignore[override]  # typeshed's signature has a TypeVarTuple
        self, executor: Executor | None, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        """Call ``func`` in a thread while time stands still."""
        answer: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        self.watch(answer)
        return answer

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - of 3.12's signature
        """End the threads of `run_in_executor`."""
        self._working += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._working -= 1


class _Jumping(selectors.BaseSelector):
    """A selector that does not wait: it jumps."""

    def __init__(self, loop: JumpingLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        if self._loop.threads_work:
            return self._wait_for_threads()
        if timeout is None:
            raise NothingWillHappen(f"at {self._loop.time():.3f} s")
        self._loop.jump(timeout)
        return []

    def _wait_for_threads(self) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(THREAD_LIMIT_S)
        if not ready:
            raise NothingWillHappen(f"a thread has worked for {THREAD_LIMIT_S:g} s")
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Any:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class _WatchedQueue(SimpleQueue[Any]):
    """The queue between a loop and aiosqlite's thread: a jumping loop waits for what goes in."""

    def put_nowait(self, item: Any) -> None:
        answer = item[0]
        if answer is not None and isinstance(loop := answer.get_loop(), JumpingLoop):
            loop.watch(answer)
        super().put_nowait(item)


@contextmanager
def databases_watched() -> Iterator[None]:
    """Let jumping loops wait for the connections of aiosqlite that are opened in this block."""
    with patch.object(aiosqlite.core, "SimpleQueue", _WatchedQueue):
        yield


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end on virtual time, as asyncio.run() does on real time."""
    with databases_watched(), asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


__all__: Sequence[str] = ("JumpingLoop", "NothingWillHappen", "databases_watched", "run")
