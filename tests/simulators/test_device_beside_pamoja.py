"""The simulated device beside an independent one and before an independent network (PyPI's pamoja, Rust)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pamoja import lora
from pamoja._native import (
    GatewayNetwork,
    GatewayNetworkEvent,
    GatewayRxpk,
    GatewayTxpk,
    LorawanDeviceSettings,
    LorawanEndDevice,
    LorawanMacCommand,
    LorawanSession,
)

from gateway.lorawan.downlink import seal_downlink
from gateway.lorawan.mac_commands import (
    DevStatusReq,
    DlChannelReq,
    DutyCycleReq,
    LinkADRAns,
    LinkADRReq,
    MacCommand,
    NewChannelReq,
    RXParamSetupReq,
    RXTimingSetupReq,
    TXParamSetupReq,
    read,
    write,
)
from gateway.lorawan.phy import Direction
from gateway.lorawan.sessions import OpenSession
from gateway.model import DevAddr, Eui64, Key, LoraRate, MacVersion, Session, SessionKeys
from simulators.air_check import judge
from simulators.concentrator import Transmission, airtime_us
from simulators.end_device import EndDevice, Make
from tests.lorawan.pamoja_device import APP_S_KEY, NWK_S_KEY, PLAN, STEP_US, VERSIONS, sealed, uplink

DEV_EUI, JOIN_EUI = Eui64("a81758fffe051d02"), Eui64("70b3d57ed0000001")
DEV_ADDR = DevAddr("26011234")
START_DATA_RATE = 0  # as theirs begins


# ── beside the independent device: what the one answers, the other does ──


class Pair:
    """The same device twice, with the same session, and what each answers."""

    def __init__(self, mac_version: MacVersion) -> None:
        keys = SessionKeys.v1_0(nwk_s_key=Key(NWK_S_KEY), app_s_key=Key(APP_S_KEY))
        make = Make(adr=True, data_rate=START_DATA_RATE)
        self.ours = EndDevice.abp(DEV_EUI, DEV_ADDR, keys, mac_version=mac_version, make=make)
        chosen = LorawanDeviceSettings(
            2,
            16,
            version=str(mac_version),
            lowest_hz=863_000_000,
            highest_hz=870_000_000,
            regional_duty_cycle=False,
            seed=1,
        )
        session = LorawanSession(int(DEV_ADDR, 16), list(NWK_S_KEY), list(APP_S_KEY))
        self.theirs = LorawanEndDevice.personalized(PLAN, session, chosen, fcnt_up=0, fcnt_down=None)
        known = Session(
            dev_eui=DEV_EUI, dev_addr=DEV_ADDR, activation="x", mac_version=mac_version, keys=keys, rx1_delay_s=1
        )
        self.network_of_ours, self.network_of_theirs = OpenSession(known), OpenSession(known)
        self.now_us = STEP_US

    def answers(self) -> tuple[bytes, bytes]:
        """Let both send, and return the MAC commands of each."""
        self.now_us += 400 * STEP_US  # a duty cycle of 1 / 2 ** 15 has passed
        sent = self.theirs.send(5, [1], self.now_us)
        from_theirs = uplink(sent, self.network_of_theirs).mac_commands
        while self.theirs.nothing_heard(self.now_us + STEP_US).kind == "repeat":
            self.now_us += 400 * STEP_US
            self.theirs.repeat(self.now_us)
        phy_payload = self.ours.uplink(5, b"\x01")
        return phy_payload[8 : 8 + (phy_payload[5] & 0x0F)], from_theirs

    def told(self, requests: list[MacCommand]) -> None:
        """Let both send, and hear the same downlink."""
        self.now_us += 400 * STEP_US
        uplink(self.theirs.send(5, [1], self.now_us), self.network_of_theirs)
        self.ours.uplink(5, b"\x01")
        opened = self.network_of_theirs
        downlink = seal_downlink(opened.session, opened.ciphers, f_port=0, payload=write(requests))
        assert self.ours.hear(downlink, snr_db=7.0) is not None
        self.theirs.heard(sealed(opened, downlink), 7, "rx1")

    def settings(self) -> tuple[object, object]:
        """Return how each sends and listens."""
        has = self.ours.setting
        channels = [
            (number, one.frequency_hz, one.downlink_hz or one.frequency_hz)
            for number, one in enumerate(has.plan.channels)
            if one is not None and number in has.plan.enabled
        ]
        ours = (has.data_rate, has.nb_trans, has.rx2_frequency_hz, has.rx2_data_rate, has.rx1_delay_s, channels)
        their_channels = [(one.index, one.uplink_hz, one.downlink_hz) for one in self.theirs.channels()]
        rx2, delay_s = self.theirs.rx2, self.theirs.receive_delay_us // 1_000_000
        return ours, (self.theirs.data_rate, self.theirs.transmissions, *rx2, delay_s, their_channels)


frequencies = st.sampled_from([868_100_000, 867_100_000, 869_525_000, 863_500_000, 915_000_000, 870_100_000])
requests = st.one_of(
    st.just(DevStatusReq()),
    st.builds(DutyCycleReq, max_duty_cycle=st.integers(0, 3)),
    st.builds(RXTimingSetupReq, delay=st.integers(0, 15)),
    st.builds(
        RXParamSetupReq, rx1_dr_offset=st.integers(0, 7), rx2_data_rate=st.integers(0, 6), frequency_hz=frequencies
    ),
    st.builds(
        NewChannelReq,
        ch_index=st.integers(0, 15),
        frequency_hz=frequencies,
        max_dr=st.integers(0, 7),
        min_dr=st.integers(0, 7),
    ),
    st.builds(DlChannelReq, ch_index=st.integers(0, 15), frequency_hz=frequencies),
    st.builds(
        LinkADRReq,
        data_rate=st.sampled_from([*range(7), *range(8, 16)]),  # the other device's radio has no FSK
        tx_power=st.integers(0, 15),
        ch_mask=st.integers(0, 0xFF),
        ch_mask_cntl=st.sampled_from([0, 0, 0, 6]),
        nb_trans=st.integers(0, 3),
    ),
    st.builds(
        TXParamSetupReq, downlink_dwell_time=st.booleans(), uplink_dwell_time=st.booleans(), max_eirp=st.integers(0, 15)
    ),
)


def decided(octets: bytes, mac_version: MacVersion) -> list[MacCommand]:
    """Return answers; what a device would have said of a data rate, had it not refused the mask, is its own affair."""
    answers = read(octets, direction=Direction.UPLINK, mac_version=mac_version)
    assert answers.rest == b""
    return [
        replace(answer, data_rate_ack=False)
        if isinstance(answer, LinkADRAns) and not answer.channel_mask_ack
        else answer
        for answer in answers.commands
    ]


def has_block(commands: list[MacCommand]) -> bool:
    return any(isinstance(one, LinkADRReq) and isinstance(other, LinkADRReq) for one, other in pairwise(commands))


@pytest.mark.parametrize("mac_version", VERSIONS)
@settings(deadline=None, max_examples=150)
@given(downlinks=st.lists(st.lists(requests, min_size=1, max_size=3), min_size=1, max_size=5))
def test_it_answers_and_does_what_an_independent_device_answers_and_does(
    mac_version: MacVersion, downlinks: list[list[MacCommand]]
) -> None:
    # In 1.0.3 a block of LinkADRReqs gets one answer of the other device; the text wants one of the same for each.
    assume(mac_version is not MacVersion.V1_0_3 or not any(map(has_block, downlinks)))
    pair = Pair(mac_version)

    for told in downlinks:
        pair.told(told)
        for _ in range(2):  # what is repeated comes again
            ours, theirs = pair.answers()
            assert decided(ours, mac_version) == decided(theirs, mac_version)
        ours_has, theirs_has = pair.settings()
        assert ours_has == theirs_has


# ── before the independent network ──


class Site:
    """A network of PyPI's pamoja-gateway, and a device before it."""

    def __init__(self, mac_version: MacVersion) -> None:
        # No RX1 offset: this network would use it for the join accept, too, where no device knows it yet.
        self.network = GatewayNetwork(PLAN, 0x13, receive_delay_us=3_000_000)
        self.device = EndDevice(DEV_EUI, join_eui=JOIN_EUI, mac_version=mac_version, make=Make(adr=True))
        dev_eui, join_eui = (list(bytes.fromhex(eui)) for eui in (DEV_EUI, JOIN_EUI))
        self.network.register(dev_eui, join_eui, list(self.device.app_key.reveal()), str(mac_version))
        self.now_us = 0

    def hears(self, phy_payload: bytes) -> GatewayNetworkEvent:
        """Let the network hear the device's frame as the device sends it."""
        self.now_us += STEP_US
        sent = self.device.on_air
        assert isinstance(sent.data_rate, LoraRate)
        link = lora.link(sent.data_rate.spreading_factor, sent.data_rate.bandwidth_hz)
        return self.network.uplink(
            GatewayRxpk(sent.frequency_hz, phy_payload, link=link, timestamp_us=self.now_us, snr_db=7.0)
        )

    def lands(self, downlink: GatewayTxpk) -> str:
        """Return the window in which the device hears what the network sends."""
        assert downlink.link is not None
        assert downlink.timestamp_us is not None
        data_rate = LoraRate(downlink.link.spreading_factor, downlink.link.bandwidth_hz)
        sent = Transmission(
            phy_payload=bytes(downlink.payload),
            frequency_hz=downlink.frequency_hz,
            data_rate=data_rate,
            power_dbm=downlink.power_dbm,
            starts_us=downlink.timestamp_us,
            airtime_us=airtime_us(len(downlink.payload), data_rate, crc=False),
            inverted=downlink.invert_polarity,
        )
        verdict = judge(sent, self.device.listening, uplink_ended_us=self.now_us)
        assert verdict.heard, verdict
        assert verdict.error_us == 0
        return verdict.window

    def join(self) -> str:
        """Join; return the window of the accept."""
        accept = self.hears(self.device.join_request()).accept
        assert accept is not None
        window = self.lands(accept)
        assert self.device.accept(bytes(accept.payload))
        return window


@pytest.fixture(params=VERSIONS)
def site(request: pytest.FixtureRequest) -> Site:
    return Site(request.param)


def test_it_joins_an_independent_network_again_and_again(site: Site) -> None:
    windows = [site.join() for _ in range(20)]

    assert windows == ["rx1"] * 20
    assert site.device.rx1_delay_s == 3


def test_its_uplinks_and_what_it_is_told_are_understood(site: Site) -> None:
    site.join()

    for number in range(100):
        heard = site.hears(site.device.uplink(number % 223 + 1, bytes((number,)), confirmed=number % 2 == 1))
        assert heard.slot is not None
        downlink = site.network.answer(heard.dev_addr, heard.slot, 10, [number])
        said = site.device.hear(bytes(downlink.payload))
        assert (heard.fcnt, heard.fport, heard.payload) == (number, number % 223 + 1, bytes((number,)))
        assert site.lands(downlink) == "rx1"
        assert said is not None
        assert (said.f_cnt, said.f_port, said.payload) == (number, 10, bytes((number,)))


def test_it_moves_to_where_an_independent_network_tells_it_to_be(site: Site) -> None:
    site.join()
    heard = site.hears(site.device.uplink(1, b"x"))
    assert heard.slot is not None
    faster = LorawanMacCommand(3, "Downlink", data_rate=1, tx_power=2, channel_mask=2, mask_control=0, transmissions=3)

    downlink = site.network.command(heard.dev_addr, heard.slot, [faster])

    assert site.device.hear(bytes(downlink.payload)) is not None
    answer = site.device.uplink(1, b"y")
    assert answer[8:10].hex() == "0307"
    assert site.hears(answer).payload == b"y"
    assert (site.device.on_air.frequency_hz, site.device.on_air.data_rate) == (868_300_000, LoraRate(11, 125_000))
    assert (site.device.on_air.power_dbm, site.device.setting.nb_trans) == (12, 3)
