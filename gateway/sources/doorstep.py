"""A listening socket that counts who is there from the moment of accept(2): asyncio tells nobody of a connection before its TLS stands."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How many connections there may be at once."""

    most: int
    of_one_address: int


class Doorstep(socket.socket):
    """Accept connections within ``bounds``; ``refused`` is called for each one beyond, which is hung up on."""

    def __init__(self, bound: socket.socket, bounds: Bounds, refused: Callable[[], None]) -> None:
        """``bound`` is taken over, and is of no use afterwards."""
        super().__init__(bound.family, bound.type, bound.proto, fileno=bound.detach())
        self.setblocking(False)
        self._bounds = bounds
        self._refused = refused
        self._from: Counter[str] = Counter()  # connections by address

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection. ConnectionAbortedError, which a server takes for a caller who has gone, where it is one too many."""
        came, peer = super().accept()
        address = str(peer[0])
        if self._from.total() >= self._bounds.most or self._from[address] >= self._bounds.of_one_address:
            came.close()
            self._refused()
            raise ConnectionAbortedError
        self._from[address] += 1
        return _Taken(came, partial(self._left, address)), peer

    def _left(self, address: str) -> None:
        self._from[address] -= 1
        if not self._from[address]:
            del self._from[address]


class _Taken(socket.socket):
    """A connection that tells when it is closed, once."""

    def __init__(self, came: socket.socket, closed: Callable[[], None]) -> None:
        super().__init__(came.family, came.type, came.proto, fileno=came.detach())
        self._told: Callable[[], None] | None = closed

    def close(self) -> None:
        super().close()
        told, self._told = self._told, None
        if told is not None:
            told()
