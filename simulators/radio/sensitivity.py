"""How weak a frame may be: noise of the band, noise of the receiver, and what the modulation needs."""

from __future__ import annotations

import math
from typing import Final

from gateway.model import DataRate, FskRate

THERMAL_DBM_HZ: Final = -174.0  # k · 290 K
# What a LoRa demodulator needs, by spreading factor: SX1276/77/78/79 data sheet, table 13. Those of the SX1301 and SX1302 are the same.
REQUIRED_SNR_DB: Final = {5: -2.5, 6: -5.0, 7: -7.5, 8: -10.0, 9: -12.5, 10: -15.0, 11: -17.5, 12: -20.0}
FSK_BANDWIDTH_HZ: Final = 125_000  # the filter of a concentrator's FSK path; 50 kbit/s with 25 kHz deviation
FSK_REQUIRED_SNR_DB: Final = 8.3  # Eb/N0 of 12.3 dB: one wrong bit in 10 000 without coherence, at 50 kbit/s in 125 kHz


def bandwidth_hz(data_rate: DataRate) -> int:
    """Return the width of the channel that a frame takes."""
    return FSK_BANDWIDTH_HZ if isinstance(data_rate, FskRate) else data_rate.bandwidth_hz


def noise_dbm(data_rate: DataRate, noise_figure_db: float) -> float:
    """Return the noise that a receiver of ``noise_figure_db`` has in the frame's channel."""
    return THERMAL_DBM_HZ + 10 * math.log10(bandwidth_hz(data_rate)) + noise_figure_db


def required_snr_db(data_rate: DataRate) -> float:
    """Return the least distance from the noise that a frame is read with."""
    return FSK_REQUIRED_SNR_DB if isinstance(data_rate, FskRate) else REQUIRED_SNR_DB[data_rate.spreading_factor]


def sensitivity_dbm(data_rate: DataRate, noise_figure_db: float) -> float:
    """Return the weakest frame that is read."""
    return noise_dbm(data_rate, noise_figure_db) + required_snr_db(data_rate)
