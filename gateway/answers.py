"""Answers: a sealed downlink leaves in the first receive window that a gateway can still reach.

RX1 through the gateway that heard best; where that one refuses or is not there, through the next that heard; then RX2
in the same order. A gateway that says nothing may have sent: it is not asked again, nor is another.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from gateway.lorawan.downlink import rx1, rx1_delay, rx2
from gateway.lorawan.region import RX2_AFTER_RX1, Region
from gateway.model import Clock, Eui64, Frame, Reception, Session, TxRequest, TxResult
from gateway.sources import Source

logger = logging.getLogger(__name__)

LEAD: Final = timedelta(milliseconds=100)  # a forwarder needs 42.5 ms before a slot (SX1302), the rest is the way there

Window = Callable[[Reception, Session | None, Region, bytes], TxRequest | None]


class Answers:
    """Downlinks on their way to a radio, each in a task of its own while `run` runs."""

    def __init__(self, sources: Mapping[str, Source], region: Region, clock: Clock) -> None:
        self._sources = sources
        self._region = region
        self._clock = clock
        self._tasks: asyncio.TaskGroup | None = None
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Give answers a task group to live in; ends by cancellation."""
        async with asyncio.TaskGroup() as self._tasks:
            await asyncio.Event().wait()  # no limit: for as long as the agent runs

    def send(self, frame: Frame, session: Session | None, phy_payload: bytes) -> None:
        """Send ``phy_payload`` in answer to ``frame``, without waiting; ``session`` None answers a join request."""
        if self._tasks is None:
            self.counts["not_running"] += 1
            return
        self._tasks.create_task(self._send(frame, session, phy_payload), name="answer")

    async def _send(self, frame: Frame, session: Session | None, phy_payload: bytes) -> None:
        result: TxResult | None = None
        for window, request in self._chances(frame, session, phy_payload):
            result = await self._sources[request.source].transmit(request)
            if result is TxResult.SENT:
                self.counts[f"sent_{window}"] += 1
                return
            self.counts[f"{window}_{result}"] += 1
            if result is TxResult.NO_ANSWER:
                return
        self.counts["missed"] += 1
        logger.warning(
            "an answer was not sent: %s", result or "both receive windows have passed, or no gateway can send"
        )

    def _chances(self, frame: Frame, session: Session | None, phy_payload: bytes) -> Iterator[tuple[str, TxRequest]]:
        """Yield what can still be tried, looked at only when its turn comes: time passes meanwhile."""
        delay = rx1_delay(session)
        windows: tuple[tuple[str, Window, timedelta], ...] = (("rx1", rx1, delay), ("rx2", rx2, delay + RX2_AFTER_RX1))
        for name, window, opens in windows:
            for reception in _one_a_gateway(frame):
                request = window(reception, session, self._region, phy_payload)
                if request is not None and request.source in self._sources and self._age(frame) < opens - LEAD:
                    yield name, request

    def _age(self, frame: Frame) -> timedelta:
        return timedelta(seconds=self._clock().monotonic - frame.heard_at.monotonic)


def _one_a_gateway(frame: Frame) -> Iterator[Reception]:
    seen: set[tuple[str, Eui64]] = set()
    for reception in frame.receptions:
        if (reception.source, reception.gateway) not in seen:
            seen.add((reception.source, reception.gateway))
            yield reception
