"""Dispatch: downlinks leave. After an uplink in its windows, to a class C device as soon as the law allows."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.journal import Changes, Journal
from gateway.lorawan.phy import Direction
from gateway.lorawan.region import Region, airtime
from gateway.model import (
    Clock,
    DataRate,
    Downlink,
    DownlinkState,
    Eui64,
    Frame,
    Reception,
    TimeQuality,
    TxResult,
    is_multicast,
)
from gateway.network.downlinks import DownlinkQueue
from gateway.network.keeping import Keeping, Kept
from gateway.network.mac import Composed, MacLayer
from gateway.network.sessions import LiveSession
from gateway.network.transmitters import Answer, Outcome, Transmitters
from gateway.pulse import Pulse

PAUSE_S: Final = 1.0  # between two looks at the queue while something waits in it
IDLE_S: Final = 30.0  # between two looks while nothing does
ACK_TIME: Final = timedelta(seconds=30)  # a class C device acknowledges with its next uplink, which most send at once
AFTER_RX1_S: Final = 2.0  # an uplink's answer is on air: a later counter must not overtake it
OVERHEAD: Final = 13  # octets of a data frame beside its payload
TOO_LATE: Final = "the disk was late"

ClassCSession = Callable[[Eui64], LiveSession | None]
"""Return the session of a class C device; None for another device, or one that has no session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What dispatching needs."""

    journal: Journal
    keeping: Keeping
    queue: DownlinkQueue
    mac: MacLayer
    transmitters: Transmitters
    region: Region
    clock: Clock
    class_c: ClassCSession


class Dispatch:
    """The way out of this box; its tasks live while `run` runs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tasks: asyncio.TaskGroup | None = None
        self._news = asyncio.Event()
        self.queued: Callable[[], None] = lambda: None  # told of each new downlink; network servers take some, too
        self.counts: Counter[str] = Counter()
        self.pulse = Pulse("the network's downlinks", beside=parts.journal.pulse)

    @property
    def is_running(self) -> bool:
        """Tell whether answers can leave."""
        return self._tasks is not None

    async def run(self) -> None:
        """Send answers, serve class C devices and let go of what has expired; ends by cancellation."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                while True:
                    self._news.clear()
                    with self.pulse.round():
                        await self.turn()
                    await self._news_or_pause()
            finally:
                self._tasks = None  # frames that are still under way find nobody who answers

    async def _news_or_pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PAUSE_S if len(self._parts.queue) else IDLE_S):
                await self._news.wait()

    async def turn(self) -> None:
        """Look at the queue once."""
        parts, now = self._parts, self._parts.clock()
        is_known = now.quality > TimeQuality.UNSYNCHRONISED  # a clock of another year lets nothing expire
        if is_known and (expired := parts.queue.expired(now.utc)):
            await parts.keeping.keep(Changes(downlinks=expired))
        for dev_eui in parts.queue.devices():
            live = parts.class_c(dev_eui)
            if live is None or self._is_answering(live):
                continue
            await self._ask_again(live)
            await self._send_unasked(live)

    def _is_answering(self, live: LiveSession) -> bool:
        heard_at = None if live.last is None else live.last.heard_at.monotonic
        if heard_at is None:
            return False
        return self._parts.clock().monotonic - heard_at < live.session.rx1_delay_s + AFTER_RX1_S

    # ── after an uplink ──

    def answer(self, frame: Frame, answer: Answer, downlink: Downlink | None = None) -> None:
        """Send ``answer`` to ``frame``, without waiting; it carries ``downlink``."""
        if self._tasks is None:
            self.counts["not_running"] += 1
        else:
            self._tasks.create_task(self._answer(frame, answer, downlink), name="answer")

    async def let_go(self, frame: Frame, composed: Composed | None, kept: Kept) -> None:
        """Send what was composed for ``frame``; a downlink whose commit took too long for its windows waits for the next uplink."""
        if composed is None:
            return
        if kept is Kept.AT_ONCE:
            self.answer(frame, composed.answer, composed.downlink)
        elif composed.downlink is not None:
            await self._unsent(composed.downlink, TOO_LATE)

    async def _answer(self, frame: Frame, answer: Answer, downlink: Downlink | None) -> None:
        transmitters = self._parts.transmitters
        outcome = await transmitters.send(transmitters.windows(frame, answer))
        if downlink is not None:
            await self._settle(downlink, outcome)

    async def _settle(self, downlink: Downlink, outcome: Outcome) -> None:
        """Put back what no radio took; one that said nothing may have sent it, and a device is not told twice."""
        if outcome.sent or outcome.why == TxResult.NO_ANSWER:
            self._parts.queue.landed(downlink)
        else:
            await self._unsent(downlink, outcome.why)

    async def _unsent(self, downlink: Downlink, why: str) -> None:
        if (again := self._parts.queue.unsent(downlink, why)) is not None:
            await self._parts.keeping.keep(Changes(downlinks=(again,)))

    # ── what is asked for ──

    async def enqueue(self, downlink: Downlink) -> Downlink:
        """Queue a downlink and return it with its id, once it is on disk.

        ConfigError says why it can never be sent, StorageError what the disk said.
        """
        queued = self._parts.queue.enqueue(downlink, self._parts.region)
        try:
            await self._parts.journal.commit(Changes(downlinks=(queued,)))
        except BaseException:
            self._parts.queue.drop([queued.id])  # nobody was promised anything
            raise
        self._news.set()
        self.queued()
        return queued

    async def drop(self, ids: Sequence[int]) -> int:
        """Drop open downlinks, and return how many there were; waits while the disk takes nothing."""
        dropped = self._parts.queue.drop(ids)
        # Not in one try: they have left the queue, and must not come back to it after a restart.
        await self._parts.keeping.keep(Changes(downlinks=dropped))
        return len(dropped)

    # ── class C ──

    async def _ask_again(self, live: LiveSession) -> None:
        """Let a downlink wait again whose acknowledgement did not come."""
        now, dev_eui, patience = self._parts.clock().utc, live.session.dev_eui, self._patience(live)
        for downlink in self._parts.queue.of(dev_eui):
            sent_at = downlink.sent_at
            if downlink.state is DownlinkState.SENT and sent_at is not None and now - sent_at >= patience:
                await self._parts.keeping.keep(Changes(downlinks=self._parts.queue.heard(dev_eui, ack=False)))

    def _patience(self, live: LiveSession) -> timedelta:
        """Return how long an acknowledgement may take: the law may keep the device silent after its last frame, too."""
        band = None if live.last is None else self._parts.region.sub_band(live.last.best.frequency_hz)
        if live.last is None or band is None:
            return ACK_TIME
        length = airtime(len(live.last.phy_payload), live.last.best.data_rate, Direction.UPLINK)
        return ACK_TIME + length * (1000 / band.duty_cycle_permille - 1)

    async def _send_unasked(self, live: LiveSession) -> None:
        parts = self._parts
        rate = parts.region.data_rate(live.session.rx2_data_rate)
        waiting = parts.queue.next_for(live.session.dev_eui, parts.mac.rx2_room(live.session, live.mac))
        if rate is None or waiting is None or not self._lawful(live, rate, waiting):
            return
        if not live.is_safe:
            return  # with the downlink a counter would be on disk before its uplink
        composed = parts.mac.unasked(live, waiting, parts.clock().utc)
        live.session = composed.session
        assert composed.downlink is not None
        changes = Changes(sessions=(composed.session,), downlinks=(composed.downlink,))
        async with live.turn:
            kept = await parts.keeping.keep(changes)
        if kept is not Kept.AT_ONCE:
            await self._unsent(composed.downlink, TOO_LATE)
            return
        outcome = await self._send_at_once(live, rate, composed.answer.phy_payload)
        await self._settle(composed.downlink, outcome)

    async def _send_at_once(self, live: LiveSession, rate: DataRate, octets: bytes) -> Outcome:
        """Send a device's frame through the best gateway that may; a group's through each, one after the other."""
        transmitters, frequency_hz = self._parts.transmitters, live.session.rx2_frequency_hz
        if not is_multicast(live.session.dev_eui):
            return await transmitters.send(transmitters.at_once(self._through(live), frequency_hz, rate, octets))
        outcomes: list[Outcome] = []
        length = airtime(len(octets), rate, Direction.DOWNLINK)
        for reception in self._through(live):
            if outcomes:
                await asyncio.sleep(
                    length.total_seconds()
                )  # two gateways at once would jam each other where both are heard
            outcomes.append(await transmitters.send(transmitters.at_once([reception], frequency_hz, rate, octets)))
        return next((outcome for outcome in outcomes if outcome.sent), outcomes[0])

    def _through(self, live: LiveSession) -> Sequence[Reception]:
        """Return by which gateways a device that always listens is reached: those that heard it last, for a group all."""
        if is_multicast(live.session.dev_eui):
            return self._parts.transmitters.all()
        return () if live.last is None else live.last.receptions

    def _lawful(self, live: LiveSession, rate: DataRate, downlink: Downlink) -> bool:
        """Tell whether some gateway may send now; else the downlink waits, without a try being counted."""
        size = OVERHEAD + len(downlink.payload)
        return self._parts.transmitters.may_send(self._through(live), live.session.rx2_frequency_hz, rate, size)
