"""What frames do to each other at a receiver; every rule can be turned off, so that theory can be met."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from gateway.model import DataRate, LoraRate

# The least signal-to-interference ratio, dB, by the frame's own spreading factor and then the other's, 7 to 12: Croce, Gucciardo,
# Mangione, Santaromita, Tinnirello, "Impact of LoRa Imperfect Orthogonality", IEEE Communications Letters 22(4), 2018.
CROCE_DB: Final = {
    7: {8: -8, 9: -9, 10: -9, 11: -9, 12: -9},
    8: {7: -11, 9: -11, 10: -12, 11: -13, 12: -13},
    9: {7: -15, 8: -13, 10: -13, 11: -14, 12: -15},
    10: {7: -19, 8: -18, 9: -17, 11: -17, 12: -18},
    11: {7: -22, 8: -22, 9: -21, 10: -20, 12: -20},
    12: {7: -25, 8: -25, 9: -25, 10: -24, 11: -23},
}
FIXED_LINK_FADING_DB: Final = (
    1.4  # Ricean K of 13 dB, which fixed links exceed (Valenzuela et al., IEEE WCL 9(10), 2020)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of the air.

    ``capture_db``: a frame survives those of its own kind that are, together, weaker by so much; None: none that meet survive.
    ``spared_symbols``: so many symbols at the beginning of a preamble may meet another frame and harm neither: five are enough.
    """

    capture_db: float | None = 6.0  # Bor et al., MSWiM 2016
    spared_symbols: int = 3  # of 8: five must be heard (the same)
    orthogonal: bool = True  # spreading factors do not disturb each other; False: CROCE_DB
    demodulators_limited: bool = True
    half_duplex: bool = True
    fading_db: float = FIXED_LINK_FADING_DB  # standard deviation from frame to frame


MEASURED: Final = Rules()
PURE_ALOHA: Final = Rules(capture_db=None, spared_symbols=0, demodulators_limited=False, fading_db=0.0)


def symbol_us(data_rate: DataRate) -> float:
    """Return how long a symbol lasts; FSK, which has none, counts as nothing."""
    if not isinstance(data_rate, LoraRate):
        return 0.0
    return (1 << data_rate.spreading_factor) * 1e6 / data_rate.bandwidth_hz


def endured_db(rules: Rules, own: DataRate, other: DataRate) -> float | None:
    """Return how much weaker than a frame's own power the other may be at least; infinity: any meeting is fatal; None: harmless."""
    if own == other:
        return math.inf if rules.capture_db is None else rules.capture_db
    if rules.orthogonal or not (isinstance(own, LoraRate) and isinstance(other, LoraRate)):
        return None
    if own.spreading_factor == other.spreading_factor:
        return None  # of another bandwidth: another slope, and nobody has measured it
    return CROCE_DB.get(own.spreading_factor, {}).get(other.spreading_factor)
