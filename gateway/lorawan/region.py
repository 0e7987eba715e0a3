"""Regions as data: channels, data rates, windows, sizes and sub-bands (LoRaWAN Regional Parameters RP002-1.0.4).

A region is one `Region`; another is another table, read by the same code. Limits of sub-bands are ETSI EN 300 220-2 V3.2.1, annex B.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.lorawan.phy import Direction
from gateway.model import DataRate, FskRate, LoraRate

RECEIVE_DELAY1: Final = timedelta(seconds=1)  # RP002-1.0.4, section 3.1; a session may say otherwise
JOIN_ACCEPT_DELAY1: Final = timedelta(seconds=5)  # the same
RX2_AFTER_RX1: Final = timedelta(seconds=1)  # RECEIVE_DELAY2 and JOIN_ACCEPT_DELAY2


@dataclass(frozen=True, slots=True, kw_only=True)
class SubBand:
    """A slice of spectrum with its own law; ``lowest_hz`` belongs to it, ``highest_hz`` to the next."""

    label: str
    lowest_hz: int
    highest_hz: int
    duty_cycle_permille: int  # of one hour; 1000: no limit
    max_eirp_dbm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What a radio of one part of the world may and shall do; tuples by data rate are indexed by its number."""

    name: str
    data_rates: tuple[DataRate, ...]
    default_channels_hz: tuple[int, ...]
    cf_list_hz: tuple[int, ...]  # channels that a join accept adds, numbered on from the default ones
    rx1_data_rates: tuple[tuple[int, ...], ...]  # [uplink's data rate][RX1DROffset]
    rx2_frequency_hz: int
    rx2_data_rate: int
    max_payloads: tuple[int, ...]  # octets of FRMPayload without FOpts, no repeater (N)
    sub_bands: tuple[SubBand, ...]
    max_eirp_dbm: int  # where no sub-band says otherwise

    def data_rate_number(self, data_rate: DataRate) -> int | None:
        """Return the number of a data rate; None where the region has no such rate."""
        return self.data_rates.index(data_rate) if data_rate in self.data_rates else None

    def data_rate(self, number: int) -> DataRate | None:
        """Return the data rate of a number; None where the region has no such number."""
        return self.data_rates[number] if 0 <= number < len(self.data_rates) else None

    def channel(self, frequency_hz: int) -> int | None:
        """Return the number of the uplink channel on this frequency; None where the network gave none."""
        channels = self.default_channels_hz + self.cf_list_hz
        return channels.index(frequency_hz) if frequency_hz in channels else None

    def rx1_data_rate(self, uplink: DataRate, offset: int) -> DataRate | None:
        """Return the data rate of RX1; None where the region has no such rate or offset."""
        number = self.data_rate_number(uplink)
        if number is None or offset >= len(self.rx1_data_rates[number]):
            return None
        return self.data_rates[self.rx1_data_rates[number][offset]]

    def sub_band(self, frequency_hz: int) -> SubBand | None:
        """Return the sub-band of a frequency, of several the one that allows most power; None outside of all."""
        bands = [band for band in self.sub_bands if band.lowest_hz <= frequency_hz < band.highest_hz]
        return max(bands, key=lambda band: band.max_eirp_dbm, default=None)

    def eirp_dbm(self, frequency_hz: int) -> int:
        """Return the most power that a gateway may send with on a frequency."""
        band = self.sub_band(frequency_hz)
        return self.max_eirp_dbm if band is None else band.max_eirp_dbm


def _band(label: str, lowest_hz: int, highest_hz: int, duty_cycle_permille: int, max_eirp_dbm: int) -> SubBand:
    return SubBand(
        label=label,
        lowest_hz=lowest_hz,
        highest_hz=highest_hz,
        duty_cycle_permille=duty_cycle_permille,
        max_eirp_dbm=max_eirp_dbm,
    )


EU868: Final = Region(
    name="EU868",
    data_rates=(
        LoraRate(12, 125_000),
        LoraRate(11, 125_000),
        LoraRate(10, 125_000),
        LoraRate(9, 125_000),
        LoraRate(8, 125_000),
        LoraRate(7, 125_000),
        LoraRate(7, 250_000),
        FskRate(50_000),
    ),
    default_channels_hz=(868_100_000, 868_300_000, 868_500_000),
    cf_list_hz=(867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000),
    rx1_data_rates=tuple(tuple(max(number - offset, 0) for offset in range(6)) for number in range(8)),
    rx2_frequency_hz=869_525_000,
    rx2_data_rate=0,
    max_payloads=(51, 51, 51, 115, 242, 242, 242, 242),
    sub_bands=(
        _band("K", 863_000_000, 865_000_000, 1, 16),  # 25 mW ERP are 16.1 dBm EIRP, whole decibels are kept
        _band("L", 865_000_000, 868_000_000, 10, 16),
        _band("M", 868_000_000, 868_600_000, 10, 16),
        _band("N", 868_700_000, 869_200_000, 1, 16),
        _band("P", 869_400_000, 869_650_000, 100, 29),  # 500 mW ERP
        _band("P2", 869_700_000, 870_000_000, 1000, 9),  # 5 mW ERP
        _band("Q", 869_700_000, 870_000_000, 10, 16),
    ),
    max_eirp_dbm=16,
)

REGIONS: Final = {region.name: region for region in (EU868,)}


# ── time on air ─────────────────────────────────────────────────────────────────────────────────────────────────

_FSK_OCTETS: Final = 5 + 3 + 1 + 2  # preamble, sync word, length, CRC
_LORA_PREAMBLE: Final = 8  # symbols; 4.25 more are sync word and start of frame
_LOW_RATE_SYMBOL_US: Final = 16_000  # from here on the low data rate optimisation is on


def airtime(size: int, data_rate: DataRate, direction: Direction = Direction.UPLINK) -> timedelta:
    """Return how long ``size`` octets of PHYPayload occupy the channel (Semtech AN1200.13, section 4).

    Explicit header and coding rate 4/5; a LoRa downlink has no CRC.
    """
    match data_rate:
        case FskRate(bit_rate):
            return timedelta(seconds=(_FSK_OCTETS + size) * 8 / bit_rate)
        case LoraRate(spreading_factor, bandwidth_hz):
            symbol_us = 2**spreading_factor * 1_000_000 // bandwidth_hz
            symbols = _lora_payload_symbols(size, spreading_factor, symbol_us, direction)
            return timedelta(microseconds=symbol_us * (4 * (_LORA_PREAMBLE + symbols) + 17) // 4)


def _lora_payload_symbols(size: int, spreading_factor: int, symbol_us: int, direction: Direction) -> int:
    crc_bits = 16 if direction is Direction.UPLINK else 0
    bits = 8 * size - 4 * spreading_factor + 28 + crc_bits
    bits_a_block = 4 * (spreading_factor - (2 if symbol_us >= _LOW_RATE_SYMBOL_US else 0))
    return 8 + max(-(-bits // bits_a_block), 0) * 5
