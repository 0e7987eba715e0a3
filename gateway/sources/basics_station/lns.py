"""The conversation with a connected station, sans-I/O: a text comes, frames go on, and sometimes a text goes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from gateway.model import Clock, Frame, Instant, TimeQuality
from gateway.sources.basics_station.connection import Connection
from gateway.sources.basics_station.messages import (
    BadMessage,
    DnTxed,
    Other,
    Overheard,
    TimeSync,
    Uplink,
    Version,
    read,
    text_of,
    timesync_answer,
)
from gateway.sources.basics_station.phy import read_phy_payload, read_reception
from gateway.sources.basics_station.plan import RadioPlan, Tuning
from gateway.sources.basics_station.router_config import Filters, router_config
from gateway.sources.rxpk import GPS_AHEAD_OF_UTC, GPS_EPOCH

KNOWN_OTHERS: Final = frozenset({"alarm", "getxtime", "event", "rmtsh", "runcmd"})  # counted by name
PRODUCTION: Final = "prod"  # among a station's features: it heeds no `nodc`
_MICROSECOND: Final = timedelta(microseconds=1)


class Dropped(StrEnum):
    """Why something was dropped that was well formed; BadMessageReason names what was not."""

    OVERHEARD = "overheard"  # a downlink of another gateway
    OVERFLOW = "overflow"  # a frame, while too many others wait for the disk
    LATE_DNTXED = "late_dntxed"  # answers a downlink that nobody waits for
    TIMESYNC_UNANSWERED = "timesync_unanswered"  # this box does not know the time well enough
    UNKNOWN_MSGTYPE = "unknown_msgtype"
    HUNG_UP = "hung_up"  # in the middle of a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How stations are spoken to."""

    source: str
    plan: RadioPlan
    tuning: Tuning
    filters: Filters
    antenna_gain_dbi: float
    trust: TimeQuality  # below it, a station is told no time


Tell = Callable[[Frame], bool]
"""Hand a frame on; False when too many are under way."""


class Lns:
    """What is said to every station; ``counts`` and ``dropped`` are the source's."""

    def __init__(
        self, manner: Manner, clock: Clock, tell: Tell, *, counts: Counter[str], dropped: Counter[str]
    ) -> None:
        self._manner = manner
        self._clock = clock
        self._tell = tell
        self._counts = counts
        self._dropped = dropped

    def take(self, text: str, station: Connection) -> str | None:
        """Take a message and return what is to be answered; raises nothing for what comes in."""
        now = self._clock()
        station.seen_at = now.monotonic
        self._counts["messages"] += 1
        try:
            said = read(text)
            if isinstance(said, Uplink):
                self._hear(said, station, now)
                return None
        except BadMessage as error:
            self._dropped[error.reason] += 1
            return None
        return self._answer(said, station, now)

    def _hear(self, uplink: Uplink, station: Connection, now: Instant) -> None:
        manner = self._manner
        phy_payload = read_phy_payload(uplink)
        reception, moment = read_reception(
            uplink,
            rates=manner.plan.data_rates,
            downlink_only=manner.plan.downlink_only,
            gateway=station.gateway,
            source=manner.source,
        )
        self._counts[uplink.msgtype] += 1
        if moment is not None:
            station.air.heard(moment, now.monotonic)
        if self._tell(Frame(phy_payload, (reception,), now)):
            self._counts["frames"] += 1
            station.counts["frames"] += 1
        else:
            self._dropped[Dropped.OVERFLOW] += 1

    def _answer(
        self, said: Version | Overheard | DnTxed | TimeSync | Other, station: Connection, now: Instant
    ) -> str | None:
        match said:
            case Version():
                self._counts["version"] += 1
                station.version, station.configured = said, True
                return self._config(now)
            case TimeSync():
                return self._time(said, now)
            case DnTxed():
                self._counts["dntxed"] += 1
                if not station.answered(said):
                    self._dropped[Dropped.LATE_DNTXED] += 1
            case Overheard():
                self._dropped[Dropped.OVERHEARD] += 1
            case Other(msgtype) if msgtype in KNOWN_OTHERS:
                self._counts[msgtype] += 1
            case Other():
                self._dropped[Dropped.UNKNOWN_MSGTYPE] += 1
        return None

    def _config(self, now: Instant) -> str:
        manner = self._manner
        config = router_config(
            manner.plan,
            manner.tuning,
            manner.filters,
            antenna_gain_dbi=manner.antenna_gain_dbi,
            mux_time_s=now.utc.timestamp() if now.quality >= manner.trust else None,
        )
        return text_of(config)

    def _time(self, said: TimeSync, now: Instant) -> str | None:
        """Answer with GPS time: a station counts seconds by its receiver's pulse, and learns here which second it is."""
        self._counts["timesync"] += 1
        if now.quality < self._manner.trust:
            self._dropped[Dropped.TIMESYNC_UNANSWERED] += 1
            return None
        gps_time_us = (now.utc - GPS_EPOCH + GPS_AHEAD_OF_UTC) // _MICROSECOND
        return timesync_answer(said.txtime, gps_time_us, now.utc.timestamp())
