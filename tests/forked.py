"""`brygga` as a process of its own that need not be imported first: forked from one that has all of it in memory.

Exit code, standard streams, signals, folder and environment are a process's own, as they are of one that is started; what is left
out is the second that importing takes, some hundreds of times in a run of the suite. A forgotten import would never be seen so:
therefore the first process of each command in a run is started for real, whichever test's that is, and with BRYGGA_LONG_FORM=1
every one (docs/decisions/0003-tests-side-by-side.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import multiprocessing
import os
import runpy
import signal
import sys
import time
from asyncio.base_subprocess import BaseSubprocessTransport
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process, SubprocessStreamProtocol
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any, Final

from tests.long_form import IS_LONG

ROOT: Final = Path(__file__).parent.parent
BRYGGA: Final = Path(sys.executable).with_name("brygga")
LINE_LIMIT: Final = 2**16  # octets, asyncio's own

Stream = int | IO[Any] | None

begun: Final[list[Path]] = []
"""The folder that notes which commands were started in this run, the same for all its workers."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.preloaded"])


def module_of(command: Sequence[str | Path]) -> tuple[str, Sequence[str]] | None:
    """Return which module a command runs, and its words; None for another program, which has to be started."""
    match [str(word) for word in command]:
        case [program, *words] if program == str(BRYGGA):
            return "gateway", words
        case [sys.executable, "-m", module, *words]:
            return module, words
    return None


async def launch(
    *command: str | Path,
    stdin: Stream = None,
    stdout: Stream = None,
    stderr: Stream = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    start_new_session: bool = False,
) -> Process:
    """Start or fork a process; arguments and outcome are those of `asyncio.create_subprocess_exec`."""
    how = asyncio.create_subprocess_exec if is_started(command, env) else fork
    return await how(
        *command, stdin=stdin, stdout=stdout, stderr=stderr, cwd=cwd, env=env, start_new_session=start_new_session
    )


def is_started(command: Sequence[str | Path], env: Mapping[str, str] | None) -> bool:
    """Tell whether a process is to be started: another program's, one with a library before all others, each command's first."""
    meant = module_of(command)
    return meant is None or IS_LONG or "LD_PRELOAD" in (env or ()) or _is_first(*meant)


def _is_first(module: str, words: Sequence[str]) -> bool:
    from gateway.commands.cli import COMMANDS

    named = (" ".join(words[:count]) for count in (3, 2, 1))
    name = next((one for one in named if one in COMMANDS), "")
    assert begun, "tests/conftest.py names the folder"
    try:
        (begun[0] / f"{module} {name}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


async def fork(
    *command: str | Path,
    stdin: Stream = None,
    stdout: Stream = None,
    stderr: Stream = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    start_new_session: bool = False,
) -> Process:
    """Fork what runs a module: `brygga`, or ``python -m …``."""
    meant = module_of(command)
    assert meant is not None, f"{command[0]} is none that can be forked"
    environment = dict(os.environ if env is None else env)
    loop = asyncio.get_running_loop()
    protocol = SubprocessStreamProtocol(LINE_LIMIT, loop)
    connected = loop.create_future()
    transport = _Transport(
        loop,
        protocol,
        [str(word) for word in command],
        shell=False,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        waiter=connected,
        become=_Become(*meant, cwd or Path.cwd(), environment, leads=start_new_session),
    )
    await connected
    return Process(transport, protocol, loop)


class _Become:
    """What a fork turns into: a module that is run, in a session that it leads where it is to."""

    def __init__(
        self, module: str, words: Sequence[str], folder: Path, environment: Mapping[str, str], *, leads: bool
    ) -> None:
        self._module = module
        self._words = words
        self._folder = folder
        self._environment = environment
        self._leads = leads

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
        assert isinstance(sys.stdout, io.TextIOWrapper)
        sys.stdout.reconfigure(line_buffering=os.isatty(1))
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the process's own, to its end
        sys.argv = [str(BRYGGA), *self._words]
        runpy.run_module(self._module, run_name="__main__", alter_sys=True)


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

    def __init__(self, become: _Become, stdin: Stream, stdout: Stream, stderr: Stream) -> None:
        reading, self.stdin = _ends(0, stdin)
        saying, self.stdout = _ends(1, stdout)
        complaining, self.stderr = (os.dup(saying), None) if stderr == STDOUT else _ends(2, stderr)
        theirs = (reading, saying, complaining)
        self.process = _context.Process(target=become, args=([*map(_Passed, theirs)],), daemon=True)
        try:
            with contextlib.chdir(ROOT):  # where the server finds what it imports: the first fork starts it
                self.process.start()
        finally:
            for end in theirs:
                os.close(end)
        assert self.process.pid is not None
        self.pid = self.process.pid
        self.returncode: int | None = None

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
        fork = _Fork(become, stdin, stdout, stderr)
        self._proc = fork  # type: ignore[assignment]  # as much of a Popen as is asked for
        self._loop.add_reader(fork.process.sentinel, self._ended, fork.process)

    def _ended(self, process: BaseProcess) -> None:
        self._loop.remove_reader(process.sentinel)
        process.join()
        code = process.exitcode
        assert code is not None
        process.close()
        self._process_exited(code)
