"""The loop of a lab: time that jumps, or passes so many times as fast, and a network that lies within this process.

Nothing depends on the machine: no socket is opened, threads are calls, tasks are ordered by their number. At a ``speed`` time
never runs ahead of it, and is late where the work takes longer: what happens is the same, in the same order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from simulators.lab.line_socket import LineSocket
from simulators.lab.mailbox import Mailbox
from simulators.lab.net import Listening, Net
from simulators.simulation.loop import SimulatedLoop

SLICE_S: Final = 0.1  # real seconds that it sleeps at a time, so that Ctrl-C is heard


class LabLoop(SimulatedLoop):
    """A loop with a network of its own; ``speed`` None jumps."""

    def __init__(self, speed: float | None = None) -> None:
        super().__init__()
        self.net = Net(self)
        self.on_jump: Callable[[], None] = lambda: None  # told of each, by whoever shows how far it is
        self._speed = speed
        self._due: tuple[float, float] | None = None  # real and virtual time of the first jump

    def jump(self, seconds: float) -> None:
        """Let time pass; at a speed as long as that takes, in slices."""
        self.on_jump()
        super().jump(seconds if self._speed is None else self._waited(seconds, self._speed))

    def _waited(self, seconds: float, speed: float) -> float:
        if self._due is None:
            self._due = time.monotonic(), self.time()
        real_s, virtual_s = self._due
        ahead_s = (self.time() + seconds - virtual_s) / speed - (time.monotonic() - real_s)
        if ahead_s <= SLICE_S:
            time.sleep(max(0.0, ahead_s))
            return seconds
        time.sleep(SLICE_S)
        return min(seconds, SLICE_S * speed)

    # ── the network ──

    async def create_connection(  # type: ignore[override]  # of its many forms the two that clients here use
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        *,
        sock: Any = None,
        **_: Any,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect to what listens on the network; ConnectionRefusedError where nothing does."""
        number = sock.port if sock is not None else port
        assert number is not None, host
        return await self.net.connect(protocol_factory, number)

    async def create_server(  # type: ignore[override]  # the same
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: Any = None,  # noqa: ARG002 - there is one host
        port: int | None = None,
        *,
        sock: Any = None,
        **_: Any,
    ) -> Listening:
        """Listen on a port of the network; 0 is the next one."""
        return self.net.listen(protocol_factory, port or 0 if sock is None else sock.port)

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:  # type: ignore[override]  # of a descriptor that is none
        """Call back when something has come to what only stands for a socket."""
        if isinstance(fd, LineSocket):
            fd.reader = partial(self.call_soon, callback, *args)
        else:
            super().add_reader(fd, callback, *args)

    def remove_reader(self, fd: Any) -> bool:
        """Call back no more."""
        if not isinstance(fd, LineSocket):
            return super().remove_reader(fd)
        fd.reader = None
        return True

    async def create_datagram_endpoint(  # type: ignore[override]  # the same
        self, protocol_factory: Callable[[], asyncio.DatagramProtocol], *, sock: Mailbox, **_: Any
    ) -> tuple[asyncio.DatagramTransport, asyncio.DatagramProtocol]:
        """Give a mailbox the one who reads it."""
        protocol = protocol_factory()
        return sock.opened(protocol), protocol
