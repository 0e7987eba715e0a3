"""A scenario: what a person wants to see happen, as values. Times are seconds from its beginning, `begins` is the wall's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.model import Activation, MacVersion
from simulators.radio import Walls
from simulators.values import Setting

DAY_S: Final = 86_400.0


class What(StrEnum):
    """What may go wrong."""

    BACKHAUL_OUT = "backhaul out"
    BROKER_BUSY = "broker busy"
    BROKER_REFUSES = "broker refuses"
    BROKER_STALLS = "broker stalls"
    CLOCK_JUMPS = "clock jumps"
    POWER_CUT = "power cut"
    GATEWAY_OFF = "gateway off"
    RADIO_NOISE = "radio noise"


class Mischief(StrEnum):
    """What a hostile neighbour sends."""

    REPLAY = "replay"
    FLOOD = "flood"
    MALFORMED = "malformed"
    WRONG_KEYS = "wrong keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A circle on the map, in degrees and metres; a place is one of radius 0."""

    latitude: float
    longitude: float
    radius_m: float = 0.0
    height_m: float = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a device speaks: every so often, or once a day at a time (``at_s`` from the beginning), within ``spread_s`` after it.

    ``watches`` is a quantity whose changes it tells at once.
    """

    every_s: float | None  # None: only what it watches
    at_s: float | None
    spread_s: float
    watches: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Devices of one kind."""

    name: str
    models: Sequence[str]
    count: int
    activation: Activation
    mac_version: MacVersion
    device_class: str
    rhythm: Rhythm
    joins_within_s: float
    confirmed: float  # share of the uplinks
    adr: bool
    data_rate: int | None  # None: the fastest
    area: Area
    walls: Walls
    setting: Setting
    platforms: Sequence[str]  # none named: all
    answered_by: str | None  # the relay whose network server answers them; None: the agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Mast:
    """A gateway."""

    name: str
    kind: str
    area: Area
    antenna_dbi: float
    delay_s: float  # the longest that a datagram is on its way to the box
    frequency_hz: int  # of a modem, which hears no other
    spreading_factor: int  # the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """The air: names of `simulators.radio`'s formulas, and which of its rules hold."""

    propagation: str
    shadowing_db: float | None  # None: as it was measured with the formula
    capture: bool
    orthogonal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A city's platform."""

    name: str
    kind: str
    way: str  # in: "http" or "mqtt"
    city: str | None  # of the catalogue: its profile says how it is told
    delay_s: float  # of the way there


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that goes wrong from ``begins_s`` to ``ends_s``; a clock that jumps does so at its beginning alone."""

    what: What
    begins_s: float
    ends_s: float
    whom: Sequence[str] = ()  # platforms or gateways; none named: all
    share: float = 1.0
    by_s: float = 0.0
    by_db: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A service that moves: what its destination's `city` says from ``at_s`` on is another platform's."""

    service: str  # the platform that it was with
    to: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Somebody with a radio and ill will."""

    name: str
    does: Sequence[Mischief]
    every_s: float
    begins_s: float
    ends_s: float
    area: Area


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What must hold; None: nothing is promised."""

    lost: int = 0  # uplinks that were safe, or promised to their device, and that a city of theirs has not got
    heard: float | None = None  # the least share of the uplinks
    delivered_within_s: float | None = None  # from the end of the first transmission
    share: float = 1.0  # of the delivered ones that keep to that
    duplicates: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All of it; the same values, the same run."""

    name: str
    title: str
    seed: int
    begins: datetime
    lasts_s: float
    settles_s: float  # the longest that is waited for what is still under way at the end
    fleets: Sequence[Fleet]
    masts: Sequence[Mast]
    relays: Sequence[str]  # network servers beside the agent, by name
    radio: Radio
    platforms: Sequence[Platform]
    troubles: Sequence[Trouble]
    moves: Sequence[Move]
    neighbours: Sequence[Neighbour]
    promise: Promise

    def with_seed(self, seed: int) -> Scenario:
        """Return the same story with another fate."""
        return replace(self, seed=seed)

    def ending(self, lasts_s: float) -> Scenario:
        """Return the beginning of it."""
        return replace(self, lasts_s=min(lasts_s, self.lasts_s))

    def in_time(self) -> Iterator[Trouble]:
        """Yield the troubles that begin within it, in order."""
        found = [one for one in self.troubles if one.begins_s < self.lasts_s]
        yield from sorted(found, key=lambda one: (one.begins_s, one.ends_s, one.what))

    @property
    def devices(self) -> int:
        """Return how many there are."""
        return sum(fleet.count for fleet in self.fleets)
