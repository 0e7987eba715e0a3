"""The internet between an agent and a platform, which can be cut: a TCP relay.

Whatever lies behind it lives on, as cities do while a gateway's backhaul is gone. So what a broker has acknowledged is
not lost with the broker, and what was on its way when the line broke is unclear to both ends, as in real life.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final, cast

HOST: Final = "127.0.0.1"
REACH_LIMIT_S: Final = 2.0


class Line:
    """A port that leads to ``far``; make one with `line`."""

    def __init__(self, far: tuple[str, int], tasks: asyncio.TaskGroup) -> None:
        self._far = far
        self._tasks = tasks
        self._server: asyncio.Server | None = None
        self._ends: set[_End] = set()
        self.port = 0

    async def mend(self) -> None:
        """Let connections through, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Near(self), HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Break every connection and let nobody in."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in tuple(self._ends):
            end.transport.abort()

    # ── for its ends ──

    def begin(self, end: _End) -> None:
        """Count an end among those that `cut` breaks."""
        self._ends.add(end)

    def forget(self, end: _End) -> None:
        """Let go of an end that is closed."""
        self._ends.discard(end)

    def reach(self, near: _End) -> None:
        """Connect ``near`` with the platform, without waiting."""
        self._tasks.create_task(self._reach(near), name="line")

    async def _reach(self, near: _End) -> None:
        far = _End(self)
        try:
            async with asyncio.timeout(REACH_LIMIT_S):
                await asyncio.get_running_loop().create_connection(lambda: far, *self._far)
        except OSError:  # nobody there, or (a TimeoutError is one) no answer: the near end learns it as a broken line
            near.transport.abort()
            return
        if near not in self._ends:
            far.transport.abort()
            return
        near.other, far.other = far, near
        near.go_on()
        far.go_on()


class _End(asyncio.Protocol):
    """One connection; what it reads goes out at the other end."""

    transport: asyncio.Transport

    def __init__(self, line: Line) -> None:
        self.line = line
        self.other: _End | None = None
        self._early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.line.begin(self)

    def go_on(self) -> None:
        """Hand on what came before the other end was there, and read again."""
        early, self._early = self._early, b""
        self.transport.resume_reading()
        if early and self.other is not None:
            self.other.transport.write(early)  # last: a full buffer pauses reading here

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)
            return
        # Not paused in connection_made already: Python 3.11.2 (Debian 12) begins to read after that all the same.
        self._early += data
        self.transport.pause_reading()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - of asyncio's protocol
        self.line.forget(self)
        if self.other is not None:
            self.other.transport.close()


class _Near(_End):
    """The agent's side: the far side is reached for it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.line.reach(self)


@contextlib.asynccontextmanager
async def line(host: str, port: int) -> AsyncIterator[Line]:
    """Open a line to a platform; it is cut for good when the block ends."""
    async with asyncio.TaskGroup() as tasks:
        one = Line((host, port), tasks)
        await one.mend()
        try:
            yield one
        finally:
            one.cut()
