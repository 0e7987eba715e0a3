"""What a session's MAC layer knows: a value that each uplink and each downlink replaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from gateway.lorawan.adr import Setting
from gateway.lorawan.channel_plan import ChannelPlan
from gateway.lorawan.mac_commands import MacCommand, TXParamSetupReq
from gateway.lorawan.region import Region
from gateway.model import Eui64


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    """What a DevStatusAns said."""

    battery: int  # 0 external power, 1 to 254 empty to full, 255 not measurable
    margin_db: int  # SNR of the last DevStatusReq, -32 to 31
    told_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MacState:
    """What the device of a session uses, as far as it has said so, and what it has been asked."""

    plan: ChannelPlan
    setting: Setting
    asked: tuple[
        MacCommand, ...
    ] = ()  # in the last downlink, in order; an uplink later they are answered or were not heard
    refused: frozenset[bytes] = frozenset()  # requests that are not made again in this session, as octets
    least_power: int | None = None  # the greatest TXPower that is not known to be refused; None: the region's
    fastest: int | None = None  # the same of data rates
    max_duty_cycle: int = 0
    tx_param_setup: TXParamSetupReq | None = None
    device_class: str = "A"  # that a 1.1 device has switched to
    status: DeviceStatus | None = None
    silences: int = 0  # downlinks in a row whose requests brought no answer
    ask_from: int = 0  # the uplink counter from which requests alone are worth a downlink
    join_eui: Eui64 | None = None  # that the device joined with
    rj_count0: int | None = None  # of the last rejoin request of type 0 or 2 (1.1)

    @property
    def downlink_dwell_limited(self) -> bool:
        """Tell whether the device was told that downlinks are short."""
        return self.tx_param_setup is not None and self.tx_param_setup.downlink_dwell_time


@lru_cache(maxsize=64)
def begin(region: Region, cf_list: bytes, *, data_rate: int) -> MacState:
    """Return the state of a device that was activated with a CFList (b"" for ABP), heard at ``data_rate``."""
    return MacState(
        plan=ChannelPlan.joined(region, cf_list), setting=Setting(data_rate=data_rate, tx_power=0, nb_trans=1)
    )
