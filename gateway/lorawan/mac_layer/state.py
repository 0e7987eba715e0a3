"""What a session's MAC layer knows: a value that each uplink and each downlink replaces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from gateway.lorawan.adr import Setting
from gateway.lorawan.channel_plan import ChannelPlan
from gateway.lorawan.mac_commands import (
    ADRParamSetupReq,
    ForceRejoinReq,
    MacCommand,
    RejoinParamSetupReq,
    TXParamSetupReq,
)
from gateway.lorawan.region import Region
from gateway.lorawan.restarts import NEVER, Restarts
from gateway.lorawan.windows import Windows
from gateway.model import Eui64

FORCE_TRIES: Final = 4  # there is no answer to a ForceRejoinReq but the rejoin request


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
    adr_param_setup: ADRParamSetupReq | None = None  # that the device has taken (1.1); None: the region's defaults
    rejoin_param_setup: RejoinParamSetupReq | None = None  # the same
    force_rejoin: ForceRejoinReq | None = None  # goes with downlinks until the device rejoins (1.1)
    force_tries: int = 0  # downlinks that may still carry it
    personal: Windows | None = None  # where the device listened before the network first moved it
    restarts: Restarts = NEVER  # of counters (ABP)

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


def to_rejoin(state: MacState, rejoin_type: int) -> MacState:
    """Return the state of a device that is to rejoin: the next downlink says so, however long it was silent before."""
    request = ForceRejoinReq.alike(rejoin_type, state.setting.data_rate)
    return replace(state, force_rejoin=request, force_tries=FORCE_TRIES, silences=0, ask_from=0)


def rejoined(state: MacState) -> MacState:
    """Return the state of a device that has rejoined, as far as it was to."""
    return replace(state, force_rejoin=None, force_tries=0)
