"""A network server beside the agent, behind its relay: it answers the devices of its fleets, through gateways that the agent has.

It listens as for packet forwarders, with the agent's own source and network for want of another; the agent's lines to it are
datagrams within the process, and what goes while the backhaul is out is lost, as UDP is.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

from gateway.journal import Registration
from gateway.model import Instant, Uplink
from gateway.relay import gwmp_line, gwmp_upstream
from gateway.relay.resolving import Found
from gateway.sources.gather import Gather
from gateway.sources.semtech_udp import SemtechUdp
from simulators.lab.line_socket import LineSocket
from simulators.lab.mailbox import Post
from simulators.lab.server import GATHERS_S, instant, network_of
from simulators.lab.wire import HOST, Line

FIRST_PORT: Final = 1701  # of the servers; the agent's own gateways have the one before
LINES: Final = "10.1.0.{number}"
RECEIVE_BUFFER: Final = 1 << 20


class Beside:
    """One server."""

    def __init__(
        self,
        name: str,
        port: int,
        *,
        registrations: Sequence[Registration],
        folder: Path,
        now_us: Callable[[], int],
        begins_s: float,
        seed: int,
        committed: Callable[[Uplink], None],
    ) -> None:
        self.name = name
        self.port = port
        self._registrations = registrations
        self._folder = folder
        self._now_us = now_us
        self._begins_s = begins_s
        self._random = Random(f"{seed}/{name}")
        self._committed = committed

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve for as long as the block lasts."""
        source = SemtechUdp(
            self.name,
            host=HOST,
            port=self.port,
            clock=self._clock,
            receive_buffer_bytes=RECEIVE_BUFFER,
        )
        made = network_of(source, self._registrations, self._folder, self._clock, self._random, self._committed)
        async with made as network, asyncio.TaskGroup() as tasks:
            gather = Gather(network.hear, window_s=GATHERS_S)
            running = [
                tasks.create_task(network.run(), name=f"network of {self.name}"),
                tasks.create_task(source.run(gather), name=f"ears of {self.name}"),
            ]
            yield
            for task in running:
                task.cancel()

    def _clock(self) -> Instant:
        return instant(self._begins_s, self._now_us() / 1e6)


@contextmanager
def lines_of(post: Post, line_to: Callable[[int], Line]) -> Iterator[None]:
    """Have the agent's relays open such sockets, to servers that need no looking up."""
    made = 0

    def opened(*_: object) -> LineSocket:
        nonlocal made
        made += 1
        return LineSocket(post, (LINES.format(number=made), made), line_to)

    async def resolved(host: str, port: int) -> Sequence[Found]:
        return [(socket.AF_INET, (host, port))]

    with ExitStack() as patches:
        patches.enter_context(patch.object(gwmp_line, "new_socket", opened))
        patches.enter_context(patch.object(gwmp_upstream, "resolved", resolved))
        yield
