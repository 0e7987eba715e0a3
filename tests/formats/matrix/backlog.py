"""A backlog in which every quantity of the vocabulary comes round, with values, units and times of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from gateway.model import Device, Item
from tests.formats.items import SUNDSVALL, eui, item

# A row speaks of one quantity, or of the two halves of a position; 121 and 8 have no common divisor, so every device measures all.
SAID_AT_ONCE: Final[Sequence[tuple[str, ...]]] = [
    *((name,) for name in QUANTITIES if name not in {"latitude", "longitude"}),
    ("latitude", "longitude"),
]
DEVICES: Final = [Device(dev_eui=eui(number), name=f"post-{number}", place=SUNDSVALL) for number in range(8)]
ROUND: Final = len(SAID_AT_ONCE)
GOLDEN: Final = 0.6180339887  # its multiples fill the unit interval without coming back


def backlog(count: int, *, until: datetime, every: timedelta = timedelta(seconds=2)) -> list[Item]:
    """Return ``count`` uplinks in the order in which they were heard, the last of them at ``until``."""
    begun = until - every * (count - 1)
    return [_item(number, begun + every * number) for number in range(count)]


def _item(number: int, heard_at: datetime) -> Item:
    device = DEVICES[number % len(DEVICES)]
    return item(*_readings(number), row=number + 1, device=device, heard_at=heard_at)


def _readings(number: int) -> Iterator[Reading]:
    for name in SAID_AT_ONCE[number % ROUND]:
        quantity = QUANTITIES[name]
        yield Reading(name, _value(quantity, number), quantity.unit)


def _value(quantity: Quantity, number: int) -> float | bool:
    """Return a plausible value, no two rounds the same; whole where some schema wants whole numbers."""
    if quantity.value_type is ValueType.BOOLEAN:
        return number // ROUND % 2 == 0
    low, high = quantity.plausible_minimum or 0.0, quantity.plausible_maximum or 0.0
    value = low + (high - low) * ((number + 1) * GOLDEN % 1)
    return round(value) if high - low >= 500 else round(value, 4)
