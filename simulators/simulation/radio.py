"""The box's one source: what is on air is told to the agent, and what the agent sends is seen before it is on air."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from math import inf
from random import Random
from typing import Final, Protocol

from gateway.model import Clock, Frame, Json, TxRequest, TxResult
from gateway.sources import Hear
from gateway.sources.gather import QUIET_S
from gateway.sources.semtech_udp import DRAIN_LIMIT_S, MOST_UNDER_WAY
from gateway.sources.under_way import UnderWay
from simulators.simulation.counters import Counters
from simulators.simulation.process import Process
from simulators.simulation.town import OnAir
from simulators.simulation.trace import Trace

SAYS: Final = (*[TxResult.SENT] * 12, TxResult.NO_ANSWER, TxResult.TOO_LATE, TxResult.COLLISION_PACKET)
ASKED_S: Final = 0.01  # until a forwarder has answered


class Hearing(Protocol):
    """Who is told what became of frames that were heard."""

    def heard(self, on_air: OnAir, frame: Frame) -> None:
        """Be told of a new and honest frame that the agent says is safe."""
        ...

    def heard_again(self, frame: Frame) -> None:
        """Be told of a request to join, played again, that the agent is done with."""
        ...


class Radio:
    """A `Source`, for one process."""

    name = "radio"

    def __init__(
        self,
        process: Process,
        clock: Clock,
        random: Random,
        trace: Trace,
        counters: Counters,
        to_air: Callable[[TxRequest], None],
        hearing: Hearing,
    ) -> None:
        self._process = process
        self._clock = clock
        self._random = random
        self._trace = trace
        self._counters = counters
        self._to_air = to_air
        self._hearing = hearing
        self._new: dict[int, OnAir] = {}  # of frames under way, those that are new and honest
        self._used: set[int] = set()  # and those that ask again to join, with what was used before
        self._loop = asyncio.get_running_loop()
        self._last_s: dict[bytes, float] = {}  # when each frame was last on air, in the loop's time
        self._under_way: UnderWay | None = None

    async def run(self, hear: Hear) -> None:
        """Hear until cancelled; then give what is under way as long as a real source does."""

        async def told(frame: Frame) -> None:
            self._process.reach("while hearing")
            await hear(frame)
            self._process.reach("while hearing")
            if (on_air := self._new.pop(id(frame), None)) is not None:
                self._hearing.heard(on_air, frame)
            if id(frame) in self._used:
                self._used.discard(id(frame))
                self._hearing.heard_again(frame)

        async with asyncio.TaskGroup() as group:
            under_way = self._under_way = UnderWay(told, group, MOST_UNDER_WAY)
            try:
                await asyncio.Event().wait()  # no limit: a source listens until it is cancelled
            finally:
                self._under_way = None
                await under_way.drain(DRAIN_LIMIT_S)

    def take(self, on_air: OnAir, *, is_new: bool) -> bool:
        """Tell the agent of a frame, copy by copy; False where nobody listens."""
        if self._under_way is None or self._process.is_over:
            return False
        is_late_copy = self._loop.time() - self._last_s.get(on_air.phy_payload, -inf) <= QUIET_S
        self._last_s[on_air.phy_payload] = self._loop.time()
        for reception in on_air.receptions:
            frame = Frame(on_air.phy_payload, (reception,), self._clock())
            if is_new:
                self._new[id(frame)] = on_air
            elif not is_late_copy and on_air.said is None and self._counters.is_used(on_air.phy_payload):
                self._used.add(id(frame))
            self._process.inside(self._under_way.tell, frame)
        return True

    async def listening(self) -> None:
        """Return at once."""

    async def transmit(self, request: TxRequest) -> TxResult:
        """Send, or say why not; the process may die before or after."""
        self._process.reach("before a transmission")
        result = self._random.choice(SAYS)
        self._counters.asked_to_send(request.phy_payload)
        self._trace.note(f"a downlink: {result}")
        self._counters.was_asked_to_send(request.phy_payload, result)
        if result is TxResult.SENT or (result is TxResult.NO_ANSWER and self._random.random() < 0.5):
            self._to_air(request)
        await asyncio.sleep(ASKED_S)
        self._process.reach("after a transmission")
        return result

    def status(self) -> Mapping[str, Json]:
        """Return nothing."""
        return {}
