"""An uplink's MAC commands, taken one after the other: they change session and state, and some want an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from gateway.lorawan.adr import Setting
from gateway.lorawan.channel_plan import ChannelPlan, MaskBlock
from gateway.lorawan.mac_commands import (
    DeviceTimeAns,
    DeviceTimeReq,
    DevStatusAns,
    DevStatusReq,
    DlChannelAns,
    DlChannelReq,
    DutyCycleAns,
    DutyCycleReq,
    LinkADRAns,
    LinkADRReq,
    LinkCheckAns,
    LinkCheckReq,
    MacCommand,
    NewChannelAns,
    NewChannelReq,
    PingSlotInfoReq,
    RXParamSetupAns,
    RXParamSetupReq,
    RXTimingSetupAns,
    RXTimingSetupReq,
    TXParamSetupAns,
    TXParamSetupReq,
)
from gateway.lorawan.mac_commands.gps_time import gps_time
from gateway.lorawan.mac_layer import hearing_v1_1
from gateway.lorawan.mac_layer.state import DeviceStatus, MacState
from gateway.lorawan.mac_layer.under_way import Circumstances, Heard, UnderWay
from gateway.model import Session

MOST_MARGIN_DB: Final = 254  # LinkCheckAns.margin, 255 is reserved (LoRaWAN 1.0.4, section 5.2)
FRACTIONS: Final = 256  # of a second, in DeviceTimeAns
MOST_GPS_SECONDS: Final = 1 << 32
MOST_SILENCES: Final = 7  # then a device is asked on its own account once in 128 uplinks


def heard(session: Session, state: MacState, commands: Sequence[MacCommand], circumstances: Circumstances) -> Heard:
    """Take an uplink's commands, in order; an answer to what was not asked changes nothing."""
    hearing = UnderWay(session, replace(state, asked=()), circumstances, list(state.asked))
    _link_adr(hearing, [command for command in commands if isinstance(command, LinkADRAns)])
    for command in commands:
        take = _TAKE.get(type(command))
        if take is not None:
            take(hearing, command)
    hearing_v1_1.force_rejoin(hearing)
    return Heard(
        session=hearing.session,
        state=_patience(hearing, len(state.asked)),
        answers=tuple(hearing.answers),
        owed=hearing.owed,
        notes=tuple(hearing.notes),
    )


def _patience(hearing: UnderWay, asked: int) -> MacState:
    """Return the state with the silence counted: a device that never answers must not get a downlink each time."""
    state = hearing.state
    if not asked:
        return state
    silences = min(state.silences + 1, MOST_SILENCES) if len(hearing.open) == asked else 0
    return replace(state, silences=silences, ask_from=hearing.circumstances.f_cnt + (1 << silences) - 1)


def _link_adr(hearing: UnderWay, answers: Sequence[LinkADRAns]) -> None:
    """Take the answers to one block of LinkADRReq: it is done whole or not at all (LoRaWAN 1.0.4, section 5.3)."""
    asked = [request for request in hearing.open if isinstance(request, LinkADRReq)]
    if not answers or not asked:
        return
    hearing.open = [request for request in hearing.open if not isinstance(request, LinkADRReq)]
    last, state = asked[-1], hearing.state
    power = all(answer.power_ack for answer in answers)
    data_rate = all(answer.data_rate_ack for answer in answers)
    mask = all(answer.channel_mask_ack for answer in answers)
    if power and data_rate and mask:
        setting = Setting(data_rate=last.data_rate, tx_power=last.tx_power, nb_trans=max(last.nb_trans, 1))
        hearing.state = replace(state, setting=setting, plan=_masked(state.plan, asked))
        return
    if not power and last.tx_power > 0:
        hearing.state = replace(hearing.state, least_power=last.tx_power - 1)
    if not data_rate and last.data_rate > 0:
        hearing.state = replace(hearing.state, fastest=last.data_rate - 1)
    hearing.refuse(last, ("power", power), ("data rate", data_rate), ("channel mask", mask))


def _masked(plan: ChannelPlan, requests: Sequence[LinkADRReq]) -> ChannelPlan:
    try:
        return plan.masked([MaskBlock(request.ch_mask_cntl, request.ch_mask) for request in requests])
    except ValueError:
        return plan  # a device that takes what it must refuse: nobody knows what it has on


def _link_check(hearing: UnderWay, _: MacCommand) -> None:
    margin = hearing.circumstances.margin_db or 0.0
    whole = min(max(int(margin), 0), MOST_MARGIN_DB)
    hearing.answers.append(LinkCheckAns(margin=whole, gw_cnt=min(hearing.circumstances.gateways, 255)))


def _device_time(hearing: UnderWay, _: MacCommand) -> None:
    if hearing.circumstances.ended_at is None:
        hearing.notes.append("DeviceTimeReq is not answered: the clock of this box is not trusted yet")
        return
    since = gps_time(hearing.circumstances.ended_at)
    seconds, rest = divmod(since, timedelta(seconds=1))
    if not 0 <= seconds < MOST_GPS_SECONDS:
        hearing.notes.append(f"DeviceTimeReq is not answered: {hearing.circumstances.ended_at} cannot be the time")
        return
    fraction = rest * FRACTIONS // timedelta(seconds=1)
    hearing.answers.append(DeviceTimeAns(seconds=seconds, fractional_second=fraction))


def _dev_status(hearing: UnderWay, answer: MacCommand) -> None:
    assert isinstance(answer, DevStatusAns)
    hearing.take(DevStatusReq)
    status = DeviceStatus(battery=answer.battery, margin_db=answer.margin, told_at=hearing.circumstances.now)
    hearing.state = replace(hearing.state, status=status)


def _duty_cycle(hearing: UnderWay, _: MacCommand) -> None:
    if (request := hearing.take(DutyCycleReq)) is not None:
        hearing.state = replace(hearing.state, max_duty_cycle=request.max_duty_cycle)


def _rx_param_setup(hearing: UnderWay, answer: MacCommand) -> None:
    assert isinstance(answer, RXParamSetupAns)
    hearing.owed = True
    if (request := hearing.take(RXParamSetupReq)) is None:
        return
    if answer.rx1_dr_offset_ack and answer.rx2_data_rate_ack and answer.channel_ack:
        hearing.remember_windows()
        hearing.session = replace(
            hearing.session,
            rx1_dr_offset=request.rx1_dr_offset,
            rx2_data_rate=request.rx2_data_rate,
            rx2_frequency_hz=request.frequency_hz,
        )
    else:
        offset, rate = ("RX1 offset", answer.rx1_dr_offset_ack), ("RX2 data rate", answer.rx2_data_rate_ack)
        hearing.refuse(request, offset, rate, ("RX2 frequency", answer.channel_ack))


def _rx_timing_setup(hearing: UnderWay, _: MacCommand) -> None:
    hearing.owed = True
    if (request := hearing.take(RXTimingSetupReq)) is not None:
        hearing.remember_windows()
        hearing.session = replace(hearing.session, rx1_delay_s=max(request.delay, 1))


def _new_channel(hearing: UnderWay, answer: MacCommand) -> None:
    assert isinstance(answer, NewChannelAns)
    if (request := hearing.take(NewChannelReq)) is None:
        return
    if answer.data_rate_range_ok and answer.channel_frequency_ok:
        plan = hearing.state.plan.with_channel(request.ch_index, request.frequency_hz, request.min_dr, request.max_dr)
        hearing.state = replace(hearing.state, plan=plan)
    else:
        rates = ("data rates", answer.data_rate_range_ok)
        hearing.refuse(request, rates, ("frequency", answer.channel_frequency_ok))


def _dl_channel(hearing: UnderWay, answer: MacCommand) -> None:
    assert isinstance(answer, DlChannelAns)
    hearing.owed = True
    if (request := hearing.take(DlChannelReq)) is None:
        return
    if answer.uplink_frequency_exists and answer.channel_frequency_ok:
        plan = hearing.state.plan.with_downlink(request.ch_index, request.frequency_hz)
        hearing.state = replace(hearing.state, plan=plan)
    else:
        exists = ("there is no such channel", answer.uplink_frequency_exists)
        hearing.refuse(request, exists, ("frequency", answer.channel_frequency_ok))


def _tx_param_setup(hearing: UnderWay, _: MacCommand) -> None:
    hearing.owed = True
    if (request := hearing.take(TXParamSetupReq)) is not None:
        hearing.state = replace(hearing.state, tx_param_setup=request)


def _ping_slot(hearing: UnderWay, _: MacCommand) -> None:
    hearing.notes.append("PingSlotInfoReq is not answered: there is no class B here")


_TAKE: Final[Mapping[type[MacCommand], Callable[[UnderWay, MacCommand], None]]] = {
    LinkCheckReq: _link_check,
    DeviceTimeReq: _device_time,
    DevStatusAns: _dev_status,
    DutyCycleAns: _duty_cycle,
    RXParamSetupAns: _rx_param_setup,
    RXTimingSetupAns: _rx_timing_setup,
    NewChannelAns: _new_channel,
    DlChannelAns: _dl_channel,
    TXParamSetupAns: _tx_param_setup,
    PingSlotInfoReq: _ping_slot,
    **hearing_v1_1.TAKE,
}
