"""What a station is to listen to, and how the two radios of a concentrator are tuned for it.

A radio hears what lies within 400 kHz of its centre (Basics Station 2.0.6, `ral.c` and `sx130xconf.c`; 375 and 300 kHz
for channels of 250 and 500 kHz). Where that does not reach all channels, those that every device begins with come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Final

from gateway.model import DataRate, LoraRate

MOST_CHANNELS: Final = 8  # of 125 kHz with all spreading factors
REACH_HZ: Final = 400_000  # from a radio's centre to that of a channel of 125 kHz, or of FSK
WIDE_REACH_HZ: Final = {250_000: 375_000, 500_000: 300_000}  # by bandwidth


@dataclass(frozen=True, slots=True)
class WideChannel:
    """The one channel of a single LoRa data rate, wider than the others."""

    frequency_hz: int
    data_rate: LoraRate


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioPlan:
    """A region with one site's channels, as far as a station must know it."""

    region: str  # the protocol's word for it
    frequencies_hz: tuple[int, int]  # lowest and highest that may be sent on
    data_rates: tuple[DataRate | None, ...]  # by number, at most 16
    downlink_only: frozenset[int]  # numbers of data rates that no uplink has
    max_eirp_dbm: int
    default_hz: tuple[int, ...]  # channels of 125 kHz that every device begins with
    further_hz: tuple[int, ...] = ()  # the others
    wide: WideChannel | None = None
    fsk_hz: int | None = None


@dataclass(frozen=True, slots=True)
class Tuned:
    """A channel on a radio: which of the two, and how far from its centre."""

    radio: int
    offset_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Both radios and what they hear; ``unheard_hz`` is what they cannot reach."""

    centres_hz: tuple[int, int]
    channels: tuple[Tuned, ...]
    wide: Tuned | None
    fsk: Tuned | None
    unheard_hz: tuple[int, ...]


def tuned(plan: RadioPlan) -> Tuning:
    """Return how to hear most of a plan, the lower channels with radio 0."""
    wanted = (*plan.default_hz, *plan.further_hz)
    centres = _centres(plan, wanted)
    heard = [hz for hz in wanted if _on(centres, hz, REACH_HZ) is not None][:MOST_CHANNELS]
    channels = [one for hz in sorted(heard) if (one := _on(centres, hz, REACH_HZ)) is not None]
    wide_reach_hz = 0 if plan.wide is None else WIDE_REACH_HZ[plan.wide.data_rate.bandwidth_hz]
    return Tuning(
        centres_hz=centres,
        channels=tuple(channels),
        wide=None if plan.wide is None else _on(centres, plan.wide.frequency_hz, wide_reach_hz),
        fsk=None if plan.fsk_hz is None else _on(centres, plan.fsk_hz, REACH_HZ),
        unheard_hz=tuple(hz for hz in wanted if hz not in heard),
    )


def _centres(plan: RadioPlan, wanted: Sequence[int]) -> tuple[int, int]:
    """Return both centres: each radio begins with its lowest channel, the second where the first one's reach has ended."""

    def worth(lowest: tuple[int, int]) -> tuple[int, int]:
        heard = {hz for hz in wanted if any(0 <= hz - low <= 2 * REACH_HZ for low in lowest)}
        return len(heard.intersection(plan.default_hz)), len(heard)

    pairs = combinations_with_replacement(sorted({*wanted}), 2)
    first, second = max((pair for pair in pairs if pair[0] == pair[1] or pair[1] - pair[0] > 2 * REACH_HZ), key=worth)
    return first + REACH_HZ, second + REACH_HZ


def _on(centres: tuple[int, int], frequency_hz: int, reach_hz: int) -> Tuned | None:
    """Return the radio that a channel is nearest to; None where neither reaches it."""
    offset_hz, radio = min(((frequency_hz - centre, radio) for radio, centre in enumerate(centres)), key=_distance)
    return Tuned(radio, offset_hz) if abs(offset_hz) <= reach_hz else None


def _distance(place: tuple[int, int]) -> tuple[int, int]:
    return abs(place[0]), place[1]
