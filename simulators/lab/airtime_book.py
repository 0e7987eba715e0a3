"""Who has been on the air how long: the fullest hour of each sender, counted apart from what senders themselves keep to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from simulators.air_law import EUROPE, HOUR_US, Band


class Aired(NamedTuple):
    """A transmission."""

    starts_us: int
    airtime_us: int
    frequency_hz: int


class AirtimeBook:
    """All transmissions, by sender."""

    def __init__(self) -> None:
        self._sent: defaultdict[str, list[Aired]] = defaultdict(list)

    def note(self, sender: str, starts_us: int, airtime_us: int, frequency_hz: int) -> None:
        """Note a transmission."""
        self._sent[sender].append(Aired(starts_us, airtime_us, frequency_hz))

    def fullest(self) -> Mapping[str, float]:
        """Return each sender's fullest hour, as the share of what its band allows; above 1 is unlawful."""
        return {
            sender: max((_fullest_hour(sent, band) for band in EUROPE), default=0.0)
            for sender, sent in self._sent.items()
        }


def _fullest_hour(sent: Iterable[Aired], band: Band) -> float:
    """Look at each hour that ends with a transmission: no other holds more."""
    inside = sorted(one for one in sent if band.holds(one.frequency_hz))
    most_us = first = on_air_us = 0
    for one in inside:
        on_air_us += one.airtime_us
        opened_us = one.starts_us + one.airtime_us - HOUR_US
        while inside[first].starts_us + inside[first].airtime_us <= opened_us:
            on_air_us -= inside[first].airtime_us
            first += 1
        most_us = max(most_us, on_air_us - max(opened_us - inside[first].starts_us, 0))
    return most_us / _ALLOWED_US[band.name]


_ALLOWED_US: Final = {band.name: HOUR_US * band.permille / 1000 for band in EUROPE}
