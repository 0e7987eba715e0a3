"""Uplinks of LoRaWAN 1.1: two-part MICs, encrypted FOpts, acknowledged counters."""

from __future__ import annotations

import pytest

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.sessions import NewUplink
from gateway.model import FskRate, LoraRate
from tests.lorawan.air import CHANNEL_1, hear, open_octets, reception, session_v1_1, uplink_v1_1


def test_an_uplink_of_1_1_is_opened_with_its_f_opts() -> None:
    opened = hear(uplink_v1_1(), session_v1_1(), receptions=(CHANNEL_1,))

    assert isinstance(opened, NewUplink)
    assert (opened.uplink.payload, opened.mac_commands) == (b"hi", b"\x02")


def test_port_0_of_1_1_is_read_with_the_network_s_key() -> None:
    opened = hear(uplink_v1_1(f_port=0), session_v1_1(), receptions=(CHANNEL_1,))

    assert isinstance(opened, NewUplink)
    assert (opened.uplink.payload, opened.mac_commands) == (b"", b"\x02")


def test_a_channel_of_the_cf_list_counts_on_from_the_default_ones() -> None:
    opened = hear(uplink_v1_1(tx_ch=3), session_v1_1(), receptions=(reception(frequency_hz=867_100_000),))

    assert isinstance(opened, NewUplink)


def test_1_1_refuses_a_frame_that_was_sent_on_another_channel() -> None:
    with pytest.raises(BadFrame) as caught:
        hear(uplink_v1_1(), session_v1_1(), receptions=(reception(frequency_hz=868_500_000),))

    assert caught.value.reason is BadFrameReason.MIC


def test_1_1_refuses_a_frame_that_was_sent_at_another_rate() -> None:
    with pytest.raises(BadFrame) as caught:
        hear(uplink_v1_1(), session_v1_1(), receptions=(reception(data_rate=LoraRate(12, 125_000)),))

    assert caught.value.reason is BadFrameReason.MIC


def test_1_1_takes_a_frame_that_leaked_into_a_second_channel() -> None:
    leaked = reception(frequency_hz=867_900_000, data_rate=FskRate(50_000))

    opened = hear(uplink_v1_1(), session_v1_1(), receptions=(leaked, CHANNEL_1))

    assert isinstance(opened, NewUplink)


@pytest.mark.parametrize("counters", [{"n_f_cnt_down": 8}, {"n_f_cnt_down": 2, "a_f_cnt_down": 8}])
def test_an_acknowledgement_of_1_1_is_of_the_last_downlink(counters: dict[str, int]) -> None:
    phy_payload = uplink_v1_1(ack=True, conf_f_cnt=7)

    opened = hear(phy_payload, session_v1_1(**counters), receptions=(CHANNEL_1,))

    assert isinstance(opened, NewUplink)


def test_an_acknowledgement_of_1_1_may_come_after_further_downlinks() -> None:
    phy_payload = uplink_v1_1(ack=True, conf_f_cnt=3)

    opened = hear(phy_payload, session_v1_1(n_f_cnt_down=2, a_f_cnt_down=8), receptions=(CHANNEL_1,))

    assert isinstance(opened, NewUplink)


def test_an_acknowledgement_of_1_1_of_what_was_never_sent_is_refused() -> None:
    phy_payload = uplink_v1_1(ack=True, conf_f_cnt=9)

    with pytest.raises(BadFrame) as caught:
        hear(phy_payload, session_v1_1(n_f_cnt_down=2, a_f_cnt_down=8), receptions=(CHANNEL_1,))

    assert caught.value.reason is BadFrameReason.MIC


def test_no_flipped_bit_of_a_signed_1_1_frame_is_accepted() -> None:
    phy_payload, opened = uplink_v1_1(), session_v1_1()

    for bit in range(8 * len(phy_payload)):
        flipped = bytearray(phy_payload)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadFrame):
            open_octets(bytes(flipped), opened)
