"""Whether what a gateway sent was lawful and possible: the duty cycle of each sub-band, and one frame at a time.

Brute force on purpose: every hour that begins with a transmission or ends with one is summed up, and no other can hold
more. The network keeps its own ledger in another way, and this is what proves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.concentrator import Transmission

HOUR_US: Final = 3_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A slice of spectrum: whose ``highest_hz`` is the next one's, and how much of an hour one may send in it."""

    name: str
    lowest_hz: int
    highest_hz: int
    permille: int
    most_dbm: int = 16  # EIRP: 25 mW ERP

    def holds(self, frequency_hz: int) -> bool:
        """Tell whether a frequency lies in it."""
        return self.lowest_hz <= frequency_hz < self.highest_hz


# ETSI EN 300 220-2 V3.2.1, annex B. 869.7 to 870 MHz is without a limit below 5 mW, which no gateway uses.
EUROPE: Final = (
    Band(name="863 to 865", lowest_hz=863_000_000, highest_hz=865_000_000, permille=1),
    Band(name="865 to 868", lowest_hz=865_000_000, highest_hz=868_000_000, permille=10),
    Band(name="868 to 868.6", lowest_hz=868_000_000, highest_hz=868_600_000, permille=10),
    Band(name="868.7 to 869.2", lowest_hz=868_700_000, highest_hz=869_200_000, permille=1),
    Band(name="869.4 to 869.65", lowest_hz=869_400_000, highest_hz=869_650_000, permille=100, most_dbm=29),
    Band(name="869.7 to 870", lowest_hz=869_700_000, highest_hz=870_000_000, permille=10),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrun:
    """An hour that holds more than its band allows."""

    band: str
    begins_us: int
    on_air_us: int
    allowed_us: int


def overruns(sent: Sequence[Transmission], bands: Sequence[Band] = EUROPE) -> list[Overrun]:
    """Return the fullest unlawful hour of each band; none where a gateway kept the law. Counters must not have wrapped."""
    worst = (_worst(band, [one for one in sent if band.holds(one.frequency_hz)]) for band in bands)
    return [overrun for overrun in worst if overrun is not None]


def outlaws(sent: Sequence[Transmission], bands: Sequence[Band] = EUROPE) -> list[Transmission]:
    """Return what was sent outside of all bands, or with more power than its band allows."""
    return [
        one
        for one in sent
        if not any(band.holds(one.frequency_hz) and one.power_dbm <= band.most_dbm for band in bands)
    ]


def overlaps(sent: Sequence[Transmission]) -> list[tuple[Transmission, Transmission]]:
    """Return the pairs of neighbours that one transmitter would have had to send at once."""
    in_time = sorted(sent, key=lambda one: one.starts_us)
    longest = _running_longest(in_time)
    return [
        (before, after) for before, after in zip(longest, in_time[1:], strict=False) if after.starts_us < before.ends_us
    ]


def _running_longest(in_time: Sequence[Transmission]) -> Iterator[Transmission]:
    """Yield, for each transmission, which of it and all before ends last: a long one may cover several short ones."""
    last: Transmission | None = None
    for one in in_time:
        last = one if last is None or one.ends_us > last.ends_us else last
        yield last


def _worst(band: Band, sent: Sequence[Transmission]) -> Overrun | None:
    allowed_us = HOUR_US * band.permille // 1000
    hours = ((_on_air(sent, begins_us), begins_us) for begins_us in _hours(sent))
    on_air_us, begins_us = max(hours, default=(0, 0))
    if on_air_us <= allowed_us:
        return None
    return Overrun(band=band.name, begins_us=begins_us, on_air_us=on_air_us, allowed_us=allowed_us)


def _hours(sent: Sequence[Transmission]) -> Iterator[int]:
    for one in sent:
        yield one.starts_us
        yield one.ends_us - HOUR_US


def _on_air(sent: Sequence[Transmission], begins_us: int) -> int:
    ends_us = begins_us + HOUR_US
    return sum(max(min(one.ends_us, ends_us) - max(one.starts_us, begins_us), 0) for one in sent)
