"""What MClimate's sensors share: how their codecs write numbers, and the answer that names their versions."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from decoders.cursor import Cursor

HUNDREDTH = Decimal("0.01")


def hundredths(value: float) -> float:
    """Return ``value`` to two decimals, a tie away from zero, as the toFixed(2) of the vendor's codecs does."""
    return float(Decimal(value).quantize(HUNDREDTH, ROUND_HALF_UP))


def versions(cursor: Cursor) -> dict[str, int | str]:
    """Return the versions of hardware and software: decimal digits that stand in hexadecimal ones."""
    return {part: _digits(cursor.u8(part)) for part in ("hardware", "software")}


def _digits(octet: int) -> int | str:
    text = f"{octet:02x}"
    return int(text) if text.isdecimal() else text
