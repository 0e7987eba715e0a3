"""A broker within the process that an agent subscribes to: what is not acknowledged comes again when the agent is back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Final

from simulators.lab.gateways import Given
from simulators.platforms.mqtt_door import Connect, Door, Publish

IN_FLIGHT: Final = 20  # messages, as mosquitto's max_inflight_messages
LAST_ID: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class _Told:
    topic: str
    payload: bytes
    given: Given


class Broker:
    """One that has a single client, the agent; ``keeps``: also for a client that is away."""

    def __init__(self, take: Callable[[str, bytes], None], *, keeps: bool) -> None:
        self._take = take
        self._keeps = keeps
        self._numbers = count()
        self._waiting: deque[_Told] = deque()
        self._in_flight: dict[int, _Told] = {}
        self._door = Door(self)
        self._door.acknowledged = self._acknowledged
        self._door.keeps_sessions = keeps
        self._begins = False
        self.subscribed: Callable[[], None] = lambda: None

    async def start(self, port: int) -> None:
        """Listen."""
        await self._door.start("127.0.0.1", port)

    async def stop(self) -> None:
        """Close all connections."""
        await self._door.stop()

    def tell(self, topic: str, payload: bytes, given: Given = lambda: None) -> None:
        """Publish to the agent; ``given`` is called when it has acknowledged."""
        if self._keeps or self._client is not None:
            self._waiting.append(_Told(topic, payload, given))
            self._send()

    @property
    def _client(self) -> str | None:
        return next((name for name, session in self._door.sessions.items() if session.filters), None)

    def _send(self) -> None:
        client = self._client
        while client is not None and self._waiting and len(self._in_flight) < IN_FLIGHT:
            told, number = self._waiting.popleft(), 1 + next(self._numbers) % LAST_ID
            self._in_flight[number] = told
            self._door.send(client, told.topic, told.payload, number)

    def _acknowledged(self, number: int) -> None:
        told = self._in_flight.pop(number, None)
        if told is not None:
            told.given()
        self._send()

    def _begin(self) -> None:
        """Send again what the last connection did not acknowledge, before all that waits."""
        self._begins = False
        unsent = [*self._in_flight.values()] if self._keeps else []
        self._in_flight.clear()
        self._waiting.extendleft(reversed(unsent))
        self.subscribed()
        self._send()

    # ── rules ──

    def greet(self, _: Connect) -> int:
        """Let everybody in."""
        return 0

    def take(self, publish: Publish) -> int:
        """Hand on what the agent publishes."""
        self._take(publish.topic, publish.payload)
        return 0

    def subscribe(self, _: str, __: str) -> int:
        """Grant QoS 1; what waits comes behind the answer, once for all filters."""
        if not self._begins:
            self._begins = True
            asyncio.get_running_loop().call_soon(self._begin)
        return 1
