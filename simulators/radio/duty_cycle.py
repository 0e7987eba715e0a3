"""How a device keeps the law: it knows what it has sent in each sub-band, and when it may speak again.

Strict: no hour, wherever it begins, holds more than the band allows. An off-time after each frame would not do, for an hour may
begin with a frame and end with one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from gateway.lorawan.region import EU868, SubBand

HOUR_US: Final = 3_600_000_000  # ETSI EN 300 220-1 V3.1.1, section 5.4: the observation period


class Restraint:
    """One device's transmitter in the sub-bands of its region."""

    def __init__(self, bands: Sequence[SubBand] = EU868.sub_bands) -> None:
        self._bands = bands
        self._sent: dict[str, deque[tuple[int, int]]] = {band.label: deque() for band in bands}

    def earliest_us(self, frequency_hz: int, airtime_us: int, wanted_us: int) -> int:
        """Return when a frame may begin at the earliest; ValueError for a channel or a length that is never lawful."""
        band = self._band(frequency_hz)
        room_us = HOUR_US * band.duty_cycle_permille // 1000 - airtime_us
        if room_us < 0:
            raise ValueError(f"{airtime_us} µs are more than sub-band {band.label} allows in an hour")
        sent = self._sent[band.label]
        while sent and sent[0][1] <= wanted_us + airtime_us - HOUR_US:
            sent.popleft()
        total_us, begins_us = 0, wanted_us
        for started_us, ended_us in reversed(sent):
            total_us += ended_us - started_us
            if total_us > room_us:  # so much of this one must have left the hour that ends with the new frame
                begins_us = max(begins_us, started_us + total_us - room_us + HOUR_US - airtime_us)
                break
        return begins_us

    def sent(self, frequency_hz: int, begins_us: int, airtime_us: int) -> None:
        """Note what was sent."""
        self._sent[self._band(frequency_hz).label].append((begins_us, begins_us + airtime_us))

    def _band(self, frequency_hz: int) -> SubBand:
        for band in self._bands:
            if band.lowest_hz <= frequency_hz < band.highest_hz and band.duty_cycle_permille < 1000:
                return band
        raise ValueError(f"{frequency_hz} Hz lies in no sub-band of the region")
