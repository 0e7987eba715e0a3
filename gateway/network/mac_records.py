"""MAC states as the journal keeps them: a CBOR array, and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import cbor2

from gateway.lorawan.adr import Setting
from gateway.lorawan.channel_plan import ChannelPlan
from gateway.lorawan.mac_commands import (
    ADRParamSetupReq,
    ForceRejoinReq,
    MacCommand,
    RejoinParamSetupReq,
    TXParamSetupReq,
    read,
    write,
)
from gateway.lorawan.mac_layer import DeviceStatus, MacState
from gateway.lorawan.phy import Direction
from gateway.lorawan.region import Channel, Region
from gateway.lorawan.restarts import Before, Opening, Restarts
from gateway.lorawan.windows import Windows
from gateway.model import Eui64, MacVersion

FORMAT: Final = 1


def encode(state: MacState) -> bytes:
    """Return the record of ``state``; its region is the box's and is not in it."""
    setting, status, personal, restarts = state.setting, state.status, state.personal, state.restarts
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
            _octets(state.tx_param_setup),
            state.device_class,
            None if status is None else (status.battery, status.margin_db, status.told_at),
            state.silences,
            state.ask_from,
            state.join_eui,
            state.rj_count0,
            _octets(state.adr_param_setup),
            _octets(state.rejoin_param_setup),
            _octets(state.force_rejoin),
            state.force_tries,
            None if personal is None else _windows(personal),
            restarts.last_at,
            None if restarts.before is None else _before(restarts.before),
            [(one.digest, one.heard_at) for one in restarts.openings],
        ),
        timezone=None,
    )


def decode(record: bytes, region: Region, mac_version: MacVersion) -> MacState:
    """Return what encode() was given."""
    _, channels, enabled, setting, asked, refused, least_power, fastest, duty, tx, device_class, status, *rest = (
        cbor2.loads(record)
    )
    data_rate, tx_power, nb_trans = setting
    silences, ask_from, join_eui, rj_count0, adr_param, rejoin_param, force, force_tries, personal, *restarts = rest
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
        adr_param_setup=None if adr_param is None else ADRParamSetupReq.from_bytes(adr_param),
        rejoin_param_setup=None if rejoin_param is None else RejoinParamSetupReq.from_bytes(rejoin_param),
        force_rejoin=None if force is None else ForceRejoinReq.from_bytes(force),
        force_tries=force_tries,
        personal=None if personal is None else _read_windows(personal),
        restarts=_read_restarts(*restarts),
    )


def _channel(channel: Channel) -> tuple[Any, ...]:
    return channel.frequency_hz, channel.lowest_data_rate, channel.highest_data_rate, channel.downlink_hz


def _octets(command: MacCommand | None) -> bytes | None:
    return None if command is None else command.to_bytes()


def _windows(windows: Windows) -> tuple[int, ...]:
    return windows.rx1_delay_s, windows.rx1_dr_offset, windows.rx2_data_rate, windows.rx2_frequency_hz


def _read_windows(record: Sequence[int]) -> Windows:
    delay, offset, rate, frequency = record
    return Windows(rx1_delay_s=delay, rx1_dr_offset=offset, rx2_data_rate=rate, rx2_frequency_hz=frequency)


def _before(before: Before) -> tuple[Any, ...]:
    counters = before.f_cnt_up, before.n_f_cnt_down, before.a_f_cnt_down
    return before.activation, *counters, _windows(before.windows)


def _read_restarts(
    last_at: datetime | None, before: Sequence[Any] | None, openings: Sequence[Sequence[Any]]
) -> Restarts:
    known = tuple(Opening(*one) for one in openings)
    return Restarts(openings=known, last_at=last_at, before=None if before is None else _read_before(*before))


def _read_before(activation: str, up: int, network: int, application: int, windows: Sequence[int]) -> Before:
    return Before(
        activation=activation,
        f_cnt_up=up,
        n_f_cnt_down=network,
        a_f_cnt_down=application,
        windows=_read_windows(windows),
    )
