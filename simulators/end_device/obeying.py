"""A device does what MAC commands say, or refuses, and answers (LoRaWAN 1.0.4 and 1.1, section 5). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from gateway.lorawan.channel_mask import numbers_of
from gateway.lorawan.channel_plan import MOST_CHANNELS, ChannelPlan, MaskBlock
from gateway.lorawan.mac_commands import (
    ADRParamSetupAns,
    ADRParamSetupReq,
    DevStatusAns,
    DevStatusReq,
    DlChannelAns,
    DlChannelReq,
    DutyCycleAns,
    DutyCycleReq,
    LinkADRAns,
    LinkADRReq,
    MacCommand,
    NewChannelAns,
    NewChannelReq,
    RejoinParamSetupAns,
    RejoinParamSetupReq,
    RXParamSetupAns,
    RXParamSetupReq,
    RXTimingSetupAns,
    RXTimingSetupReq,
    TXParamSetupAns,
    TXParamSetupReq,
)
from gateway.lorawan.mac_commands.v1_0 import KEEP
from gateway.model import MacVersion
from simulators.end_device.setting import Setting
from simulators.end_device.values import Oddities

# Answers that a device repeats in each uplink until it hears a downlink. 1.0.0 and 1.0.1 did not ask for it.
STICKY: Final = (RXParamSetupAns, RXTimingSetupAns, DlChannelAns, TXParamSetupAns)
_NOT_STICKY_IN: Final = frozenset({MacVersion.V1_0_0, MacVersion.V1_0_1})
_KEEPS: Final = frozenset({MacVersion.V1_0_4, MacVersion.V1_1})  # know 15 as "leave it"; NbTrans 0 is that in 1.1 only
_ONE_BY_ONE: Final = frozenset({MacVersion.V1_0_0, MacVersion.V1_0_1})  # LinkADRReqs are blocks since 1.0.2
_LOWEST_MARGIN_DB, _HIGHEST_MARGIN_DB = -32, 31  # DevStatusAns


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What answers depend on besides the setting."""

    mac_version: MacVersion
    adr: bool
    battery: int  # as DevStatusAns says it
    snr_db: float  # of the downlink
    oddities: Oddities


Told = tuple[Setting, tuple[MacCommand, ...]]


def is_sticky(answer: MacCommand, mac_version: MacVersion) -> bool:
    """Tell whether an answer is repeated until a downlink is heard."""
    return isinstance(answer, STICKY) and mac_version not in _NOT_STICKY_IN


def obey(setting: Setting, commands: Sequence[MacCommand], circumstances: Circumstances) -> Told:
    """Return the setting after a downlink's commands, and the answers in the order of the requests."""
    answers: list[MacCommand] = []
    for block in _blocks(commands, circumstances.mac_version):
        if isinstance(block[0], LinkADRReq):
            first = not any(isinstance(answer, LinkADRAns) for answer in answers)
            setting, said = _link_adr(setting, _requests(block), circumstances, first=first)
        else:
            setting, said = _OBEY.get(type(block[0]), _not_for_the_radio)(setting, block[0], circumstances)
        answers += said
    return setting, tuple(answers)


def _blocks(commands: Sequence[MacCommand], mac_version: MacVersion) -> Iterator[list[MacCommand]]:
    for is_adr, run in groupby(commands, key=lambda command: isinstance(command, LinkADRReq)):
        if is_adr and mac_version not in _ONE_BY_ONE:
            yield list(run)
        else:
            yield from ([command] for command in run)


def _requests(block: Sequence[MacCommand]) -> list[LinkADRReq]:
    return [request for request in block if isinstance(request, LinkADRReq)]


# ── LinkADRReq ──────────────────────────────────────────────────────────────────────────────────────────────────


def _link_adr(setting: Setting, block: list[LinkADRReq], circumstances: Circumstances, *, first: bool) -> Told:
    version = circumstances.mac_version
    if not first and version is MacVersion.V1_1:  # a second block in one frame is refused whole (1.1, section 5.3)
        return setting, (LinkADRAns(power_ack=False, data_rate_ack=False, channel_mask_ack=False),)
    wanted = _wanted(setting, block[-1], circumstances)
    plan = None if circumstances.oddities.refuses_masks else _masked(setting.plan, block, version)
    wanted = replace(wanted, plan=setting.plan if plan is None else plan)
    answer = LinkADRAns(
        power_ack=setting.region.tx_power_dbm(wanted.tx_power) is not None and not circumstances.oddities.refuses_power,
        data_rate_ack=_can_send(wanted) and not circumstances.oddities.refuses_data_rate,
        channel_mask_ack=plan is not None,
    )
    taken = answer.power_ack and answer.data_rate_ack and answer.channel_mask_ack
    return wanted if taken else setting, (answer,) * _answers(block, version)


def _answers(block: list[LinkADRReq], mac_version: MacVersion) -> int:
    """Return how many answers a block gets: one since 1.1, before one of the same for each request."""
    return 1 if mac_version is MacVersion.V1_1 else len(block)


def _wanted(setting: Setting, last: LinkADRReq, circumstances: Circumstances) -> Setting:
    if not circumstances.adr:
        return setting  # with ADR off only the mask is the network's to say
    keeps = circumstances.mac_version in _KEEPS
    data_rate = setting.data_rate if keeps and last.data_rate == KEEP else last.data_rate
    tx_power = setting.tx_power if keeps and last.tx_power == KEEP else last.tx_power
    default = setting.nb_trans if circumstances.mac_version is MacVersion.V1_1 else 1
    nb_trans = last.nb_trans or default
    return replace(setting, data_rate=data_rate, tx_power=tx_power, nb_trans=nb_trans)


def _can_send(wanted: Setting) -> bool:
    is_lora = wanted.region.data_rate(wanted.data_rate) is not None  # channels of fixed plans carry LR-FHSS, too
    return is_lora and wanted.data_rate >= wanted.lowest_data_rate and wanted.plan.carries(wanted.data_rate)


def _masked(plan: ChannelPlan, block: list[LinkADRReq], mac_version: MacVersion) -> ChannelPlan | None:
    """Return the plan after a block; None where it is refused.

    A block may begin by switching all off. Before 1.1 no mask of it may name a channel that there is not, even where a
    later one takes that back.
    """
    names_unknown = any(_unknown(plan, request) for request in block) and mac_version is not MacVersion.V1_1
    try:
        changed = plan.masked([MaskBlock(request.ch_mask_cntl, request.ch_mask) for request in block])
    except ValueError:
        return None
    return None if names_unknown else changed


def _unknown(plan: ChannelPlan, request: LinkADRReq) -> bool:
    return (
        not plan.region.fixed_plan and request.ch_mask_cntl == 0 and not numbers_of(request.ch_mask, 0) <= plan.defined
    )


# ── the others ──────────────────────────────────────────────────────────────────────────────────────────────────


def _not_for_the_radio(setting: Setting, _: MacCommand, __: Circumstances) -> Told:
    return setting, ()


def _duty_cycle(setting: Setting, request: MacCommand, _: Circumstances) -> Told:
    assert isinstance(request, DutyCycleReq)
    return replace(setting, max_duty_cycle=request.max_duty_cycle), (DutyCycleAns(),)


def _rx_param_setup(setting: Setting, request: MacCommand, _: Circumstances) -> Told:
    assert isinstance(request, RXParamSetupReq)
    region = setting.region
    answer = RXParamSetupAns(
        rx1_dr_offset_ack=request.rx1_dr_offset < max(map(len, region.rx1_data_rates)),
        rx2_data_rate_ack=region.data_rate(request.rx2_data_rate) is not None,
        channel_ack=region.sub_band(request.frequency_hz) is not None,
    )
    if not (answer.rx1_dr_offset_ack and answer.rx2_data_rate_ack and answer.channel_ack):
        return setting, (answer,)
    told = replace(
        setting,
        rx1_dr_offset=request.rx1_dr_offset,
        rx2_data_rate=request.rx2_data_rate,
        rx2_frequency_hz=request.frequency_hz,
    )
    return told, (answer,)


def _dev_status(setting: Setting, _: MacCommand, circumstances: Circumstances) -> Told:
    margin = min(max(round(circumstances.snr_db), _LOWEST_MARGIN_DB), _HIGHEST_MARGIN_DB)
    return setting, (DevStatusAns(battery=circumstances.battery, margin=margin),)


def _new_channel(setting: Setting, request: MacCommand, _: Circumstances) -> Told:
    assert isinstance(request, NewChannelReq)
    plan, region = setting.plan, setting.region
    if region.fixed_plan:
        return setting, ()  # RP002-1.0.4, 2.5.2 and 2.8.2: dropped in silence
    mine = len(region.default_channels) <= request.ch_index < MOST_CHANNELS
    goes = request.frequency_hz == 0
    frequency_ok = (
        bool(plan.enabled - {request.ch_index}) if goes else region.sub_band(request.frequency_hz) is not None
    )
    rates = {request.min_dr, request.max_dr}
    range_ok = goes or (request.min_dr <= request.max_dr and rates <= {*region.uplink_data_rates})
    answer = NewChannelAns(data_rate_range_ok=mine and range_ok, channel_frequency_ok=mine and frequency_ok)
    if not (answer.data_rate_range_ok and answer.channel_frequency_ok):
        return setting, (answer,)
    changed = plan.with_channel(request.ch_index, request.frequency_hz, request.min_dr, request.max_dr)
    return replace(setting, plan=changed), (answer,)


def _dl_channel(setting: Setting, request: MacCommand, _: Circumstances) -> Told:
    assert isinstance(request, DlChannelReq)
    if setting.region.fixed_plan:
        return setting, ()  # as NewChannelReq
    answer = DlChannelAns(
        uplink_frequency_exists=request.ch_index in setting.plan.defined,
        channel_frequency_ok=setting.region.sub_band(request.frequency_hz) is not None,
    )
    if not (answer.uplink_frequency_exists and answer.channel_frequency_ok):
        return setting, (answer,)
    return replace(setting, plan=setting.plan.with_downlink(request.ch_index, request.frequency_hz)), (answer,)


def _rx_timing_setup(setting: Setting, request: MacCommand, _: Circumstances) -> Told:
    assert isinstance(request, RXTimingSetupReq)
    return replace(setting, rx1_delay_s=request.delay or 1), (RXTimingSetupAns(),)


def _tx_param_setup(setting: Setting, request: MacCommand, _: Circumstances) -> Told:
    assert isinstance(request, TXParamSetupReq)
    if not setting.region.tx_param_setup:
        return setting, ()  # LoRaWAN 1.0.4, section 5.8: neither done nor answered
    told = replace(setting, tx_param_setup=request)
    return replace(told, data_rate=max(told.data_rate, told.lowest_data_rate)), (TXParamSetupAns(),)


def _adr_param_setup(setting: Setting, request: MacCommand, _: Circumstances) -> Told:
    assert isinstance(request, ADRParamSetupReq)
    limit, delay = 1 << request.limit_exp, 1 << request.delay_exp
    return replace(setting, adr_ack_limit=limit, adr_ack_delay=delay), (ADRParamSetupAns(),)


def _rejoin_param_setup(setting: Setting, _: MacCommand, __: Circumstances) -> Told:
    return setting, (RejoinParamSetupAns(time_ok=False),)  # the device has no clock; uplinks it can count


_OBEY: Final[Mapping[type[MacCommand], Callable[[Setting, MacCommand, Circumstances], Told]]] = {
    DutyCycleReq: _duty_cycle,
    RXParamSetupReq: _rx_param_setup,
    DevStatusReq: _dev_status,
    NewChannelReq: _new_channel,
    DlChannelReq: _dl_channel,
    RXTimingSetupReq: _rx_timing_setup,
    TXParamSetupReq: _tx_param_setup,
    ADRParamSetupReq: _adr_param_setup,
    RejoinParamSetupReq: _rejoin_param_setup,
}
