"""One worker process, seen from outside: asked one thing at a time, ended when it does not answer."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess  # what runs is this Python and a file of our own
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from decoders.contract import NotNow

PROGRAM: Final = Path(__file__).with_name("worker.py")
START: Final = 20.0  # seconds to be ready; measured: 0.03 to 0.06 on a desktop, and a flash card may stall for seconds
PATIENCE: Final = 3.0  # seconds for an answer. The kernel ends a worker after 0.4 of CPU (0.8 while loading); this is for one that stands still
LONGEST: Final = 4 * 2**20  # octets of an answer; the room refuses to write more than an eighth of it
FAREWELL: Final = 5.0  # seconds until a killed process is gone; more would be the kernel's failure

LATE: Final = "it did not come to an end in time"
MISSING: Final = (
    "JavaScript needs the package quickjs-ng, which is not installed here: pip install 'brygga[js]' "
    "(there are ready-made packages for 64-bit x86 and Arm; on 32-bit Arm pip compiles it, with gcc, in a minute or two)"
)

Message = Mapping[str, Any]


class WorkerEnded(Exception):
    """The worker is gone, and with it what it was asked."""


class WorkerLost(WorkerEnded):
    """The worker is gone for what need not be the codec's doing: a machine without memory, somebody's signal."""


def engine() -> str | None:
    """Return the path of the engine's extension module, or None where it is not installed; it is not loaded."""
    spec = find_spec("_quickjs")
    return None if spec is None else spec.origin


class WorkerProcess:
    """A running worker; raises ValueError where the engine is missing, NotNow where it does not start."""

    def __init__(self) -> None:
        path = engine()
        if path is None:
            raise ValueError(MISSING)
        self._process = _started(path)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        self._read = b""
        try:
            self._answer(time.monotonic() + START)
        except WorkerEnded as ended:
            raise NotNow(f"the JavaScript engine at {path} does not start: {ended}") from ended

    @property
    def pid(self) -> int:
        """Return the process's id."""
        return self._process.pid

    def ask(self, message: Message) -> Message:
        """Return the answer to ``message``; raises WorkerEnded, and the process is gone then."""
        until = time.monotonic() + PATIENCE
        self._say(json.dumps(message).encode() + b"\n", until)
        return self._answer(until)

    @property
    def gone(self) -> bool:
        """Tell whether the process has ended by itself or by somebody else's hand."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End the process while another thread waits for its answer, which gets WorkerEnded."""
        self._process.kill()

    def end(self) -> None:
        """End the process, whatever it does. Does nothing when it is gone."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.kill()
        self._process.wait(FAREWELL)

    def _say(self, octets: bytes, until: float) -> None:
        while octets:
            self._wait(self._to, select.POLLOUT, until)
            try:
                octets = octets[os.write(self._to, octets) :]
            except OSError as error:
                raise self._ended("it was gone", WorkerLost) from error

    def _answer(self, until: float) -> Message:
        while b"\n" not in self._read:
            self._wait(self._from, select.POLLIN, until)
            piece = os.read(self._from, 2**16)
            if not piece:
                raise self._ended(None)
            self._read += piece
            if len(self._read) > LONGEST:
                raise self._ended(f"it said more than {LONGEST} octets")
        line, _, self._read = self._read.partition(b"\n")
        try:
            message: Any = json.loads(line, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise self._ended("it said what is no JSON") from error
        if not isinstance(message, dict):
            raise self._ended("it said what is no answer")
        return message

    def _wait(self, pipe: int, event: int, until: float) -> None:
        poll = select.poll()  # not select: an agent may have more than 1,024 descriptors
        poll.register(pipe, event)
        if not poll.poll(max(until - time.monotonic(), 0) * 1000):
            raise self._ended(LATE, WorkerLost)

    def _ended(self, why: str | None, kind: type[WorkerEnded] = WorkerEnded) -> WorkerEnded:
        self.end()
        if why is not None:
            return kind(why)
        code = self._process.returncode
        return WorkerEnded(LATE) if code == -signal.SIGPROF else WorkerLost(f"its process ended ({_words(code)})")


def _started(path: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, "-I", "-S", "-B", str(PROGRAM), path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={"TZ": "UTC0"},  # nothing else of ours; codecs' local time is UTC everywhere
            start_new_session=True,
        )
    except OSError as error:
        raise NotNow(f"a process for the JavaScript engine cannot be started: {error}") from error


def _words(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"code {code}"


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")
