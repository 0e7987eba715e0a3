"""The short way of ordinary uplinks against the long one, which is proved against others' vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadFrame
from gateway.lorawan.phy import LONGEST, Direction, FCtrl
from gateway.lorawan.proving import prove
from gateway.lorawan.sessions import NewUplink, OpenSession, chained
from gateway.model import Eui64, Key, MacVersion, Session, SessionKeys
from tests.lorawan.air import CHANNEL_1, DEV_ADDR, at_once, both_ways, hear, heard, personalised, session_v1_1
from tests.lorawan.data_cases import DataCase, sealed

FAR = 16_384  # from where a counter is not near any more
LAST = 2**32 - 1
LONGEST_PAYLOAD = LONGEST - 13

sizes = st.sampled_from((0, 1, 12, 15, 16, 17, 32, 33, 200, LONGEST_PAYLOAD)) | st.integers(0, LONGEST_PAYLOAD)
counters = st.sampled_from((0, 1, 65_530, 65_535, 65_536, LAST - 65_536, LAST - FAR, LAST + 1 - FAR, LAST, LAST + 1))
ahead = st.sampled_from((-2, -1, 0, 0, 0, 1, 6, FAR - 1, FAR, 65_534, 65_535)) | st.integers(-3, 70_000)


@st.composite
def addresses(draw: st.DrawFn) -> list[OpenSession]:
    """Draw the sessions of one address."""
    versions = draw(st.lists(st.sampled_from(list(MacVersion)), min_size=1, max_size=16))
    return [_session(number, version, draw(counters)) for number, version in enumerate(versions)]


def _session(number: int, mac_version: MacVersion, f_cnt_up: int) -> OpenSession:
    first, second, third, fourth = (Key(bytes((kind, number)) * 8) for kind in range(4))
    keys = SessionKeys.v1_0(nwk_s_key=first, app_s_key=second)
    if mac_version is MacVersion.V1_1:
        keys = SessionKeys(f_nwk_s_int_key=first, s_nwk_s_int_key=second, nwk_s_enc_key=third, app_s_key=fourth)
    return OpenSession(
        Session(
            dev_eui=Eui64(f"{number:016x}"),
            dev_addr=DEV_ADDR,
            activation=str(number),
            mac_version=mac_version,
            keys=keys,
            f_cnt_up=f_cnt_up,
        )
    )


@st.composite
def frames(draw: st.DrawFn) -> tuple[list[OpenSession], OpenSession, DataCase]:
    """Draw the sessions of one address, one of them, and what its device sends."""
    sessions = draw(addresses())
    maker = draw(st.sampled_from(sessions))
    f_port, f_opts = draw(st.none() | st.integers(0, 255)), draw(st.just(b"") | st.binary(max_size=15))
    payload = b"" if f_port is None else bytes(range(256))[: draw(sizes)]
    case = DataCase(
        mac_version=maker.session.mac_version,
        direction=Direction.UPLINK,
        keys=maker.session.keys,
        dev_addr=DEV_ADDR,
        f_cnt=min(max(maker.session.f_cnt_up + draw(ahead), 0), LAST),
        confirmed=draw(st.booleans()),
        f_ctrl=FCtrl(adr=draw(st.booleans()), adr_ack_req=draw(st.booleans()), class_b=draw(st.booleans())),
        f_port=f_port,
        payload=payload[: LONGEST_PAYLOAD - len(f_opts)],
        f_opts=f_opts if f_port != 0 else b"",
        conf_f_cnt=0,
        tx_dr=5,
        tx_ch=1,
    )
    return sessions, maker, case


def is_ordinary(case: DataCase, session: Session) -> bool:
    near = 0 <= case.f_cnt - session.f_cnt_up < FAR and session.f_cnt_up <= LAST + 1 - FAR
    return case.mac_version is not MacVersion.V1_1 and bool(case.f_port) and not case.f_opts and near


@settings(deadline=None, max_examples=300)
@given(frames())
def test_ordinary_uplinks_are_proved_at_once_and_as_the_long_way_does(
    drawn: tuple[list[OpenSession], OpenSession, DataCase],
) -> None:
    sessions, maker, case = drawn
    octets = sealed(case)

    proved = at_once(octets, sessions)
    try:
        opened = both_ways(heard(octets, CHANNEL_1), sessions)
    except BadFrame:
        opened = None

    assert (proved is not None) == is_ordinary(case, maker.session)
    if proved is not None:
        assert isinstance(opened, NewUplink)
        assert (proved.opened, proved.frm_payload) == (opened.opened, opened.uplink.payload) == (maker, case.payload)
        assert (proved.f_cnt, proved.f_ctrl, proved.confirmed) == (case.f_cnt, case.f_ctrl, case.confirmed)


@settings(deadline=None, max_examples=300)
@given(frames(), st.data())
def test_no_bit_of_an_uplink_can_be_turned(
    drawn: tuple[list[OpenSession], OpenSession, DataCase], data: st.DataObject
) -> None:
    sessions, _, case = drawn
    octets = sealed(case)
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    turned = (int.from_bytes(octets) ^ 1 << bit).to_bytes(len(octets))

    assert at_once(turned, sessions) is None


@pytest.mark.parametrize("size", range(LONGEST_PAYLOAD + 1))
def test_a_payload_of_every_size_is_decrypted(size: int) -> None:
    device, opened = personalised()
    said = bytes(255 - number for number in range(size))

    proved = at_once(device.uplink(2, said), [opened])

    assert proved is not None
    assert proved.frm_payload == said


@pytest.mark.parametrize("mac_version", [MacVersion.V1_0_3, MacVersion.V1_0_4])
@pytest.mark.parametrize(
    ("lost", "is_near"), [(-2, False), (-1, False), (0, True), (FAR - 1, True), (FAR, False), (65_535, False)]
)
def test_a_counter_is_ordinary_while_it_is_new_and_near(mac_version: MacVersion, lost: int, *, is_near: bool) -> None:
    device, opened = personalised(mac_version, f_cnt_up=65_530)
    device.f_cnt_up += lost

    assert (at_once(device.uplink(2, b"x"), [opened]) is not None) == is_near


UNKNOWN = {
    "nobody's": [],
    "somebody's at another address": [personalised()[1]],
}


@pytest.mark.parametrize("sessions", UNKNOWN.values(), ids=UNKNOWN)
def test_an_address_that_is_not_known_proves_nothing(sessions: list[OpenSession]) -> None:
    device, _ = personalised()
    first = chained(sessions)

    assert prove(device.uplink(2, b"x"), {} if first is None else {b"\x01\x02\x03\x04": first}) is None


@pytest.mark.parametrize("m_hdr", [one for one in range(256) if one not in {0x40, 0x80}])
def test_no_other_mhdr_is_ordinary(m_hdr: int) -> None:
    device, opened = personalised()
    signed = bytes((m_hdr,)) + device.uplink(2, b"x")[1:-4]

    assert at_once(signed + opened.ciphers.uplink_mic(signed, 0), [opened]) is None


def test_a_frame_of_1_1_is_not_proved_by_half_its_mic() -> None:
    opened = session_v1_1()
    device, _ = personalised()
    signed = device.uplink(2, b"x")[:-4]

    assert at_once(signed + opened.ciphers.uplink_mic(signed, 0), [opened]) is None


def test_what_is_expected_moves_with_the_session() -> None:
    device, opened = personalised()
    octets = device.uplink(2, b"x")
    hear(octets, opened)
    again = at_once(octets, [opened])
    opened.session = replace(opened.session, f_cnt_up=0)

    assert again is None
    assert at_once(octets, [opened]) is not None


@pytest.mark.parametrize("change", [{"mac_version": MacVersion.V1_1}, {"f_cnt_up": LAST}])
def test_a_session_that_is_not_ordinary_any_more_proves_nothing_at_once(change: dict[str, Any]) -> None:
    device, opened = personalised()
    device.f_cnt_up = change.get("f_cnt_up", 0)

    opened.session = replace(opened.session, **change)

    assert at_once(device.uplink(2, b"x"), [opened]) is None
