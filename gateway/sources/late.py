"""Sources whose radio tells of a downlink after it was given up: it was on air, and counts as the law counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from gateway.model import TxRequest

SentLate = Callable[[TxRequest], None]
"""Take note that a request was sent whose result said that it was not; never waits and never raises."""


@runtime_checkable
class TellsLate(Protocol):
    """A source that takes silence for "not sent" (COLLISION_PACKET), and may be wrong."""

    def tell_late(self, told: SentLate) -> None:
        """Tell ``told`` from now on of each request that was sent after all."""
        ...
