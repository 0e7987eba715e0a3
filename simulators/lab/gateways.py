"""What the sky knows of a gateway, whatever it speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

from simulators.concentrator import Decision
from simulators.packet_forwarder import Signal

Given = Callable[[], None]
"""Be told that a running agent has been given what was heard."""
Decided = Callable[[Decision], None]
"""Be told what became of an order to send."""


class Gateway(Protocol):
    """One gateway."""

    @property
    def is_on(self) -> bool:
        """Tell whether it has power."""
        ...

    @property
    def counter_start_us(self) -> int:
        """Return what its counter said at the beginning."""
        ...

    def turn(self, *, on: bool) -> None:
        """Give it power, or take it."""
        ...

    def push_one(self, signal: Signal, ended_us: int, given: Given) -> None:
        """Bring what was heard at ``ended_us`` of the sky."""
        ...

    async def __aenter__(self) -> Self:
        """Begin."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Fall silent."""
        ...
