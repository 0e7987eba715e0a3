"""The simulated device of LoRaWAN 1.1 against this network's joins and sessions."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lorawan import crypto
from gateway.lorawan.downlink import seal_downlink
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.mac_commands import (
    ADRParamSetupAns,
    ADRParamSetupReq,
    DeviceModeConf,
    DeviceModeInd,
    DevStatusReq,
    ForceRejoinReq,
    LinkADRAns,
    LinkADRReq,
    RejoinParamSetupAns,
    RejoinParamSetupReq,
    RekeyConf,
    RekeyInd,
    ResetConf,
    ResetInd,
    RXTimingSetupReq,
    write,
)
from gateway.lorawan.phy import JOIN_ACCEPT_MHDR, DataFrame, FCtrl, parse
from gateway.lorawan.region import EU868
from gateway.lorawan.sessions import OpenSession, Repeated
from gateway.model import DevAddr, MacVersion
from simulators.end_device import EndDevice
from tests.lorawan.air import hear, reception
from tests.simulators.joined_v1_1 import (
    DEV_EUI,
    NWK_KEY,
    answered,
    heard,
    joined,
    made,
    said,
    tell,
)


def test_it_joins_and_both_have_the_same_keys() -> None:
    device, opened = joined()

    assert device.keys == opened.session.keys
    assert device.channels_hz == EU868.cf_list_hz


def test_it_tells_its_keys_until_they_are_confirmed() -> None:
    device, opened = joined()

    before = [said(heard(device, device.uplink(2, b"x"), opened)) for _ in range(3)]
    tell(device, opened, RekeyConf(minor=1))
    after = said(heard(device, device.uplink(2, b"x"), opened))

    assert before == [(RekeyInd(minor=1),)] * 3
    assert after == ()


def test_a_network_without_1_1_gets_a_1_0_session_with_the_network_key() -> None:
    device = made()
    device.join_request()
    content = JoinAcceptContent(join_nonce=5, net_id=0x13, dev_addr=DevAddr("26abcdef"), opt_neg=False)
    signed = JOIN_ACCEPT_MHDR + content.to_bytes()
    mic = crypto.signature(NWK_KEY, signed)
    accept = JOIN_ACCEPT_MHDR + crypto.encrypt_join_accept(NWK_KEY, content.to_bytes() + mic)

    assert device.accept(accept)

    assert device.keys == crypto.derive_session_keys_v1_0(NWK_KEY, join_nonce=5, net_id=0x13, dev_nonce=0)
    assert device.uplink(2, b"x")[5] == 0  # no FOpts: nothing to rekey


def test_a_join_nonce_that_does_not_grow_is_refused() -> None:
    device = made()
    assert device.accept(answered(device, join_nonce=7)[0])

    again = [device.accept(answered(device, join_nonce=nonce)[0]) for nonce in (7, 6, 8)]

    assert again == [False, False, True]


def test_an_accept_is_taken_once() -> None:
    device = made()
    accept, opened = answered(device)
    device.accept(accept)
    heard(device, device.uplink(2, b"x"), opened)

    assert not device.accept(accept)
    assert device.f_cnt_up == 1


# ── data ──


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 223), st.binary(max_size=40), st.booleans()), min_size=1, max_size=12))
def test_this_network_opens_whatever_it_sends_on_whatever_channel(frames: list[tuple[int, bytes, bool]]) -> None:
    device, opened = joined()
    channels = set()

    for f_port, payload, confirmed in frames:
        new = heard(device, device.uplink(f_port or None, payload if f_port else b"", confirmed=confirmed), opened)
        channels.add(device.on_air.channel)
        assert (new.uplink.f_port, new.uplink.payload) == (f_port, payload if f_port else b"")
        assert said(new) == (RekeyInd(minor=1),)
    assert channels <= set(range(8))


def test_what_it_repeats_on_another_channel_is_signed_anew() -> None:
    device, opened = joined()
    first = device.uplink(2, b"x", confirmed=True)
    heard(device, first, opened)
    frames = {}

    for _ in range(30):
        phy_payload = device.repeat()
        where = reception(frequency_hz=device.on_air.frequency_hz, data_rate=device.on_air.data_rate)
        assert hear(phy_payload, opened, receptions=(where,)) == Repeated(opened=opened, f_cnt=0, confirmed=True)
        frames[device.on_air.channel] = phy_payload

    assert len(frames) == len(set(frames.values())) == 8


def test_its_acknowledgement_means_the_downlink_that_it_heard() -> None:
    device, opened = joined()
    for _ in range(3):
        tell(device, opened, f_port=9, payload=b"x")
    session = opened.session
    confirmed = seal_downlink(session, opened.ciphers, f_port=9, payload=b"y", confirmed=True)
    device.hear(confirmed)
    opened.session = replace(session, a_f_cnt_down=session.a_f_cnt_down + 1)

    new = heard(device, device.uplink(2, b"x"), opened)

    assert new.uplink.f_cnt == 0


def test_it_takes_an_acknowledgement_of_its_last_confirmed_uplink_only() -> None:
    device, opened = joined()
    for _ in range(2):
        heard(device, device.uplink(2, b"x", confirmed=True), opened)

    stale, right = (
        seal_downlink(opened.session, opened.ciphers, f_ctrl=FCtrl(ack=True), acked_f_cnt_up=f_cnt) for f_cnt in (0, 1)
    )

    assert device.hear(stale) is None
    downlink = device.hear(right)
    assert downlink is not None
    assert downlink.ack


def test_it_counts_the_network_and_the_application_apart() -> None:
    device, opened = joined()
    at_5 = replace(opened.session, n_f_cnt_down=5)
    network, application = (
        seal_downlink(at_5, opened.ciphers, f_opts=b"\x06"),
        seal_downlink(at_5, opened.ciphers, f_opts=b"\x06", f_port=3, payload=b"x"),
    )

    first = [device.hear(frame) for frame in (network, application)]
    again = [device.hear(frame) for frame in (network, application)]

    assert [one.f_cnt for one in first if one is not None] == [5, 0]
    assert [one.commands for one in first if one is not None] == [(DevStatusReq(),)] * 2
    assert again == [None, None]


def test_no_flipped_bit_is_heard() -> None:
    device, opened = joined()
    downlink = seal_downlink(opened.session, opened.ciphers, f_port=2, payload=b"hello", f_opts=b"\x06")

    for bit in range(8 * len(downlink)):
        flipped = bytearray(downlink)
        flipped[bit // 8] ^= 1 << bit % 8
        assert device.hear(bytes(flipped)) is None
    assert device.hear(downlink) is not None


# ── what only 1.1 says ──


def test_a_personalised_device_tells_that_it_began_anew_until_it_is_confirmed() -> None:
    device = EndDevice.abp(DEV_EUI, DevAddr("26011234"), mac_version=MacVersion.V1_1)
    assert device.keys is not None
    session = replace(answered(made())[1].session, keys=device.keys, dev_addr=DevAddr("26011234"))
    opened = OpenSession(session)
    first = said(heard(device, device.uplink(1, b"x"), opened))
    tell(device, opened, ResetConf(minor=1), RXTimingSetupReq(delay=5))
    heard(device, device.uplink(1, b"x"), opened)

    device.restart()
    again = said(heard(device, device.uplink(1, b"x"), opened))

    assert first == again == (ResetInd(minor=1),)
    assert device.rx1_delay_s == 1
    assert device.f_cnt_up == 3


def test_a_class_c_device_tells_its_class_until_it_is_confirmed() -> None:
    device, opened = joined("C")

    first = said(heard(device, device.uplink(1, b"x"), opened))
    tell(device, opened, DeviceModeConf(device_class=2))
    second = said(heard(device, device.uplink(1, b"x"), opened))

    assert first == (RekeyInd(minor=1), DeviceModeInd(device_class=2))
    assert second == (RekeyInd(minor=1),)
    assert device.listening.device_class == "C"


def test_one_answer_is_given_to_a_block_and_a_second_block_is_refused() -> None:
    device, opened = joined(adr=True)
    tell(device, opened, RekeyConf(minor=1))
    request = LinkADRReq(data_rate=4, tx_power=1, ch_mask=0b11, ch_mask_cntl=0, nb_trans=1)
    other = replace(request, data_rate=0)

    tell(device, opened, f_port=0, payload=write((request, request, DevStatusReq(), other)))
    new = heard(device, device.uplink(1, b"x"), opened)

    answers = [answer for answer in said(new) if isinstance(answer, LinkADRAns)]
    assert [write([answer]).hex() for answer in answers] == ["0307", "0300"]
    assert device.setting.data_rate == 4


def test_the_limits_of_silence_are_the_network_s_to_say() -> None:
    device, opened = joined(adr=True)
    tell(device, opened, RekeyConf(minor=1), ADRParamSetupReq(limit_exp=2, delay_exp=1))

    frames = [parse(device.uplink(1, b"x")) for _ in range(8)]

    asks = [frame.f_ctrl.adr_ack_req for frame in frames if isinstance(frame, DataFrame)]
    assert asks == [False] * 4 + [True] * 4
    assert device.setting.data_rate == 4


def test_it_answers_how_it_would_rejoin_and_remembers_that_it_shall() -> None:
    device, opened = joined()
    tell(
        device,
        opened,
        RekeyConf(minor=1),
        RejoinParamSetupReq(max_time_n=1, max_count_n=2),
        ADRParamSetupReq(limit_exp=6, delay_exp=5),
    )
    tell(device, opened, force := ForceRejoinReq(period=0, max_retries=0, rejoin_type=2, data_rate=3))

    new = heard(device, device.uplink(1, b"x"), opened)

    assert said(new) == (RejoinParamSetupAns(time_ok=False), ADRParamSetupAns())
    assert device.rejoin_wanted == force
