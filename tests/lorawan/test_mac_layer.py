"""What commands do to a session: each answer against what was asked, and what the network wants next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.lorawan.adr import Setting
from gateway.lorawan.mac_commands import (
    ADRParamSetupAns,
    ADRParamSetupReq,
    DeviceModeConf,
    DeviceModeInd,
    DeviceTimeAns,
    DeviceTimeReq,
    DevStatusAns,
    DevStatusReq,
    DlChannelAns,
    DlChannelReq,
    DutyCycleAns,
    DutyCycleReq,
    ForceRejoinReq,
    LinkADRAns,
    LinkADRReq,
    LinkCheckAns,
    LinkCheckReq,
    MacCommand,
    NewChannelAns,
    NewChannelReq,
    PingSlotInfoReq,
    RejoinParamSetupAns,
    RejoinParamSetupReq,
    RekeyConf,
    RekeyInd,
    ResetConf,
    ResetInd,
    RXParamSetupAns,
    RXParamSetupReq,
    RXTimingSetupAns,
    RXTimingSetupReq,
)
from gateway.lorawan.mac_layer import Circumstances, Heard, MacState, Wanted, begin, heard, requests, to_rejoin
from gateway.lorawan.region import EU868, US915
from gateway.lorawan.windows import Windows
from gateway.model import DevAddr, Eui64, Key, MacVersion, Session, SessionKeys

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = Key(bytes(16))
SESSION = Session(
    dev_eui=Eui64("a81758fffe051d02"),
    dev_addr=DevAddr("26011234"),
    activation="26011234-abp0",
    mac_version=MacVersion.V1_0_4,
    keys=SessionKeys.v1_0(nwk_s_key=KEY, app_s_key=KEY),
)
FRESH = begin(EU868, b"", data_rate=0)
WANTED = Wanted.of(EU868)
FASTER = Setting(data_rate=5, tx_power=2, nb_trans=1)
LINK_ADR = LinkADRReq(data_rate=5, tx_power=2, ch_mask=0b111, ch_mask_cntl=0, nb_trans=1)


def hear(
    *commands: MacCommand,
    asked: tuple[MacCommand, ...] = (),
    state: MacState = FRESH,
    session: Session = SESSION,
    clock: bool = True,
    f_cnt: int = 10,
    margin_db: float | None = 12.7,
) -> Heard:
    circumstances = Circumstances(
        margin_db=margin_db, gateways=3, f_cnt=f_cnt, ended_at=NOW if clock else None, now=NOW
    )
    return heard(session, replace(state, asked=asked), commands, circumstances)


def link_adr_ans(*, power: bool = True, data_rate: bool = True, mask: bool = True) -> LinkADRAns:
    return LinkADRAns(power_ack=power, data_rate_ack=data_rate, channel_mask_ack=mask)


# ── what a device asks ──


@pytest.mark.parametrize(("margin_db", "said"), [(12.7, 12), (-1.0, 0), (400.0, 254), (None, 0)])
def test_a_link_check_is_answered_with_margin_and_gateways(margin_db: float | None, said: int) -> None:
    assert hear(LinkCheckReq(), margin_db=margin_db).answers == (LinkCheckAns(margin=said, gw_cnt=3),)


def test_the_time_is_answered_in_gps_seconds() -> None:
    (answer,) = hear(DeviceTimeReq()).answers

    since = NOW - datetime(1980, 1, 6, tzinfo=UTC) + timedelta(seconds=18)
    assert answer == DeviceTimeAns(seconds=int(since.total_seconds()), fractional_second=0)


def test_an_untrusted_clock_tells_no_time() -> None:
    result = hear(DeviceTimeReq(), clock=False)

    assert result.answers == ()
    assert "not trusted" in result.notes[0]


def test_class_b_is_not_offered() -> None:
    result = hear(PingSlotInfoReq(periodicity=0))

    assert result.answers == ()
    assert "no class B" in result.notes[0]


def test_a_device_that_has_been_rekeyed_is_told_so_and_one_that_was_reset_begins_anew() -> None:
    plan = FRESH.plan.with_channel(3, 867_100_000)
    changed = replace(FRESH, plan=plan, setting=FASTER)
    session = replace(SESSION, rx1_delay_s=5, rx2_data_rate=3)

    rekeyed = hear(RekeyInd(minor=1), state=changed)
    reset = hear(ResetInd(minor=1), state=changed, session=session)

    assert rekeyed.answers == (RekeyConf(minor=1),)
    assert rekeyed.state.plan == plan
    assert reset.answers == (ResetConf(minor=1),)
    assert reset.state.plan == FRESH.plan
    assert (reset.session.rx1_delay_s, reset.session.rx2_data_rate) == (1, 0)


def test_a_device_that_changes_its_class_is_confirmed() -> None:
    result = hear(DeviceModeInd(device_class=2))

    assert result.answers == (DeviceModeConf(device_class=2),)
    assert result.state.device_class == "C"


# ── what a device answers ──


def test_an_accepted_setting_is_used_from_then_on() -> None:
    result = hear(link_adr_ans(), asked=(LINK_ADR,))

    assert result.state.setting == FASTER
    assert result.state.asked == ()


@pytest.mark.parametrize(
    ("refusal", "least_power", "fastest"),
    [
        (link_adr_ans(power=False), 1, None),
        (link_adr_ans(data_rate=False), None, 4),
        (link_adr_ans(mask=False), None, None),
    ],
)
def test_a_refused_setting_changes_nothing_and_is_not_asked_again(
    refusal: LinkADRAns, least_power: int | None, fastest: int | None
) -> None:
    result = hear(refusal, asked=(LINK_ADR,))

    assert result.state.setting == FRESH.setting
    assert (result.state.least_power, result.state.fastest) == (least_power, fastest)
    assert LINK_ADR.to_bytes() in result.state.refused


def test_a_block_of_masks_is_taken_whole_or_not_at_all() -> None:
    block = (
        LinkADRReq(data_rate=3, tx_power=0, ch_mask=0b10, ch_mask_cntl=7, nb_trans=1),
        LinkADRReq(data_rate=3, tx_power=0, ch_mask=0xFF00, ch_mask_cntl=0, nb_trans=1),
    )
    state = begin(US915, b"", data_rate=0)

    accepted = hear(link_adr_ans(), link_adr_ans(), asked=block, state=state)
    refused = hear(link_adr_ans(), link_adr_ans(mask=False), asked=block, state=state)

    assert accepted.state.plan.enabled == frozenset({*range(8, 16), 65})
    assert refused.state.plan.enabled == state.plan.enabled


def test_receive_windows_move_when_the_device_says_so_and_it_is_owed_a_downlink() -> None:
    timing = RXTimingSetupReq(delay=5)
    windows = RXParamSetupReq(rx1_dr_offset=1, rx2_data_rate=3, frequency_hz=869_525_000)
    yes = RXParamSetupAns(rx1_dr_offset_ack=True, rx2_data_rate_ack=True, channel_ack=True)
    no = replace(yes, rx2_data_rate_ack=False)

    moved = hear(RXTimingSetupAns(), yes, asked=(timing, windows))
    stayed = hear(no, asked=(windows,))

    assert (moved.session.rx1_delay_s, moved.session.rx1_dr_offset, moved.session.rx2_data_rate) == (5, 1, 3)
    assert moved.owed
    assert stayed.session == SESSION
    assert stayed.notes == ("RXParamSetupReq refused: RX2 data rate",)


def test_an_answer_repeated_after_its_request_is_forgotten_changes_nothing_and_is_owed_a_downlink() -> None:
    result = hear(RXTimingSetupAns(), DlChannelAns(uplink_frequency_exists=True, channel_frequency_ok=True))

    assert result.session == SESSION
    assert result.owed


def test_channels_are_added_one_by_one_in_the_order_they_were_asked() -> None:
    asked = tuple(
        NewChannelReq(ch_index=number, frequency_hz=frequency_hz, max_dr=5, min_dr=0)
        for number, frequency_hz in ((3, 867_100_000), (4, 867_300_000))
    )
    ok = NewChannelAns(data_rate_range_ok=True, channel_frequency_ok=True)

    result = hear(replace(ok, channel_frequency_ok=False), ok, asked=asked)

    assert result.state.plan.defined == {0, 1, 2, 4}
    assert result.state.refused == {asked[0].to_bytes()}


def test_a_downlink_frequency_is_where_rx1_is() -> None:
    request = DlChannelReq(ch_index=0, frequency_hz=869_525_000)
    result = hear(DlChannelAns(uplink_frequency_exists=True, channel_frequency_ok=True), asked=(request,))

    assert result.state.plan.rx1_frequency_hz(868_100_000, 5) == 869_525_000


def test_status_and_duty_cycle_are_remembered() -> None:
    result = hear(
        DevStatusAns(battery=200, margin=-3),
        DutyCycleAns(),
        asked=(DevStatusReq(), DutyCycleReq(max_duty_cycle=7)),
    )

    assert result.state.status is not None
    assert (result.state.status.battery, result.state.status.margin_db, result.state.status.told_at) == (200, -3, NOW)
    assert result.state.max_duty_cycle == 7


@pytest.mark.parametrize(
    "answer",
    [
        link_adr_ans(),
        RXTimingSetupAns(),
        DutyCycleAns(),
        DevStatusAns(battery=1, margin=1),
        ADRParamSetupAns(),
        RejoinParamSetupAns(time_ok=True),
    ],
)
def test_what_was_not_asked_changes_no_setting(answer: MacCommand) -> None:
    result = hear(answer)

    assert result.session == SESSION
    assert replace(result.state, status=None) == FRESH


# ── LoRaWAN 1.1 ──


def test_what_a_device_was_told_of_silence_and_rejoining_is_known_from_its_answers() -> None:
    silence, rejoining = ADRParamSetupReq(limit_exp=5, delay_exp=3), RejoinParamSetupReq(max_time_n=9, max_count_n=4)

    result = hear(ADRParamSetupAns(), RejoinParamSetupAns(time_ok=True), asked=(silence, rejoining))

    assert (result.state.adr_param_setup, result.state.rejoin_param_setup) == (silence, rejoining)
    assert result.notes == ()


def test_where_a_device_listened_before_it_was_first_moved_is_remembered() -> None:
    first = hear(RXTimingSetupAns(), asked=(RXTimingSetupReq(delay=5),))

    again = hear(RXTimingSetupAns(), asked=(RXTimingSetupReq(delay=3),), state=first.state, session=first.session)

    assert again.session.rx1_delay_s == 3
    assert again.state.personal == Windows.of(SESSION)


def test_a_device_that_was_silent_long_is_told_to_rejoin_with_its_next_downlink() -> None:
    silent = replace(FRESH, silences=7, ask_from=1000)

    state = to_rejoin(silent, 0)

    assert (state.silences, state.ask_from) == (0, 0)
    assert requests(SESSION, state, WANTED, None, NOW)[0] == (ForceRejoinReq.alike(0, 0),)


# ── patience ──


def test_a_device_that_never_answers_is_asked_ever_more_seldom() -> None:
    state, ask_from = FRESH, []
    for f_cnt in range(10):
        state = hear(asked=(DevStatusReq(),), state=state, f_cnt=f_cnt).state
        ask_from.append(state.ask_from - f_cnt)

    assert ask_from == [1, 3, 7, 15, 31, 63, 127, 127, 127, 127]


def test_an_answer_ends_the_silence() -> None:
    silent = replace(FRESH, silences=5, ask_from=99)

    result = hear(DevStatusAns(battery=1, margin=1), asked=(DevStatusReq(),), state=silent)

    assert (result.state.silences, result.state.ask_from) == (0, 10)


# ── what the network wants ──


def asked(state: MacState = FRESH, session: Session = SESSION, **wanted: object) -> list[str]:
    groups = requests(session, state, replace(WANTED, **wanted), None, NOW)  # type: ignore[arg-type]  # a test's shorthand
    return [type(command).__name__ for group in groups for command in group]


def test_a_personalised_device_is_given_the_channels_that_a_join_accept_would_give() -> None:
    groups = requests(SESSION, FRESH, WANTED, None, NOW)

    channels = [group[0] for group in groups if isinstance(group[0], NewChannelReq)]
    assert [channel.frequency_hz for channel in channels] == list(EU868.cf_list_hz)
    assert [channel.ch_index for channel in channels] == [3, 4, 5, 6, 7]


def test_a_device_that_has_all_is_asked_for_its_status_once_a_day() -> None:
    state = FRESH
    for number, channel in WANTED.channels.items():
        state = replace(state, plan=state.plan.with_channel(number, channel.frequency_hz))
    told = hear(DevStatusAns(battery=1, margin=1), state=state).state

    assert asked(state) == ["DevStatusReq"]
    assert asked(told) == []
    assert requests(SESSION, told, WANTED, None, NOW + timedelta(days=1)) == ((DevStatusReq(),),)


def test_windows_come_first_and_what_was_refused_is_left_out() -> None:
    session = replace(SESSION, rx1_delay_s=5, rx2_data_rate=3)
    refused = replace(FRESH, refused=frozenset({RXTimingSetupReq(delay=1).to_bytes()}))

    assert asked(session=session)[:2] == ["RXTimingSetupReq", "RXParamSetupReq"]
    assert asked(refused, session)[0] == "RXParamSetupReq"


def test_a_setting_of_adr_goes_with_the_mask_of_what_the_device_has() -> None:
    groups = requests(SESSION, FRESH, replace(WANTED, channels={}, status_every=None), FASTER, NOW)

    assert groups == ((LINK_ADR,),)


def test_a_fixed_plan_is_masked_to_the_channels_that_the_gateway_hears() -> None:
    state = begin(US915, b"", data_rate=0)
    session = replace(SESSION, rx2_data_rate=US915.rx2_data_rate, rx2_frequency_hz=US915.rx2_frequency_hz)

    (block,) = requests(session, state, replace(Wanted.of(US915), status_every=None), None, NOW)

    assert all(isinstance(command, LinkADRReq) for command in block)
    told = hear(*[link_adr_ans()] * len(block), asked=block, state=state)
    assert told.state.plan.enabled == US915.cf_list_mask
