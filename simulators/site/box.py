"""The agent at the site: started, told to end, and cut off in the middle of a commit as `kill -9` does it.

A cut is made at a commit, just before it or just after: that is where what is on disk, what is in memory and what is on air
may disagree. The database's files are copied as they lie there, the old agent touches nothing any more, and a new one
begins with the copy.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from gateway.agent import Agent, running
from gateway.config import load
from gateway.errors import StorageError
from gateway.journal import Registration
from gateway.journal.database import Database, Transaction
from gateway.model import Instant, TimeQuality

BEGAN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LEFT_BEHIND = ("journal.db", "journal.db-wal", "brygga.key")  # what a killed process leaves of its folder
CONFIGURATION = """\
[gateway]
name = "site"
data = "{data}"
[[source]]
name = "radio"
type = "semtech_udp"
host = "127.0.0.1"
port = {port}
"""


class LoopClock:
    """The clock of a machine whose time is that of the running loop."""

    def __call__(self) -> Instant:
        """Return now."""
        now = asyncio.get_running_loop().time()
        return Instant(BEGAN + timedelta(seconds=now), now, "one-boot", TimeQuality.NTP)


class Knife:
    """Cuts the machine off at its next commit once it is ``armed``."""

    def __init__(self, cut: Callable[[], None]) -> None:
        self.fallen = asyncio.Event()
        self._cut = cut
        self._armed: bool | None = None  # whether before the commit
        self._dead: Path | None = None
        self._closing = asyncio.Event()

    def arm(self, *, before_commit: bool) -> None:
        """Cut at the next commit."""
        self.fallen, self._closing, self._armed = asyncio.Event(), asyncio.Event(), before_commit

    def bury(self) -> None:
        """Let what is left of the old agent end."""
        self._closing.set()

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Watch every commit in this process."""
        apply = Database.apply

        async def watched(database: Database, transaction: Transaction) -> None:
            if database.path != self._dead and self._armed is None:
                await apply(database, transaction)
                return
            if database.path != self._dead:
                if not self._armed:
                    await apply(database, transaction)
                self._dead, self._armed = database.path, None
                self._cut()
                self.fallen.set()
            await self._closing.wait()  # no limit: nothing of the old agent goes on until it is buried
            raise StorageError(f"{database.path}: cut off")

        with patch.object(Database, "apply", watched):
            yield


class Box:
    """The machine with its disk: a new folder after each cut."""

    def __init__(self, folder: Path, port: int, silence: Callable[[], None]) -> None:
        self.agent: Agent | None = None  # None while none runs
        self.knife = Knife(self._die)
        self._home, self._port, self._silence = folder, port, silence
        self._number = 0
        self._folder.mkdir()

    @property
    def _folder(self) -> Path:
        return self._home / f"disk-{self._number}"

    @property
    def database(self) -> Path:
        """The journal's file."""
        return self._folder / "journal.db"

    @contextlib.asynccontextmanager
    async def on(self, registrations: Sequence[Registration] = ()) -> AsyncIterator[Agent]:
        """Run the agent for as long as the block lasts; ``registrations`` are entered first."""
        configuration = self._folder / "brygga.toml"
        configuration.write_text(CONFIGURATION.format(data=self._folder, port=self._port), encoding="utf-8")
        configuration.chmod(0o640)
        try:
            async with running(load(configuration), LoopClock()) as agent:
                if registrations:
                    await agent.journal.put_devices(registrations)
                    await agent.devices_changed()
                self.agent = agent
                try:
                    yield agent
                finally:
                    self.agent = None
        finally:
            self.agent = None

    def _die(self) -> None:
        """Leave the disk as it is, for the next agent; nothing that the old one does has an effect any more."""
        self._silence()
        old = self._folder
        self._number += 1
        self._folder.mkdir()
        for name in LEFT_BEHIND:
            if (left := old / name).exists():
                shutil.copy2(left, self._folder / name)
