"""One gateway's line to a server that speaks GWMP: a socket of its own, as its own forwarder would have."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.model import Eui64, Frame
from gateway.sources.gwmp import BadDatagram, PullAck, PullResp, PushAck, parse
from gateway.sources.udp import LARGEST_DATAGRAM, Address

ACK_LIMIT_S: Final = 5.0  # far beyond what a mobile network takes; then a datagram counts as lost
MOST_UNANSWERED: Final = 2048  # datagrams, and
MOST_FRAMES: Final = 4096  # frames in them: each is more than the busiest concentrator makes in that time
DATAGRAMS_A_TURN: Final = 16  # read before other tasks get their turn
PUSH_DATA, PULL_DATA = 0, 2  # octet 3 of a datagram
PASSING: Final = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.EMSGSIZE})  # that say nothing against a socket
new_socket = socket.socket

Order = Callable[["GwmpLine", PullResp], None]
"""Take what the server wants this gateway to send."""


@dataclass(frozen=True, slots=True)
class _Unanswered:
    sent_at: float
    token: int
    frames: tuple[Frame, ...]


@dataclass(slots=True, eq=False)
class GwmpLine:
    """A connected UDP socket; times are monotonic seconds of the caller's clock. Close it."""

    gateway: Eui64
    order: Order
    counts: Counter[str]
    version: int = 2
    seen_at: float = 0.0  # when the gateway gave its last sign of life
    pulled_at: float = float("-inf")
    stat_at: float = float("-inf")
    heard: int = 0  # frames since then, of a gateway that makes no statistics itself
    sent: int = 0  # the same, downlinks
    asked_at: float | None = None  # the first datagram since the server's last answer
    answered_at: float | None = None
    is_broken: bool = (
        False  # a connected socket keeps the address that this box had then: without that it sends nothing more
    )
    _unanswered: deque[_Unanswered] = field(default_factory=deque)
    _held: int = 0  # frames in them
    _socket: socket.socket | None = None

    def open(self, family: int, address: Address, clock: Callable[[], float]) -> None:
        """Connect to an address, in place of the one before."""
        self.close()
        made = new_socket(family, socket.SOCK_DGRAM)
        made.setblocking(False)
        try:
            made.connect(address)  # UDP: no octet travels, so it never waits
        except OSError:  # no way there, for now
            made.close()
            self.is_broken = True
            return
        self._socket, self.is_broken = made, False
        asyncio.get_running_loop().add_reader(made, self._read, clock)

    def close(self) -> None:
        """Let the socket go."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    # ── up ──

    def send(self, datagram: bytes, frames: tuple[Frame, ...], now: float) -> bool:
        """Send a datagram that carries ``frames`` to be kept where it is not acknowledged; False: it was not sent."""
        kind = datagram[3]
        if kind in {PUSH_DATA, PULL_DATA} and self.asked_at is None:
            self.asked_at = now
        if kind == PULL_DATA:
            self.pulled_at = now
        if kind == PUSH_DATA and (len(self._unanswered) >= MOST_UNANSWERED or self._held + len(frames) > MOST_FRAMES):
            self.counts["overflow"] += 1
            return False
        if not self._sent(datagram):
            self.counts["not_sent"] += 1
            return False
        if kind == PUSH_DATA:
            self._unanswered.append(_Unanswered(now, int.from_bytes(datagram[1:3], "big"), frames))
            self._held += len(frames)
        return True

    def _sent(self, datagram: bytes) -> bool:
        if self._socket is None:
            return False
        for _ in range(2):
            try:
                self._socket.send(datagram)
            except (
                ConnectionRefusedError
            ):  # ICMP said of an earlier one that nobody listened; this one was not tried yet
                continue
            except OSError as error:
                self.is_broken = error.errno not in PASSING
                return False
            return True
        return False

    def overdue(self, now: float, limit_s: float = ACK_LIMIT_S) -> Iterator[Frame]:
        """Yield, once, the frames of datagrams that were not acknowledged in time."""
        while self._unanswered and now - self._unanswered[0].sent_at >= limit_s:
            self.counts["not_acknowledged"] += 1
            frames = self._unanswered.popleft().frames
            self._held -= len(frames)
            yield from frames

    # ── down ──

    def _read(self, clock: Callable[[], float]) -> None:
        for _ in range(DATAGRAMS_A_TURN):
            if self._socket is None:
                return
            try:
                datagram = self._socket.recv(LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:  # ICMP: nobody listens there
                self.counts["network_error"] += 1
                return
            self._understand(datagram, clock())

    def _understand(self, datagram: bytes, now: float) -> None:
        try:
            said = parse(datagram)
        except BadDatagram as error:
            self.counts[f"unreadable_{error.reason}"] += 1
            return
        match said:
            case PushAck(token=token):
                self._acknowledged(token)
            case PullAck():
                self.counts["pull_ack"] += 1
            case PullResp():
                self.counts["pull_resp"] += 1
                self.order(self, said)
            case _:
                self.counts["not_for_gateways"] += 1
                return
        self.asked_at, self.answered_at = None, now

    def _acknowledged(self, token: int) -> None:
        """Let go of the newest datagram with this token: tokens are drawn by chance, and two may meet."""
        for place in range(len(self._unanswered) - 1, -1, -1):
            if self._unanswered[place].token == token:
                self.counts["acknowledged"] += 1
                self._held -= len(self._unanswered[place].frames)
                del self._unanswered[place]
                return
        self.counts["late_ack"] += 1


def all_overdue(lines: Sequence[GwmpLine], now: float, limit_s: float = ACK_LIMIT_S) -> list[Frame]:
    """Return the frames of all lines that were not acknowledged in time."""
    return [frame for line in lines for frame in line.overdue(now, limit_s)]
