"""The agent as a process of its own: `brygga run` with a configuration, killed and started again."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.clock import SystemClock
from gateway.config import load
from gateway.control import ask
from gateway.model import Json

COMMAND_LIMIT_S: Final = 60.0  # an import of 10,000 devices takes a few seconds
STOP_LIMIT_S: Final = 15.0

Launch = Callable[..., Awaitable[asyncio.subprocess.Process]]


class AgentProcess:
    """One configuration's agent; what it says goes to ``log``. An end that nobody asked for is noted in ``crashes``.

    ``environment`` is what it has from its next start on; None: ours. ``launch`` makes processes, as asyncio's own does.
    """

    def __init__(
        self,
        configuration: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        launch: Launch = asyncio.create_subprocess_exec,
    ) -> None:
        self._configuration = configuration
        self._launch = launch
        self.environment = environment
        self.prefix: Sequence[str] = ()  # before the command that starts it: a program that becomes it
        self.log = log
        self._process: asyncio.subprocess.Process | None = None
        self.crashes: list[str] = []

    async def start(self) -> None:
        """Start it; it listens a moment later."""
        with self.log.open("ab") as log:
            self._process = await self._launch(
                *(*self.prefix, *self._command("run")),
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,  # Ctrl-C is for whoever started it, not for it
            )

    @property
    def pid(self) -> int | None:
        """Return the number of its process; None where there is none that lives."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def ended(self) -> int:
        """Return its exit code when it has ended by itself; no limit: it runs until somebody ends it."""
        return 0 if self._process is None else await self._process.wait()

    def forget(self) -> None:
        """Take an end for what was to be expected."""
        self._process = None

    async def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        await self._end(signal.SIGKILL, -signal.SIGKILL)

    async def stop(self) -> None:
        """End it in good order (SIGTERM)."""
        await self._end(signal.SIGTERM, 0)

    async def ask(self, *words: str, text: str = "") -> str:
        """Run another `brygga` command with the same configuration, and return what it prints; RuntimeError if it fails."""
        process = await self._launch(
            *self._command(*words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(COMMAND_LIMIT_S):
                out, err = await process.communicate(text.encode())
        finally:
            if process.returncode is None:  # nobody waits for its answer any longer
                process.kill()
                await process.communicate()
        if process.returncode:
            raise RuntimeError(f"brygga {' '.join(words)} ended with {process.returncode}: {err.decode()}")
        return out.decode()

    async def status(self) -> Mapping[str, Json]:
        """Return what `brygga status --json` says: it is asked in this process, as who waits for something asks often."""
        status: Mapping[str, Json] = await ask(load(self._configuration), SystemClock(), {"do": "status"})
        return status

    def _command(self, *words: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "gateway", *words, "--config", str(self._configuration))

    async def _end(self, number: signal.Signals, expected: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(number)
        else:
            expected = -signal.SIGKILL  # nothing that ends by itself is expected
        async with asyncio.timeout(STOP_LIMIT_S):
            code = await process.wait()
        if code != expected:
            self.crashes.append(f"ended with {code} where {expected} was expected; its log is {self.log}")
