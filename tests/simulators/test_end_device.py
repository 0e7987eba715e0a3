"""The simulated device: as strict as a real one, and the same device for the same seed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from gateway.lorawan.downlink import seal_downlink
from gateway.lorawan.phy import DataFrame, JoinRequest, parse
from gateway.lorawan.sessions import OpenSession
from gateway.model import DevAddr, Eui64, Key, MacVersion, Session, SessionKeys
from simulators.end_device import EndDevice, NotActivated
from tests.lorawan.air import acknowledge

DEV_EUI, DEV_ADDR = Eui64("a81758fffe051d02"), DevAddr("26011234")


def personalised() -> tuple[EndDevice, OpenSession]:
    device = EndDevice.abp(DEV_EUI, DEV_ADDR)
    assert device.keys is not None
    session = Session(
        dev_eui=DEV_EUI, dev_addr=DEV_ADDR, activation="x", mac_version=MacVersion.V1_0_3, keys=device.keys
    )
    return device, OpenSession(session)


def data_frame(phy_payload: bytes) -> DataFrame:
    frame = parse(phy_payload)
    assert isinstance(frame, DataFrame)
    return frame


def nonces(device: EndDevice, count: int) -> list[int]:
    frames = [parse(device.join_request()) for _ in range(count)]
    return [frame.dev_nonce for frame in frames if isinstance(frame, JoinRequest)]


def test_its_uplink_is_what_others_send() -> None:
    # brocaar/lorawan@a18a103:phypayload_test.go, MIT
    keys = SessionKeys.v1_0(
        nwk_s_key=Key.parse("0102030405060708090a0b0c0d0e0f10"), app_s_key=Key.parse("100f0e0d0c0b0a090807060504030201")
    )
    device = EndDevice.abp(DEV_EUI, DevAddr("01020304"), keys)

    phy_payload = device.uplink(10, bytes((1, 2, 3, 4)), confirmed=True, f_opts=b"\x06\x73\x07")

    assert phy_payload.hex() == "80040302010300000673070ae264d4f7e117d2c0"


def test_it_takes_a_join_accept_of_others() -> None:
    # anthonykirby/lora-packet@33ab161:__tests__/mic_test.ts and key_gen_test.ts, MIT
    device = EndDevice(DEV_EUI, app_key=Key.parse("98929b92c49edba9676d646d3b612456"))
    device.dev_nonce = 61_838

    assert device.accept(bytes.fromhex("2088f36ae3b21314bc284e314e99257328"))

    assert device.dev_addr == "012ccde7"
    assert device.rx1_delay_s == 1
    assert device.keys == SessionKeys.v1_0(
        nwk_s_key=Key.parse("4e3d6e6afbcc67af2ba3c8e8ec4acf4b"), app_s_key=Key.parse("610897aa6f1460623443b527d3ac6a9d")
    )


def test_the_same_seed_makes_the_same_device() -> None:
    one, same, other = (EndDevice(DEV_EUI, random=Random(seed)) for seed in (1, 1, 2))

    assert one.app_key == same.app_key != other.app_key
    assert one.join_request() == same.join_request() != other.join_request()


@pytest.mark.parametrize("mac_version", [MacVersion.V1_0_2, MacVersion.V1_0_3])
def test_its_random_nonces_never_repeat(mac_version: MacVersion) -> None:
    drawn = nonces(EndDevice(DEV_EUI, mac_version=mac_version), 2_000)

    assert len(set(drawn)) == 2_000
    assert drawn != sorted(drawn)


def test_its_nonces_count_in_1_0_4() -> None:
    assert nonces(EndDevice(DEV_EUI, mac_version=MacVersion.V1_0_4), 4) == [0, 1, 2, 3]


def test_it_sends_nothing_before_it_has_joined() -> None:
    with pytest.raises(NotActivated, match=DEV_EUI):
        EndDevice(DEV_EUI).uplink(1, b"x")


def test_it_repeats_the_same_frame_and_counts_the_next_one() -> None:
    device, _ = personalised()
    first = device.uplink(1, b"x")

    assert device.repeat() == first
    assert data_frame(device.uplink(1, b"x")).f_cnt16 == 1


def test_it_acknowledges_a_confirmed_downlink_with_its_next_uplink_only() -> None:
    device, opened = personalised()
    device.hear(seal_downlink(opened.session, opened.ciphers, f_port=1, payload=b"x", confirmed=True))

    acks = [data_frame(device.uplink(1, b"x")).f_ctrl.ack for _ in range(2)]

    assert acks == [True, False]


def test_it_hears_each_downlink_once() -> None:
    device, opened = personalised()
    first, second = (
        acknowledge(replace(opened.session, n_f_cnt_down=count), opened.ciphers, ack=True, f_cnt_up=0)
        for count in (70_000, 70_001)
    )
    device.f_cnt_down = 69_000

    assert [device.hear(frame) is not None for frame in (second, second, first)] == [True, False, False]


def test_it_hears_no_flipped_bit() -> None:
    device, opened = personalised()
    phy_payload = seal_downlink(opened.session, opened.ciphers, f_port=2, payload=b"hello", f_opts=b"\x06")

    for bit in range(8 * len(phy_payload)):
        flipped = bytearray(phy_payload)
        flipped[bit // 8] ^= 1 << bit % 8
        assert device.hear(bytes(flipped)) is None
    assert device.hear(phy_payload) is not None


def test_it_hears_neither_uplinks_nor_noise_nor_truncations() -> None:
    device, opened = personalised()
    random, downlink = Random(3), acknowledge(opened.session, opened.ciphers, ack=True, f_cnt_up=0)
    hostile = [device.uplink(1, b"x"), *(random.randbytes(size) for size in range(60))]

    for octets in hostile + [downlink[:size] for size in range(len(downlink))]:
        assert device.hear(octets) is None
        assert not device.accept(octets)
