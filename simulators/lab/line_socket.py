"""A UDP socket within the process, connected to a port of the post: what is sent while the way is out is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from simulators.lab.mailbox import Address, Post
from simulators.lab.wire import Line
from simulators.simulation.loop import LIFE


class LineSocket:
    """What stands for a connected UDP socket of the process that makes it; its reader is called when something has come."""

    def __init__(self, post: Post, address: Address, line_to: Callable[[int], Line]) -> None:
        self.reader: Callable[[], object] | None = None
        self._post = post
        self._address = address
        self._line_to = line_to
        self._server = 0
        self._owner: Any = LIFE.get()
        self._came: deque[bytes] = deque()
        post.listen(address, self._take)

    def setblocking(self, _: bool) -> None:  # noqa: FBT001 - of a socket
        """It never does."""

    def connect(self, address: Address) -> None:
        """Remember where it goes."""
        self._server = int(address[1])

    def send(self, datagram: bytes) -> int:
        """Send, where the way is open."""
        if self._is_open():
            self._post.put(datagram, self._address, self._server)
        return len(datagram)

    def recv(self, size: int) -> bytes:
        """Return what has come; BlockingIOError where nothing has."""
        if not self._came:
            raise BlockingIOError(size)
        return self._came.popleft()

    def close(self) -> None:
        """Hear nothing more."""
        self._post.silence(self._address)

    def _take(self, datagram: bytes) -> None:
        if self._is_open() and self.reader is not None:
            self._came.append(datagram)
            self.reader()

    def _is_open(self) -> bool:
        lives = self._owner is None or not self._owner.is_over
        return lives and not self._line_to(self._server).is_out
