"""A person at a terminal: reads until the words are there that were waited for, then types."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.forked import launch

LIMIT_S = 60.0  # for what must come, on a machine that does many other things
REPOSITORY = Path(__file__).parent.parent.parent
NOT_THEIRS = ("LC_", "LANG", "BRYGGA", "COLUMNS", "LINES", "NO_COLOR")  # of the environment: a terminal says it itself
PRESS_AGAIN_S = 5.0
SGR = re.compile(r"\x1b\[[\d;]*m")


@dataclass(slots=True)
class Person:
    """Who reads and types at ``terminal``."""

    terminal: int
    process: asyncio.subprocess.Process
    shown: str = ""  # all that came, without colours
    _read_to: int = 0  # of what is read with its lines joined
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self) -> None:
        asyncio.get_running_loop().add_reader(self.terminal, self._take)

    def _take(self) -> None:
        try:
            octets = os.read(self.terminal, 65536)
        except OSError:  # EIO: the program has ended
            octets = b""
        if not octets:
            asyncio.get_running_loop().remove_reader(self.terminal)
        self.shown += SGR.sub("", octets.decode("utf-8", "replace")).replace("\r\n", "\n")
        self._news.set()

    @property
    def read(self) -> str:
        """Return what came with its lines joined: where they break depends on the width."""
        return re.sub(r"\s+", " ", self.shown)

    async def sees(self, words: str) -> None:
        """Wait until ``words`` come after what was seen before."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while (place := self.read.find(words, self._read_to)) < 0:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{words!r} never came after {self.read[self._read_to :]!r}") from None
        self._read_to = place + len(words)

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    async def answers(self, question: str, text: str = "") -> None:
        """Wait for a question and its prompt, and type an answer with Enter."""
        await self.sees(question)
        await self.sees("> ")
        self.type(f"{text}\n")

    async def presses_ctrl_c(self, words: str) -> int:
        """Press until ``words`` come, and return how the program ended.

        Pressed between a prompt and the reading behind it, a key is noticed with the next one; pressed once more while a program ends,
        it kills it.
        """
        async with asyncio.timeout(LIMIT_S):
            while words not in self.read[self._read_to :]:
                self.type("\x03")
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._come(words), PRESS_AGAIN_S)
            return await self.process.wait()

    async def _come(self, words: str) -> None:
        while words not in self.read[self._read_to :]:
            self._news.clear()
            await self._news.wait()

    async def leaves(self) -> int:
        """Return how the program ended, once all that it said was read."""
        async with asyncio.timeout(LIMIT_S):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def at_a_terminal(
    root: Path, port: int, *words: str, columns: int = 40, **environment: str
) -> AsyncIterator[Person]:
    """Run the wizard on a terminal of its own, ``columns`` wide."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    there = {name: value for name, value in os.environ.items() if not name.startswith(NOT_THEIRS)}
    process = await launch(
        *(sys.executable, "-m", "tests.setup.wizard", str(root), str(port), *words),
        cwd=REPOSITORY, stdin=end, stdout=end, stderr=end, start_new_session=True,
        env=there | {"TERM": "xterm", "PYTHONUTF8": "1"} | environment,
    )  # fmt: skip
    os.close(end)
    person = Person(terminal, process)
    person.listen()
    try:
        yield person
    finally:
        asyncio.get_running_loop().remove_reader(terminal)
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(terminal)
