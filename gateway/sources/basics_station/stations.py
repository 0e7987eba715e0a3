"""The stations that are connected, each once, bounded in number; and those that have gone or were refused lately, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model import Clock, Eui64, Json
from gateway.sources.basics_station.connection import Connection

MOST_STATIONS: Final = 64
REFUSED_REMEMBERED: Final = 5  # for `status`
MOST_OUSTED: Final = 3  # short connections in a row that chance may explain
SHORT_S: Final = (
    60.0  # of a connection that another one of the same EUI ended: a station alone comes again when it lost its own
)


class Stations:
    """Connections by EUI."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_gateway: dict[Eui64, Connection] = {}
        self.gone: dict[Eui64, Connection] = {}  # the last ones that have not come again
        self.refused: dict[Eui64, tuple[str, float]] = {}  # the last ones, why, and when (monotonic)

    def __len__(self) -> int:
        return len(self._by_gateway)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._by_gateway.values())

    def get(self, gateway: Eui64) -> Connection | None:
        """Return a station's connection."""
        return self._by_gateway.get(gateway)

    def has_room(self, gateway: Eui64) -> bool:
        """Tell whether a station may connect; one that is connected already may do so anew."""
        return gateway in self._by_gateway or len(self._by_gateway) < MOST_STATIONS

    def meet(self, station: Connection) -> Connection | None:
        """Take a connection, and return the one that it replaces."""
        before = self._by_gateway.pop(station.gateway, None)
        self._by_gateway[station.gateway] = station
        if before is not None and station.since - before.since < SHORT_S:
            station.ousted, station.ousted_address = before.ousted + 1, before.address
        self.gone.pop(station.gateway, None)
        self.refused.pop(station.gateway, None)
        return before

    def part(self, station: Connection) -> None:
        """Let go of a connection, unless another one has replaced it."""
        if self._by_gateway.get(station.gateway) is station:
            del self._by_gateway[station.gateway]
            self.gone[station.gateway] = station
            while len(self.gone) > MOST_STATIONS:
                del self.gone[next(iter(self.gone))]

    def refuse(self, gateway: Eui64, why: str) -> None:
        """Note who was refused."""
        self.refused.pop(gateway, None)
        self.refused[gateway] = why, self._clock().monotonic
        while len(self.refused) > REFUSED_REMEMBERED:
            del self.refused[next(iter(self.refused))]

    def rivals(self, now: float) -> Iterator[Connection]:
        """Yield the connections of each EUI that more than one station seems to have: they end each other."""
        yield from (one for one in self if one.ousted >= MOST_OUSTED and now - one.since < SHORT_S)

    def status(self, now: float) -> Mapping[str, Json]:
        """Return the status of each station that is or was connected, by EUI."""
        known = self.gone | self._by_gateway
        return {gateway: known[gateway].status(now) for gateway in sorted(known)}
