"""Rejoining: who may, how often, what the device is told, and when the new session takes over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.channel_plan import ChannelPlan
from gateway.lorawan.join import JOIN_NONCES
from gateway.lorawan.join_accept import cf_list_frequencies
from gateway.lorawan.mac_commands import DevStatusReq
from gateway.lorawan.mac_layer import begin
from gateway.lorawan.phy import RejoinRequest
from gateway.lorawan.region import EU868, US915, Region
from gateway.lorawan.rejoin import (
    Rejoin,
    RejoinCounts,
    answer_rejoin,
    ended_by_offer,
    is_signed,
    kept_state,
    listens_as,
    open_rejoin_request,
)
from gateway.lorawan.sessions import NewUplink, OpenSession
from gateway.model import DevAddr, Device, Eui64, Key, LoraRate, MacVersion, RootKeys, Session
from tests.lorawan.air import (
    CHANNEL_1,
    DEV_ADDR,
    DEV_EUI,
    distinct_keys,
    hear,
    receive_windows,
    reception,
    session_v1_1,
    uplink_v1_1,
)
from tests.lorawan.rejoins import Rejoiner, rejoin_request
from tests.lorawan.vectors import key, lines

JOIN_EUI = Eui64("70b3d57ed0000001")
ROOT_KEYS = RootKeys(app_key=Key(b"a" * 16), nwk_key=Key(b"n" * 16))
DEVICE = Device(dev_eui=DEV_EUI, mac_version=MacVersion.V1_1, join_eui=JOIN_EUI)
HERSELF = Rejoiner(dev_eui=DEV_EUI, join_eui=JOIN_EUI, app_key=Key(b"a" * 16), nwk_key=Key(b"n" * 16))
SESSION = session_v1_1(f_cnt_up=40, n_f_cnt_down=3).session
S_NWK_S_INT_KEY = SESSION.keys.s_nwk_s_int_key
NEW_ADDR = DevAddr("26005678")
TYPES = pytest.mark.parametrize("rejoin_type", [0, 1, 2])
OF_A_SESSION = pytest.mark.parametrize("rejoin_type", [0, 2])
VECTORS = lines("join", "rejoin-request")


def asking(rejoin_type: int, rj_count: int = 0, session: Session = SESSION) -> RejoinRequest:
    by_session = None if rejoin_type == 1 else session.keys.s_nwk_s_int_key
    return rejoin_request(HERSELF.ask(rejoin_type, rj_count, by_session))


def opened(
    request: RejoinRequest, *sessions: Session, counts: RejoinCounts | None = None, device: Device = DEVICE
) -> Rejoin:
    return open_rejoin_request(request, device, ROOT_KEYS, sessions or (SESSION,), counts or RejoinCounts())


def refusal(
    request: RejoinRequest, *sessions: Session, counts: RejoinCounts | None = None, device: Device = DEVICE
) -> BadFrameReason:
    with pytest.raises(BadFrame) as caught:
        opened(request, *sessions, counts=counts, device=device)
    return caught.value.reason


def answered(rejoin: Rejoin, *, region: Region = EU868, join_nonce: int = 12, **settings: Any) -> tuple[Session, bytes]:
    return answer_rejoin(
        rejoin,
        DEVICE,
        ROOT_KEYS,
        join_nonce=join_nonce,
        net_id=0x13,
        dev_addr=NEW_ADDR,
        region=region,
        **settings,
    )


# ── who may ──


@pytest.mark.parametrize("line", VECTORS, ids=lambda line: line["phy"][-8:])
def test_a_rejoin_request_of_others_is_signed_with_its_key(line: dict[str, Any]) -> None:
    request = rejoin_request(bytes.fromhex(line["phy"]))

    assert request.rejoin_type == line["rejoin_type"]
    assert is_signed(request, key(line, "key"))
    assert not is_signed(request, Key(b"another key, 16."))


@pytest.mark.parametrize(
    "line", [line for line in VECTORS if line["rejoin_type"] != 1], ids=lambda line: line["phy"][-8:]
)
def test_a_rejoin_request_of_others_is_proved_by_its_session(line: dict[str, Any]) -> None:
    request = rejoin_request(bytes.fromhex(line["phy"]))
    keys = replace(distinct_keys(), s_nwk_s_int_key=key(line, "key"))
    session = replace(SESSION, dev_eui=request.dev_eui, keys=keys)

    rejoin = opened(request, session, device=replace(DEVICE, dev_eui=request.dev_eui))

    assert rejoin.session == session
    assert rejoin.counts.of_sessions == {session.activation: request.rj_count}


@OF_A_SESSION
def test_types_0_and_2_are_proved_by_the_session_that_signed(rejoin_type: int) -> None:
    other = replace(SESSION, activation="newer", keys=replace(SESSION.keys, s_nwk_s_int_key=Key(b"O" * 16)))

    rejoin = opened(asking(rejoin_type), SESSION, other)

    assert (rejoin.session, rejoin.join_eui, rejoin.keeps_radio) == (SESSION, JOIN_EUI, rejoin_type == 2)
    assert refusal(asking(rejoin_type), other) is BadFrameReason.MIC


def test_type_1_is_proved_without_any_session() -> None:
    rejoin = open_rejoin_request(asking(1, 7), DEVICE, ROOT_KEYS, ())

    assert (rejoin.session, rejoin.join_eui, rejoin.counts) == (None, JOIN_EUI, RejoinCounts(of_device=7))


def test_type_1_signed_with_the_session_s_key_is_refused() -> None:
    request = rejoin_request(HERSELF.ask(1, 0, S_NWK_S_INT_KEY))

    assert refusal(request) is BadFrameReason.MIC


@pytest.mark.parametrize("mac_version", [version for version in MacVersion if version is not MacVersion.V1_1])
def test_devices_before_1_1_do_not_rejoin(mac_version: MacVersion) -> None:
    assert refusal(asking(0), device=replace(DEVICE, mac_version=mac_version)) is BadFrameReason.NOT_SUPPORTED


def test_type_1_with_another_join_eui_is_refused() -> None:
    device = replace(DEVICE, join_eui=Eui64("70b3d57ed0000002"))

    assert refusal(asking(1), device=device) is BadFrameReason.WRONG_JOIN_EUI


@OF_A_SESSION
def test_a_device_registered_without_join_eui_rejoins_with_the_one_it_joined_with(rejoin_type: int) -> None:
    device, request = replace(DEVICE, join_eui=None), asking(rejoin_type)

    rejoin = open_rejoin_request(request, device, ROOT_KEYS, (SESSION,), joined_with=JOIN_EUI)

    assert rejoin.join_eui == JOIN_EUI
    assert refusal(request, device=device) is BadFrameReason.WRONG_JOIN_EUI


def test_a_device_without_its_key_cannot_rejoin() -> None:
    with pytest.raises(BadFrame) as caught:
        open_rejoin_request(asking(0), DEVICE, RootKeys(app_key=ROOT_KEYS.app_key), (SESSION,))

    assert caught.value.reason is BadFrameReason.UNKNOWN_DEVICE


# ── how often ──


@TYPES
def test_a_count_is_accepted_once_and_then_only_a_greater_one(rejoin_type: int) -> None:
    counts = opened(asking(rejoin_type, 0)).counts
    counts = opened(asking(rejoin_type, 5), counts=counts).counts

    for old in (0, 4, 5):
        assert refusal(asking(rejoin_type, old), counts=counts) is BadFrameReason.REPLAYED_COUNTER
    opened(asking(rejoin_type, 0xFFFF), counts=counts)


def test_types_0_and_2_count_together_and_type_1_apart() -> None:
    counts = opened(asking(0, 5)).counts

    assert refusal(asking(2, 5), counts=counts) is BadFrameReason.REPLAYED_COUNTER
    assert opened(asking(1, 5), counts=counts).counts == RejoinCounts(of_sessions=counts.of_sessions, of_device=5)


@OF_A_SESSION
def test_rj_count_0_begins_anew_with_each_session(rejoin_type: int) -> None:
    counts = opened(asking(rejoin_type, 5)).counts
    following = replace(SESSION, activation="next", keys=replace(SESSION.keys, s_nwk_s_int_key=Key(b"N" * 16)))

    rejoin = opened(asking(rejoin_type, 0, following), SESSION, following, counts=counts)

    assert rejoin.counts.of_sessions == {SESSION.activation: 5, "next": 0}


def test_rj_count_1_goes_on_over_sessions() -> None:
    following = replace(SESSION, activation="next", keys=replace(SESSION.keys, s_nwk_s_int_key=Key(b"N" * 16)))

    assert refusal(asking(1, 5), following, counts=RejoinCounts(of_device=5)) is BadFrameReason.REPLAYED_COUNTER


# ── what the device is told ──


@TYPES
def test_the_answer_is_opened_by_the_device_and_both_have_the_same_keys(rejoin_type: int) -> None:
    session, accept = answered(opened(asking(rejoin_type, 3)))

    content, keys = HERSELF.read(accept, rejoin_type, 3)
    assert (content.opt_neg, content.join_nonce, content.net_id, content.dev_addr) == (True, 12, 0x13, NEW_ADDR)
    assert (session.keys, session.dev_addr, session.activation) == (keys, NEW_ADDR, f"{NEW_ADDR}-12")
    assert (session.f_cnt_up, session.n_f_cnt_down, session.a_f_cnt_down) == (0, 0, 0)


@TYPES
def test_the_answer_to_another_type_or_count_is_not_taken_for_it(rejoin_type: int) -> None:
    _, accept = answered(opened(asking(rejoin_type, 3)))

    with pytest.raises(AssertionError):
        HERSELF.read(accept, (rejoin_type + 1) % 3, 3)
    with pytest.raises(AssertionError):
        HERSELF.read(accept, rejoin_type, 4)


@pytest.mark.parametrize("rejoin_type", [0, 1])
@pytest.mark.parametrize("region", [EU868, US915], ids=["EU868", "US915"])
def test_types_0_and_1_are_told_their_radio_parameters_anew(rejoin_type: int, region: Region) -> None:
    session, accept = answered(opened(asking(rejoin_type)), region=region, rx1_delay_s=5, rx1_dr_offset=2)

    content, _ = HERSELF.read(accept, rejoin_type, 0)
    plan = ChannelPlan.joined(region, content.cf_list)
    assert (content.rx_delay, content.rx1_dr_offset, content.rx2_data_rate) == (5, 2, region.rx2_data_rate)
    assert (session.rx1_delay_s, session.rx1_dr_offset) == (5, 2)
    assert (session.rx2_data_rate, session.rx2_frequency_hz) == (region.rx2_data_rate, region.rx2_frequency_hz)
    assert cf_list_frequencies(content.cf_list) == region.cf_list_hz
    assert plan.enabled == (region.cf_list_mask or frozenset(range(8)))


def test_type_2_keeps_its_radio_parameters() -> None:
    moved = replace(SESSION, rx1_delay_s=3, rx1_dr_offset=1, rx2_data_rate=4, rx2_frequency_hz=869_400_000)

    session, accept = answered(opened(asking(2), moved), rx1_delay_s=5, rx1_dr_offset=2)

    content, _ = HERSELF.read(accept, 2, 0)
    assert (content.rx_delay, content.rx1_dr_offset, content.rx2_data_rate, content.cf_list) == (3, 1, 4, b"")
    assert (session.rx1_delay_s, session.rx1_dr_offset, session.rx2_data_rate) == (3, 1, 4)
    assert session.rx2_frequency_hz == 869_400_000


def test_the_state_of_the_mac_layer_goes_on_without_what_counted_uplinks() -> None:
    state = begin(EU868, b"", data_rate=4)
    before = replace(
        state, max_duty_cycle=3, asked=(DevStatusReq(),), silences=2, ask_from=43, refused=frozenset({b"\x06"})
    )

    after = kept_state(before)

    assert after == replace(state, max_duty_cycle=3, refused=frozenset({b"\x06"}))


def test_join_nonces_end() -> None:
    with pytest.raises(BadFrame) as caught:
        answered(opened(asking(0)), join_nonce=JOIN_NONCES)

    assert caught.value.reason is BadFrameReason.COUNTER_EXHAUSTED


def test_the_answer_goes_where_the_device_listens_after_the_delay_of_joins() -> None:
    moved = replace(SESSION, rx1_delay_s=1, rx1_dr_offset=1, rx2_data_rate=3, rx2_frequency_hz=869_400_000)
    rejoin = opened(asking(0), moved)

    rx1, rx2 = receive_windows(reception(timestamp_us=0), listens_as(rejoin), EU868, b"accept")

    assert (rx1.timestamp_us, rx1.data_rate) == (5_000_000, LoraRate(8, 125_000))
    assert (rx2.timestamp_us, rx2.frequency_hz, rx2.data_rate) == (6_000_000, 869_400_000, LoraRate(9, 125_000))
    assert listens_as(opened(asking(1))) is None


# ── when the new session takes over ──


@TYPES
def test_the_old_session_is_heard_until_the_first_uplink_of_the_new(rejoin_type: int) -> None:
    old = OpenSession(replace(SESSION, f_cnt_up=0))
    offered, _ = answered(opened(asking(rejoin_type), old.session))
    new = OpenSession(replace(offered, dev_addr=DEV_ADDR))  # both on one address: the MIC alone tells them apart

    before = hear(uplink_v1_1(f_cnt=0), old, new, receptions=(CHANNEL_1,))
    switched = hear(uplink_v1_1(f_cnt=0, keys=new.session.keys), old, new, receptions=(CHANNEL_1,))

    assert isinstance(before, NewUplink)
    assert isinstance(switched, NewUplink)
    assert (before.opened, switched.opened) == (old, new)
    assert before.uplink.id != switched.uplink.id


def test_the_last_offer_and_the_session_that_signed_stay() -> None:
    used, signer, given_up, last = (
        replace(
            SESSION,
            activation=name,
            f_cnt_up=40 if name == "used" else 0,
            keys=replace(SESSION.keys, s_nwk_s_int_key=Key(name.encode().ljust(16))),
        )
        for name in ("used", "signer", "given up", "last")
    )
    sessions = (used, signer, given_up, last)

    assert ended_by_offer(sessions, opened(asking(0, 0, signer), *sessions)) == (given_up,)
    assert ended_by_offer(sessions, opened(asking(1), *sessions)) == (signer, given_up)
    assert ended_by_offer((used,), opened(asking(0, 0, used), used)) == ()
    assert ended_by_offer(sessions, opened(asking(1), *sessions), {"signer"}) == (given_up,)
