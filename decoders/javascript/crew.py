"""The workers of one registry: at most two, started when first needed, ended together.

One works for all decoders; the other for those that ran into a limit lately, so that only they wait for each other.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from decoders.contract import NotNow
from decoders.javascript.patience import DEVICES, Patience
from decoders.javascript.process import Message, WorkerEnded, WorkerLost, WorkerProcess
from decoders.javascript.source import Source

LATELY: Final = 300.0  # seconds that a decoder which ran into a limit is kept apart from the others
REMEMBERED: Final = 4096  # devices, and decoders kept apart; one forgotten too early costs some time or a warning
LIMITS: Final = {
    "time": "it did not come to an end within 100 ms",
    "load": "it did not come to an end within 500 ms",
    "memory": "it wanted more than 16 MB",
    "stack": "it called itself too deeply",
}


Value = TypeVar("Value")
Key = tuple[str, str]  # a source and a device, or "" for all of them


class Overrun(Exception):
    """The codec ran into a limit, or its worker died of it."""


class Waiting(Exception):
    """The device's payloads, or the codec's with many devices, ran into the limits again and again: nothing is tried for a while."""


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
            raise WorkerLost("the decoders were closed")
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
        self.clock = clock
        self._seats = (Seat(), Seat())
        self._patience = Patience(clock)
        self._strained: OrderedDict[Key, float] = OrderedDict()  # who overran, and when
        self._looked: dict[str, Message | Overrun] = {}
        self._worlds: OrderedDict[Key, None] = OrderedDict()  # that a worker has kept once
        self.lost = 0  # worlds that were kept and are gone: for want of room, or with their worker
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._seats)

    def look(self, source: Source) -> Message:
        """Return which functions ``source`` has, or why it does not load.

        Raises Overrun (found once, it is so for this text), NotNow where another try may go better, and ValueError without
        an engine.
        """
        if (found := self._looked.get(source.hash)) is None:
            found = self._looked[source.hash] = self._seen(source)
        if isinstance(found, Overrun):
            raise Overrun(str(found))
        return found

    def ask(self, source: Source, message: Message, device: str = "") -> Message:
        """Return the answer to ``message``, "lost" in it where a world kept for it is gone.

        Raises Overrun, Waiting, NotNow where another try may go better, and ValueError without an engine.
        """
        key = (source.hash, device)
        self._admit(key)
        try:
            answer = self._within_limits(source, message)
        except Overrun:
            with self._lock:
                self._patience.overran(key)
            raise
        with self._lock:
            self._patience.went_well(key)
            return self._compared(source, message, answer)

    def close(self) -> None:
        """End the workers; what is asked from now on is an Overrun."""
        _close(self._seats)

    @property
    def pids(self) -> Sequence[int]:
        """Return the ids of the worker processes that there are."""
        return [seat.process.pid for seat in self._seats if seat.process is not None]

    def _admit(self, key: Key) -> None:
        with self._lock:
            if (wait := self._patience.device_wait_s(key)) > 0:
                raise Waiting(f"its payloads ran into the limits again and again; the next is tried in {wait:.0f} s")
            if (wait := self._patience.codec_wait_s(key[0])) > 0:
                raise Waiting(f"the codec ran into the limits with {DEVICES} devices; one is tried in {wait:.0f} s")
            self._patience.begin(key[0])

    def _seen(self, source: Source) -> Message | Overrun:
        try:
            return self._within_limits(source, {"work": "look"})
        except Overrun as error:
            if isinstance(error.__cause__, WorkerLost):
                raise NotNow(str(error)) from error
            return Overrun(str(error))

    def _within_limits(self, source: Source, message: Message) -> Message:
        apart = (source.hash, _world(message))
        try:
            answer = self._seats[self._is_strained(apart)].ask(source, message)
        except WorkerEnded as ended:
            self._strain(apart)
            raise Overrun(str(ended)) from ended
        if (why := _limit(answer)) is not None:
            self._strain(apart)
            raise Overrun(why)
        return answer

    def _compared(self, source: Source, message: Message, answer: Message) -> Message:
        """Return ``answer``, with "lost" where it is of a new world and there was one before."""
        if not answer.get("new"):
            return answer
        key = (source.hash, _world(message))
        lost = key in self._worlds
        _remember(self._worlds, key, None)
        self.lost += lost
        return {**answer, "lost": lost}

    def _strain(self, apart: Key) -> None:
        with self._lock:
            _remember(self._strained, apart, self.clock())

    def _is_strained(self, apart: Key) -> bool:
        with self._lock:
            when = self._strained.get(apart)
            if when is None:
                return False
            if self.clock() - when > LATELY:
                del self._strained[apart]
                return False
            return True


def _world(message: Message) -> str:
    """Return whose world is asked: a device's that is kept for it, or that of all."""
    return str(message.get("keep", ""))


def _remember(ordered: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    ordered[key] = value
    ordered.move_to_end(key)
    if len(ordered) > REMEMBERED:
        ordered.popitem(last=False)


def _limit(answer: Message) -> str | None:
    if "limit" in answer:
        limit: Any = answer["limit"]
        return LIMITS.get(limit, str(limit))
    # Caught within the codec's world, where it is an error like others; the memory is gone all the same.
    return LIMITS["memory"] if answer.get("kind") == "InternalError" and "memory" in str(answer.get("thrown")) else None


def _close(seats: Sequence[Seat]) -> None:
    for seat in seats:
        seat.close()
