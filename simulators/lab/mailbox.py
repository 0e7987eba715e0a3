"""A UDP port within the process: datagrams arrive whole and at once, and nobody is told where none reads them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any, Final

from simulators.simulation.loop import LIFE, Life

BUFFER: Final = 8 << 20  # what a kernel would say that it has granted, twice what was asked

Reply = Callable[[bytes], None]
Address = tuple[str, int]


class Post:
    """All mailboxes by their ports, and who is to be written to at which address."""

    def __init__(self) -> None:
        self._outside = contextvars.copy_context()
        self._readers: dict[Address, Reply] = {}  # the gateways' side
        self._boxes: dict[int, Mailbox] = {}

    async def bind(self, where: str, host: str, port: int, receive_buffer_bytes: int) -> Mailbox:  # noqa: ARG002 - of `bind_udp`
        """Return a mailbox of the process that asks, as `gateway.sources.udp.bind_udp` does a socket."""
        box = self._boxes[port] = Mailbox(self, (host, port), LIFE.get())
        return box

    def listen(self, address: Address, reply: Reply) -> None:
        """Have what is written to ``address`` read."""
        self._readers[address] = reply

    def silence(self, address: Address) -> None:
        """Have nothing more read there."""
        self._readers.pop(address, None)

    def bring(self, datagram: bytes, address: Address) -> None:
        """Write to whoever reads at ``address``, if anybody does."""
        reply = self._readers.get(address)
        if reply is not None:
            asyncio.get_running_loop().call_soon(reply, datagram, context=self._outside)

    def put(self, datagram: bytes, sender: Address, port: int) -> bool:
        """Deliver a datagram to a port; False where nobody reads there."""
        box = self._boxes.get(port)
        return box is not None and box.take(datagram, sender)

    def forget(self, box: Mailbox) -> None:
        """Take a port back."""
        if self._boxes.get(box.address[1]) is box:
            del self._boxes[box.address[1]]

    def die(self, life: Life) -> None:
        """Forget the mailboxes of a process that is no more."""
        for box in [one for one in self._boxes.values() if one.owner is life]:
            box.is_dead = True
            self.forget(box)


class Mailbox:
    """What stands for a bound socket; what is read is brought, so that there is never more of it."""

    def __init__(self, post: Post, address: Address, owner: Life | None) -> None:
        self.address = address
        self.owner = owner
        self.is_dead = False
        self._post = post
        self._context = contextvars.copy_context()  # whose tasks begin when something comes
        self._reader: asyncio.DatagramProtocol | None = None

    def opened(self, reader: asyncio.DatagramProtocol) -> asyncio.DatagramTransport:
        """Bring what comes to ``reader``."""
        self._reader = reader
        transport = _Transport(self)
        reader.connection_made(transport)
        return transport

    def take(self, datagram: bytes, sender: Address) -> bool:
        """Bring a datagram; False where nobody reads."""
        if self._reader is None:
            return False
        self._context.run(self._reader.datagram_received, datagram, sender)
        return True

    def send(self, datagram: bytes, address: Address) -> None:
        """Write to somebody."""
        if not self.is_dead:
            self._post.bring(datagram, address)

    def closed(self) -> None:
        """End."""
        reader, self._reader = self._reader, None
        self._post.forget(self)
        if reader is not None:
            reader.connection_lost(None)

    # ── what the source asks of its socket ──

    def recvfrom(self, size: int) -> tuple[bytes, Address]:
        """Say that nothing waits."""
        raise BlockingIOError(size)

    def getsockname(self) -> Address:
        """Return host and port."""
        return self.address

    def getsockopt(self, level: int, option: int, length: int = 0) -> int:
        """Return the receive buffer's size; OSError for what only a kernel knows."""
        if length:
            raise OSError(level, option)
        return BUFFER

    def close(self) -> None:
        """End."""
        self.closed()


class _Transport(asyncio.DatagramTransport):
    def __init__(self, box: Mailbox) -> None:
        super().__init__({"socket": box})
        self._box = box
        self._closing = False

    def sendto(self, data: Any, addr: Any = None) -> None:
        self._box.send(bytes(data), addr)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._box.closed)
