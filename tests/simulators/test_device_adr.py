"""How the simulated device sends: as it is told, as silence makes it, or as oddly as it was made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.lorawan.mac_commands import (
    LinkADRAns,
    LinkADRReq,
    RXTimingSetupReq,
    TXParamSetupAns,
    TXParamSetupReq,
)
from gateway.lorawan.mac_commands.v1_0 import KEEP
from gateway.lorawan.phy import JoinRequest, parse
from gateway.lorawan.region import AS923_1, US915
from gateway.model import MacVersion
from simulators.end_device import EndDevice, Make, Oddities
from tests.simulators.talk import BOTH_MASKS, DEV_EUI, YES, Talk, frame_of

# ── LinkADRReq ──


@pytest.mark.parametrize(
    ("mac_version", "expected"),
    [
        (MacVersion.V1_0_1, (5, 0, 1)),  # 15 is no power there: refused
        (MacVersion.V1_0_3, (5, 0, 1)),
        (MacVersion.V1_0_4, (5, 0, 1)),  # NbTrans 0 is 1 (section 5.2)
    ],
)
def test_fifteen_means_leave_it_since_1_0_4(mac_version: MacVersion, expected: tuple[int, int, int]) -> None:
    talk = Talk(mac_version)
    talk.told(LinkADRReq(data_rate=KEEP, tx_power=KEEP, ch_mask=1, ch_mask_cntl=0, nb_trans=0))

    (answer,) = talk.answers()

    has = talk.device.setting
    assert (has.data_rate, has.tx_power, has.nb_trans) == expected
    assert (answer == YES) == (mac_version is MacVersion.V1_0_4)
    assert (has.plan.enabled == {0}) == (mac_version is MacVersion.V1_0_4)


def test_a_block_of_a_fixed_plan_is_one_whole() -> None:
    talk = Talk(MacVersion.V1_0_3, region=US915)
    off = LinkADRReq(data_rate=2, tx_power=1, ch_mask=0, ch_mask_cntl=7, nb_trans=1)
    on = replace(off, ch_mask=0xFF00, ch_mask_cntl=0)

    talk.told(off, on)

    assert talk.answers() == (YES, YES)
    assert talk.device.setting.plan.enabled == frozenset(range(8, 16))


def test_before_1_0_2_each_request_stands_for_itself() -> None:
    talk = Talk(MacVersion.V1_0_1, region=US915)
    off = LinkADRReq(data_rate=2, tx_power=1, ch_mask=0, ch_mask_cntl=7, nb_trans=1)

    talk.told(off, replace(off, ch_mask=0xFF00, ch_mask_cntl=0))

    first, second = talk.answers()
    assert first == replace(YES, channel_mask_ack=False)
    assert second == YES


def test_without_adr_only_the_mask_is_the_network_s() -> None:
    talk = Talk(adr=False)

    talk.told(BOTH_MASKS)

    assert talk.answers() == (YES,)
    assert (talk.device.setting.data_rate, talk.device.setting.tx_power) == (5, 0)
    assert talk.device.setting.plan.enabled == {0, 2}


def test_a_device_of_a_fixed_plan_refuses_data_rates_that_are_not_lora() -> None:
    talk = Talk(region=US915)

    talk.told(LinkADRReq(data_rate=5, tx_power=0, ch_mask=0xFFFF, ch_mask_cntl=0, nb_trans=1))

    assert talk.answers() == (replace(YES, data_rate_ack=False),)


def test_dwell_time_raises_the_data_rate_and_shortens_what_is_heard() -> None:
    talk = Talk(region=AS923_1, data_rate=2)
    talk.told(TXParamSetupReq(downlink_dwell_time=True, uplink_dwell_time=True, max_eirp=2))
    answers = talk.answers()

    talk.told(LinkADRReq(data_rate=0, tx_power=0, ch_mask=1, ch_mask_cntl=0, nb_trans=1))

    assert answers == (TXParamSetupAns(),)
    assert talk.device.on_air.power_dbm == 12
    assert talk.device.listening.rx1 is not None
    assert talk.device.listening.rx1.longest == 11 + 13
    assert talk.answers() == (replace(YES, data_rate_ack=False),)


# ── silence ──


# LoRaWAN 1.0.4, table 9, and 1.0.3, section 4.3.1.1: asking ends with the lowest data rate.
@pytest.mark.parametrize(("mac_version", "asks_on"), [(MacVersion.V1_0_4, True), (MacVersion.V1_0_3, False)])
def test_silence_makes_it_ask_then_shout_then_slow_down_then_open_all_channels(
    mac_version: MacVersion, *, asks_on: bool
) -> None:
    talk = Talk(mac_version)
    talk.told(LinkADRReq(data_rate=2, tx_power=3, ch_mask=0b100, ch_mask_cntl=0, nb_trans=2))
    history = []

    for _ in range(240):
        frame, has = frame_of(talk.device.uplink(1, b"x")), talk.device.setting
        history.append((frame.f_ctrl.adr_ack_req, has.tx_power, has.data_rate, len(has.plan.enabled), has.nb_trans))

    changes = [(at, now) for at, now in enumerate(history) if at == 0 or now != history[at - 1]]
    assert changes == [
        (0, (False, 3, 2, 1, 2)),
        (64, (True, 3, 2, 1, 2)),
        (96, (True, 0, 2, 1, 2)),
        (128, (True, 0, 1, 1, 2)),
        (160, (asks_on, 0, 0, 1, 2)),
        (192, (asks_on, 0, 0, 3, 1)),
    ]


def test_any_downlink_ends_the_silence() -> None:
    talk = Talk()
    for _ in range(70):
        talk.device.uplink(1, b"x")
    talk.opened.session = replace(talk.opened.session, f_cnt_up=70)

    talk.told()

    asks = [frame_of(talk.device.uplink(1, b"x")).f_ctrl.adr_ack_req for _ in range(65)]
    assert asks == [False] * 64 + [True]


def test_without_adr_silence_changes_nothing() -> None:
    talk = Talk(adr=False)

    frames = [frame_of(talk.device.uplink(1, b"x")) for _ in range(200)]

    assert not any(frame.f_ctrl.adr or frame.f_ctrl.adr_ack_req for frame in frames)
    assert talk.device.setting.data_rate == 5


# ── oddities ──


@pytest.mark.parametrize(
    ("oddities", "answer"),
    [
        (Oddities(refuses_power=True), replace(YES, power_ack=False)),
        (Oddities(refuses_data_rate=True), replace(YES, data_rate_ack=False)),
        (Oddities(refuses_masks=True), replace(YES, channel_mask_ack=False)),
    ],
)
def test_an_odd_device_refuses_and_stays_as_it_is(oddities: Oddities, answer: LinkADRAns) -> None:
    talk = Talk(oddities=oddities)
    before = talk.device.setting

    talk.told(BOTH_MASKS)

    assert talk.answers() == (answer,)
    assert talk.device.setting == before


def test_an_odd_device_never_answers_but_still_acknowledges() -> None:
    talk = Talk(oddities=Oddities(ignores_mac_commands=True))

    talk.told(BOTH_MASKS, RXTimingSetupReq(delay=5), confirmed=True)

    frame = frame_of(talk.device.uplink(1, b"x"))
    assert (frame.f_opts, frame.f_ctrl.ack) == (b"", True)
    assert talk.device.rx1_delay_s == 1


@pytest.mark.parametrize(("forgets", "f_cnt"), [(True, 0), (False, 3)])
def test_a_personalised_device_that_loses_power_forgets_what_it_was_told(*, forgets: bool, f_cnt: int) -> None:
    talk = Talk(oddities=Oddities(forgets_counters=forgets))
    talk.told(RXTimingSetupReq(delay=5))
    for _ in range(3):
        talk.uplink()

    talk.device.restart()

    assert talk.device.rx1_delay_s == 1
    assert frame_of(talk.device.uplink(1, b"x")).f_cnt16 == f_cnt
    assert talk.device.f_cnt_down == (0 if forgets else 1)


def test_an_odd_device_joins_with_the_same_nonce_again() -> None:
    device = EndDevice(DEV_EUI, make=Make(oddities=Oddities(repeats_dev_nonce=True)))

    frames = [parse(device.join_request()) for _ in range(3)]

    assert len({frame.dev_nonce for frame in frames if isinstance(frame, JoinRequest)}) == 1
