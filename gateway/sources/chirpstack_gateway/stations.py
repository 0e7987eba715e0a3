"""What is known of each gateway that speaks: how it speaks, whether it is there, how it fares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.model import Eui64, Json, Place
from gateway.sources.chirpstack_gateway.bad_event import BadEventReason
from gateway.sources.chirpstack_gateway.order import Dialect
from gateway.sources.chirpstack_gateway.reading import Heard, Stats
from gateway.sources.tally import NotWhole

MOST_GATEWAYS: Final = 1000  # a broker may have any number; beyond this, a new one waits until an old one falls silent
SILENT_S: Final = 120.0  # statistics come every 30 s; after this long a gateway's place may be given to a new one


@dataclass(slots=True)
class Station:
    """One gateway as its messages show it; times are monotonic seconds."""

    gateway: Eui64
    seen_at: float
    dialect: Dialect = field(default_factory=Dialect)
    frames: int = 0
    not_whole: NotWhole = field(default_factory=NotWhole)
    answerable: bool = True  # whether the last frame had the context that a reply needs
    is_online: bool | None = None  # as its `state/conn` says; None: it says nothing of it
    stats: Stats | None = None
    stats_at: float = 0.0
    place: Place | None = None

    @property
    def can_transmit(self) -> bool:
        """Whether it is worth asking: its last will has not said that it is gone."""
        return self.is_online is not False

    def spoke(self) -> None:
        """Note that it said something: a last will that came before was of a connection that it has replaced."""
        self.is_online = self.is_online or None

    def heard(self, heard: Heard, *, is_json: bool) -> None:
        """Note a frame, and how it was told."""
        self.frames += 1
        self.answerable = bool(heard.reception.context)
        self.place = heard.reception.place or self.place
        self.dialect = Dialect(heard.generation, is_json=is_json, in_kilohertz=heard.in_kilohertz)

    def told(self, stats: Stats, now: float) -> int:
        """Note statistics and return how many broken packets they tell of that were not passed on.

        Such without a place (GNSS lost) leave the last one standing.
        """
        since_s = None if self.stats is None else now - self.stats_at
        self.stats, self.stats_at, self.place = stats, now, stats.place or self.place
        received = stats.numbers.get("rx_packets_received", 0)
        return self.not_whole.reported(received, stats.numbers.get("rx_packets_received_ok", received), since_s)

    def not_taken(self, reason: BadEventReason) -> int:
        """Note that a packet was passed on and not taken; return how many broken ones that makes."""
        return self.not_whole.note(
            is_broken=reason is BadEventReason.BAD_CRC, has_no_crc=reason is BadEventReason.NO_CRC
        )

    def status(self, now: float) -> Mapping[str, Json]:
        """Return what people want to see, ages in seconds."""
        return {
            "last_seen_s": round(now - self.seen_at, 1),
            "online": self.is_online,
            "can_transmit": self.can_transmit,
            "speaks": f"{'JSON' if self.dialect.is_json else 'protobuf'}, v{self.dialect.generation.value}",
            "frames": self.frames,
            "place": None if self.place is None else [self.place.latitude, self.place.longitude, self.place.altitude_m],
            "stats": None if self.stats is None else self._stats(self.stats, now),
        }

    def _stats(self, stats: Stats, now: float) -> Mapping[str, Json]:
        time = None if stats.time is None else stats.time.isoformat()
        return {"age_s": round(now - self.stats_at, 1), "time": time, **stats.numbers}

    def advice(self) -> Iterator[str]:
        """Yield what is wrong with it, in words."""
        if self.is_online is False:
            yield f"gateway {self.gateway} says that it is offline: has it power and network, and does its forwarder run?"
        if not self.answerable:
            yield (
                f"gateway {self.gateway}: its frames come without the context that an answer needs: no device can join through it, "
                "none gets a downlink; is its forwarder up to date?"
            )


@dataclass(slots=True)
class Stations:
    """All gateways of one source, bounded in number, the longest unheard first."""

    _by_gateway: dict[Eui64, Station] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Station]:
        """Go through all, the longest unheard first."""
        return iter(self._by_gateway.values())

    def __len__(self) -> int:
        """Return how many are known."""
        return len(self._by_gateway)

    def get(self, gateway: Eui64) -> Station | None:
        """Return what is known of a gateway."""
        return self._by_gateway.get(gateway)

    def meet(self, gateway: Eui64, now: float) -> Station | None:
        """Note that a gateway spoke, and return it; None when there are too many to take a new one."""
        station = self._by_gateway.pop(gateway, None)
        if station is None and not self._has_room(now):
            return None
        station = station or Station(gateway, now)
        self._by_gateway[gateway] = station
        station.seen_at = now
        return station

    def status(self, now: float) -> Mapping[str, Json]:
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
