"""The workers of one registry: at most two, started when first needed, ended together.

One works for all decoders; the other for those that ran into a limit lately, so that only they wait for each other.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final

from decoders.javascript.patience import Patience
from decoders.javascript.process import Message, WorkerEnded, WorkerProcess
from decoders.javascript.source import Source

LATELY: Final = 300.0  # seconds that a decoder which ran into a limit is kept apart from the others
LIMITS: Final = {
    "time": "it did not come to an end within 100 ms",
    "memory": "it wanted more than 16 MB",
    "stack": "it called itself too deeply",
}


class Overrun(Exception):
    """The codec ran into a limit, or its worker died of it."""


class Waiting(Exception):
    """The device's payloads ran into the limits again and again: nothing is tried for a while."""


class Seat:
    """A place for one worker; whoever asks it has its lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: WorkerProcess | None = None
        self.closed = False

    def ask(self, source: Source, message: Message) -> Message:
        """Return the worker's answer; a worker that is not there or has died meanwhile is started."""
        asked = {**message, "hash": source.hash}
        # No limit: whoever has the lock has a limit of its own, for one question.
        with self.lock:
            process = self._running()
            try:
                answer = process.ask(asked)
                return process.ask({**asked, "source": source.text}) if "need" in answer else answer
            except WorkerEnded:
                self.process = None
                raise

    def _running(self) -> WorkerProcess:
        if self.closed:
            raise WorkerEnded("the decoders were closed")
        if self.process is not None and self.process.gone:
            self.process.end()
            self.process = None
        if self.process is None:
            self.process = WorkerProcess()
        return self.process

    def close(self) -> None:
        """End the worker for good; who waits for it gets WorkerEnded."""
        self.closed = True
        if (process := self.process) is not None:
            process.kill()
        with self.lock:
            if self.process is not None:
                self.process.end()
                self.process = None


class Crew:
    """Answers what decoders ask of their sources, from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the monotonic clock by which devices wait, in seconds."""
        self._clock = clock
        self._seats = (Seat(), Seat())
        self._patience = Patience(clock)
        self._strained: dict[str, float] = {}  # sources that overran, and when
        self._looked: dict[str, Message] = {}
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._seats)

    def look(self, source: Source) -> Message:
        """Return which functions ``source`` has, or why it does not load; raises Overrun, and ValueError without an engine."""
        found = self._looked.get(source.hash)
        if found is None:
            found = self._looked[source.hash] = self._within_limits(source, {"work": "look"})
        return found

    def ask(self, source: Source, message: Message, device: str = "") -> Message:
        """Return the answer to ``message``; raises Overrun, Waiting, and ValueError without an engine."""
        key = (source.hash, device)
        with self._lock:
            wait = self._patience.wait_s(key)
        if wait > 0:
            raise Waiting(f"its payloads ran into the limits again and again; the next is tried in {wait:.0f} s")
        try:
            answer = self._within_limits(source, message)
        except Overrun:
            with self._lock:
                self._patience.overran(key)
            raise
        with self._lock:
            self._patience.went_well(key)
        return answer

    def close(self) -> None:
        """End the workers; what is asked from now on is an Overrun."""
        _close(self._seats)

    @property
    def pids(self) -> Sequence[int]:
        """Return the ids of the worker processes that there are."""
        return [seat.process.pid for seat in self._seats if seat.process is not None]

    def _within_limits(self, source: Source, message: Message) -> Message:
        try:
            answer = self._seats[self._is_strained(source)].ask(source, message)
        except WorkerEnded as ended:
            self._strained[source.hash] = self._clock()
            raise Overrun(str(ended)) from ended
        if (why := _limit(answer)) is not None:
            self._strained[source.hash] = self._clock()
            raise Overrun(why)
        return answer

    def _is_strained(self, source: Source) -> bool:
        when = self._strained.get(source.hash)
        if when is None:
            return False
        if self._clock() - when > LATELY:
            self._strained.pop(source.hash, None)
            return False
        return True


def _limit(answer: Message) -> str | None:
    if "limit" in answer:
        limit: Any = answer["limit"]
        return LIMITS.get(limit, str(limit))
    # Caught within the codec's world, where it is an error like others; the memory is gone all the same.
    return LIMITS["memory"] if answer.get("kind") == "InternalError" and "memory" in str(answer.get("thrown")) else None


def _close(seats: Sequence[Seat]) -> None:
    for seat in seats:
        seat.close()
