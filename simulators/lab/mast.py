"""A gateway: Semtech's packet forwarder, octet by octet, on the network within the process; what it hears is the sky's to say."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self, cast

from gateway.model import Eui64, Json
from simulators.concentrator import Concentrator, Decision
from simulators.lab.mailbox import Post
from simulators.packet_forwarder import Deliver, PacketForwarder, Signal

KEEP_ALIVE_S: Final = 10.0
UP_PORT, DOWN_PORT = 50_001, 50_002


@dataclass(slots=True)
class _Port:
    """What stands for one of its two sockets."""

    post: Post
    address: tuple[str, int]
    server: int
    is_open: bool = True
    taken: bool = False  # whether somebody read the last datagram

    def send(self, datagram: bytes) -> int:
        self.taken = self.is_open and self.post.put(datagram, self.address, self.server)
        return len(datagram)


class _Noting(Concentrator):
    """A transmitter whose decisions are told."""

    def __init__(self, decided: Callable[[Decision], None]) -> None:
        super().__init__()
        self._decided = decided

    def offer(self, txpk: Json, now_us: int) -> Decision:
        decision = super().offer(txpk, now_us)
        self._decided(decision)
        return decision


class Mast(PacketForwarder):
    """One gateway; ``now_us`` is the sky's time, which its counter follows."""

    def __init__(
        self,
        gateway: Eui64,
        post: Post,
        *,
        number: int,
        port: int,
        now_us: Callable[[], int],
        counter_start_us: int,
        deliver: Deliver,
        decided: Callable[[Decision], None],
    ) -> None:
        super().__init__(
            gateway, ("", port), deliver=deliver, keep_alive_s=KEEP_ALIVE_S, counter_start_us=counter_start_us
        )
        self._concentrator = _Noting(decided)
        self._sky_us = now_us
        host = f"10.0.{number // 250}.{number % 250 + 1}"
        self._ports = _Port(post, (host, UP_PORT), port), _Port(post, (host, DOWN_PORT), port)
        for each in self._ports:
            post.listen(each.address, self._read_datagram)

    async def __aenter__(self) -> Self:
        """Begin to send keep-alives."""
        self._loop = asyncio.get_running_loop()
        self._up, self._down = (cast("socket.socket", each) for each in self._ports)
        self._keep_alive()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Fall silent."""
        self.turn(on=False)
        for timer in self._timers:
            timer.cancel()

    @property
    def is_on(self) -> bool:
        """Tell whether it has power."""
        return self._ports[0].is_open

    @property
    def counter_start_us(self) -> int:
        """Return what its counter said at the beginning."""
        return self._counter_start_us

    def turn(self, *, on: bool) -> None:
        """Give it power, or take it."""
        for each in self._ports:
            each.is_open = on

    def push_one(self, signal: Signal, ended_us: int, given: Callable[[], None]) -> None:  # noqa: ARG002 - the signal's own time says when
        """Push what was heard; ``given`` is called when an agent took it."""
        self.send(signal)
        if self._ports[0].taken:
            given()

    def _read_datagram(self, datagram: bytes) -> None:
        if self.is_on:
            self._understand(datagram)

    def _now_us(self) -> int:
        return self._counter_start_us + self._sky_us()
