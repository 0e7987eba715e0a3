"""What regions share whose channels the network makes: two or three default ones, NewChannelReq for the others."""

from __future__ import annotations

from typing import Final

from gateway.lorawan.regions.values import Channel
from gateway.model import DataRate, FskRate, LoraRate

SF12_TO_SF7: Final[tuple[DataRate, ...]] = tuple(LoraRate(factor, 125_000) for factor in range(12, 6, -1))
DR0_TO_DR7: Final[tuple[DataRate, ...]] = (*SF12_TO_SF7, LoraRate(7, 250_000), FskRate(50_000))


def channels(*frequencies_hz: int, lowest: int = 0) -> tuple[Channel, ...]:
    """Return channels for all 125 kHz data rates, DR0 (or ``lowest``) to DR5."""
    return tuple(Channel(frequency, lowest, 5) for frequency in frequencies_hz)


def slower_by_offset(offsets: tuple[int, ...], lowest: int = 0) -> tuple[tuple[int, ...], ...]:
    """Return RX1's data rates of DR0 to DR7: slower by the offset, faster where it is below zero."""
    return tuple(tuple(min(max(number - offset, lowest), 7) for offset in offsets) for number in range(8))
