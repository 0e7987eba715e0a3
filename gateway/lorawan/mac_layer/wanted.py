"""What the network asks of a device: the difference between how it should be and how it said it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.lorawan.adr import MARGIN_DB, Limits, Setting
from gateway.lorawan.channel_plan import ChannelPlan, mask_blocks
from gateway.lorawan.mac_commands import (
    ADRParamSetupReq,
    DevStatusReq,
    DlChannelReq,
    DutyCycleReq,
    LinkADRReq,
    MacCommand,
    NewChannelReq,
    RejoinParamSetupReq,
    RXParamSetupReq,
    RXTimingSetupReq,
    TXParamSetupReq,
)
from gateway.lorawan.mac_layer.state import MacState
from gateway.lorawan.region import RECEIVE_DELAY1, Channel, Region
from gateway.model import MacVersion, Session

Group = tuple[MacCommand, ...]  # commands that are understood together or not at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How the network wants its devices to be."""

    rx1_delay_s: int
    rx1_dr_offset: int
    rx2_data_rate: int
    rx2_frequency_hz: int
    channels: Mapping[int, Channel]  # beyond the default ones, by number; none in a fixed plan
    enabled: frozenset[int]
    max_duty_cycle: int = 0
    tx_param_setup: TXParamSetupReq | None = None
    status_every: timedelta | None = timedelta(days=1)
    adr: bool = True  # whether data rate and power are the network's to choose
    adr_margin_db: float = MARGIN_DB  # of devices that have none of their own
    adr_min_data_rate: int | None = None  # None: as the region allows
    adr_max_data_rate: int | None = None
    adr_param_setup: ADRParamSetupReq | None = None  # of 1.1 devices; None: they are not asked
    rejoin_param_setup: RejoinParamSetupReq | None = None  # the same

    @classmethod
    def of(cls, region: Region) -> Wanted:
        """Return what a region's defaults make: what a join accept says anyway, and what an ABP device is told."""
        plan = ChannelPlan.joined(region)
        first = len(region.default_channels)
        more = (
            {}
            if region.fixed_plan
            else {
                first + place: Channel(frequency_hz, 0, region.highest_adr_data_rate)
                for place, frequency_hz in enumerate(region.cf_list_hz)
            }
        )
        enabled = region.cf_list_mask if region.fixed_plan else plan.defined | more.keys()
        return cls(
            rx1_delay_s=RECEIVE_DELAY1.seconds,
            rx1_dr_offset=0,
            rx2_data_rate=region.rx2_data_rate,
            rx2_frequency_hz=region.rx2_frequency_hz,
            channels=more,
            enabled=enabled,
        )

    def adr_limits(self, state: MacState, limits: Limits) -> Limits:
        """Return what region (``limits``), operator and the device itself allow."""
        slowest = max(limits.min_data_rate, self.adr_min_data_rate or 0)
        fastest = [limits.max_data_rate, self.adr_max_data_rate, state.fastest]
        quietest = [limits.max_tx_power, state.least_power]
        return replace(
            limits,
            min_data_rate=slowest,
            max_data_rate=max(min(one for one in fastest if one is not None), slowest),
            max_tx_power=min(one for one in quietest if one is not None),
        )


def requests(
    session: Session, state: MacState, wanted: Wanted, setting: Setting | None, now: datetime
) -> tuple[Group, ...]:
    """Return what a device should be asked, the most urgent first; ``setting`` is what ADR wants, None: as it is.

    What it refused before in this session is not among it.
    """
    groups: tuple[Group, ...] = (*_rejoin(state), *_windows(session, wanted), *_channels(state, wanted))
    groups += (*_adr(session, state, wanted, setting), *_limits(session, state, wanted))
    groups += (*_of_v1_1(session, state, wanted), *_status(state, wanted, now))
    return tuple(group for group in groups if group[-1].to_bytes() not in state.refused)


def _rejoin(state: MacState) -> Iterator[Group]:
    if state.force_rejoin is not None:
        yield (state.force_rejoin,)


def _windows(session: Session, wanted: Wanted) -> Iterator[Group]:
    if session.rx1_delay_s != wanted.rx1_delay_s:
        yield (RXTimingSetupReq(delay=wanted.rx1_delay_s),)
    has = (session.rx1_dr_offset, session.rx2_data_rate, session.rx2_frequency_hz)
    if has != (wanted.rx1_dr_offset, wanted.rx2_data_rate, wanted.rx2_frequency_hz):
        request = RXParamSetupReq(
            rx1_dr_offset=wanted.rx1_dr_offset,
            rx2_data_rate=wanted.rx2_data_rate,
            frequency_hz=wanted.rx2_frequency_hz,
        )
        yield (request,)


def _channels(state: MacState, wanted: Wanted) -> Iterator[Group]:
    for number, channel in wanted.channels.items():
        present = state.plan.channels[number] if number < len(state.plan.channels) else None
        if present is None or _uplink(present) != _uplink(channel):
            request = NewChannelReq(
                ch_index=number,
                frequency_hz=channel.frequency_hz,
                min_dr=channel.lowest_data_rate,
                max_dr=channel.highest_data_rate,
            )
            yield (request,)
        if channel.downlink_hz is not None and present is not None and present.downlink_hz != channel.downlink_hz:
            yield (DlChannelReq(ch_index=number, frequency_hz=channel.downlink_hz),)


def _uplink(channel: Channel) -> tuple[int, int, int]:
    return channel.frequency_hz, channel.lowest_data_rate, channel.highest_data_rate


def _adr(session: Session, state: MacState, wanted: Wanted, setting: Setting | None) -> Iterator[Group]:
    enabled = (
        wanted.enabled & state.plan.defined
    )  # a channel that is still to be told is switched on by its NewChannelReq
    if setting is None and enabled == state.plan.enabled:
        return
    to = setting or state.setting
    yield tuple(
        LinkADRReq(
            data_rate=to.data_rate,
            tx_power=to.tx_power,
            ch_mask=block.ch_mask,
            ch_mask_cntl=block.ch_mask_cntl,
            nb_trans=to.nb_trans,
        )
        for block in mask_blocks(state.plan.region, enabled, session.mac_version)
    )


def _limits(session: Session, state: MacState, wanted: Wanted) -> Iterator[Group]:
    if state.max_duty_cycle != wanted.max_duty_cycle:
        yield (DutyCycleReq(max_duty_cycle=wanted.max_duty_cycle),)
    knows = state.plan.region.tx_param_setup and session.mac_version not in {MacVersion.V1_0_0, MacVersion.V1_0_1}
    if knows and wanted.tx_param_setup is not None and state.tx_param_setup != wanted.tx_param_setup:
        yield (wanted.tx_param_setup,)


def _of_v1_1(session: Session, state: MacState, wanted: Wanted) -> Iterator[Group]:
    if session.mac_version is not MacVersion.V1_1:
        return
    if wanted.adr_param_setup is not None and state.adr_param_setup != wanted.adr_param_setup:
        yield (wanted.adr_param_setup,)
    if wanted.rejoin_param_setup is not None and state.rejoin_param_setup != wanted.rejoin_param_setup:
        yield (wanted.rejoin_param_setup,)


def _status(state: MacState, wanted: Wanted, now: datetime) -> Iterator[Group]:
    if wanted.status_every is None:
        return
    last = None if state.status is None else state.status.told_at
    if last is None or abs(now - last) >= wanted.status_every:  # told by another year's clock: again
        yield (DevStatusReq(),)
