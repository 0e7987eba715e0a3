"""`brygga` as a process of its own that need not be imported first: forked from one that has all of it in memory.

Exit code, standard streams, signals, folder and environment are a process's own, as they are of one that is started; what is left
out is the second that importing takes, some hundreds of times in a run of the suite. Whether a command finds what it imports is
for the tests that start it for real (`test_every_command_finds_what_it_imports`).
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import time
from asyncio.base_subprocess import BaseSubprocessTransport
from asyncio.subprocess import DEVNULL, PIPE, Process, SubprocessStreamProtocol
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any, Final

ROOT: Final = Path(__file__).parent.parent
BRYGGA: Final = Path(sys.executable).with_name("brygga")
LIMIT: Final = 2**16  # octets of a line, asyncio's own

Stream = int | IO[Any] | None

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.preloaded"])


def words_of(command: Sequence[str | Path]) -> Sequence[str] | None:
    """Return the words of a `brygga` command; None for another program, which has to be started."""
    program = [str(word) for word in command]
    starts: tuple[Sequence[str], ...] = ([str(BRYGGA)], [sys.executable, "-m", "gateway"])
    return next((program[len(start) :] for start in starts if program[: len(start)] == start), None)


async def launch(
    *command: str | Path,
    stdin: Stream = None,
    stdout: Stream = None,
    stderr: Stream = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    start_new_session: bool = False,
) -> Process:
    """Return what `asyncio.create_subprocess_exec` returns; what changes how Python begins (``LD_PRELOAD``, …) needs that one."""
    words = words_of(command)
    assert words is not None, f"{command[0]} is not brygga: start it for real"
    loop = asyncio.get_running_loop()
    protocol = SubprocessStreamProtocol(LIMIT, loop)
    connected = loop.create_future()
    transport = _Transport(
        loop,
        protocol,
        words,
        shell=False,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        waiter=connected,
        become=_Become(words, cwd or Path.cwd(), dict(os.environ if env is None else env), leads=start_new_session),
    )
    await connected
    return Process(transport, protocol, loop)


class _Become:
    """What a fork turns into."""

    def __init__(self, words: Sequence[str], folder: Path, environment: Mapping[str, str], *, leads: bool) -> None:
        self._words = words
        self._folder = folder
        self._environment = environment
        self._leads = leads  # a session of its own

    def __call__(self, streams: Sequence[int]) -> None:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        if self._leads:
            os.setsid()
        os.chdir(self._folder)
        os.environ.clear()
        os.environ.update(self._environment)
        time.tzset()
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the process's own, to its end
        sys.argv = [str(BRYGGA), *self._words]
        from gateway.__main__ import main

        main()


class _Passed:
    """A descriptor on its way to a fork, which takes it out as its own number of it."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _taken, (DupFd(self.number),)


def _taken(passed: Any) -> int:
    number: int = passed.detach()
    return number


def _ends(number: int, stream: Stream) -> tuple[int, IO[bytes] | None]:
    """Return a standard stream's end for the fork, and ours where it is a pipe."""
    if stream == PIPE:
        reading, writing = os.pipe()
        return (reading, os.fdopen(writing, "wb", 0)) if number == 0 else (writing, os.fdopen(reading, "rb", 0))
    if stream == DEVNULL:
        return os.open(os.devnull, os.O_RDWR), None
    if stream is None:
        return os.dup(number), None
    return os.dup(stream if isinstance(stream, int) else stream.fileno()), None


class _Fork:
    """A fork as `subprocess.Popen` would have it."""

    def __init__(self, become: _Become, wanted: Sequence[Stream]) -> None:
        theirs, ours = zip(*(_ends(number, stream) for number, stream in enumerate(wanted)), strict=True)
        self.stdin, self.stdout, self.stderr = ours
        try:
            with contextlib.chdir(
                ROOT
            ):  # where the server, which is started with the first fork, finds what it imports
                self.process = _context.Process(target=become, args=([*map(_Passed, theirs)],), daemon=True)
                self.process.start()
        finally:
            for end in theirs:
                os.close(end)
        assert self.process.pid is not None
        self.pid = self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Transport(BaseSubprocessTransport):
    """asyncio's, over a fork."""

    def _start(self, *, stdin: Stream, stdout: Stream, stderr: Stream, become: _Become, **_: object) -> None:  # type: ignore[override]
        fork = _Fork(become, (stdin, stdout, stderr))
        self._proc = fork  # type: ignore[assignment]
        self._loop.add_reader(fork.process.sentinel, self._ended, fork.process)

    def _ended(self, process: BaseProcess) -> None:
        self._loop.remove_reader(process.sentinel)
        process.join()
        code = process.exitcode
        assert code is not None
        process.close()
        self._process_exited(code)
