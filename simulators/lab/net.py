"""The network within the process: ports that are listened on, the lines to them, and connections that die with their process."""

from __future__ import annotations

import asyncio
import contextvars
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from simulators.lab.wire import HOST, End, Line
from simulators.simulation.loop import LIFE, Life

FIRST_PORT: Final = 40_000

Factory = Callable[[], asyncio.BaseProtocol]


@dataclass(frozen=True, slots=True)
class Address:
    """What stands for a bound socket."""

    port: int

    def close(self) -> None:
        """Nothing is held by it."""

    def getsockname(self) -> tuple[str, int]:
        """Return host and port."""
        return HOST, self.port


class Listening(asyncio.AbstractServer):
    """A port that is listened on."""

    def __init__(self, net: Net, factory: Factory, port: int) -> None:
        self.sockets = (Address(port),)
        self.owner = LIFE.get()
        self.factory = factory
        self.context = contextvars.copy_context()
        self._net = net
        self._port = port

    def close(self) -> None:
        """Let nobody in any more; who is in stays."""
        self._net.forget(self._port, self)

    async def wait_closed(self) -> None:
        """Return at once: connections end by themselves."""

    def is_serving(self) -> bool:
        """Tell whether it listens."""
        return self._net.listens(self._port)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop."""
        return self._net.loop

    async def start_serving(self) -> None:
        """It does from the first."""

    async def serve_forever(self) -> None:
        """Wait for ever: it serves without."""
        await asyncio.get_running_loop().create_future()


class Net:
    """All ports and all connections."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._servers: dict[int, Listening] = {}
        self._lines: dict[int, Line] = {}
        self._ends: list[End] = []
        self._next = FIRST_PORT

    def line(self, port: int) -> Line:
        """Return the way to a port."""
        if port not in self._lines:
            self._lines[port] = Line(self.loop)
        return self._lines[port]

    def listen(self, factory: Factory, port: int) -> Listening:
        """Listen; OSError where somebody does."""
        if not port:
            port = self._next
        self._next = max(self._next, port + 1)
        if port in self._servers:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        server = self._servers[port] = Listening(self, factory, port)
        return server

    async def bind(self, where: str, host: str, port: int) -> Address:  # noqa: ARG002 - of `bind_tcp`
        """Return what is listened on, as `gateway.sources.web_listener.bind_tcp` does."""
        return Address(port)

    def listens(self, port: int) -> bool:
        """Tell whether somebody does."""
        return port in self._servers

    def forget(self, port: int, server: Listening) -> None:
        """Take a port back."""
        if self._servers.get(port) is server:
            del self._servers[port]

    async def connect(self, factory: Factory, port: int) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect, after a way there and back; ConnectionRefusedError where nothing listens. The caller sets the limit."""
        line = self.line(port)
        await line.passable()
        await asyncio.sleep(2 * line.delay_s)
        await line.passable()
        server = self._servers.get(port)
        if server is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        self._next += 1
        near, far = End(line, LIFE.get(), (HOST, self._next), port), End(line, server.owner, (HOST, port), self._next)
        near.other, far.other = far, near
        self._ends = [one for one in self._ends if not one.is_over]
        self._ends += [near, far]
        far.context = server.context.copy()
        far.context.run(lambda: far.begin(server.factory()))
        protocol = factory()
        near.begin(protocol)
        return near, protocol

    def die(self, life: Life) -> None:
        """Take the ports of a process that is no more, and reset its connections."""
        for port, server in [*self._servers.items()]:
            if server.owner is life:
                self.forget(port, server)
        for end in self._ends:
            if end.owner is life and not end.is_over:
                end.vanish()

    def bury(self, life: Life) -> None:
        """Tell what is left of a dead process that its connections are gone, so that it can be put away."""
        for end in self._ends:
            if end.owner is life:
                end.bury()
        self._ends = [one for one in self._ends if one.owner is not life]


@dataclass(frozen=True, slots=True)
class Dialled:
    """What stands for the socket of a client that connects by itself before it asks the loop."""

    port: int


async def dial(addr_infos: Any, **_: Any) -> Dialled:
    """Choose an address as `aiohappyeyeballs.start_connection` does; the connection itself is the loop's."""
    (_, _, _, _, address), *_ = addr_infos
    return Dialled(int(address[1]))
