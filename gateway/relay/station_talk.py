"""What a station and its server say to each other once they are connected: frames up, downlinks into their windows."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Final

from gateway.model import Clock, Eui64, Frame, Json, Reception, TxRequest, TxResult
from gateway.relay.station_times import StationTimes
from gateway.relay.station_words import Dnmsg, RouterConfig, Slot, dntxed, read_dnmsg, read_router_config, uplink
from gateway.relay.upstream import Gateways
from gateway.sources.basics_station.messages import BadMessage, BadMessageReason, text_of
from gateway.sources.basics_station.phy import Moment

MOST_ORDERS: Final = 32  # of one gateway at a time
REMEMBERED: Final = 256  # receptions that may still be answered
IGNORED: Final = frozenset(
    {"runcmd", "rmtsh", "dnsched", "timesync", "getxtime"}
)  # no remote commands, no class B, no receiver's pulse
_TIMESTAMPS: Final = 1 << 32
_MICROSECOND: Final = timedelta(microseconds=1)

Post = Callable[[str, Frame | None], None]
"""Send a text at once or not at all; the frame is kept where it does not arrive. Returns at once."""

Spawn = Callable[[Coroutine[None, None, None]], None]


class StationTalk:
    """One station's side of the conversation; it outlives connections, for what was heard may be answered after the next."""

    def __init__(
        self, gateway: Eui64, gateways: Gateways, clock: Clock, counts: Counter[str], *, post: Post, spawn: Spawn
    ) -> None:
        self._gateway = gateway
        self._gateways = gateways
        self._clock = clock
        self._counts = counts
        self._post = post
        self._spawn = spawn
        self._times = StationTimes()
        self._heard: deque[tuple[int, Reception]] = deque(maxlen=REMEMBERED)  # with their xtimes
        self._orders = 0
        self.config: RouterConfig | None = None  # None: the server has not said yet what it wants

    # ── up ──

    def tell(self, frame: Frame, *, keep: bool) -> None:
        """Tell the server of a frame; with ``keep`` it is kept where it does not arrive."""
        assert self.config is not None, "nothing is told before a router_config"
        message = uplink(frame, self.config, *self._moment(frame))
        if message is None:
            self._counts["not_wanted"] += 1
        else:
            self._counts["told"] += 1
            self._post(text_of(message), frame if keep else None)

    def _moment(self, frame: Frame) -> tuple[int, int]:
        """Return a reception's xtime and rctx: a station's own, or what stands for them; 0 where the radio tells no time."""
        best = frame.best
        own = Moment.of(best.context)
        if best.timestamp_us is None:
            return 0, best.antenna
        if own is None or own.xtime % _TIMESTAMPS != best.timestamp_us:
            own = Moment(self._times.xtime(best.timestamp_us, frame.heard_at.monotonic), best.antenna)
        self._heard.append((own.xtime, best))
        return own.xtime, own.rctx

    # ── down ──

    def take(self, text: str) -> None:
        """Take what the server says; raises nothing for what comes in."""
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            self._counts[f"unreadable_{BadMessageReason.JSON}"] += 1
            return
        if not isinstance(said, dict):
            self._counts[f"unreadable_{BadMessageReason.SHAPE}"] += 1
            return
        try:
            self._understood(said)
        except BadMessage as error:
            self._counts[f"unreadable_{error.reason}"] += 1

    def _understood(self, said: dict[str, Json]) -> None:
        match said.get("msgtype"):
            case "router_config":
                self.config = read_router_config(said)
                self._counts["router_config"] += 1
            case "dnmsg":
                self._counts["dnmsg"] += 1
                order = read_dnmsg(said)
                if self._orders >= MOST_ORDERS:
                    self._counts["too_many_orders"] += 1
                    return
                self._orders += 1
                self._spawn(self._obey(order))
            case str(other) if other in IGNORED:
                self._counts[f"ignored_{other}"] += 1
            case _:
                self._counts["unknown_msgtype"] += 1

    async def _obey(self, order: Dnmsg) -> None:
        try:
            requests = self._requests(order)
            if not requests:
                self._counts["unknown_xtime" if order.xtime else "unknown_data_rate"] += 1
                return
            done, request = await self._gateways.send([one for one, _ in requests])
            slot = next(slot for one, slot in requests if one is request)
        finally:
            self._orders -= 1
        if done.result is TxResult.SENT:
            self._report(order, slot)

    def _requests(self, order: Dnmsg) -> list[tuple[TxRequest, Slot]]:
        """Return the windows of a downlink; none where it answers what nobody heard, or has a data rate that nobody knows."""
        found = next((one for xtime, one in reversed(self._heard) if xtime == order.xtime), None)
        last = self._heard[-1][1] if self._heard else None
        built = [self._request(order, slot, last if slot.delay is None else found) for slot in order.slots]
        return [(one, slot) for one, slot in zip(built, order.slots, strict=True) if one is not None]

    def _request(self, order: Dnmsg, slot: Slot, answers: Reception | None) -> TxRequest | None:
        rate = None if self.config is None else self.config.rate(slot.number)
        if rate is None or (slot.delay is not None and answers is None):
            return None
        timestamp_us = None
        if slot.delay is not None and answers is not None and answers.timestamp_us is not None:
            timestamp_us = (answers.timestamp_us + slot.delay // _MICROSECOND) % _TIMESTAMPS
        return self._gateways.addressed(
            TxRequest(
                source="",  # see `addressed`
                gateway=self._gateway,
                phy_payload=order.phy_payload,
                frequency_hz=slot.frequency_hz,
                data_rate=rate,
                power_dbm=0.0,  # the same
                timestamp_us=timestamp_us,
                delay=slot.delay,
                context=b"" if answers is None else answers.context,
            )
        )

    def _report(self, order: Dnmsg, slot: Slot) -> None:
        delay_us = 0 if slot.delay is None else slot.delay // _MICROSECOND
        xtime = 0 if order.xtime is None else order.xtime + delay_us
        said = dntxed(order, slot.number, slot.frequency_hz, xtime, self._clock().utc.timestamp())
        self._post(text_of(said), None)
