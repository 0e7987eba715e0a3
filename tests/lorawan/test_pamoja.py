"""An independent device, the class A end device of PyPI's pamoja-native (Rust), against this network, both ways."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pamoja import _native
from pamoja._native import (
    LorawanEndDevice,
    LorawanTransmission,
)

from gateway.lorawan.downlink import seal_downlink
from gateway.lorawan.join import answer_join, open_join_request
from gateway.lorawan.phy import FCtrl, JoinRequest, parse
from gateway.lorawan.region import EU868, airtime
from gateway.lorawan.sessions import OpenSession, Repeated
from gateway.model import DevAddr, Device, Key, MacVersion, RootKeys, Session, SessionKeys
from tests.lorawan.air import acknowledge, hear, receive_windows
from tests.lorawan.pamoja_device import (
    APP_KEY,
    APP_S_KEY,
    DEV_EUI,
    JOIN_EUI,
    NWK_S_KEY,
    STEP_US,
    VERSIONS,
    abp,
    heard_as,
    otaa,
    rate,
    sealed,
    uplink,
)

REFUSES: type[Exception] = _native.PamojaError  # type: ignore[attr-defined]  # its stubs leave it out


def joined(device: LorawanEndDevice, mac_version: MacVersion, dev_nonce: int = 1) -> OpenSession:
    """Let a device join; what it is told, and where, is checked by the device."""
    sent = device.join(dev_nonce, 0)
    request = parse(bytes(sent.frame))
    assert isinstance(request, JoinRequest)
    registered = Device(dev_eui=DEV_EUI, join_eui=JOIN_EUI, mac_version=mac_version)
    root_keys = RootKeys(app_key=Key(APP_KEY))
    open_join_request(request, registered, root_keys, frozenset())
    session, accept = answer_join(
        request,
        registered,
        root_keys,
        join_nonce=dev_nonce,
        net_id=0x13,
        dev_addr=DevAddr("26abcdef"),
        region=EU868,
        rx1_dr_offset=1,
        rx1_delay_s=3,
    )
    same_windows(sent, None, accept)
    assert device.heard(list(accept), 9, "rx1").kind == "joined"
    return OpenSession(session)


def same_windows(sent: LorawanTransmission, session: Session | None, phy_payload: bytes) -> None:
    ours = receive_windows(heard_as(sent), session, EU868, phy_payload)
    assert [(one.timestamp_us, one.frequency_hz, one.data_rate) for one in ours] == [
        (theirs.delay_us, theirs.frequency_hz, rate(theirs.data_rate)) for theirs in (sent.rx1, sent.rx2)
    ]


@pytest.mark.parametrize("mac_version", VERSIONS)
def test_it_joins_and_takes_what_the_network_grants(mac_version: MacVersion) -> None:
    device = otaa(mac_version)

    joined(device, mac_version)

    assert device.is_joined
    assert device.dev_addr == 0x26ABCDEF
    assert device.receive_delay_us == 3_000_000
    assert {one.uplink_hz: one.index for one in device.channels()} == {
        frequency: EU868.channel(frequency) for frequency in EU868.default_channels_hz + EU868.cf_list_hz
    }


@pytest.mark.parametrize("mac_version", VERSIONS)
def test_its_uplinks_are_opened_and_its_windows_are_ours(mac_version: MacVersion) -> None:
    device = otaa(mac_version)
    opened = joined(device, mac_version)

    for number in range(300):
        payload = bytes((number % 256,)) * (number % 51 + 1)
        sent = device.send(number % 223 + 1, list(payload), (number + 1) * STEP_US)
        result = uplink(sent, opened)
        assert (result.uplink.f_cnt, result.uplink.f_port, result.uplink.payload) == (
            number,
            number % 223 + 1,
            payload,
        )
        assert airtime(len(sent.frame), rate(sent.data_rate)).microseconds == sent.airtime_us % 1_000_000
        same_windows(sent, opened.session, b"")
        device.nothing_heard((number + 1) * STEP_US + 5_000_000)


@pytest.mark.parametrize("mac_version", VERSIONS)
def test_it_hears_its_acknowledgement(mac_version: MacVersion) -> None:
    device = otaa(mac_version)
    opened = joined(device, mac_version)

    for number in range(20):
        new = uplink(device.send(1, [1], (number + 1) * STEP_US, confirmed=True), opened)
        answer = acknowledge(opened.session, opened.ciphers, ack=True, f_cnt_up=new.uplink.f_cnt)
        delivery = device.heard(sealed(opened, answer), 9, "rx1").delivery
        assert new.uplink.confirmed
        assert delivery is not None
        assert delivery.acknowledged


def test_what_it_repeats_is_answered_again_and_not_new() -> None:
    device, opened = abp(MacVersion.V1_0_3, 0)
    uplink(device.send(1, [1], STEP_US), opened)
    three_times = bytes.fromhex("03 50 0700 03")  # LinkADRReq: DR5, channels 0 to 2, NbTrans 3
    device.heard(sealed(opened, seal_downlink(opened.session, opened.ciphers, f_opts=three_times)), 9, "rx1")
    new = uplink(device.send(1, [1], 2 * STEP_US, confirmed=True), opened)
    assert device.nothing_heard(2 * STEP_US + 5_000_000).kind == "repeat"

    again = hear(bytes(device.repeat(3 * STEP_US).frame), opened)

    assert again == Repeated(opened=opened, f_cnt=new.uplink.f_cnt, confirmed=True)


@pytest.mark.parametrize("mac_version", VERSIONS)
@pytest.mark.parametrize("f_cnt", [0, 65_533, 131_069, 0x00FF_FFFE])
def test_both_counters_roll_past_16_bits(mac_version: MacVersion, f_cnt: int) -> None:
    device, opened = abp(mac_version, f_cnt)

    for number in range(6):
        new = uplink(device.send(5, [number], (number + 1) * STEP_US, confirmed=True), opened)
        answer = seal_downlink(
            opened.session, opened.ciphers, f_ctrl=FCtrl(ack=True), f_port=10, payload=bytes((number,))
        )
        delivery = device.heard(sealed(opened, answer), 9).delivery
        assert new.uplink.f_cnt == f_cnt + number
        assert delivery is not None
        assert (delivery.acknowledged, delivery.port, bytes(delivery.payload)) == (True, 10, bytes((number,)))
        assert device.fcnt_down == f_cnt + number


def test_it_refuses_a_downlink_of_another_session() -> None:
    device, _ = abp(MacVersion.V1_0_4, 0)
    _, other = abp(MacVersion.V1_0_4, 0)
    device.send(5, [1], STEP_US)
    stranger = OpenSession(
        replace(other.session, keys=SessionKeys.v1_0(nwk_s_key=Key(APP_S_KEY), app_s_key=Key(NWK_S_KEY)))
    )

    with pytest.raises(REFUSES):
        device.heard(list(acknowledge(stranger.session, stranger.ciphers, ack=False, f_cnt_up=0)), 9)
