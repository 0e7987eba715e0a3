"""MAC states as the journal keeps them: a CBOR array, and back."""

from __future__ import annotations

from typing import Any, Final

import cbor2

from gateway.lorawan.adr import Setting
from gateway.lorawan.channel_plan import ChannelPlan
from gateway.lorawan.mac_commands import TXParamSetupReq, read, write
from gateway.lorawan.mac_layer import DeviceStatus, MacState
from gateway.lorawan.phy import Direction
from gateway.lorawan.region import Channel, Region
from gateway.model import Eui64, MacVersion

FORMAT: Final = 1


def encode(state: MacState) -> bytes:
    """Return the record of ``state``; its region is the box's and is not in it."""
    setting, status, tx_param_setup = state.setting, state.status, state.tx_param_setup
    return cbor2.dumps(
        (
            FORMAT,
            [None if channel is None else _channel(channel) for channel in state.plan.channels],
            sorted(state.plan.enabled),
            (setting.data_rate, setting.tx_power, setting.nb_trans),
            write(state.asked),
            sorted(state.refused),
            state.least_power,
            state.fastest,
            state.max_duty_cycle,
            None if tx_param_setup is None else tx_param_setup.to_bytes(),
            state.device_class,
            None if status is None else (status.battery, status.margin_db, status.told_at),
            state.silences,
            state.ask_from,
            state.join_eui,
            state.rj_count0,
        ),
        timezone=None,
    )


def decode(record: bytes, region: Region, mac_version: MacVersion) -> MacState:
    """Return what encode() was given."""
    _, channels, enabled, setting, asked, refused, least_power, fastest, duty, tx, device_class, status, *rest = (
        cbor2.loads(record)
    )
    data_rate, tx_power, nb_trans = setting
    silences, ask_from, join_eui, rj_count0 = rest
    plan = ChannelPlan(region, tuple(None if one is None else Channel(*one) for one in channels), frozenset(enabled))
    return MacState(
        plan=plan,
        setting=Setting(data_rate=data_rate, tx_power=tx_power, nb_trans=nb_trans),
        asked=read(asked, direction=Direction.DOWNLINK, mac_version=mac_version).commands,
        refused=frozenset(refused),
        least_power=least_power,
        fastest=fastest,
        max_duty_cycle=duty,
        tx_param_setup=None if tx is None else TXParamSetupReq.from_bytes(tx),
        device_class=device_class,
        status=None if status is None else DeviceStatus(battery=status[0], margin_db=status[1], told_at=status[2]),
        silences=silences,
        ask_from=ask_from,
        join_eui=None if join_eui is None else Eui64(join_eui),
        rj_count0=rj_count0,
    )


def _channel(channel: Channel) -> tuple[Any, ...]:
    return channel.frequency_hz, channel.lowest_data_rate, channel.highest_data_rate, channel.downlink_hz
