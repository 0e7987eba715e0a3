"""How much of a signal is lost on its way in the open: formulas, and parameters that were measured.

Each model is a value that answers `loss_db(distance_m, frequency_hz)`; what buildings take comes on top (`spots.Walls`), and
how far a link departs from the mean (`shadowing`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Protocol

HERTZ_A_MEGAHERTZ: Final = 1e6


class Propagation(Protocol):
    """What a distance costs."""

    @property
    def shadowing_db(self) -> float:
        """Return the standard deviation of the links around the mean, as it was measured along with it."""
        ...

    def loss_db(self, distance_m: float, frequency_hz: float) -> float:
        """Return the mean loss between two antennas in dB."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSpace:
    """Nothing is in the way (Recommendation ITU-R P.525-4, equation 4)."""

    shadowing_db: float = 0.0

    def loss_db(self, distance_m: float, frequency_hz: float) -> float:
        """Return the mean loss between two antennas in dB."""
        return 32.4 + 20 * math.log10(frequency_hz / HERTZ_A_MEGAHERTZ) + 20 * math.log10(distance_m / 1000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDistance:
    """A line through what was measured: so much at ``reference_m``, and ``exponent`` times 10 dB for each tenfold distance."""

    reference_m: float
    reference_db: float
    exponent: float
    shadowing_db: float = 0.0

    def loss_db(self, distance_m: float, frequency_hz: float) -> float:  # noqa: ARG002 - measured at one frequency
        """Return the mean loss between two antennas in dB."""
        return self.reference_db + 10 * self.exponent * math.log10(distance_m / self.reference_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class OkumuraHata:
    """Towns of small or middle size, 150 to 1500 MHz, 1 to 20 km (Hata, IEEE Transactions on Vehicular Technology 29(3), 1980)."""

    suburban: bool = False
    base_height_m: float = 30.0  # 30 to 200
    device_height_m: float = 1.5  # 1 to 10
    shadowing_db: float = 8.0

    def loss_db(self, distance_m: float, frequency_hz: float) -> float:
        """Return the mean loss between two antennas in dB; below a kilometre the line is drawn on."""
        megahertz = frequency_hz / HERTZ_A_MEGAHERTZ
        log_f, log_base = math.log10(megahertz), math.log10(self.base_height_m)
        device_db = (1.1 * log_f - 0.7) * self.device_height_m - (1.56 * log_f - 0.8)
        at_1_km_db = 69.55 + 26.16 * log_f - 13.82 * log_base - device_db
        urban_db = at_1_km_db + (44.9 - 6.55 * log_base) * math.log10(distance_m / 1000.0)
        return urban_db - (2 * math.log10(megahertz / 28) ** 2 + 5.4 if self.suburban else 0.0)


# Oulu, 65° N, 868 MHz: Petäjäjärvi, Mikhaylov, Roivainen, Hänninen, Pettissalo, "On the Coverage of LPWANs: Range Evaluation and
# Channel Attenuation Model for LoRa Technology", ITST 2015.
OULU: Final = LogDistance(reference_m=1000.0, reference_db=128.95, exponent=2.32, shadowing_db=7.8)  # by car
OULU_WATER: Final = LogDistance(reference_m=1000.0, reference_db=126.43, exponent=1.76, shadowing_db=8.0)  # by boat
# A built-up quarter of Lancaster: Bor, Roedig, Voigt, Alonso, "Do LoRa Low-Power Wide-Area Networks Scale?", MSWiM 2016.
LANCASTER: Final = LogDistance(reference_m=40.0, reference_db=127.41, exponent=2.08, shadowing_db=0.0)
