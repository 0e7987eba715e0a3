"""What a relay's two halves are to each other: the side of the gateways, and the line to a network server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.model import Eui64, Frame, Json, TxRequest, TxResult
from gateway.relay.passing import Passing

Keep = Callable[[Sequence[Frame]], None]
"""Keep frames that the server has not got; returns at once."""


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a server's downlink: the radio's word, or why it never came to the radio.

    ``error`` and ``warning`` are a forwarder's own words, where one has spoken.
    """

    result: TxResult | None  # None: refused here
    refusal: str = ""
    error: str | None = None
    warning: str | None = None


class Gateways(Protocol):
    """The side of the gateways: who takes what a server wants sent."""

    def others(self) -> Iterator[Eui64]:
        """Yield the gateways that are connected and speak something else than GWMP: no keep-alive of theirs can be passed on."""
        ...

    def is_there(self, gateway: Eui64) -> bool:
        """Tell whether a gateway is connected, or its keep-alives come."""
        ...

    def addressed(self, request: TxRequest) -> TxRequest:
        """Return a request with its source, and the power that the law allows: a server that speaks to stations leaves it to them."""
        ...

    async def send_txpk(self, gateway: Eui64, txpk: Json) -> Said | None:
        """Have a gateway send a txpk; None where nobody can read it: a forwarder is silent about such."""
        ...

    async def send(self, requests: Sequence[TxRequest]) -> tuple[Said, TxRequest]:
        """Have a gateway send the first of ``requests``, the windows of one downlink, that can be sent; return which and how."""
        ...


class Upstream(Protocol):
    """The line to one network server; what cannot go out at once is kept, never sent later."""

    async def run(self) -> None:
        """Hold the line until cancelled; a server that is away is tried again for ever."""
        ...

    def pass_on(self, passing: Passing) -> None:
        """Send what a gateway brought, or keep it; never waits."""
        ...

    @property
    def away_s(self) -> float | None:
        """How long the server has been silent; None while it answers."""
        ...

    @property
    def has_answered(self) -> bool | None:
        """Whether the server has answered since the start; None: it was not asked."""
        ...

    def status(self) -> Mapping[str, Json]:
        """Return what people want to see: `counts`, `gateways`, and `advice` in words."""
        ...
