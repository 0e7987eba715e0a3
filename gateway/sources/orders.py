"""PULL_RESP that wait for their TX_ACK: by gateway and token, each for a while."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final

from gateway.model import Eui64, Json, TxResult
from gateway.sources.gwmp import PullResp, TxAck

TOKENS: Final = 0x10000

Send = Callable[[bytes], bool]
"""Send a datagram to a gateway; False when the network takes nothing more now."""


class Orders:
    """What gateways were told to send and have not answered yet."""

    def __init__(self, limit_s: float) -> None:
        """``limit_s`` is how long a gateway may take to answer."""
        self._limit_s = limit_s
        self._waiting: dict[tuple[Eui64, int], asyncio.Future[TxAck]] = {}
        self._token = random.randrange(TOKENS)  # noqa: S311 - a token tells answers apart, it keeps no secret

    async def give(self, gateway: Eui64, version: int, txpk: Json, send: Send) -> TxAck | TxResult:
        """Give a gateway a txpk and return what it says; NO_ANSWER, or NOT_CONNECTED where it was not sent."""
        token = self._next_token(gateway)
        answer: asyncio.Future[TxAck] = asyncio.get_running_loop().create_future()
        self._waiting[gateway, token] = answer
        try:
            if not send(PullResp(version, token, txpk).to_bytes()):
                return TxResult.NOT_CONNECTED
            async with asyncio.timeout(self._limit_s):
                return await answer
        except TimeoutError:  # version 1 has no TX_ACK, and forwarders are silent about JSON that they cannot read
            return TxResult.NO_ANSWER
        finally:
            del self._waiting[gateway, token]

    def answered(self, said: TxAck) -> bool:
        """Take a TX_ACK; False when nobody waits for it."""
        answer = self._waiting.get((said.gateway, said.token))
        if answer is None or answer.done():
            return False
        answer.set_result(said)
        return True

    def _next_token(self, gateway: Eui64) -> int:
        """Return a token that no answer of this gateway is awaited for."""
        self._token = (self._token + 1) % TOKENS
        while (gateway, self._token) in self._waiting:
            self._token = (self._token + 1) % TOKENS
        return self._token
