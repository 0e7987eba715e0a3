"""What the simulated device answers to MAC commands, and does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lorawan.downlink import seal_downlink
from gateway.lorawan.mac_commands import (
    KNOWN,
    DeviceTimeReq,
    DevStatusAns,
    DevStatusReq,
    DlChannelAns,
    DlChannelReq,
    LinkADRReq,
    LinkCheckAns,
    LinkCheckReq,
    NewChannelAns,
    NewChannelReq,
    RXParamSetupAns,
    RXParamSetupReq,
    RXTimingSetupAns,
    RXTimingSetupReq,
    write,
)
from gateway.lorawan.mac_commands.layout import layout
from gateway.lorawan.phy import Direction
from gateway.lorawan.region import AS923_1, EU868, US915, Region
from gateway.model import LoraRate, MacVersion
from tests.simulators.talk import BOTH_MASKS, YES, Talk

# ── answering ──


def test_it_sends_as_it_was_told_from_the_answer_on() -> None:
    talk = Talk()

    talk.told(BOTH_MASKS)
    answers = talk.answers()

    assert answers == (YES,)
    frequencies = set()
    for _ in range(40):
        talk.uplink()
        frequencies.add(talk.device.on_air.frequency_hz)
    assert frequencies == {868_100_000, 868_500_000}
    assert (talk.device.on_air.data_rate, talk.device.on_air.power_dbm) == (LoraRate(9, 125_000), 12)
    assert talk.device.setting.nb_trans == 2


def test_it_listens_as_it_was_told_from_the_answer_on() -> None:
    talk = Talk(data_rate=5)

    talk.told(
        RXTimingSetupReq(delay=3),
        RXParamSetupReq(rx1_dr_offset=2, rx2_data_rate=3, frequency_hz=869_525_000),
        DlChannelReq(ch_index=0, frequency_hz=868_800_000),
        LinkADRReq(data_rate=5, tx_power=0, ch_mask=1, ch_mask_cntl=0, nb_trans=1),
    )
    talk.uplink()

    listening = talk.device.listening
    assert listening.rx1 is not None
    assert (listening.rx1.delay_us, listening.rx1.frequency_hz) == (3_000_000, 868_800_000)
    assert listening.rx1.data_rate == LoraRate(9, 125_000)
    assert (listening.rx2.delay_us, listening.rx2.data_rate) == (4_000_000, LoraRate(9, 125_000))


def test_answers_that_move_windows_are_repeated_until_a_downlink_is_heard() -> None:
    talk = Talk()
    talk.told(
        RXTimingSetupReq(delay=1),
        DevStatusReq(),
        RXParamSetupReq(rx1_dr_offset=0, rx2_data_rate=0, frequency_hz=869_525_000),
        DlChannelReq(ch_index=9, frequency_hz=868_100_000),
    )
    moved = (
        RXTimingSetupAns(),
        RXParamSetupAns(rx1_dr_offset_ack=True, rx2_data_rate_ack=True, channel_ack=True),
        DlChannelAns(uplink_frequency_exists=False, channel_frequency_ok=True),
    )

    first, *repeated = (talk.answers() for _ in range(4))
    talk.told()
    last = talk.answers()

    assert first == (moved[0], DevStatusAns(battery=255, margin=7), *moved[1:])
    assert repeated == [moved] * 3
    assert last == ()


@pytest.mark.parametrize("mac_version", [MacVersion.V1_0_0, MacVersion.V1_0_1])
def test_the_first_versions_repeated_nothing(mac_version: MacVersion) -> None:
    talk = Talk(mac_version)
    talk.told(RXTimingSetupReq(delay=1))

    assert [talk.answers() for _ in range(2)] == [(RXTimingSetupAns(),), ()]


def test_a_downlink_that_was_heard_before_changes_nothing() -> None:
    talk = Talk()
    session = talk.opened.session
    once = seal_downlink(session, talk.opened.ciphers, f_port=0, payload=write((RXTimingSetupReq(delay=9),)))

    heard = [talk.device.hear(once) is not None for _ in range(2)]

    assert heard == [True, False]
    assert [talk.answers() for _ in range(2)] == [(RXTimingSetupAns(),)] * 2


def test_fifteen_octets_go_beside_a_payload_and_more_go_alone() -> None:
    many = [NewChannelReq(ch_index=number, frequency_hz=867_100_000, max_dr=5, min_dr=0) for number in range(3, 12)]
    beside, alone = Talk(), Talk()
    for talk in (beside, alone):
        talk.told(*many)
    yes = NewChannelAns(data_rate_range_ok=True, channel_frequency_ok=True)

    assert beside.answers() == (yes,) * 7
    assert beside.answers() == ()
    assert alone.answers(f_port=None) == (yes,) * 9


def test_it_asks_what_it_is_told_to_ask_once() -> None:
    talk = Talk()
    talk.device.ask(LinkCheckReq())
    talk.device.ask(DeviceTimeReq())

    asked = [talk.answers() for _ in range(2)]
    downlink = talk.device.hear(
        seal_downlink(talk.opened.session, talk.opened.ciphers, f_opts=write((LinkCheckAns(margin=9, gw_cnt=1),)))
    )

    assert asked == [(LinkCheckReq(), DeviceTimeReq()), ()]
    assert downlink is not None
    assert downlink.commands == (LinkCheckAns(margin=9, gw_cnt=1),)


@pytest.mark.parametrize(("snr_db", "margin"), [(7.4, 7), (-20.0, -20), (-60.0, -32), (60.0, 31)])
def test_it_tells_its_battery_and_how_well_it_heard(snr_db: float, margin: int) -> None:
    talk = Talk()
    talk.device.battery = 127

    talk.told(DevStatusReq(), snr_db=snr_db)

    assert talk.answers() == (DevStatusAns(battery=127, margin=margin),)


def test_what_is_unknown_ends_what_it_understands() -> None:
    talk = Talk()
    session = talk.opened.session
    octets = write((DevStatusReq(),)) + b"\x7f" + write((RXTimingSetupReq(delay=9),))

    talk.device.hear(seal_downlink(session, talk.opened.ciphers, f_port=0, payload=octets))

    assert talk.answers() == (DevStatusAns(battery=255, margin=7),)
    assert talk.device.rx1_delay_s == 1


# ── whatever it is told ──


def octets_of(cid: int) -> st.SearchStrategy[bytes]:
    """Return commands of a CID with anything in their fields."""
    size = layout(KNOWN[Direction.DOWNLINK, MacVersion.V1_0_4][cid]).size
    return st.binary(min_size=size, max_size=size).map(lambda fields: bytes((cid,)) + fields)


any_command = st.sampled_from([0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0D]).flatmap(octets_of)
any_frame = st.one_of(st.binary(max_size=40), st.lists(any_command, max_size=6).map(b"".join))


@settings(deadline=None, max_examples=300)
@given(
    octets=st.lists(any_frame, min_size=1, max_size=6),
    region=st.sampled_from([EU868, US915, AS923_1]),
    mac_version=st.sampled_from([version for version in MacVersion if version is not MacVersion.V1_1]),
)
def test_whatever_a_network_says_it_can_send_and_listen_afterwards(
    octets: list[bytes], region: Region, mac_version: MacVersion
) -> None:
    talk = Talk(mac_version, region=region)

    for each in octets:
        session = talk.opened.session
        assert talk.device.hear(seal_downlink(session, talk.opened.ciphers, f_port=0, payload=each)) is not None
        talk.opened.session = replace(session, n_f_cnt_down=session.n_f_cnt_down + 1)
        assert talk.uplink().uplink.payload == b"x"
        has, sent = talk.device.setting, talk.device.on_air
        channel = has.plan.channels[sent.channel]
        assert channel is not None
        assert sent.channel in has.plan.enabled
        assert (channel.frequency_hz, channel.carries(sent.data_rate_number)) == (sent.frequency_hz, True)
        assert talk.device.listening.rx2.frequency_hz == has.rx2_frequency_hz
