"""The `brygga` command as people run it: its own process, a real configuration, a real journal."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from simulators.torture.agent_process import Launch
from tests import forked

BRYGGA = forked.BRYGGA
LIMIT_S = 60.0  # for a command on a machine that does many other things

CONFIGURATION = """
[gateway]
name = "roof"
data = "data"
[clock]
trust = "system"
[[source]]
name = "mast"
type = "semtech_udp"
host = "127.0.0.1"
port = 0
[[destination]]
name = "goteborg"
url = "mqtt://127.0.0.1:1"
format = "senml"
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left: its exit code, its output and its complaints."""

    code: int | None
    output: str
    complaints: str = ""


def said(*lines: str) -> Outcome:
    """Return the outcome of a command that did what it should and said so."""
    return Outcome(0, "".join(f"{line}\n" for line in lines))


def complained(code: int, *lines: str) -> Outcome:
    """Return the outcome of a command that did not."""
    return Outcome(code, "", "".join(f"{line}\n" for line in lines))


@dataclass(frozen=True, slots=True)
class Box:
    """A gateway's folder with its configuration."""

    folder: Path
    launch: Launch = forked.launch

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.folder / "data" / "journal.db"

    @property
    def socket(self) -> Path:
        """The control socket."""
        return self.folder / "data" / "control.sock"

    async def brygga(self, *arguments: str, stdin: str | None = None) -> Outcome:
        """Run one command to its end."""
        process = await self.start(*arguments, is_fed=stdin is not None)
        try:
            async with asyncio.timeout(LIMIT_S):
                output, complaints = await process.communicate(None if stdin is None else stdin.encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Outcome(process.returncode, output.decode(), complaints.decode())

    async def start(self, *arguments: str, is_fed: bool = False) -> asyncio.subprocess.Process:
        """Start a command."""
        return await self.launch(
            BRYGGA,
            *arguments,
            cwd=self.folder,
            stdin=asyncio.subprocess.PIPE if is_fed else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != "BRYGGA_CONFIG"},
        )

    @contextlib.asynccontextmanager
    async def agent(self) -> AsyncIterator[None]:
        """Run the agent for as long as the block lasts."""
        process = await self.start("run")
        assert process.stderr is not None
        try:
            async with asyncio.timeout(LIMIT_S):
                while b"started" not in (line := await process.stderr.readline()):
                    assert line, "the agent did not start"
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.communicate()


def make_box(folder: Path) -> Box:
    """Return a box that has not run yet."""
    (folder / "brygga.toml").write_text(CONFIGURATION, encoding="utf-8")
    return Box(folder)
