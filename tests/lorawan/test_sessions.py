"""Uplinks against sessions: counters, repetitions, replays, shared addresses, hostile octets."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.phy import DataFrame, dev_addr_octets, parse
from gateway.lorawan.sessions import NewUplink, OpenSession, Repeated, full_f_cnt, open_uplink
from gateway.model import Eui64, MacVersion, Session, SessionKeys, uplink_id
from tests.lorawan.air import (
    DEV_ADDR,
    DEV_EUI,
    NOW,
    hear,
    heard,
    open_octets,
    personalised,
    reception,
    session_v1_1,
)
from tests.lorawan.vectors import key, lines

WITH_GAP_RULE = [MacVersion.V1_0_0, MacVersion.V1_0_1, MacVersion.V1_0_2, MacVersion.V1_0_3]


def new(phy_payload: bytes, *sessions: OpenSession) -> NewUplink:
    opened = hear(phy_payload, *sessions)
    assert isinstance(opened, NewUplink)
    return opened


def refusal(phy_payload: bytes, *sessions: OpenSession) -> BadFrameReason:
    before = [one.session for one in sessions]
    with pytest.raises(BadFrame) as caught:
        hear(phy_payload, *sessions)
    assert [one.session for one in sessions] == before
    return caught.value.reason


# ── vectors ──


@pytest.mark.parametrize("line", lines("fcnt32", "full-fcnt-up"), ids=str)
def test_the_full_counter_is_what_others_reconstruct(line: dict[str, Any]) -> None:
    assert full_f_cnt(line["next_expected"], line["received16"]) == line["full"]


@pytest.mark.parametrize("line", lines("fcnt32", "fcnt-limit"), ids=lambda line: str(line["payload_fcnt"]))
def test_a_counter_is_accepted_or_refused_as_others_do(line: dict[str, Any]) -> None:
    device, opened = personalised(f_cnt_up=line["server_fcnt"] + 1)
    device.f_cnt_up = line.get("expected", line["payload_fcnt"])

    if line["accept"]:
        assert new(device.uplink(1, b"\x01"), opened).uplink.f_cnt == line["expected"]
    else:
        assert refusal(device.uplink(1, b"\x01"), opened) in {
            BadFrameReason.COUNTER_GAP,
            BadFrameReason.REPLAYED_COUNTER,
        }


REAL = [
    line
    for line in lines("data_frames", "data")
    if line["version"] == "1.0" and line["dir"] == "up" and "frm_plain" in line
]


@pytest.mark.parametrize("line", REAL, ids=lambda line: line["phy"][-16:])
def test_an_uplink_of_others_is_opened(line: dict[str, Any]) -> None:
    session = Session(
        dev_eui=DEV_EUI,
        dev_addr=line["devaddr"],
        activation="x",
        mac_version=MacVersion.V1_0_2,
        keys=SessionKeys.v1_0(nwk_s_key=key(line, "nwk_s_key"), app_s_key=key(line, "app_s_key")),
        f_cnt_up=line["fcnt32"],
    )
    octets, plain = bytes.fromhex(line["phy"]), bytes.fromhex(line["frm_plain"])

    if not line["mic_valid"]:
        assert refusal(octets, OpenSession(session)) is BadFrameReason.MIC
        return
    opened = new(octets, OpenSession(session))

    assert opened.uplink.f_port == line["fport"]
    assert opened.uplink.payload == (plain if line["fport"] else b"")
    assert opened.mac_commands == (bytes.fromhex(line["fopts"]) if line["fport"] else plain)
    assert opened.uplink.confirmed == (line["mtype"] == 4)


# ── new ones ──


def test_an_uplink_carries_what_the_device_said_and_how_it_was_heard() -> None:
    device, opened = personalised(f_cnt_up=70_000)
    device.adr = True
    phy_payload, copies = device.uplink(7, b"hello"), (reception(), reception(frequency_hz=868_300_000))

    result = hear(phy_payload, opened, receptions=copies)

    assert isinstance(result, NewUplink)
    uplink = result.uplink
    assert (uplink.dev_eui, uplink.f_cnt, uplink.f_port, uplink.payload) == (DEV_EUI, 70_000, 7, b"hello")
    assert (uplink.confirmed, uplink.adr, uplink.receptions, uplink.heard_at) == (False, True, copies, NOW)
    assert uplink.id == uplink_id(DEV_EUI, f"{DEV_ADDR}-abp0", 70_000)


def test_a_new_uplink_moves_the_counter_in_the_returned_session_only() -> None:
    device, opened = personalised(f_cnt_up=4)
    before, data_frame = opened.session, parse(phy_payload := device.uplink(1, b""))
    assert isinstance(data_frame, DataFrame)

    result = open_uplink(heard(phy_payload), data_frame, [opened])

    assert isinstance(result, NewUplink)
    assert opened.session is before
    assert result.opened is opened
    assert result.session == replace(before, f_cnt_up=5)


def test_a_confirmed_uplink_leaves_its_counter_for_the_answer() -> None:
    device, opened = personalised(f_cnt_up=4)

    confirmed = new(device.uplink(1, b"", confirmed=True), opened)
    unconfirmed = new(device.uplink(1, b""), opened)

    assert confirmed.session.confirmed_f_cnt_up == unconfirmed.session.confirmed_f_cnt_up == 4


def test_mac_commands_on_port_0_are_no_application_payload() -> None:
    device, opened = personalised()

    result = new(device.uplink(0, b"\x02\x0d"), opened)

    assert (result.uplink.f_port, result.uplink.payload, result.mac_commands) == (0, b"", b"\x02\x0d")


def test_mac_commands_in_f_opts_come_beside_the_payload() -> None:
    device, opened = personalised()

    result = new(device.uplink(3, b"\x01", f_opts=b"\x02"), opened)

    assert (result.uplink.f_port, result.uplink.payload, result.mac_commands) == (3, b"\x01", b"\x02")


def test_a_frame_without_a_port_has_no_payload() -> None:
    device, opened = personalised()

    result = new(device.uplink(None, b"", f_opts=b"\x02"), opened)

    assert (result.uplink.f_port, result.uplink.payload, result.mac_commands) == (0, b"", b"\x02")


def test_the_counter_goes_on_past_16_bits() -> None:
    device, opened = personalised(f_cnt_up=65_534)

    counters = [new(device.uplink(1, b"x"), opened).uplink.f_cnt for _ in range(4)]

    assert counters == [65_534, 65_535, 65_536, 65_537]


@pytest.mark.parametrize("lost", [1, 100, 16_383])
def test_lost_frames_are_stepped_over(lost: int) -> None:
    device, opened = personalised(f_cnt_up=65_000)
    device.f_cnt_up += lost

    assert new(device.uplink(1, b"x"), opened).uplink.f_cnt == 65_000 + lost


def test_before_the_first_frame_there_is_none_to_repeat() -> None:
    device, opened = personalised(MacVersion.V1_0_4)
    device.f_cnt_up = 65_535

    assert new(device.uplink(1, b"x"), opened).uplink.f_cnt == 65_535


# ── repeated ones ──


@pytest.mark.parametrize("f_cnt", [0, 1, 65_535, 65_536, 0xFFFF_FFFF])
def test_the_last_frame_again_is_a_repetition(f_cnt: int) -> None:
    device, opened = personalised(f_cnt_up=f_cnt)
    new(device.uplink(1, b"x", confirmed=True), opened)
    after = opened.session

    result = hear(device.repeat(), opened)

    assert result == Repeated(opened=opened, f_cnt=f_cnt, confirmed=True)
    assert opened.session is after


def test_a_repetition_that_was_forged_is_refused() -> None:
    device, opened = personalised()
    phy_payload = device.uplink(1, b"x")
    new(phy_payload, opened)

    assert refusal(phy_payload[:-1] + bytes((phy_payload[-1] ^ 1,)), opened) is BadFrameReason.MIC


# ── refused ones ──


@pytest.mark.parametrize("back", [2, 3, 40, 16_385, 65_535])
def test_an_old_frame_is_a_replay(back: int) -> None:
    device, opened = personalised(f_cnt_up=70_000)
    device.f_cnt_up -= back

    assert refusal(device.uplink(1, b"x"), opened) is BadFrameReason.REPLAYED_COUNTER


def test_a_device_that_began_again_is_a_replay_and_not_a_wrong_key() -> None:
    device, opened = personalised(f_cnt_up=200_000)
    device.f_cnt_up = 3

    assert refusal(device.uplink(1, b"x"), opened) is BadFrameReason.REPLAYED_COUNTER


@pytest.mark.parametrize("mac_version", WITH_GAP_RULE)
def test_1_0_3_and_before_refuse_a_gap(mac_version: MacVersion) -> None:
    device, opened = personalised(mac_version, f_cnt_up=10)
    device.f_cnt_up += 16_384

    assert refusal(device.uplink(1, b"x"), opened) is BadFrameReason.COUNTER_GAP


@pytest.mark.parametrize("lost", [16_384, 40_000, 65_534, 65_535])
def test_1_0_4_has_no_gap_rule(lost: int) -> None:
    device, opened = personalised(MacVersion.V1_0_4, f_cnt_up=10)
    device.f_cnt_up += lost

    assert new(device.uplink(1, b"x"), opened).uplink.f_cnt == 10 + lost


def test_a_used_up_counter_is_refused() -> None:
    device, opened = personalised(f_cnt_up=0xFFFF_FFFF)
    new(device.uplink(1, b"x"), opened)
    device.f_cnt_up = 0

    assert refusal(device.uplink(1, b"x"), opened) is BadFrameReason.COUNTER_EXHAUSTED


def test_another_key_is_a_wrong_mic() -> None:
    stranger, _ = personalised(dev_eui=Eui64("a81758fffe051d03"))
    _, opened = personalised()

    assert refusal(stranger.uplink(1, b"x"), opened) is BadFrameReason.MIC


def test_a_frame_of_no_session_is_of_an_unknown_address() -> None:
    device, _ = personalised()

    assert refusal(device.uplink(1, b"x")) is BadFrameReason.UNKNOWN_DEV_ADDR


def test_a_downlink_is_no_uplink() -> None:
    _, opened = personalised()

    assert refusal(bytes.fromhex("60f17dbe4920020001f9d65d27"), opened) is BadFrameReason.NOT_UPLINK


# ── one address, many devices ──


def test_devices_on_one_address_are_told_apart_by_their_keys() -> None:
    pairs = [personalised(dev_eui=Eui64(f"{number:016x}"), f_cnt_up=number * 40_000) for number in range(16)]
    sessions = [opened for _, opened in pairs]
    everyone = [device for device, _ in pairs] * 3
    Random(7).shuffle(everyone)

    for device in everyone:
        assert new(device.uplink(1, device.dev_eui.encode()), *sessions).uplink.payload == device.dev_eui.encode()

    assert [one.session.f_cnt_up for one in sessions] == [number * 40_000 + 3 for number in range(16)]


# ── hostile octets ──


@pytest.mark.parametrize("mac_version", [MacVersion.V1_0_3, MacVersion.V1_0_4])
@pytest.mark.parametrize("next_expected", [0, 5, 6, 70_000])
def test_no_flipped_bit_of_a_signed_frame_is_accepted(mac_version: MacVersion, next_expected: int) -> None:
    device, opened = personalised(mac_version, f_cnt_up=next_expected)
    device.f_cnt_up = 5
    phy_payload = device.uplink(2, bytes(20), confirmed=True, f_opts=b"\x02\x0d")

    for bit in range(8 * len(phy_payload)):
        flipped = bytearray(phy_payload)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadFrame):
            open_octets(bytes(flipped), opened)


def test_no_truncation_of_a_signed_frame_is_accepted() -> None:
    device, opened = personalised()
    phy_payload = device.uplink(2, bytes(20), f_opts=b"\x02")

    for size in range(len(phy_payload)):
        with pytest.raises(BadFrame):
            open_octets(phy_payload[:size], opened)


def test_noise_on_a_known_address_is_refused() -> None:
    random, address = Random(0xA1), dev_addr_octets(DEV_ADDR)
    _, opened = personalised(f_cnt_up=65_530)

    for _ in range(5_000):
        mhdr = random.choice((b"\x40", b"\x80"))
        with pytest.raises(BadFrame):
            open_octets(mhdr + address + random.randbytes(random.randrange(60)), opened, session_v1_1())
