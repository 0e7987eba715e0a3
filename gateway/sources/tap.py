"""The tap: what a gateway brought, as it came, told to whoever passes it on before anything of it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.model import Eui64, Frame, Instant, Json, TxResult
from gateway.sources.gwmp import PushData, TxAck


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapped:
    """What one gateway brought at once; without frames and ``said`` it is a sign of life.

    ``frames`` are what a radio heard, also what the source itself does not take (no CRC); each has receptions of this gateway
    alone. GWMP: ``datagram`` is what came, ``said`` what it says, and ``frames`` has one for each rxpk, None where it cannot be read.
    """

    gateway: Eui64
    at: Instant
    frames: tuple[Frame | None, ...] = ()
    datagram: bytes = b""
    said: PushData | None = None


class Tap(Protocol):
    """Who is told; never waits and never raises: hearing goes on behind it."""

    def take(self, tapped: Tapped) -> None:
        """Take what a gateway brought."""
        ...


@runtime_checkable
class Tappable(Protocol):
    """A source that can be tapped."""

    def tap(self, tap: Tap) -> None:
        """Tell ``tap`` from now on what each gateway brings."""
        ...

    def is_there(self, gateway: Eui64) -> bool:
        """Tell whether a gateway is connected, or its keep-alives come, so that it can be told to send."""
        ...


@runtime_checkable
class TakesTxpk(Protocol):
    """A source whose gateways take a txpk as it stands."""

    async def pass_on(self, gateway: Eui64, txpk: Json) -> TxAck | TxResult:
        """Have a gateway send ``txpk``; return what it says, or NO_ANSWER or NOT_CONNECTED where it says nothing."""
        ...
