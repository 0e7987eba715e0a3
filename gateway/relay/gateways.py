"""The gateways of a relay: what each heard lately, and how a server's downlink finds its moment in this box's time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.model import Frame, Instant, Reception, TxRequest
from gateway.sources import Source

REMEMBERED: Final = 256  # receptions of a gateway: the busiest concentrator's in RxDelay's longest, and more
LONGEST_DELAY_S: Final = 16  # RX2 with an RxDelay of 15 s
AT_ONCE: Final = timedelta(milliseconds=50)  # from the request to the air, where no time is given
_TIMESTAMPS: Final = 1 << 32
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(slots=True, eq=False)
class Gateway:
    """One gateway, and the source that speaks with it."""

    source: Source
    seen_at: float = 0.0  # monotonic
    heard: deque[tuple[Reception, float]] = field(
        default_factory=lambda: deque(maxlen=REMEMBERED)
    )  # and when, monotonic

    def note(self, frame: Frame) -> None:
        """Remember what it heard."""
        self.heard.append((frame.best, frame.heard_at.monotonic))

    def opens(self, request: TxRequest, gps_time: datetime | None, now: Instant) -> timedelta:
        """Return when, in monotonic time, a frame is to leave."""
        here = timedelta(seconds=now.monotonic)
        if gps_time is not None:
            return here + (gps_time - now.utc)
        if request.timestamp_us is not None and (after := self._after(request.timestamp_us, here)) is not None:
            return after
        return here + AT_ONCE

    def _after(self, timestamp_us: int, here: timedelta) -> timedelta | None:
        """Return when the concentrator's counter is there: by its last reception, the counter's wrap (71.6 min) looked through."""
        last = next((pair for pair in reversed(self.heard) if pair[0].timestamp_us is not None), None)
        if last is None or last[0].timestamp_us is None:
            return None
        passed_us = (here - timedelta(seconds=last[1])) // _MICROSECOND
        ahead_us = (timestamp_us - last[0].timestamp_us - passed_us) % _TIMESTAMPS
        return here + (ahead_us - _TIMESTAMPS if ahead_us >= _TIMESTAMPS // 2 else ahead_us) * _MICROSECOND

    def by_reception(self, request: TxRequest) -> TxRequest | None:
        """Return a request with the reception that it answers, for a radio that knows no counter; None where it answers none."""
        if request.at_once:
            last = self.heard[-1][0] if self.heard else None
            return request if last is None else replace(request, context=last.context)
        for reception, _ in reversed(self.heard):
            if (delay := _delay(reception, request)) is not None:
                return replace(request, context=reception.context, delay=delay)
        return None


def _delay(reception: Reception, request: TxRequest) -> timedelta | None:
    """Return after how many whole seconds ``request`` follows ``reception``; None where it is another's answer."""
    if reception.timestamp_us is None or request.timestamp_us is None:
        return None
    after_us = (request.timestamp_us - reception.timestamp_us) % _TIMESTAMPS
    seconds, rest = divmod(after_us, 1_000_000)
    return timedelta(seconds=seconds) if not rest and 1 <= seconds <= LONGEST_DELAY_S else None
