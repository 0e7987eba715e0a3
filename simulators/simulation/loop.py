"""A loop on which nothing depends on the machine: time jumps, threads are calls, and tasks are ordered by their number."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import shutil
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context, ContextVar
from itertools import count
from types import SimpleNamespace
from typing import Any, Final, Protocol, TypeVar
from unittest.mock import patch

from simulators.jumping_time import JumpingLoop

T = TypeVar("T")


class Life(Protocol):
    """One run of the agent's process, as its tasks know it."""

    def own(self, task: asyncio.Task[Any]) -> None:
        """Take a task that dies with the process."""
        ...


ROOMY: Final = SimpleNamespace(total=1 << 40, used=0, free=1 << 40)  # what the machine's disk is said to have
LIFE: Final[ContextVar[Life | None]] = ContextVar("life", default=None)  # whose task this is; None: the world's


class NumberedTask(asyncio.Task[T]):
    """A task that hashes by its number: a TaskGroup ends its tasks in the order of a set."""

    def __init__(self, coro: Coroutine[Any, Any, T], *, number: int, **more: Any) -> None:
        self.number = (
            number  # first: asyncio puts a new task into a set, where those that are all 0 are walked one by one
        )
        super().__init__(coro, **more)

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


class SimulatedLoop(JumpingLoop):
    """A jumping loop without threads."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count(1)
        self.set_task_factory(self._numbered)  # type: ignore[arg-type]  # typeshed wants a future-like generator, too

    def _numbered(self, loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, T], **more: Any) -> NumberedTask[T]:
        task = NumberedTask(coro, number=next(self._numbers), loop=loop, **more)
        context: Context | None = more.get("context")
        life = LIFE.get() if context is None else context.get(LIFE)
        if life is not None:
            life.own(task)
        return task

    def run_in_executor(  # type: ignore[override]  # typeshed's signature has a TypeVarTuple
        self,
        executor: Executor | None,  # noqa: ARG002 - of the loop's signature
        func: Callable[..., Any],
        *args: Any,
    ) -> asyncio.Future[Any]:
        """Call ``func`` at once: when a thread would have answered is the machine's affair."""
        answer: asyncio.Future[Any] = self.create_future()
        try:
            answer.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is the caller's, as a thread's would be
            answer.set_exception(error)
        return answer


class _Told(logging.Handler):
    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        self._note(f"log: {record.getMessage()}")


@contextmanager
def logs_noted(note: Callable[[str], None]) -> Iterator[None]:
    """Give warnings of the agent to ``note`` and to nobody else."""
    log, told = logging.getLogger("gateway"), _Told(note)
    before = log.propagate
    log.propagate = False
    log.addHandler(told)
    try:
        yield
    finally:
        log.removeHandler(told)
        log.propagate = before


@contextmanager
def seeded(seed: str) -> Iterator[None]:
    """Draw from ``seed`` what the agent draws from the machine, jitter and nonces of sealed keys; its disk has always room."""
    drawn, before = random.Random(f"{seed}/agent"), random.getstate()
    random.seed(f"{seed}/jitter")
    try:
        with (
            patch.object(secrets, "token_bytes", drawn.randbytes),
            patch.object(shutil, "disk_usage", lambda _: ROOMY),
        ):
            yield
    finally:
        random.setstate(before)
