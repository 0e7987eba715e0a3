"""What US915 and AU915 share: 64 channels of 125 kHz, 8 of 500 kHz, and 8 downlink channels of 500 kHz.

A gateway of eight channels hears one bank: eight neighbours of 125 kHz and the 500 kHz channel that lies over them.
"""

from __future__ import annotations

from typing import Final

from gateway.lorawan.regions.values import Channel
from gateway.model import DataRate, LoraRate

NARROW: Final = 64  # channels 0 to 63 have 125 kHz
WIDE: Final = 8  # channels 64 to 71 have 500 kHz
BANK: Final = 8  # narrow channels that share a wide one
DOWNLINK_CHANNELS_HZ: Final = tuple(923_300_000 + 600_000 * number for number in range(8))

DR8_TO_DR13: Final[tuple[DataRate, ...]] = tuple(LoraRate(factor, 500_000) for factor in range(12, 6, -1))
DR8_TO_DR13_PAYLOADS: Final = (53, 129, 242, 242, 242, 242)
DR8_TO_DR13_PAYLOADS_REPEATER: Final = (53, 129, 222, 222, 222, 222)
NO_UPLINKS: Final[tuple[tuple[int, ...], ...]] = ((),) * 6  # DR8 to DR13 go down only


def channels(narrow_hz: int, wide_hz: int, *, narrow: tuple[int, int], wide: tuple[int, int]) -> tuple[Channel, ...]:
    """Return all 72 channels from the first of each kind and the lowest and highest data rate of each kind."""
    narrow_ones = tuple(Channel(narrow_hz + 200_000 * number, *narrow) for number in range(NARROW))
    return narrow_ones + tuple(Channel(wide_hz + 1_600_000 * number, *wide) for number in range(WIDE))


def bank(number: int) -> frozenset[int]:
    """Return the channels of a bank, 0 to 7; installers count "sub-bands" from 1, so FSB 2 is bank 1."""
    return frozenset((*range(BANK * number, BANK * (number + 1)), NARROW + number))
