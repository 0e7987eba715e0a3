"""The commands of class B, as LoRaWAN 1.0.3 defines them first; section numbers are of 1.0.4 and of 1.1.

They are read and written; class B itself is not offered. The class B of 1.0.0 to 1.0.2 was experimental and had
another PingSlotInfoReq: there these CIDs are unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from gateway.lorawan.mac_commands.layout import DownlinkCommand, UplinkCommand, bits, flag, frequency, octets


@dataclass(frozen=True, slots=True, kw_only=True)
class PingSlotInfoReq(UplinkCommand):
    """Tell that the device opens a ping slot about every 2 ** periodicity seconds (12.1, 14.1)."""

    cid = 0x10
    periodicity: Annotated[int, bits(0, 2, 0)]


@dataclass(frozen=True, slots=True)
class PingSlotInfoAns(DownlinkCommand):
    """Acknowledge a PingSlotInfoReq (12.1, 14.1)."""

    cid = 0x10


@dataclass(frozen=True, slots=True, kw_only=True)
class PingSlotChannelReq(DownlinkCommand):
    """Set frequency and data rate of ping slots; 0 Hz is the region's default (12.3, 14.3)."""

    cid = 0x11
    frequency_hz: Annotated[int, frequency(0)]
    data_rate: Annotated[int, bits(3, 3, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PingSlotChannelAns(UplinkCommand):
    """Tell which parts of a PingSlotChannelReq suit (12.3, 14.3)."""

    cid = 0x11
    data_rate_ok: Annotated[bool, flag(0, 1)]
    channel_frequency_ok: Annotated[bool, flag(0, 0)]


@dataclass(frozen=True, slots=True)
class BeaconTimingReq(UplinkCommand):
    """Ask for the time until the next beacon; deprecated, DeviceTimeReq does it (12, 14.4)."""

    cid = 0x12


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconTimingAns(DownlinkCommand):
    """Tell that the next beacon starts within 30 ms * (delay + 1), and on which channel; deprecated (12, 14.4)."""

    cid = 0x12
    delay: Annotated[int, octets(0, 2)]
    channel: Annotated[int, octets(2, 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconFreqReq(DownlinkCommand):
    """Set the beacon's frequency; 0 Hz is the region's default (12.2, 14.2)."""

    cid = 0x13
    frequency_hz: Annotated[int, frequency(0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconFreqAns(UplinkCommand):
    """Tell whether the device can hear a beacon there (12.2, 14.2)."""

    cid = 0x13
    beacon_frequency_ok: Annotated[bool, flag(0, 0)]
