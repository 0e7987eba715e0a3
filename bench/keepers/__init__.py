"""Stores that accept messages and are then done harm to: each a process, with one way to start, harm and count it.

A keeper is told to accept messages that are numbered from 1 on, and says of each when it has accepted it: when it told its client
that the message is its own matter from now on. Whatever was accepted and is not there afterwards was lost.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Protocol

STOP_LIMIT_S = 30.0
COUNT_LIMIT_S = 120.0
ACCEPT_LIMIT_S = 30.0
LOOK_EVERY_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """How many messages are offered, and how many a second; 0: as fast as they are accepted."""

    messages: int
    per_s: int = 0


class Keeper(Protocol):
    """One store at work. Its methods are called in this order; what is between them is harm."""

    def start(self, folder: Path, task: Task) -> None:
        """Start with what lies in ``folder``, and begin to offer."""
        ...

    @property
    def pid(self) -> int:
        """The process that keeps."""
        ...

    def accepted(self) -> int:
        """Return how many it has accepted by now."""
        ...

    def is_through(self) -> bool:
        """Tell whether every message was offered and answered."""
        ...

    def end(self, number: signal.Signals) -> frozenset[int]:
        """End it with a signal; return all that it had accepted."""
        ...

    def count(self, folder: Path) -> frozenset[int]:
        """Return what is there, in the same folder or in a copy of it."""
        ...

    def close(self) -> None:
        """End what still runs."""
        ...


class Program:
    """A keeper that is a program: "keep FOLDER MESSAGES PER_S" says a number when it is accepted, "count FOLDER" what is there."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._accepted: list[int] = []
        self._is_through = False
        self._reader: Thread | None = None

    def start(self, folder: Path, task: Task) -> None:
        """Start it."""
        command = [*self._command, "keep", str(folder), str(task.messages), str(task.per_s)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._accepted, self._is_through = [], False
        self._reader = Thread(target=self._read, name="keeper")
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process that keeps."""
        return self._running().pid

    def accepted(self) -> int:
        """Return how many it has accepted by now."""
        return len(self._accepted)

    def is_through(self) -> bool:
        """Tell whether every message was offered and answered."""
        return self._is_through or self._running().poll() is not None

    def end(self, number: signal.Signals) -> frozenset[int]:
        """End it, and wait for what it had said."""
        process = self._running()
        process.send_signal(number)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:  # an orderly stop that takes for ever is ended as an init system would
            process.kill()
            process.wait(STOP_LIMIT_S)
        if self._reader is not None:
            self._reader.join()
        return frozenset(self._accepted)

    def count(self, folder: Path) -> frozenset[int]:
        """Ask what is there; RuntimeError with its own words when it cannot say."""
        command = [*self._command, "count", str(folder)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=COUNT_LIMIT_S)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.decode()[-2000:]}")
        return frozenset(map(int, done.stdout.split()))

    def close(self) -> None:
        """Kill it where it still runs."""
        if self._process is not None and self._process.poll() is None:
            self.end(signal.SIGKILL)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("start() comes first")
        return self._process

    def _read(self) -> None:
        lines = self._running().stdout
        if lines is None:
            return
        with lines:
            for line in lines:
                if line.strip() == b"through":
                    self._is_through = True
                elif line.endswith(b"\n"):
                    self._accepted.append(int(line))


def await_accepted(keeper: Keeper, count: int) -> None:
    """Return when ``count`` messages are accepted, or all were offered, or the time is over: one that is slow is harmed earlier."""
    deadline = time.monotonic() + ACCEPT_LIMIT_S
    while keeper.accepted() < count and not keeper.is_through() and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
