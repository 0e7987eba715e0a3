"""Time on air, and how weak a frame may be (Semtech AN1200.13, section 4; SX1276 data sheet, table 13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.lorawan.phy import Direction
from gateway.model import DataRate, FskRate, LoraRate

# dB of SNR that a demodulator needs, by spreading factor
REQUIRED_SNR_DB: Final = {7: -7.5, 8: -10.0, 9: -12.5, 10: -15.0, 11: -17.5, 12: -20.0}

CODING_RATE: Final = 5  # of 4/5, which LoRaWAN uses for all but the test of a radio
PREAMBLE_SYMBOLS: Final = 8  # a beacon has 10; 4.25 more are sync word and start of frame
_FSK_OCTETS: Final = 5 + 3 + 1 + 2  # preamble, sync word, length, CRC
_LOW_RATE_SYMBOL_US: Final = 16_000  # from here on the low data rate optimisation is on


def required_snr_db(data_rate: DataRate) -> float | None:
    """Return the least SNR that a frame is heard with; None of FSK, which has no SNR."""
    return REQUIRED_SNR_DB.get(data_rate.spreading_factor) if isinstance(data_rate, LoraRate) else None


def airtime(
    size: int,
    data_rate: DataRate,
    direction: Direction = Direction.UPLINK,
    *,
    coding_rate: int = CODING_RATE,
    preamble_symbols: int = PREAMBLE_SYMBOLS,
    explicit_header: bool = True,
) -> timedelta:
    """Return how long ``size`` octets of PHYPayload occupy the channel (Semtech AN1200.13, section 4).

    ``coding_rate`` is the lower number of 4/5 to 4/8. A LoRa downlink has no CRC; a beacon has no header either. FSK has
    one form of frame and takes only size and rate.
    """
    match data_rate:
        case FskRate(bit_rate):
            return timedelta(seconds=(_FSK_OCTETS + size) * 8 / bit_rate)
        case LoraRate(spreading_factor, bandwidth_hz):
            symbol_us = 2**spreading_factor * 1_000_000 // bandwidth_hz
            bits = 8 * size + _lora_overhead_bits(spreading_factor, direction, explicit_header=explicit_header)
            symbols = 8 + _lora_blocks(bits, spreading_factor, symbol_us) * coding_rate
            return timedelta(microseconds=symbol_us * (4 * (preamble_symbols + symbols) + 17) // 4)


def _lora_overhead_bits(spreading_factor: int, direction: Direction, *, explicit_header: bool) -> int:
    header_bits = 20 if explicit_header else 0
    crc_bits = 16 if direction is Direction.UPLINK else 0
    return header_bits + crc_bits + 8 - 4 * spreading_factor  # what fits into the first eight symbols is free


def _lora_blocks(bits: int, spreading_factor: int, symbol_us: int) -> int:
    bits_a_block = 4 * (spreading_factor - (2 if symbol_us >= _LOW_RATE_SYMBOL_US else 0))
    return max(-(-bits // bits_a_block), 0)
