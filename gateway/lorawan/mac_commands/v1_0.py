"""The commands of class A that every LoRaWAN 1.0.x and 1.1 shares; section numbers are of 1.0.4 and of 1.1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Self

from gateway.lorawan.mac_commands.gps_time import gps_time
from gateway.lorawan.mac_commands.layout import (
    DownlinkCommand,
    UplinkCommand,
    bits,
    flag,
    frequency,
    octets,
    signed_bits,
)

EXTERNAL_POWER: Final = 0  # DevStatusAns.battery: external power
BATTERY_UNKNOWN: Final = 255  # the same: could not be measured
MAX_EIRP_DBM: Final = (8, 10, 12, 13, 14, 16, 18, 20, 21, 24, 26, 27, 29, 30, 33, 36)  # 1.0.4, table 48; 1.1, 5.9
KEEP: Final = 15  # LinkADRReq.data_rate and tx_power since 1.0.4 and 1.1: what the device has
_SECOND: Final = timedelta(seconds=1)


# ── link check (5.1, 5.2) ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class LinkCheckReq(UplinkCommand):
    """Ask whether anybody hears (5.1, 5.2)."""

    cid = 0x02


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCheckAns(DownlinkCommand):
    """Tell how well the asking frame was heard: dB above the demodulation floor, and by how many gateways (5.1, 5.2)."""

    cid = 0x02
    margin: Annotated[int, octets(0, 1)]  # dB; 255 is reserved
    gw_cnt: Annotated[int, octets(1, 1)]


# ── data rate, power, channels in use (5.2, 5.3) ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkADRReq(DownlinkCommand):
    """Set data rate, power, channels and repetitions; contiguous ones are one block (5.2, 5.3).

    ``ch_mask`` is 16 bits, the lowest of them the first channel of the block ``ch_mask_cntl``. ``nb_trans`` 0 keeps.
    """

    cid = 0x03
    data_rate: Annotated[int, bits(0, 7, 4)]
    tx_power: Annotated[int, bits(0, 3, 0)]
    ch_mask: Annotated[int, octets(1, 2)]
    ch_mask_cntl: Annotated[int, bits(3, 6, 4)]
    nb_trans: Annotated[int, bits(3, 3, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkADRAns(UplinkCommand):
    """Tell which parts of a LinkADRReq suit; where one does not, none was taken (5.2, 5.3)."""

    cid = 0x03
    power_ack: Annotated[bool, flag(0, 2)]
    data_rate_ack: Annotated[bool, flag(0, 1)]
    channel_mask_ack: Annotated[bool, flag(0, 0)]


# ── duty cycle (5.3, 5.4) ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyCycleReq(DownlinkCommand):
    """Limit the device's share of all time to 1 / 2 ** max_duty_cycle (5.3, 5.4).

    The 255 of 1.0.0, "be silent", cannot be said here: a silent device cannot be told to speak again.
    """

    cid = 0x04
    max_duty_cycle: Annotated[int, bits(0, 3, 0)]


@dataclass(frozen=True, slots=True)
class DutyCycleAns(UplinkCommand):
    """Acknowledge a DutyCycleReq (5.3, 5.4)."""

    cid = 0x04


# ── receive windows (5.4, 5.5) ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class RXParamSetupReq(DownlinkCommand):
    """Set RX1's data rate offset, RX2's data rate and frequency (5.4, 5.5)."""

    cid = 0x05
    rx1_dr_offset: Annotated[int, bits(0, 6, 4)]
    rx2_data_rate: Annotated[int, bits(0, 3, 0)]
    frequency_hz: Annotated[int, frequency(1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RXParamSetupAns(UplinkCommand):
    """Tell which parts of an RXParamSetupReq suit; repeated until a downlink is heard (5.4, 5.5)."""

    cid = 0x05
    rx1_dr_offset_ack: Annotated[bool, flag(0, 2)]
    rx2_data_rate_ack: Annotated[bool, flag(0, 1)]
    channel_ack: Annotated[bool, flag(0, 0)]


# ── status (5.5, 5.6) ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class DevStatusReq(DownlinkCommand):
    """Ask for battery and margin (5.5, 5.6)."""

    cid = 0x06


@dataclass(frozen=True, slots=True, kw_only=True)
class DevStatusAns(UplinkCommand):
    """Tell the battery's level and the SNR of the DevStatusReq in dB (5.5, 5.6)."""

    cid = 0x06
    battery: Annotated[int, octets(0, 1)]  # 0 on external power, 1 to 254 empty to full, 255 not measurable
    margin: Annotated[int, signed_bits(1, 5, 0)]

    @property
    def battery_percent(self) -> float | None:
        """The battery's level, 0 to 100; None on external power and where it could not be measured."""
        if self.battery in {EXTERNAL_POWER, BATTERY_UNKNOWN}:
            return None
        return (self.battery - 1) / 253 * 100


# ── channels (5.6, 5.7) ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannelReq(DownlinkCommand):
    """Make or change a channel; 0 Hz takes it away (5.6, 5.7)."""

    cid = 0x07
    ch_index: Annotated[int, octets(0, 1)]
    frequency_hz: Annotated[int, frequency(1)]
    max_dr: Annotated[int, bits(4, 7, 4)]
    min_dr: Annotated[int, bits(4, 3, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannelAns(UplinkCommand):
    """Tell which parts of a NewChannelReq suit (5.6, 5.7)."""

    cid = 0x07
    data_rate_range_ok: Annotated[bool, flag(0, 1)]
    channel_frequency_ok: Annotated[bool, flag(0, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DlChannelReq(DownlinkCommand):
    """Move RX1 of a channel to another frequency (5.6, 5.7); since 1.0.2."""

    cid = 0x0A
    ch_index: Annotated[int, octets(0, 1)]
    frequency_hz: Annotated[int, frequency(1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DlChannelAns(UplinkCommand):
    """Tell whether a DlChannelReq suits; repeated until a downlink is heard (5.6, 5.7)."""

    cid = 0x0A
    uplink_frequency_exists: Annotated[bool, flag(0, 1)]
    channel_frequency_ok: Annotated[bool, flag(0, 0)]


# ── delays and powers (5.7, 5.8 and 5.8, 5.9) ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class RXTimingSetupReq(DownlinkCommand):
    """Set the delay of RX1 in seconds; 0 says one second, too (5.7, 5.8)."""

    cid = 0x08
    delay: Annotated[int, bits(0, 3, 0)]

    @property
    def rx1_delay_s(self) -> int:
        """What the device will wait."""
        return max(self.delay, 1)


@dataclass(frozen=True, slots=True)
class RXTimingSetupAns(UplinkCommand):
    """Acknowledge an RXTimingSetupReq; repeated until a downlink is heard (5.7, 5.8)."""

    cid = 0x08


@dataclass(frozen=True, slots=True, kw_only=True)
class TXParamSetupReq(DownlinkCommand):
    """Limit the time of one transmission to 400 ms, and the power; ignored where the region has none (5.8, 5.9).

    ``max_eirp`` is an index of MAX_EIRP_DBM. Since 1.0.2.
    """

    cid = 0x09
    downlink_dwell_time: Annotated[bool, flag(0, 5)]
    uplink_dwell_time: Annotated[bool, flag(0, 4)]
    max_eirp: Annotated[int, bits(0, 3, 0)]

    @property
    def max_eirp_dbm(self) -> int:
        """The most power that the device may radiate."""
        return MAX_EIRP_DBM[self.max_eirp]


@dataclass(frozen=True, slots=True)
class TXParamSetupAns(UplinkCommand):
    """Acknowledge a TXParamSetupReq; repeated until a downlink is heard (5.8, 5.9)."""

    cid = 0x09


# ── time (5.9, 5.12) ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class DeviceTimeReq(UplinkCommand):
    """Ask for the time at the end of this very uplink (5.9, 5.12); since 1.0.3."""

    cid = 0x0D


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTimeAns(DownlinkCommand):
    """Tell the GPS time at the end of the asking uplink (5.9, 5.12)."""

    cid = 0x0D
    seconds: Annotated[int, octets(0, 4)]  # since the GPS epoch
    fractional_second: Annotated[int, octets(4, 1)]  # 1/256 s

    @classmethod
    def at(cls, utc: datetime) -> Self:
        """Return the answer for an uplink that ended at an aware datetime, rounded down to 1/256 s."""
        seconds, rest = divmod(gps_time(utc), _SECOND)
        return cls(seconds=seconds, fractional_second=rest * 256 // _SECOND)

    @property
    def since_gps_epoch(self) -> timedelta:
        """The told time, as `gps_time` counts."""
        return timedelta(seconds=self.seconds, microseconds=self.fractional_second * 1_000_000 / 256)
