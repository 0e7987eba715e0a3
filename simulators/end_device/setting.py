"""How a device sends and listens: a value that MAC commands, joins and silence replace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from gateway.lorawan.channel_plan import ChannelPlan
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.mac_commands import ForceRejoinReq, TXParamSetupReq
from gateway.lorawan.region import JOIN_ACCEPT_DELAY1, RX2_AFTER_RX1, Channel, Region
from gateway.model import MacVersion
from simulators.end_device.joining import REJOIN_KEEPING_RADIO
from simulators.end_device.values import Listening, OnAir, Window

ADR_ACK_LIMIT: Final = 64  # uplinks without a downlink, then the device asks (RP002-1.0.4, "Default settings")
ADR_ACK_DELAY: Final = 32  # uplinks between two steps after that (the same)
FRAME_OCTETS: Final = 13  # MHDR, FHDR, FPort and MIC, beside the N octets of a region's table
SECOND_US: Final = 1_000_000
_RX2_LATER_US: Final = RX2_AFTER_RX1.seconds * SECOND_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """All that the network may tell a device about its radio."""

    plan: ChannelPlan
    data_rate: int
    rx2_data_rate: int
    rx2_frequency_hz: int
    tx_power: int = 0  # 0 is the most
    nb_trans: int = 1
    rx1_delay_s: int = 1
    rx1_dr_offset: int = 0
    max_duty_cycle: int = 0  # 1 / 2 ** n of all time; told, and left to whoever lets the device speak
    tx_param_setup: TXParamSetupReq | None = None
    adr_ack_limit: int = ADR_ACK_LIMIT
    adr_ack_delay: int = ADR_ACK_DELAY

    @property
    def region(self) -> Region:
        """The region of the plan."""
        return self.plan.region

    @property
    def lowest_data_rate(self) -> int:
        """The slowest data rate that it may send with."""
        limited = self.tx_param_setup is not None and self.tx_param_setup.uplink_dwell_time
        return self.region.adr_data_rates(dwell_limited=limited).start


def initial(region: Region, data_rate: int | None) -> Setting:
    """Return what a device has before anybody tells it anything."""
    return Setting(
        plan=ChannelPlan.default(region),
        data_rate=region.highest_adr_data_rate if data_rate is None else data_rate,
        rx2_data_rate=region.rx2_data_rate,
        rx2_frequency_hz=region.rx2_frequency_hz,
    )


def granted(setting: Setting, content: JoinAcceptContent) -> Setting:
    """Return what a device has after a join accept; its data rate it keeps, and RX2's where the accept's is none."""
    known = setting.region.data_rate(content.rx2_data_rate) is not None
    return Setting(
        plan=ChannelPlan.joined(setting.region, content.cf_list),
        data_rate=setting.data_rate,
        rx1_delay_s=content.rx_delay or 1,
        rx1_dr_offset=content.rx1_dr_offset,
        rx2_data_rate=content.rx2_data_rate if known else setting.region.rx2_data_rate,
        rx2_frequency_hz=setting.region.rx2_frequency_hz,
    )


# ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────


def hop(setting: Setting, random: Random) -> OnAir:
    """Choose one of the enabled channels for a data frame."""
    plan = setting.plan
    usable = [(number, one) for number, one in enumerate(plan.channels) if number in plan.enabled and one is not None]
    return _on_air(setting, usable, random)


def hop_to_join(setting: Setting, random: Random) -> OnAir:
    """Choose one of the region's channels for a join request."""
    return _on_air(setting, list(enumerate(setting.region.join_channels)), random)


def hop_to_rejoin(setting: Setting, random: Random, rejoin_type: int, forced: ForceRejoinReq | None) -> OnAir:
    """Choose a channel for a rejoin request (LoRaWAN 1.1, section 6.2.4.3): types 0 and 1 go where join requests go."""
    told = setting if forced is None or rejoin_type == 1 else replace(setting, data_rate=forced.data_rate)
    return hop(told, random) if rejoin_type == REJOIN_KEEPING_RADIO else hop_to_join(told, random)


def _on_air(setting: Setting, usable: list[tuple[int, Channel]], random: Random) -> OnAir:
    carrying = [(number, channel) for number, channel in usable if channel.carries(setting.data_rate)]
    if not carrying or setting.data_rate not in setting.region.uplink_data_rates:
        return _on_air(replace(setting, data_rate=_nearest(setting, usable)), usable, random)
    number, channel = random.choice(carrying)
    data_rate = setting.region.data_rate(setting.data_rate)
    assert data_rate is not None
    return OnAir(
        channel=number,
        frequency_hz=channel.frequency_hz,
        data_rate_number=setting.data_rate,
        data_rate=data_rate,
        power_dbm=_power_dbm(setting),
    )


def _nearest(setting: Setting, usable: list[tuple[int, Channel]]) -> int:
    """Return the data rate that some channel carries, of two the slower: channels may have gone since it was set."""
    carried = [rate for rate in setting.region.uplink_data_rates if any(one.carries(rate) for _, one in usable)]
    return min(carried, key=lambda rate: (abs(rate - setting.data_rate), rate))


def _power_dbm(setting: Setting) -> int:
    power_dbm = setting.region.tx_power_dbm(setting.tx_power)
    assert power_dbm is not None
    return power_dbm if setting.tx_param_setup is None else min(power_dbm, setting.tx_param_setup.max_eirp_dbm)


# ── listening ───────────────────────────────────────────────────────────────────────────────────────────────────


def windows(setting: Setting, sent: OnAir, device_class: str) -> Listening:
    """Return where the device listens after a data frame."""
    return _listening(setting, sent, setting.rx1_delay_s * SECOND_US, device_class)


def join_windows(setting: Setting, sent: OnAir) -> Listening:
    """Return where the device listens after a join request: at the region's places, whatever it was told before."""
    told_nothing = initial(setting.region, setting.data_rate)
    return _listening(told_nothing, sent, JOIN_ACCEPT_DELAY1.seconds * SECOND_US, "A")


def rejoin_windows(setting: Setting, sent: OnAir) -> Listening:
    """Return where the device listens after a rejoin request: the old session's places at a join's times."""
    return _listening(setting, sent, JOIN_ACCEPT_DELAY1.seconds * SECOND_US, "A")


def _listening(setting: Setting, sent: OnAir, delay_us: int, device_class: str) -> Listening:
    rx2 = _window(setting, delay_us + _RX2_LATER_US, setting.rx2_frequency_hz, setting.rx2_data_rate)
    assert rx2 is not None  # who sets RX2 has looked whether its data rate exists
    return Listening(rx1=_rx1(setting, sent, delay_us), rx2=rx2, device_class=device_class)


def _rx1(setting: Setting, sent: OnAir, delay_us: int) -> Window | None:
    region, limited = setting.region, _downlink_dwell(setting)
    rows = region.rx1_data_rates_dwell if limited and region.rx1_data_rates_dwell else region.rx1_data_rates
    offsets = rows[sent.data_rate_number]
    channel = setting.plan.channels[sent.channel]
    moved = None if channel is None else channel.downlink_hz
    frequency_hz = moved if moved is not None else region.rx1_frequency_hz(sent.frequency_hz)
    if frequency_hz is None or setting.rx1_dr_offset >= len(offsets):
        return None
    return _window(setting, delay_us, frequency_hz, offsets[setting.rx1_dr_offset])


def _window(setting: Setting, delay_us: int, frequency_hz: int, number: int) -> Window | None:
    data_rate = setting.region.data_rate(number)
    if data_rate is None:
        return None
    room = setting.region.max_payload(number, dwell_limited=_downlink_dwell(setting))
    longest = 0 if room is None else room + FRAME_OCTETS  # 0: the time that a frame may last is too short for any
    return Window(delay_us=delay_us, frequency_hz=frequency_hz, data_rate=data_rate, longest=longest)


def _downlink_dwell(setting: Setting) -> bool:
    return setting.tx_param_setup is not None and setting.tx_param_setup.downlink_dwell_time


# ── silence ─────────────────────────────────────────────────────────────────────────────────────────────────────


def asks_for_a_sign(setting: Setting, silent: int, mac_version: MacVersion) -> bool:
    """Return whether ADRACKReq is set in an uplink that follows ``silent`` others without a downlink.

    1.0.4 goes on asking when nothing is left to try (table 9); the others are silent at their lowest data rate.
    """
    hopes = mac_version is MacVersion.V1_0_4 or setting.data_rate > setting.lowest_data_rate
    return silent >= setting.adr_ack_limit and hopes


def backed_off(setting: Setting, silent: int) -> Setting:
    """Return the setting of that uplink: each ADR_ACK_DELAY a step easier to hear (LoRaWAN 1.0.4, section 4.3.1.1)."""
    steps_apart = silent - setting.adr_ack_limit
    if steps_apart <= 0 or steps_apart % setting.adr_ack_delay:
        return setting
    if setting.tx_power > 0:
        return replace(setting, tx_power=0)
    if setting.data_rate > setting.lowest_data_rate:
        return replace(setting, data_rate=setting.data_rate - 1)
    return replace(setting, plan=_with_default_channels(setting), nb_trans=1)


def _with_default_channels(setting: Setting) -> ChannelPlan:
    default = frozenset(range(len(setting.region.default_channels)))
    return replace(setting.plan, enabled=setting.plan.enabled | default)
