"""What is known of each gateway that a packet forwarder speaks for: where it is, when it was last heard, how it fares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from gateway.model import Eui64, Json, Place
from gateway.sources.gwmp import BadDatagramReason
from gateway.sources.rxpk import Stat
from gateway.sources.tally import NotWhole
from gateway.sources.udp import Address, in_words

MOST_GATEWAYS: Final = 1000  # anybody can invent EUIs; beyond this, a new one waits until an old one falls silent
PULL_TIMEOUT_S: Final = (
    30.0  # a forwarder pings every 5 to 10 s, three may be lost; beyond, its address is not believed
)
SILENT_S: Final = 120.0  # after this long a gateway's place may be given to a new one


@dataclass(slots=True)
class Forwarder:
    """One gateway as its datagrams show it; times are monotonic seconds."""

    gateway: Eui64
    seen_at: float
    address: Address  # of its last datagram, for people
    version: int = 2
    rxpk: int = 0
    frames: int = 0
    not_whole: NotWhole = field(default_factory=NotWhole)
    pull_address: Address | None = None  # of its last PULL_DATA: the only place where a PULL_RESP gets through its NAT
    pulled_at: float = 0.0
    stat: Stat | None = None
    stat_at: float = 0.0
    place: Place | None = None

    def pulled(self, address: Address, now: float) -> None:
        """Note a PULL_DATA."""
        self.pull_address, self.pulled_at = address, now

    def told(self, stat: Stat, now: float) -> int:
        """Note a `stat` and return how many broken packets it tells of that were not passed on.

        One without a position (GNSS lost) leaves the last position standing.
        """
        since_s = None if self.stat is None else now - self.stat_at
        self.stat, self.stat_at, self.place = stat, now, stat.place or self.place
        received = stat.numbers.get("rxnb", 0)
        return self.not_whole.reported(received, stat.numbers.get("rxok", received), since_s)

    def not_taken(self, reason: BadDatagramReason) -> int:
        """Note that a packet was passed on and not taken; return how many broken ones that makes."""
        return self.not_whole.note(
            is_broken=reason is BadDatagramReason.BAD_CRC, has_no_crc=reason is BadDatagramReason.NO_CRC
        )

    def downlink_address(self, now: float) -> Address | None:
        """Return where to send a PULL_RESP; None when the gateway's keep-alive has stopped."""
        return self.pull_address if now - self.pulled_at <= PULL_TIMEOUT_S else None

    def status(self, now: float) -> Mapping[str, Json]:
        """Return what people want to see, ages in seconds."""
        return {
            "last_seen_s": round(now - self.seen_at, 1),
            "address": in_words(self.address),
            "last_pull_s": None if self.pull_address is None else round(now - self.pulled_at, 1),
            "can_transmit": self.downlink_address(now) is not None,
            "version": self.version,
            "rxpk": self.rxpk,
            "frames": self.frames,
            "stat": None if self.stat is None else self._stat_status(self.stat, now),
        }

    def _stat_status(self, stat: Stat, now: float) -> Mapping[str, Json]:
        time = None if stat.time is None else stat.time.isoformat()
        return {"age_s": round(now - self.stat_at, 1), "time": time, **stat.numbers}


@dataclass(slots=True)
class Forwarders:
    """All gateways of one source, bounded in number, the longest unheard first."""

    _by_gateway: dict[Eui64, Forwarder] = field(default_factory=dict)

    def get(self, gateway: Eui64) -> Forwarder | None:
        """Return what is known of a gateway."""
        return self._by_gateway.get(gateway)

    def meet(self, gateway: Eui64, address: Address, now: float) -> Forwarder | None:
        """Note that a gateway was heard, and return it; None when there are too many to take a new one."""
        forwarder = self._by_gateway.pop(gateway, None)
        if forwarder is None:
            if not self._has_room(now):
                return None
            forwarder = Forwarder(gateway, now, address)
        self._by_gateway[gateway] = forwarder
        forwarder.seen_at, forwarder.address = now, address
        return forwarder

    def heard_last(self, most: int) -> Sequence[Eui64]:
        """Return the gateways that were heard last, by EUI."""
        return sorted(islice(reversed(self._by_gateway), most))

    def status(self, now: float) -> Mapping[str, Mapping[str, Json]]:
        """Return each gateway's status by EUI."""
        return {gateway: self._by_gateway[gateway].status(now) for gateway in sorted(self._by_gateway)}

    def _has_room(self, now: float) -> bool:
        if len(self._by_gateway) < MOST_GATEWAYS:
            return True
        longest_unheard = next(iter(self._by_gateway))
        if now - self._by_gateway[longest_unheard].seen_at <= SILENT_S:
            return False
        del self._by_gateway[longest_unheard]
        return True
