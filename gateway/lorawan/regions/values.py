"""What a region is made of: sub-bands, channels, data rates, windows, sizes and powers (RP002-1.0.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from gateway.model import DataRate

# octets of FRMPayload without FOpts (N), by data rate; None where nothing may be sent
Payloads = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubBand:
    """A slice of spectrum with its own law; ``lowest_hz`` belongs to it, ``highest_hz`` to the next."""

    label: str
    lowest_hz: int
    highest_hz: int
    duty_cycle_permille: int  # of one hour; 1000: no limit
    max_eirp_dbm: int

    def conducted_dbm(self, antenna_gain_dbi: float) -> int:
        """Return the most power in whole dBm that may go into an antenna, its cable's loss taken off its gain."""
        return math.floor(self.max_eirp_dbm - antenna_gain_dbi)


@dataclass(frozen=True, slots=True)
class Channel:
    """An uplink channel, and the numbers of the data rates that it carries."""

    frequency_hz: int
    lowest_data_rate: int
    highest_data_rate: int
    downlink_hz: int | None = None  # RX1 by DlChannelReq; None: as the region has it

    def carries(self, data_rate: int) -> bool:
        """Return whether a data rate may be used here."""
        return self.lowest_data_rate <= data_rate <= self.highest_data_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What a radio of one part of the world may and shall do; tuples by data rate are indexed by its number."""

    name: str
    data_rates: tuple[DataRate | None, ...]  # None: reserved, or LR-FHSS, which a LoRa gateway does not send
    default_channels: tuple[Channel, ...]
    join_channels: tuple[Channel, ...]  # the default ones, with the data rates of join requests
    cf_list_hz: tuple[int, ...] = ()  # channels that a join accept adds, numbered on from the default ones
    cf_list_mask: frozenset[int] = frozenset()  # of a fixed plan: channels that a join accept leaves on
    downlink_channels_hz: tuple[int, ...] = ()  # of a fixed plan: where RX1 is; empty: where the uplink was
    rx1_data_rates: tuple[tuple[int, ...], ...]  # [uplink's data rate][RX1DROffset]; () is of no uplink we can hear
    rx1_data_rates_dwell: tuple[tuple[int, ...], ...] = ()  # with DownlinkDwellTime 1; empty: the same
    rx2_frequency_hz: int
    rx2_data_rate: int
    max_payloads: Payloads
    max_payloads_repeater: Payloads  # where a repeater may be on the way
    max_payloads_dwell: Payloads = ()  # of uplinks with UplinkDwellTime 1, of downlinks with DownlinkDwellTime 1
    dwell_time: timedelta | None = None  # the longest that one frame may last where dwell time is limited
    tx_param_setup: bool = False  # whether devices know TXParamSetupReq, which says where it is
    highest_adr_data_rate: int  # the fastest that every default channel of the usual kind carries
    sub_bands: tuple[SubBand, ...]
    max_eirp_dbm: int  # of devices, and of gateways where no sub-band says otherwise
    tx_power_steps: int  # the highest TXPower

    @property
    def fixed_plan(self) -> bool:
        """Whether channels are numbered by the region and only switched by the network."""
        return bool(self.downlink_channels_hz)

    @property
    def default_channels_hz(self) -> tuple[int, ...]:
        """The frequencies of the default channels, by number."""
        return tuple(channel.frequency_hz for channel in self.default_channels)

    @property
    def uplink_data_rates(self) -> tuple[int, ...]:
        """The numbers that an uplink may have and a LoRa gateway can hear."""
        return tuple(number for number, row in enumerate(self.rx1_data_rates) if row)

    def data_rate_number(self, data_rate: DataRate) -> int | None:
        """Return the number of an uplink's data rate; None where the region has no such rate.

        A fixed plan has some rates twice; the lower number is the uplink's.
        """
        return self.data_rates.index(data_rate) if data_rate in self.data_rates else None

    def data_rate(self, number: int) -> DataRate | None:
        """Return the data rate of a number; None where the region has no such number, or it is LR-FHSS."""
        return self.data_rates[number] if 0 <= number < len(self.data_rates) else None

    def channel(self, frequency_hz: int) -> int | None:
        """Return the number of the uplink channel on this frequency; None where the network gave none."""
        channels = self.default_channels_hz + self.cf_list_hz
        return channels.index(frequency_hz) if frequency_hz in channels else None

    def rx1_data_rate(self, uplink: DataRate, offset: int, *, dwell_limited: bool = False) -> DataRate | None:
        """Return the data rate of RX1; None where the region has no such rate or offset.

        ``dwell_limited`` is what the device was told as DownlinkDwellTime.
        """
        number = self.data_rate_number(uplink)
        rows = self.rx1_data_rates_dwell if dwell_limited and self.rx1_data_rates_dwell else self.rx1_data_rates
        if number is None or not 0 <= offset < len(rows[number]):
            return None
        return self.data_rates[rows[number][offset]]

    def rx1_frequency_hz(self, uplink_hz: int) -> int | None:
        """Return where RX1 is after an uplink; None where a fixed plan has no such uplink channel."""
        if not self.downlink_channels_hz:
            return uplink_hz
        number = self.channel(uplink_hz)
        return None if number is None else self.downlink_channels_hz[number % len(self.downlink_channels_hz)]

    def max_payload(self, number: int, *, repeater: bool = False, dwell_limited: bool = False) -> int | None:
        """Return how many octets of FRMPayload fit beside no FOpts; None where nothing may be sent at this number."""
        tables = [self.max_payloads]
        if repeater:
            tables.append(self.max_payloads_repeater)
        if dwell_limited and self.max_payloads_dwell:
            tables.append(self.max_payloads_dwell)
        sizes = [table[number] if 0 <= number < len(table) else None for table in tables]
        return None if None in sizes else min(size for size in sizes if size is not None)

    def adr_data_rates(self, *, dwell_limited: bool = False) -> range:
        """Return the numbers that ADR may choose from; ``dwell_limited`` is UplinkDwellTime."""
        fastest = self.highest_adr_data_rate
        lowest = next(
            number for number in range(fastest + 1) if self.max_payload(number, dwell_limited=dwell_limited) is not None
        )
        return range(lowest, fastest + 1)

    def tx_power_dbm(self, tx_power: int) -> int | None:
        """Return the EIRP of a device's TXPower, of a device that can all its region allows; None: no such TXPower."""
        return self.max_eirp_dbm - 2 * tx_power if 0 <= tx_power <= self.tx_power_steps else None

    def sub_band(self, frequency_hz: int) -> SubBand | None:
        """Return the sub-band of a frequency, of several the one that allows most power; None outside of all."""
        bands = [band for band in self.sub_bands if band.lowest_hz <= frequency_hz < band.highest_hz]
        return max(bands, key=lambda band: band.max_eirp_dbm, default=None)

    def eirp_dbm(self, frequency_hz: int) -> int:
        """Return the most power that a gateway may send with on a frequency."""
        band = self.sub_band(frequency_hz)
        return self.max_eirp_dbm if band is None else band.max_eirp_dbm
