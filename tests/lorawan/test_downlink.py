"""Downlinks: what a device hears, when and where it listens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.lorawan.crypto import FOptsCounter, SessionCiphers
from gateway.lorawan.downlink import rx1, rx2, seal_downlink
from gateway.lorawan.phy import ADDRESS, DataFrame, Direction, FCtrl, parse
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Eui64, FskRate, Key, LoraRate, MacVersion, Session, SessionKeys
from tests.lorawan.air import DEV_ADDR, DEV_EUI, acknowledge, distinct_keys, personalised, receive_windows, reception

SF12 = LoraRate(12, 125_000)


def parsed(phy_payload: bytes) -> DataFrame:
    frame = parse(phy_payload)
    assert isinstance(frame, DataFrame)
    return frame


def v1_1(**counters: int) -> Session:
    session = Session(
        dev_eui=DEV_EUI, dev_addr=DEV_ADDR, activation="x", mac_version=MacVersion.V1_1, keys=distinct_keys()
    )
    return replace(session, n_f_cnt_down=counters.get("network", 0), a_f_cnt_down=counters.get("application", 0))


# ── frames ──


def test_an_acknowledgement_is_what_others_send() -> None:
    # anthonykirby/lora-packet@33ab161:__tests__/mic_test.ts, MIT
    nwk_s_key = Key.parse("44024241ed4ce9a68c6a8bc055233fd3")
    keys = SessionKeys.v1_0(nwk_s_key=nwk_s_key, app_s_key=Key.parse("ec925802ae430ca77fd3dd73cb2cc588"))
    session = Session(
        dev_eui=Eui64("0000000000000000"),
        dev_addr=DevAddr("49be7df1"),
        activation="x",
        mac_version=MacVersion.V1_0_2,
        keys=keys,
        n_f_cnt_down=2,
    )

    phy_payload = seal_downlink(session, SessionCiphers(keys), f_ctrl=FCtrl(ack=True), f_port=1)

    assert phy_payload.hex() == "60f17dbe4920020001f9d65d27"


def test_f_opts_of_1_1_are_encrypted_as_others_do() -> None:
    # brocaar/lorawan@a18a103:phypayload_test.go, MIT
    keys = SessionKeys(
        f_nwk_s_int_key=Key(bytes(16)),
        s_nwk_s_int_key=Key.parse("01010101010101010101010101010100"),
        nwk_s_enc_key=Key.parse("01010101010101010101010101010200"),
        app_s_key=Key.parse("100f0e0d0c0b0a090807060504030201"),
    )
    session = replace(v1_1(network=9, application=0), dev_addr=DevAddr("01020304"), keys=keys)

    phy_payload = seal_downlink(
        session, SessionCiphers(keys), f_port=1, payload=bytes((1, 2, 3, 4)), f_opts=bytes((2, 7, 1))
    )

    assert phy_payload.hex() == "600403020103000022ac0a01f0b468ddaa5ed13a"


def test_a_device_hears_its_acknowledgement_once() -> None:
    device, opened = personalised()
    device.uplink(1, b"x", confirmed=True)

    phy_payload = acknowledge(opened.session, opened.ciphers, ack=True, f_cnt_up=0)

    heard = device.hear(phy_payload)
    assert heard is not None
    assert (heard.ack, heard.f_cnt, heard.f_port, heard.payload) == (True, 0, None, b"")
    assert device.hear(phy_payload) is None


def test_a_sign_of_life_acknowledges_nothing() -> None:
    device, opened = personalised()

    heard = device.hear(acknowledge(opened.session, opened.ciphers, ack=False, f_cnt_up=0))

    assert heard is not None
    assert not heard.ack


def test_a_device_hears_payload_and_mac_commands() -> None:
    device, opened = personalised()
    session = replace(opened.session, n_f_cnt_down=70_000)
    device.f_cnt_down = 69_999

    heard = device.hear(
        seal_downlink(
            session,
            opened.ciphers,
            f_ctrl=FCtrl(f_pending=True),
            f_port=10,
            payload=b"interval 600" * 3,
            f_opts=b"\x06",
            confirmed=True,
        )
    )

    assert heard is not None
    assert (heard.f_cnt, heard.f_port, heard.payload, heard.mac_commands) == (70_000, 10, b"interval 600" * 3, b"\x06")
    assert (heard.confirmed, heard.f_pending, heard.ack) == (True, True, False)


def test_mac_commands_on_port_0_are_sealed_with_the_network_s_key() -> None:
    device, opened = personalised()

    heard = device.hear(seal_downlink(opened.session, opened.ciphers, f_port=0, payload=b"\x06\x03"))

    assert heard is not None
    assert (heard.f_port, heard.payload, heard.mac_commands) == (0, b"", b"\x06\x03")


@pytest.mark.parametrize(("f_port", "f_cnt"), [(None, 5), (0, 5), (1, 8)])
def test_1_1_counts_what_is_for_the_application_apart(f_port: int | None, f_cnt: int) -> None:
    session = v1_1(network=5, application=8)

    frame = parsed(seal_downlink(session, SessionCiphers(session.keys), f_port=f_port))

    assert frame.f_cnt16 == f_cnt
    assert SessionCiphers(session.keys).downlink_mic(frame.signed, f_cnt) == frame.mic


def test_1_1_signs_which_uplink_is_acknowledged() -> None:
    session = replace(v1_1(), confirmed_f_cnt_up=6)
    ciphers = SessionCiphers(session.keys)

    named = parsed(acknowledge(session, ciphers, ack=True, f_cnt_up=7))
    last = parsed(seal_downlink(session, ciphers, f_ctrl=FCtrl(ack=True)))
    none = parsed(acknowledge(session, ciphers, ack=False, f_cnt_up=7))

    assert named.mic == ciphers.downlink_mic(named.signed, 0, 7)
    assert last.mic == ciphers.downlink_mic(last.signed, 0, 6)
    assert none.mic == ciphers.downlink_mic(none.signed, 0, 0)


def test_f_opts_of_1_1_without_a_port_use_the_network_s_counter() -> None:
    session = v1_1(network=5, application=8)
    ciphers, network = SessionCiphers(session.keys), FOptsCounter.F_CNT_UP_OR_N_F_CNT_DOWN

    frame = parsed(seal_downlink(session, ciphers, f_opts=b"\x06"))

    assert ciphers.crypt_f_opts(network, Direction.DOWNLINK, frame.signed[ADDRESS], 5, frame.f_opts) == b"\x06"


@pytest.mark.parametrize(
    "wrong",
    [
        {"f_opts": bytes(16)},
        {"f_port": 0, "f_opts": b"\x06"},
        {"payload": b"x"},
    ],
)
def test_a_frame_that_cannot_be_is_not_made(wrong: dict[str, bytes]) -> None:
    _, opened = personalised()

    with pytest.raises(AssertionError):
        seal_downlink(opened.session, opened.ciphers, **wrong)  # type: ignore[arg-type]  # a table of wrong ones


# ── windows ──


def test_rx1_answers_on_the_uplink_s_channel_after_the_session_s_delay() -> None:
    _, opened = personalised()
    session = replace(opened.session, rx1_delay_s=5, rx1_dr_offset=2)
    uplink = reception(frequency_hz=867_300_000, timestamp_us=10_000_000)

    window = rx1(uplink, session, EU868, b"frame")

    assert window is not None
    assert (window.source, window.gateway, window.phy_payload) == ("roof", uplink.gateway, b"frame")
    assert (window.frequency_hz, window.data_rate, window.power_dbm) == (867_300_000, LoraRate(9, 125_000), 16)
    assert window.timestamp_us == 15_000_000


def test_rx2_answers_a_second_later_where_the_session_says() -> None:
    _, opened = personalised()
    session = replace(opened.session, rx1_delay_s=5, rx2_data_rate=3)

    window = rx2(reception(timestamp_us=10_000_000), session, EU868, b"frame")

    assert window is not None
    assert (window.frequency_hz, window.data_rate, window.power_dbm) == (869_525_000, LoraRate(9, 125_000), 29)
    assert window.timestamp_us == 16_000_000


def test_a_join_is_answered_after_five_and_six_seconds() -> None:
    windows = receive_windows(reception(timestamp_us=0), None, EU868, b"accept")

    assert [(one.timestamp_us, one.frequency_hz, one.data_rate) for one in windows] == [
        (5_000_000, 868_100_000, LoraRate(7, 125_000)),
        (6_000_000, 869_525_000, SF12),
    ]


def test_the_concentrator_s_counter_wraps() -> None:
    _, opened = personalised()

    windows = receive_windows(reception(timestamp_us=0xFFFF_FFFF), opened.session, EU868, b"")

    assert [one.timestamp_us for one in windows] == [999_999, 1_999_999]


def test_a_radio_that_tells_no_time_has_no_windows() -> None:
    _, opened = personalised()

    assert receive_windows(reception(timestamp_us=None), opened.session, EU868, b"") == ()


def test_a_rate_that_the_region_has_not_leaves_rx2() -> None:
    _, opened = personalised()

    windows = receive_windows(reception(data_rate=FskRate(1_200)), opened.session, EU868, b"")

    assert [one.frequency_hz for one in windows] == [869_525_000]
