"""Connections within the process: what TCP gives, in order and without loss, with a delay, over lines that may be out.

A line that is out keeps what is on its way, as TCP does that sends again, and brings it when it is mended; who connects meanwhile waits.
"""

from __future__ import annotations

import asyncio
import contextvars
import errno
import os
from collections import deque
from typing import Any, Final, cast

from simulators.simulation.loop import Life

HOST: Final = "127.0.0.1"
ORPHAN_S: Final = 100.0  # Linux gives up what a closed connection still has on its way (tcp_orphan_retries of 8)
_OUTSIDE: Final = contextvars.Context()


class Line:
    """The way to one port, both directions of all its connections: what goes first arrives first."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.delay_s = 0.0
        self._loop = loop
        self._open = asyncio.Event()
        self._open.set()
        self._on_way: deque[tuple[float, End, bytes | None]] = (
            deque()
        )  # due when, from which end, what; None is the end
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_out(self) -> bool:
        """Tell whether nothing passes."""
        return not self._open.is_set()

    def cut(self) -> None:
        """Let nothing pass from now on."""
        self._open.clear()

    def mend(self) -> None:
        """Bring what was held, in its order."""
        self._open.set()
        self._pump()

    def carry(self, end: End, octets: bytes | None) -> None:
        """Take what an end sends."""
        self._on_way.append((self._loop.time() + self.delay_s, end, octets))
        if self._timer is None and not self.is_out:
            self._wait()

    def _wait(self) -> None:
        # In the outside's context: whose tasks begin at the other end does not depend on who sent first.
        self._timer = self._loop.call_at(self._on_way[0][0], self._pump, context=_OUTSIDE)

    def _pump(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now_s = self._loop.time()
        while self._on_way and not self.is_out and self._on_way[0][0] <= now_s:
            _, end, octets = self._on_way.popleft()
            end.arrive(octets, now_s)
        if self._on_way and not self.is_out:
            self._wait()

    async def passable(self) -> None:
        """Return when it is not out; the caller sets the limit."""
        await self._open.wait()


_CLOSED, _RESET = "closed", "reset"


class End(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, line: Line, owner: Life | None, address: tuple[str, int], peer_port: int) -> None:
        super().__init__({"sockname": address, "peername": (HOST, peer_port)})
        self.owner = owner
        self.other: End = self
        self.context = contextvars.copy_context()
        self.is_over = False  # nothing comes in any more
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._protocol: asyncio.Protocol | None = None
        self._closing = False  # nothing goes out any more
        self._paused = False
        self._left = "", 0.0  # how it was left, and when
        self._waiting: deque[bytes | None] = deque()  # what came while it was paused; None is the end

    def begin(self, protocol: asyncio.BaseProtocol) -> None:
        """Give it to its protocol."""
        self._protocol = cast("asyncio.Protocol", protocol)
        protocol.connection_made(self)

    # ── out ──

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send."""
        if data and not self._closing and not self.is_over:
            self._line.carry(self, bytes(data))

    def write_eof(self) -> None:
        """Send nothing more."""
        self._line.carry(self, None)

    def can_write_eof(self) -> bool:
        """Tell that it can be said."""
        return True

    def close(self) -> None:
        """Send what is left, and end."""
        if not self._closing and not self.is_over:
            self._leave(_CLOSED)
            self._loop.call_soon(self._end, None)

    def abort(self) -> None:
        """End at once."""
        if not self.is_over:
            self._leave(_RESET)
            self._loop.call_soon(self._end, None)

    def vanish(self) -> None:
        """End as a machine without power does: its own side is told nothing."""
        self._leave(_RESET)
        self.is_over = True

    def bury(self) -> None:
        """Tell its own side after all."""
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            self.context.run(protocol.connection_lost, None)

    def _leave(self, how: str) -> None:
        self._closing, self._left = True, (how, self._loop.time())
        self._line.carry(self, None)

    def is_closing(self) -> bool:
        """Tell whether nothing goes out any more."""
        return self._closing or self.is_over

    def get_write_buffer_size(self) -> int:
        """Return 0: what is written is on its way."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing waits here."""

    def arrive(self, octets: bytes | None, now_s: float) -> None:
        """Bring to the other end what was sent here; what a reset has overtaken, or the system gave up, is lost."""
        how, left_s = self._left
        given_up = how == _CLOSED and now_s - left_s > ORPHAN_S
        if how == _RESET or given_up:
            self.other.context.run(self.other.reset)
        else:
            self.other.context.run(self.other.take, octets)

    # ── in ──

    def take(self, octets: bytes | None) -> None:
        """Take what came; None is the end."""
        if self.is_over:
            return
        if self._paused:
            self._waiting.append(octets)
        elif octets is None:
            self._eof()
        elif self._protocol is not None:
            self._protocol.data_received(octets)

    def _eof(self) -> None:
        keeps_open = self._protocol is not None and self._protocol.eof_received()
        if not keeps_open:
            self._closing = True
            self._loop.call_soon(self._end, None)

    def reset(self) -> None:
        """Hear that the other side is gone."""
        if self._closing:
            return
        self._closing = True
        # Later, as asyncio has it: what came just before is still read.
        self._loop.call_soon(self._end, ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))

    def _end(self, error: Exception | None) -> None:
        if not self.is_over:
            self.is_over = True
            protocol, self._protocol = self._protocol, None
            if protocol is not None:
                protocol.connection_lost(error)

    def pause_reading(self) -> None:
        """Keep what comes."""
        self._paused = True

    def resume_reading(self) -> None:
        """Bring what came meanwhile, and all that comes."""
        self._paused = False
        while self._waiting and not self._paused:
            self.take(self._waiting.popleft())

    def is_reading(self) -> bool:
        """Tell whether what comes is brought."""
        return not self._paused and not self.is_over

    def get_protocol(self) -> Any:
        """Return who has it."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Give it to another one."""
        self._protocol = cast("asyncio.Protocol", protocol)
