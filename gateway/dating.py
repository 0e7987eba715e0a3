"""When something was heard, by all that is known of it: pure (design, law 5; decision 53).

The clock that no correction moves counts from the boot. What the wall clock said at its zero is learned while the wall clock is
trusted, and stays in the journal as spans:

    monotonic   0 ───────┤ span 1 ├───────────┤ span 2 ├──────────►
                 span 1's           between them,         span 2's
                                    or span 1's where the wall clock jumped

A row is dated by the first of these that is there: its own trusted time, the GPS time that its gateway wrote beside it, the spans
of its boot. Where there is none it waits, as long as its boot lasts; after that only bounds are known, by the boots before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.model import Bounds, Instant, TimeQuality, Uplink

EARLIEST: Final = datetime(2024, 1, 1, tzinfo=UTC)  # no clock that says less is right: this program is younger
JUMP: Final = timedelta(minutes=1)  # more than any correction of a clock that runs
SAME: Final = timedelta(milliseconds=100)  # a wall clock that moves by less is said to stand still
LONGEST_BOOT_S: Final = 100 * 365 * 86_400.0  # of the monotonic clock: a row that says more is damaged, or made up
LAST_YEAR: Final = 2200  # no clock that says more is right, either
MOST_SPANS: Final = 64  # of one boot: a wall clock that is set again and again fills no disk

NEVER_SYNCHRONISED: Final = "the clock was never synchronised in that boot"
SERVER_WRONG: Final = "the clock of the network server that told it cannot be right"
OUT_OF_RANGE: Final = "its monotonic time, {:g} s, is none that a box has: no date can be reckoned from it"


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, in monotonic seconds, the wall clock was known to say ``utc_at_zero`` at monotonic 0."""

    since: float
    until: float
    utc_at_zero: datetime
    quality: TimeQuality

    @property
    def is_possible(self) -> bool:
        """Tell whether a box can have had it; then every time that is reckoned from it is one."""
        return 0 <= self.since <= self.until <= LONGEST_BOOT_S and self.utc_at_zero.year < LAST_YEAR

    @property
    def end(self) -> datetime:
        """Return when it was last seen to hold."""
        return self.utc_at_zero + timedelta(seconds=self.until)


Spans = tuple[Span, ...]  # of one boot, in order; one that is UNSYNCHRONISED only says that there was the boot
Boots = Mapping[str, Spans]  # the boots of this box that are known, by their ids, in the order in which they were


@dataclass(frozen=True, slots=True)
class Dated:
    """It has a time that may be told."""

    uplink: Uplink


@dataclass(frozen=True, slots=True)
class Waiting:
    """Its boot goes on, and its time may be known any moment."""


@dataclass(frozen=True, slots=True)
class Undatable:
    """Nobody will know its time; ``uplink`` has one within the bounds that are known, and quality `unknown`."""

    uplink: Uplink
    why: str = NEVER_SYNCHRONISED

    @property
    def words(self) -> str:
        """Return why, and what is known."""
        bounds = self.uplink.heard_at.bounds or Bounds()
        known = [
            f"{word} {at.isoformat(timespec='seconds')}"
            for word, at in (("not before", bounds.not_before), ("not after", bounds.not_after))
            if at is not None
        ]
        return f"{self.why}: heard {', '.join(known)}" if known else self.why


def date(uplink: Uplink, boots: Boots, trust: TimeQuality, present: str) -> Dated | Waiting | Undatable:
    """Return ``uplink`` with the best time that is known of it; ``present`` is the boot that goes on."""
    heard_at = uplink.heard_at
    if heard_at.quality >= trust:
        return Dated(uplink)
    if not 0 <= heard_at.monotonic <= LONGEST_BOOT_S:
        unknown = replace(heard_at, quality=TimeQuality.UNKNOWN)
        why = SERVER_WRONG if uplink.told is not None else OUT_OF_RANGE.format(heard_at.monotonic)
        return Undatable(replace(uplink, heard_at=unknown), why)
    spans = trusted(boots.get(heard_at.boot_id, ()), trust)
    found = _gps_time(uplink, boots, trust) or (time_at(spans, heard_at.monotonic) if spans else None)
    if found is not None:
        return Dated(replace(uplink, heard_at=replace(heard_at, utc=found[0], quality=found[1])))
    if heard_at.boot_id == present:
        return Waiting()
    bounds = _bounds(heard_at, boots, trust)
    within = replace(heard_at, utc=_within(heard_at.utc, bounds), quality=TimeQuality.UNKNOWN, bounds=bounds)
    return Undatable(replace(uplink, heard_at=within))


def trusted(spans: Spans, trust: TimeQuality) -> Spans:
    """Return those of ``spans`` that are trusted; one that no box can have had, as a bit that turned makes it, is not."""
    return tuple(span for span in spans if span.quality >= trust and span.is_possible)


def time_at(spans: Spans, monotonic: float) -> tuple[datetime, TimeQuality]:
    """Return the time at ``monotonic`` of a boot of which ``spans``, at least one, are known.

    Between two spans the drift is taken for even; where the wall clock jumped from one to the other, the first counts.
    """
    begun = [span for span in spans if span.since <= monotonic] or [spans[0]]
    span, zero = begun[-1], begun[-1].utc_at_zero
    quality = span.quality
    if len(begun) < len(spans) and monotonic > span.until:
        following = spans[len(begun)]
        drift = following.utc_at_zero - zero
        if abs(drift) <= JUMP:
            zero += drift * ((monotonic - span.until) / (following.since - span.until))
            quality = min(quality, following.quality)
    return zero + timedelta(seconds=monotonic), quality


def learned(spans: Spans, monotonic: float, utc_at_zero: datetime, quality: TimeQuality) -> Spans:
    """Return ``spans`` with what the wall clock said at ``monotonic``; where it is not trusted, only that there was the boot."""
    new = Span(monotonic, monotonic, utc_at_zero, quality)
    if not trusted(spans, TimeQuality.SYSTEM):
        return spans[:1] if spans and quality is TimeQuality.UNSYNCHRONISED else (new,)
    if quality is TimeQuality.UNSYNCHRONISED:
        return spans
    *before, last = spans
    if monotonic < last.until:  # of a boot that is over, or told by hand
        return (*before, replace(last, utc_at_zero=utc_at_zero, quality=quality))
    if abs(utc_at_zero - last.utc_at_zero) <= SAME and quality is last.quality:
        return (*before, replace(last, until=monotonic))
    return (*spans, new) if len(spans) < MOST_SPANS else (*before, new)


def age(heard_at: Instant, now: Instant, boots: Boots, trust: TimeQuality) -> timedelta | None:
    """Return how long ago something was heard; None where nobody knows."""
    if not 0 <= heard_at.monotonic <= LONGEST_BOOT_S:
        return now.utc - heard_at.utc if now.quality >= trust and heard_at.quality >= trust else None
    if heard_at.boot_id == now.boot_id:
        return timedelta(seconds=now.monotonic - heard_at.monotonic)
    if now.quality < trust:
        return None
    if heard_at.quality >= trust:
        return now.utc - heard_at.utc
    spans = trusted(boots.get(heard_at.boot_id, ()), trust)
    return now.utc - time_at(spans, heard_at.monotonic)[0] if spans else None


def _gps_time(uplink: Uplink, boots: Boots, trust: TimeQuality) -> tuple[datetime, TimeQuality] | None:
    """Return what a gateway's GPS receiver said of this frame, where that can be: one that has forgotten a week's number lies."""
    for one in uplink.receptions:
        said = one.gateway_time
        if one.gateway_time_is_gps and said is not None and said >= EARLIEST:
            return (said, TimeQuality.GPS) if _within(said, _bounds(uplink.heard_at, boots, trust)) == said else None
    return None


def _bounds(heard_at: Instant, boots: Boots, trust: TimeQuality) -> Bounds:
    """Return what the boots before and after say of a boot: it began after the one and was over when the other began."""
    if heard_at.boot_id not in boots:
        return Bounds()  # another box's, or of a time when nobody kept this
    order = list(boots)
    own = order.index(heard_at.boot_id)
    ends = [span.end for boot in order[:own] for span in trusted(boots[boot], trust)]
    begins = [span.utc_at_zero for boot in order[own + 1 :] for span in trusted(boots[boot], trust)]
    not_before = max(ends) + timedelta(seconds=heard_at.monotonic) if ends else None
    not_after = min(begins) if begins else None
    if not_before is not None and not_after is not None and not_before > not_after:
        return Bounds()  # one of them was wrong, and nobody knows which
    return Bounds(not_before, not_after)


def _within(utc: datetime, bounds: Bounds) -> datetime:
    """Return the time within ``bounds`` that is nearest to what the wall clock said: it may begin where the last boot ended."""
    if bounds.not_before is not None and utc < bounds.not_before:
        return bounds.not_before
    return bounds.not_after if bounds.not_after is not None and utc > bounds.not_after else utc
