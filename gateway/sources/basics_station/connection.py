"""One station's connection: what it was given to send and has not answered yet, and how it fares.

A station says `dntxed` 5 ms after a frame has begun, and nothing at all of one that it cannot place: its slot is gone or
taken, or its own duty cycle is spent. So what is not answered half a second after its slot was not sent, and there is
still time for RX2 then (Basics Station 2.0.6: `s2e.c`, TXCHECK_FUDGE; measured, see docs/sources/basics-station.md).
A `dntxed` that took longer on its way says that it was sent after all.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.model import Clock, Eui64, Json, TxRequest, TxResult
from gateway.sources.basics_station.air_clock import AirClock
from gateway.sources.basics_station.dnmsg import write_dnmsg
from gateway.sources.basics_station.messages import DnTxed, Version, text_of
from gateway.sources.basics_station.phy import Moment
from gateway.sources.basics_station.plan import RadioPlan
from gateway.sources.late import SentLate

AIM_S: Final = 0.02  # before its slot a station wants a frame (TX_AIM_GAP; 60 ms on some boards)
PATIENCE_S: Final = 0.5  # after the slot; the network tries RX2 until 0.1 s before it, which is 0.9 s after RX1
MOST_GIVEN_UP: Final = 16  # downlinks of which a late `dntxed` is understood; a station has room for few
AT_ONCE_S: Final = 2.0  # a station tries a class C frame eleven times, 100 ms apart

Send = Callable[[str], Awaitable[None]]
"""Send a text; raises Gone where nobody is there any more."""


class Gone(Exception):
    """Say that the other end is not there any more."""


def _nobody(_: TxRequest) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class _Waiting:
    opens: float
    answer: asyncio.Future[TxResult]


@dataclass(slots=True)
class Connection:
    """A station that is connected; times are monotonic seconds."""

    gateway: Eui64
    address: str
    since: float
    send: Send
    close: Callable[[], Coroutine[None, None, None]]  # end it, within a limit
    clock: Clock
    air: AirClock = field(default_factory=AirClock)
    version: Version | None = None
    configured: bool = False  # it has been told what to listen to
    left_at: float | None = None
    seen_at: float = 0.0
    told_late: SentLate = _nobody
    not_sent_at: float | None = None  # the last downlink that it did not send
    sent_late_at: float | None = None  # when it told last of one that was given up
    ousted: int = 0  # short connections of the same EUI, each ended by the next and the last by this one
    ousted_address: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: dict[int, _Waiting] = field(default_factory=dict)  # by diid
    _given_up: dict[int, TxRequest] = field(default_factory=dict)  # the same, the longest first

    async def transmit(self, request: TxRequest, plan: RadioPlan, diid: int) -> TxResult:
        """Have a frame sent, and return what became of it in time for the next window."""
        moment = Moment.of(request.context)
        message = write_dnmsg(request, plan, moment, diid)
        if message is None:
            return TxResult.TX_FREQ
        now = self.clock().monotonic
        opens = self._opens(request, moment, now)
        if opens is None or (not request.at_once and opens - now < AIM_S):
            return TxResult.TOO_LATE
        limit_s = opens - now + (AT_ONCE_S if request.at_once else PATIENCE_S)
        result = await self._ask(text_of(message), diid, opens, limit_s)
        if result is TxResult.COLLISION_PACKET:
            self._give_up(request, diid)
        return result

    def _give_up(self, request: TxRequest, diid: int) -> None:
        self.counts["not_sent"] += 1
        self.not_sent_at = self.clock().monotonic
        self._given_up[diid] = request
        while len(self._given_up) > MOST_GIVEN_UP:
            del self._given_up[next(iter(self._given_up))]

    def _opens(self, request: TxRequest, moment: Moment | None, now: float) -> float | None:
        if request.delay is None or moment is None:
            return now
        return self.air.opens(moment, request.delay)

    async def _ask(self, text: str, diid: int, opens: float, limit_s: float) -> TxResult:
        answer: asyncio.Future[TxResult] = asyncio.get_running_loop().create_future()
        self._waiting[diid] = _Waiting(opens, answer)
        try:
            async with asyncio.timeout(limit_s):
                await self.send(text)
                return await answer
        except TimeoutError:
            return TxResult.COLLISION_PACKET
        except Gone:
            return TxResult.NOT_CONNECTED
        finally:
            del self._waiting[diid]

    def answered(self, said: DnTxed) -> bool:
        """Take a `dntxed`; False when it is of nothing that is waited for, or was given up lately."""
        if (request := self._given_up.pop(said.diid, None)) is not None:
            self._sent_late(request)
            return True
        waiting = self._waiting.get(said.diid)
        if waiting is None or waiting.answer.done():
            return False
        self.counts["sent"] += 1
        waiting.answer.set_result(TxResult.SENT)
        return True

    def _sent_late(self, request: TxRequest) -> None:
        self.counts["not_sent"] -= 1
        self.counts["sent_late"] += 1
        self.sent_late_at = self.clock().monotonic
        self.told_late(request)

    def ended(self) -> None:
        """Let nobody wait for a station that has gone: it has stopped its radio, and only what was due before is perhaps on air."""
        now = self.clock().monotonic
        self.left_at = now
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_result(TxResult.NOT_CONNECTED if now < waiting.opens else TxResult.NO_ANSWER)

    def status(self, now: float) -> Mapping[str, Json]:
        """Return what people want to see, ages in seconds."""
        version = self.version
        return {
            "last_seen_s": round(now - self.seen_at, 1),
            "connected_s": round(now - self.since, 1) if self.left_at is None else None,
            "address": self.address,
            "can_transmit": self.left_at is None and self.configured,
            "frames": self.counts["frames"],
            "not_sent": self.counts["not_sent"],
            "sent_late": self.counts["sent_late"],
            "station": None if version is None else version.station,
            "model": None if version is None else version.model,
            "features": None if version is None else version.features,
        }
