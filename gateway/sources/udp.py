"""A UDP socket that holds what comes in while the agent is busy, and says how much that is."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, Final, cast

from gateway.errors import ConfigError

# Linux, asm-generic/socket.h; the socket module has no names for them.
SO_RCVBUFFORCE: Final = 33  # like SO_RCVBUF, beyond net.core.rmem_max; needs CAP_NET_ADMIN
SO_MEMINFO: Final = 55  # nine 32-bit words; the last counts the datagrams that did not fit (since Linux 4.12)

LARGEST_DATAGRAM: Final = 0xFFFF
DATAGRAMS_A_TURN: Final = 32  # some 2 ms of work; then timers, answers and destinations have their turn

Address = tuple[Any, ...]  # (host, port) and, for IPv6, flow and scope


def in_words(address: Address) -> str:
    """Return an address as people write it."""
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"


def is_loopback(address: Address) -> bool:
    """Tell whether a datagram came from this machine: the kernel lets no such address in from outside."""
    return str(address[0]).removeprefix("::ffff:").startswith("127.") or address[0] == "::1"


async def bind_udp(where: str, host: str, port: int, receive_buffer_bytes: int) -> socket.socket:
    """Return a bound, non-blocking socket; ConfigError, beginning with ``where``, says why that cannot be.

    The kernel may grant less than ``receive_buffer_bytes``, silently: see `granted_receive_buffer_bytes`.
    """
    if not 0 <= port <= 0xFFFF:
        raise ConfigError(f"{where}: port {port} is none of 0 to 65535")
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigError(f"{where}: {host!r} is neither an address of this machine nor a known name") from error
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        _ask_for_buffer(bound, receive_buffer_bytes)
        bound.setblocking(False)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise ConfigError(f"{where}: {_in_words(error, host, port)}") from error
    return bound


def granted_receive_buffer_bytes(bound: socket.socket) -> int:
    """Return what the kernel granted, in the measure of what was asked (Linux doubles the number for its bookkeeping)."""
    size = bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    return size // 2 if sys.platform == "linux" else size


def kernel_drops(bound: socket.socket) -> int | None:
    """Return how many datagrams did not fit into the receive buffer since it was opened; None where nobody knows."""
    try:
        words = bound.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36)
    except OSError:
        return None
    return int(struct.unpack("=9I", words)[8]) if len(words) == 36 else None


def _ask_for_buffer(bound: socket.socket, size: int) -> None:
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    if sys.platform == "linux" and granted_receive_buffer_bytes(bound) < size:
        try:
            bound.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, size)
        except PermissionError:  # no CAP_NET_ADMIN: the status shows what was granted
            return


def _in_words(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"UDP port {port} on {host} is in use by another program (a second agent, or another network server's "
                f"gateway bridge); stop that program, or choose a port that is free and set it in the forwarder too"
            )
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine; 127.0.0.1 is right where the forwarder runs on it too"
        case errno.EACCES:
            return f"UDP port {port} needs root's rights; 1700 is usual, and each above 1023 is free to use"
        case _:
            return f"UDP port {port} on {host} cannot be opened: {error.strerror}"


class Listener(asyncio.DatagramProtocol):
    """A bound socket as asyncio shows it: whole datagrams in, whole datagrams out, none kept while the network is stuck."""

    def __init__(
        self, bound: socket.socket, take: Callable[[bytes, Address], None], network_error: Callable[[], None]
    ) -> None:
        """``bound`` is the socket that asyncio is given."""
        self._bound = bound
        self._take = take
        self._network_error = network_error
        self._can_send = True
        self.closed = asyncio.Event()
        self.error: Exception | None = None  # why it closed by itself

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.socket = cast("socket.socket", transport.get_extra_info("socket"))
        self.address: Address = self.socket.getsockname()
        # asyncio makes a buffer of 256 KiB for each datagram; one that the largest UDP datagram fits saves 12 µs (measured)
        self._transport.max_size = LARGEST_DATAGRAM  # type: ignore[attr-defined]  # of asyncio's transport; another's ignores it

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hand a datagram on, and those behind it: asyncio alone takes one in each turn of its loop, at 80 µs more."""
        self._take(data, addr)
        for _ in range(DATAGRAMS_A_TURN - 1):
            try:
                data, addr = self._bound.recvfrom(LARGEST_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._network_error()
                return
            self._take(data, addr)

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002 - the name is asyncio's
        """Count what the kernel says of an earlier datagram, e.g. that nobody listens there."""
        self._network_error()

    def pause_writing(self) -> None:
        """Take no more to send: asyncio would keep it in memory without bound."""
        self._can_send = False

    def resume_writing(self) -> None:
        """Take datagrams to send again."""
        self._can_send = True

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.error = exc
        self.closed.set()

    def send(self, datagram: bytes, address: Address) -> bool:
        """Send and return True; False when the network takes nothing more now."""
        if self._can_send:
            self._transport.sendto(datagram, address)
        return self._can_send

    async def close(self) -> None:
        """Close at once, and drop what waits to be sent."""
        self._transport.abort()
        await self.closed.wait()  # no limit: abort() ends the connection in the next turn of the loop
