"""Orders that wait for their acknowledgement, by gateway and number."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gateway.model import Eui64, TxResult

TOKENS: Final = 0x10000  # a forwarder's token is the lower half of a number


class Orders:
    """What gateways were told to send and have not answered yet."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Eui64, int], asyncio.Future[TxResult]] = {}
        # A network server beside us may give orders, too: the upper half keeps its acknowledgements from being taken for ours.
        self._upper = random.randrange(1, TOKENS) * TOKENS  # noqa: S311 - it tells apart, it keeps no secret
        self._token = random.randrange(TOKENS)  # noqa: S311 - the same

    @contextmanager
    def one(self, gateway: Eui64) -> Iterator[tuple[int, asyncio.Future[TxResult]]]:
        """Give a number for an order, and where its answer comes in."""
        self._token = (self._token + 1) % TOKENS
        place = (gateway, self._upper + self._token)
        self._waiting[place] = asyncio.get_running_loop().create_future()
        try:
            yield place[1], self._waiting[place]
        finally:
            del self._waiting[place]

    def answered(self, gateway: Eui64, number: int | None, result: TxResult) -> bool:
        """Take an acknowledgement; False when nobody waits for it."""
        answer = None if number is None else self._waiting.get((gateway, number))
        if answer is None or answer.done():
            return False
        answer.set_result(result)
        return True
