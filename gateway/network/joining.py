"""Who asks to join: answered where the agent is the device's network, left alone where a server beside it is."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from gateway.errors import BadFrame, BadFrameReason
from gateway.journal import Event, Registration
from gateway.lorawan.phy import JoinRequest, RejoinRequest
from gateway.model import Clock, Eui64, Frame
from gateway.network.beside import Beside
from gateway.network.dispatch import Dispatch
from gateway.network.joins import Joined, Joins
from gateway.network.keeping import Keeping, Kept
from gateway.network.sessions import LiveSessions
from gateway.network.transmitters import Answer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Take join and rejoin requests."""

    registered: Callable[[Eui64], Registration | None]
    sessions: LiveSessions
    joins: Joins
    keeping: Keeping
    dispatch: Dispatch
    beside: Beside
    clock: Clock
    counts: Counter[str]
    last_heard: dict[Eui64, float]  # monotonic

    async def hear(self, frame: Frame, request: JoinRequest | RejoinRequest) -> None:
        """Answer a request whose device is ours, once its session is on disk; BadFrame says why it begins nothing."""
        dev_eui = request.dev_eui
        if self.beside.is_left_to_a_server(dev_eui):
            self.counts["joins_left_to_a_server"] += 1
            return
        joined, words = await self._joined(frame, request)
        if self.registered(dev_eui) is None:
            raise BadFrame(BadFrameReason.UNKNOWN_DEVICE, f"{dev_eui}: removed while it joined")
        self.last_heard[dev_eui] = frame.heard_at.monotonic
        words = f"{words}, through {frame.best.gateway}"
        kept = await self.keeping.keep(
            joined.changes._replace(
                retired=self.sessions.retire(joined.ended), events=(Event(dev_eui, self.clock().utc, words),)
            )
        )
        if kept is Kept.LOST or self.registered(dev_eui) is None:
            return
        self.sessions.add(joined.live)
        self.counts["joins"] += 1
        logger.info("%s %s", dev_eui, words)
        if kept is Kept.AT_ONCE:
            self.dispatch.answer(frame, Answer(phy_payload=joined.accept, session=joined.listens_as))

    async def _joined(self, frame: Frame, request: JoinRequest | RejoinRequest) -> tuple[Joined, str]:
        registration, rate = self.registered(request.dev_eui), frame.best.data_rate
        if isinstance(request, JoinRequest):
            joined = await self.joins.answer(request, registration, rate, self.sessions)
            return joined, f"joined as {joined.live.session.dev_addr}, DevNonce {request.dev_nonce}"
        joined = await self.joins.answer_again(request, registration, rate, self.sessions)
        return joined, f"rejoined (type {request.rejoin_type}) as {joined.live.session.dev_addr}"
