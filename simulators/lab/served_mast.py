"""A network server's own gateways: what they hear is the server's at once, what it wants sent goes into their queues."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Final, Self

from gateway.model import Eui64, Json, TxRequest, TxResult
from gateway.sources import Hear
from simulators.concentrator import Concentrator, Transmission
from simulators.lab.gateways import Decided, Given
from simulators.packet_forwarder import Deliver, Signal

MASTS: Final = "masts"

Heard = Callable[[Eui64, Signal, Given], None]


class Masts:
    """The server's gateways as the source of its network."""

    name: str = MASTS

    def __init__(self, masts: Mapping[Eui64, ServedMast]) -> None:
        self._masts = masts

    async def run(self, hear: Hear) -> None:
        """Leave it: gateways are heard by themselves."""

    async def listening(self) -> None:
        """Return at once."""

    async def transmit(self, request: TxRequest) -> TxResult:
        """Have a gateway send."""
        return self._masts[request.gateway].order(request)

    def status(self) -> Mapping[str, Json]:
        """Return nothing: nobody asks."""
        return {}


class ServedMast:
    """A gateway of the server, whose way there nobody looks at."""

    def __init__(
        self,
        gateway: Eui64,
        heard: Heard,
        *,
        counter_start_us: int,
        sky_us: Callable[[], int],
        deliver: Deliver,
        decided: Decided,
    ) -> None:
        self.gateway = gateway
        self.is_on = True
        self.counter_start_us = counter_start_us
        self._heard = heard
        self._sky_us = sky_us
        self._deliver = deliver
        self._decided = decided
        self._concentrator = Concentrator()

    def turn(self, *, on: bool) -> None:
        """Give it power, or take it."""
        self.is_on = on

    def push_one(self, signal: Signal, ended_us: int, given: Given) -> None:  # noqa: ARG002 - the signal's own time says when
        """Bring what was heard."""
        self._heard(self.gateway, signal, given)

    def order(self, request: TxRequest) -> TxResult:
        """Take a downlink into the queue, or say why not."""
        if not self.is_on:
            return TxResult.NOT_CONNECTED
        now_us = self.counter_start_us + self._sky_us()
        txpk: dict[str, Json] = {
            "freq": request.frequency_hz / 1e6,
            "powe": round(request.power_dbm),
            "modu": "LORA",
            "datr": str(request.data_rate),
            "codr": "4/5",
            "ipol": True,
            "ncrc": True,
            "data": b64encode(request.phy_payload).decode(),
        }
        txpk |= {"imme": True} if request.timestamp_us is None else {"tmst": request.timestamp_us}
        decision = self._concentrator.offer(txpk, now_us)
        self._decided(decision)
        if decision.transmission is None:
            return TxResult((decision.error or "").lower())
        self._send(decision.transmission, now_us)
        return TxResult.SENT

    def _send(self, sent: Transmission, now_us: int) -> None:
        asyncio.get_running_loop().call_later((sent.ends_us - now_us) / 1e6, self._deliver, sent)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Fall silent."""
        self.is_on = False
