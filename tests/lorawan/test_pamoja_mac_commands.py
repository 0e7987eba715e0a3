"""MAC commands to an independent device, the class A end device of PyPI's pamoja-native (Rust), and what it answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pamoja._native import (
    LorawanEndDevice,
)

from gateway.lorawan.downlink import seal_downlink
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
    MacCommands,
    NewChannelAns,
    NewChannelReq,
    RXParamSetupAns,
    RXParamSetupReq,
    RXTimingSetupAns,
    RXTimingSetupReq,
    TXParamSetupReq,
    read,
    write,
)
from gateway.lorawan.mac_commands.v1_0 import BATTERY_UNKNOWN
from gateway.lorawan.phy import Direction
from gateway.lorawan.sessions import OpenSession
from gateway.model import MacVersion
from tests.lorawan.pamoja_device import (
    STEP_US,
    VERSIONS,
    abp,
    sealed,
    uplink,
)

REQUESTS: list[tuple[MacCommand, MacCommand]] = [
    (DevStatusReq(), DevStatusAns(battery=BATTERY_UNKNOWN, margin=7)),
    (
        LinkADRReq(data_rate=5, tx_power=2, ch_mask=0b111, ch_mask_cntl=0, nb_trans=2),
        LinkADRAns(power_ack=True, data_rate_ack=True, channel_mask_ack=True),
    ),
    (
        LinkADRReq(data_rate=5, tx_power=2, ch_mask=0b1000, ch_mask_cntl=0, nb_trans=2),  # a channel it has not
        LinkADRAns(power_ack=True, data_rate_ack=True, channel_mask_ack=False),
    ),
    (
        NewChannelReq(ch_index=3, frequency_hz=867_100_000, max_dr=5, min_dr=0),
        NewChannelAns(data_rate_range_ok=True, channel_frequency_ok=True),
    ),
    (
        NewChannelReq(ch_index=4, frequency_hz=867_300_000, max_dr=0, min_dr=5),  # an empty range
        NewChannelAns(data_rate_range_ok=False, channel_frequency_ok=True),
    ),
    (
        RXParamSetupReq(rx1_dr_offset=1, rx2_data_rate=3, frequency_hz=869_525_000),
        RXParamSetupAns(rx1_dr_offset_ack=True, rx2_data_rate_ack=True, channel_ack=True),
    ),
    (RXTimingSetupReq(delay=5), RXTimingSetupAns()),
    (
        DlChannelReq(ch_index=1, frequency_hz=869_525_000),
        DlChannelAns(uplink_frequency_exists=True, channel_frequency_ok=True),
    ),
    (
        DlChannelReq(ch_index=7, frequency_hz=869_525_000),  # a channel it has not
        DlChannelAns(uplink_frequency_exists=False, channel_frequency_ok=True),
    ),
    (DutyCycleReq(max_duty_cycle=4), DutyCycleAns()),
]


def answers(device: LorawanEndDevice, opened: OpenSession, *requests: MacCommand, f_port: int | None) -> MacCommands:
    """Let a device hear MAC commands in RX1, and read what its next uplink answers."""
    uplink(device.send(5, [1], STEP_US), opened)
    if f_port is None:
        downlink = seal_downlink(opened.session, opened.ciphers, f_opts=write(requests))
    else:
        downlink = seal_downlink(opened.session, opened.ciphers, f_port=f_port, payload=write(requests))
    device.heard(sealed(opened, downlink), 7, "rx1")
    result = uplink(device.send(5, [2], 2 * STEP_US), opened)
    assert result.uplink.payload == b"\x02"
    return read(result.mac_commands, direction=Direction.UPLINK, mac_version=opened.session.mac_version)


@pytest.mark.parametrize("mac_version", VERSIONS)
@pytest.mark.parametrize(("request_", "answer"), REQUESTS, ids=[repr(request_) for request_, _ in REQUESTS])
@pytest.mark.parametrize("f_port", [None, 0], ids=["FOpts", "FPort 0"])
def test_it_answers_mac_commands(
    request_: MacCommand, answer: MacCommand, f_port: int | None, mac_version: MacVersion
) -> None:
    device, opened = abp(mac_version, 0)

    heard = answers(device, opened, request_, f_port=f_port)

    assert heard == MacCommands((answer,))


def test_it_does_what_mac_commands_say() -> None:
    device, opened = abp(MacVersion.V1_0_4, 0)
    suitable = list(
        reversed({type(request_): request_ for request_, _ in reversed(REQUESTS)}.values())
    )  # each kind's first

    heard = answers(device, opened, *suitable, f_port=0)

    assert len(suitable) == 7
    assert heard == MacCommands(tuple(dict(REQUESTS)[request_] for request_ in suitable))
    assert (device.data_rate, device.transmissions) == (5, 2)
    assert device.rx2 == (869_525_000, 3)
    assert device.receive_delay_us == 5_000_000
    assert {one.index: one.uplink_hz for one in device.channels()}[3] == 867_100_000
    assert {one.index: one.downlink_hz for one in device.channels()}[1] == 869_525_000


def test_it_ignores_the_dwell_time_that_its_region_has_not() -> None:
    device, opened = abp(MacVersion.V1_0_4, 0)
    dwell_time = TXParamSetupReq(downlink_dwell_time=True, uplink_dwell_time=True, max_eirp=5)

    heard = answers(device, opened, dwell_time, DutyCycleReq(max_duty_cycle=0), f_port=None)

    assert heard == MacCommands((DutyCycleAns(),))


def test_it_hears_the_link_check_and_the_time_that_it_asks_for() -> None:
    device, opened = abp(MacVersion.V1_0_4, 0)
    device.request_link_check()
    device.request_device_time()
    asked = uplink(device.send(5, [1], STEP_US), opened)
    ended = datetime(2011, 9, 14, 1, 46, 25, 500_000, tzinfo=UTC)
    f_opts = write((LinkCheckAns(margin=20, gw_cnt=2), DeviceTimeAns.at(ended)))

    delivery = device.heard(sealed(opened, seal_downlink(opened.session, opened.ciphers, f_opts=f_opts)), 7).delivery

    questions = read(asked.mac_commands, direction=Direction.UPLINK, mac_version=MacVersion.V1_0_4)
    assert set(questions.commands) == {LinkCheckReq(), DeviceTimeReq()}
    assert delivery is not None
    assert (delivery.link_check, delivery.device_time) == ((20, 2), (1_000_000_000, 128))
