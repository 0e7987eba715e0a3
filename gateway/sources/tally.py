"""What each source has heard, and each of its gateways: one place for all kinds of sources, whole frames and broken ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, runtime_checkable

from gateway.minutes import Minutes, lately
from gateway.model import Clock, Eui64, Json
from gateway.sources import Source

MOST_GATEWAYS: Final = 1000  # of one source; anybody can invent EUIs
MOST_AT_ONCE: Final = 100_000  # broken packets that one report is believed to tell of
MOST_PER_S: Final = 400  # packets that a concentrator can hear: 8 channels, 21 ms for the shortest at SF7 (AN1200.13)
EVERY_S: Final = 30.0  # how often forwarders report, unless told otherwise

NoteBroken = Callable[[Eui64, int], None]
"""Note that a gateway received so many packets whose CRC is wrong."""


@runtime_checkable
class HearsBroken(Protocol):
    """A source whose gateways tell of packets with a wrong CRC."""

    note_broken: NoteBroken


def nobody_notes(gateway: Eui64, count: int) -> None:
    """Note nothing: until somebody wants to know."""


def untold(received: float, whole: float, passed_on: int, since_s: float | None) -> int:
    """Return how many of the packets that a gateway received and were not whole it has not ``passed_on``.

    No more are believed than a concentrator can hear in the ``since_s`` since its last report; None for the first one.
    """
    most = min(MOST_AT_ONCE, round(MOST_PER_S * (EVERY_S if since_s is None else since_s)))
    return int(max(0, min(received - whole, most) - passed_on))


@dataclass(slots=True)
class NotWhole:
    """Packets of one gateway that it passed on since its last report and that are not whole: the report tells of them once more."""

    passed_on: int = 0

    def note(self, *, is_broken: bool, has_no_crc: bool) -> int:
        """Note that a packet was passed on and not taken; return how many broken ones that makes."""
        self.passed_on += is_broken or has_no_crc
        return int(is_broken)

    def reported(self, received: float, whole: float, since_s: float | None) -> int:
        """Return how many broken packets a report tells of that were not passed on; arguments as of `untold`."""
        passed_on, self.passed_on = self.passed_on, 0
        return untold(received, whole, passed_on, since_s)


@dataclass(slots=True)
class Ear:
    """What one source has heard since the start."""

    minutes: Minutes
    last_at: float | None = None  # monotonic
    count: int = 0
    gateways: dict[Eui64, Minutes] = field(default_factory=dict)  # the longest unheard first

    def note(self, gateway: Eui64 | None, at: float, *, heard: int = 0, broken: int = 0) -> None:
        """Note what was heard at ``at``, by which gateway if it is known."""
        self.minutes = self.minutes.noted(at, heard=heard, broken=broken)
        if gateway is None:
            return
        known = self.gateways.pop(gateway, None) or Minutes.begun(at)
        if len(self.gateways) >= MOST_GATEWAYS:
            del self.gateways[next(iter(self.gateways))]
        self.gateways[gateway] = known.noted(at, heard=heard, broken=broken)


class Tally:
    """Count what all sources hear."""

    def __init__(self, sources: Iterable[Source], clock: Clock) -> None:
        self._clock = clock
        self._ears: dict[str, Ear] = {}
        for one in sources:
            self._ears[one.name] = Ear(Minutes.begun(clock().monotonic))
            if isinstance(one, HearsBroken):
                one.note_broken = partial(self.broken, one.name)

    def heard(self, source: str, gateway: Eui64 | None, at: float) -> None:
        """Count a frame, or a network server's uplink, which came at ``at`` (monotonic)."""
        ear = self._ears[source]
        ear.last_at = at
        ear.count += 1
        ear.note(gateway, at, heard=1)

    def broken(self, source: str, gateway: Eui64, count: int) -> None:
        """Count packets whose CRC is wrong."""
        if count:
            self._ears[source].note(gateway, self._clock().monotonic, broken=count)

    def status(self, source: str) -> dict[str, Json]:
        """Return when a source heard last, how much since the start, and by the minute."""
        ear, now = self._ears[source], self._clock().monotonic
        return {
            "last_heard_s": None if ear.last_at is None else round(max(0.0, now - ear.last_at), 1),
            "heard": ear.count,
            "minutes": ear.minutes.at(now).as_json(),
        }

    def gateways(self, source: str, standing: Mapping[Eui64, Mapping[str, Json]]) -> dict[Eui64, Mapping[str, Json]]:
        """Return how the gateways of a source stand, with what each has heard in the last ten minutes and in the hour."""
        ear, now = self._ears[source], self._clock().monotonic
        return {eui: {**one, "lately": _lately(ear.gateways.get(eui), now)} for eui, one in standing.items()}


def _lately(minutes: Minutes | None, now: float) -> list[Json]:
    counts = (Minutes.begun(now) if minutes is None else minutes.at(now)).as_json()
    return [one.as_json() for one in lately(counts)]
