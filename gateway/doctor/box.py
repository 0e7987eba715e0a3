"""The box that is looked at: what is known of it beforehand, and by what the probes reach the rest."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.config import Settings
from gateway.model import Json

COMMAND_LIMIT_S: Final = 8.0  # for a program that tells something, such as systemctl

Run = Callable[..., Awaitable[str | None]]
"""Run a program by its words and return its standard output; None where it is not there, refuses or takes too long."""


Ask = Callable[[Mapping[str, Json]], Awaitable[Json]]
"""Ask the agent, as through its socket. Raises Brygga."""


class Answering(StrEnum):
    """What came of asking the agent."""

    ANSWERS = "answers"
    ABSENT = "absent"  # there is no socket
    LEFT = "left"  # a socket that nobody listens to
    DENIED = "denied"  # another user's
    MUTE = "mute"  # it does not answer in time, or in words of another version
    NOT_ASKED = "not asked"  # without a configuration nobody knows where


async def run(*words: str, limit_s: float = COMMAND_LIMIT_S) -> str | None:
    """Run a program; see `Run`."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"},
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(limit_s):
            output, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()  # no limit: it has been killed
    return output.decode("utf-8", "replace") if process.returncode == 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What is known before the first probe. ``root`` is where /proc, /sys, /etc and /run are; tests have trees of their own."""

    now: datetime
    settings: Settings | None = None
    path: Path | None = None  # of the configuration
    problems: Sequence[str] = ()  # of the configuration
    warnings: Sequence[str] = ()
    answering: Answering = Answering.NOT_ASKED
    status: Mapping[str, Json] | None = None  # of a running agent
    devices: Sequence[Mapping[str, Json]] | None = None  # as `device.list` has them
    ask: Ask | None = None  # a running agent
    root: Path = Path("/")
    run: Run = run
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    deep: bool = False

    def at(self, path: str | Path) -> Path:
        """Return where the machine's ``path`` is to be read."""
        return self.root / str(path).lstrip("/")

    def text(self, path: str | Path) -> str | None:
        """Return what stands in one of the kernel's small files, or of /etc; None where it is not there or another's."""
        try:
            return self.at(path).read_text(encoding="utf-8", errors="replace").strip("\0\n ")
        except OSError:
            return None

    def number(self, path: str | Path) -> int | None:
        """Return the number that stands in a small file; None where there is none."""
        text = self.text(path)
        try:
            return None if text is None else int(text, 0)
        except ValueError:
            return None

    @property
    def data(self) -> Path | None:
        """The data folder, if it is there."""
        folder = None if self.settings is None else self.settings.gateway.data
        return folder if folder is not None and folder.is_dir() else None

    @property
    def pid(self) -> int | None:
        """The agent's process."""
        return None if self.status is None else self.status.get("pid")
