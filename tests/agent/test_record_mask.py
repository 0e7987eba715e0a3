"""An anonymous recording: the same device stays the same, nobody is named, and every frame is still one."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.commands.record_mask import KEY_OCTETS, Mask
from gateway.errors import BadFrame
from gateway.lorawan.phy import DataFrame, JoinRequest, RejoinRequest, parse
from gateway.model import Json
from gateway.sources import gwmp
from gateway.sources.gwmp import PushData
from gateway.sources.rxpk import read_rxpk
from tests.sources.conftest import GATEWAY, OTHER, pull_data, push_data, rxpk, vectors

MASK, ANOTHER = Mask(bytes(KEY_OCTETS)), Mask(b"\1" * KEY_OCTETS)
ADDRESS, PAYLOAD, MIC = "da1b0126", bytes.fromhex("0102030405060708"), bytes.fromhex("a1b2c3d4")
DATA = bytes.fromhex(f"40 {ADDRESS} 82 0700 0307 0a") + PAYLOAD + MIC
JOIN = bytes.fromhex("00 0807060504030201 1817161514131211 3412") + MIC
REJOIN_0 = bytes.fromhex("c0 00 130000 1817161514131211 0500") + MIC
REJOIN_1 = bytes.fromhex("c0 01 0807060504030201 1817161514131211 0500") + MIC
ACCEPT = b"\x20" + bytes(range(16))
FRAMES = {
    "data": DATA,
    "data without port": bytes.fromhex(f"80 {ADDRESS} 00 0100") + MIC,
    "downlink": bytes.fromhex(f"60 {ADDRESS} 20 0100") + MIC,
    "join": JOIN,
    "rejoin 0": REJOIN_0,
    "rejoin 1": REJOIN_1,
    "accept": ACCEPT,
    "proprietary": b"\xe0who I am",
    "broken": DATA[:9],
    "another version": b"\x43" + DATA[1:],
}


def told(datagram: bytes, mask: Mask = MASK) -> PushData:
    masked = mask.datagram(datagram)
    assert masked is not None
    said = gwmp.parse(masked)
    assert isinstance(said, PushData)
    return said


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_keeps_its_kind_and_length_and_nothing_that_names_or_proves(name: str) -> None:
    frame = FRAMES[name]

    masked = MASK.frame(frame)

    assert (len(masked), masked[0]) == (len(frame), frame[0])
    for secret in (bytes.fromhex(ADDRESS), bytes(range(1, 9))[::-1], PAYLOAD, MIC, bytes(range(16)), b"who I am"):
        assert secret not in masked


def test_what_is_no_name_of_a_data_frame_stays() -> None:
    before, after = parse(DATA), parse(MASK.frame(DATA))

    assert isinstance(before, DataFrame)
    assert isinstance(after, DataFrame)
    assert (after.f_cnt16, after.f_ctrl, after.f_opts, after.f_port) == (7, before.f_ctrl, b"\x03\x07", 10)
    assert len(after.frm_payload) == len(PAYLOAD)


def test_a_device_has_one_name_in_all_that_it_sends() -> None:
    join, rejoin = parse(MASK.frame(JOIN)), parse(MASK.frame(REJOIN_1))
    without_join_eui = parse(MASK.frame(REJOIN_0))
    others = parse(MASK.frame(DATA[:1] + DATA[1:5] + b"\x80\1\0\2payload" + MIC))
    data = parse(MASK.frame(DATA))

    assert isinstance(join, JoinRequest)
    assert isinstance(rejoin, RejoinRequest)
    assert isinstance(without_join_eui, RejoinRequest)
    assert isinstance(data, DataFrame)
    assert isinstance(others, DataFrame)
    assert join.dev_eui == rejoin.dev_eui == without_join_eui.dev_eui
    assert (join.join_eui, join.dev_nonce) == (rejoin.join_eui, 0x1234)
    assert data.dev_addr == others.dev_addr


def test_the_same_frame_is_the_same_and_another_is_another() -> None:
    longer = DATA[:-5] + b"\0" + DATA[-4:]

    assert MASK.frame(DATA) == MASK.frame(DATA)
    assert MASK.frame(DATA)[-12:] != MASK.frame(longer)[-12:]
    assert MASK.frame(DATA)[1:5] == MASK.frame(longer)[1:5]


def test_another_recording_has_other_names() -> None:
    assert MASK.frame(JOIN)[1:17] != ANOTHER.frame(JOIN)[1:17]
    assert MASK.eui(bytes(8)) != ANOTHER.eui(bytes(8))


@given(st.binary(min_size=1, max_size=255))
def test_any_octets_stay_as_many_and_as_readable(octets: bytes) -> None:
    masked = MASK.frame(octets)

    assert len(masked) == len(octets)
    assert kind(octets) in {kind(masked), None}


def kind(octets: bytes) -> type | None:
    """Return what a frame is; None for none."""
    try:
        return type(parse(octets))
    except BadFrame:
        return None


@given(st.binary(min_size=8, max_size=8))
def test_an_eui_is_none_that_a_maker_has_given(eui: bytes) -> None:
    assert MASK.eui(eui)[0] & 0x03 == 0x02


# ── datagrams ──


def test_a_packet_keeps_how_it_was_heard_and_loses_when_by_gnss_and_by_which_crystal() -> None:
    packet = rxpk(
        data=b64encode(DATA).decode(),
        time="2026-11-23T12:00:00.123456Z",
        tmms=1_450_000_000_000,
        ftime=123_456_789,
        meta={"name": "roof of 12 Main Street"},
        rsig=[{"ant": 0, "chan": 1, "rssic": -57, "lsnr": 9.0, "etime": "AAAA", "ftime": 7, "foff": -12}],
        datr="SF7BW125 of Anna",
    )

    (after,) = told(push_data({"rxpk": [packet]})).rxpk

    assert after.keys() == {
        *("tmst", "chan", "rfch", "freq", "stat", "modu", "codr", "rssi", "rssis", "lsnr", "size", "data", "rsig"),
    }
    assert after["rsig"] == [{"ant": 0, "chan": 1, "rssic": -57, "lsnr": 9.0}]
    assert (after["tmst"], after["rssi"], after["size"]) == (5604085, -57, len(DATA))
    assert b64decode(after["data"]) == MASK.frame(DATA)


def test_statistics_keep_their_counts_and_lose_where_and_who() -> None:
    stat = {
        "time": "2026-11-23 12:42:31 GMT",
        "rxnb": 3,
        "rxok": 2,
        "temp": 40.5,
        "lati": 57.7,
        "long": 11.9,
        "alti": 20,
        "mail": "anna@example.org",
        "desc": "on the school",
        "pfrm": "x",
    }

    after = told(push_data({"stat": stat}))

    assert after.stat == {"time": "2026-11-23 12:42:31 GMT", "rxnb": 3, "rxok": 2, "temp": 40.5}


def test_gateways_get_other_euis_everywhere() -> None:
    said = told(push_data({"rxpk": [rxpk()]}))
    keep_alive = MASK.datagram(pull_data() + b"roof")
    line = MASK.line({"at_s": 1.0, "source": "roof", "protocol": "gwmp", "gateway": GATEWAY, "hex": pull_data().hex()})

    assert said.gateway == MASK.eui(bytes.fromhex(GATEWAY)).hex() != GATEWAY
    assert keep_alive == pull_data(gateway=said.gateway)
    assert line == {"at_s": 1.0, "protocol": "gwmp", "gateway": said.gateway, "hex": keep_alive.hex()}
    assert told(push_data({"rxpk": [rxpk()]}, gateway=OTHER)).gateway != said.gateway


def test_a_frame_of_another_radio_loses_its_times_too() -> None:
    said: dict[str, Json] = {
        "at_s": 1.0,
        "source": "roof",
        "protocol": "lorawan",
        "gateway": GATEWAY,
        "hex": JOIN.hex(),
        "frequency_hz": 868_100_000,
        "data_rate": "SF7BW125",
        "rssi_dbm": -57,
        "gateway_time": "2026-11-23T12:00:00Z",
    }

    line = MASK.line(said)

    assert line is not None
    assert line["hex"] == MASK.frame(JOIN).hex()
    assert said.keys() - line.keys() == {"source", "gateway_time"}


@pytest.mark.parametrize("body", [b"{", b'{"rxpk": 7}', b"[]", b"roof"])
def test_what_cannot_be_read_cannot_be_made_anonymous(body: bytes) -> None:
    line = {"at_s": 1.0, "protocol": "gwmp", "gateway": GATEWAY, "hex": push_data(body).hex()}

    assert MASK.line(line) is None


def test_packets_that_are_none_are_left_out_and_their_neighbours_stay() -> None:
    after = told(push_data({"rxpk": ["roof", rxpk(data="=roof="), rxpk()], "stat": "roof"}))

    assert len(after.rxpk) == 1
    assert after.stat is None


def test_of_what_real_forwarders_sent_no_gateway_address_or_position_is_left() -> None:
    sent = [bytes.fromhex(one["hex"]) for one in vectors("captured_gwmp.jsonl") if one.get("dir") == "up"]
    pushed = [one for one in sent if one[3] == 0]

    masked = b"".join(MASK.datagram(one) or b"" for one in pushed)

    packets = [one for datagram in pushed for one in gwmp.parse(datagram).rxpk]  # type: ignore[union-attr]  # PUSH_DATA
    frames = [read_rxpk(one, gateway=GATEWAY).phy_payload for one in packets if one.get("stat") == 1]
    after = masked + b"".join(b64decode(part.split(b'"')[0]) for part in masked.split(b'"data":"')[1:])
    assert len(frames) > 10
    assert not [one for one in pushed if one[4:12] in after]
    assert not [one.hex() for one in frames if one[1:5] in after]
    assert b"lati" not in after
    assert json.dumps("desc").encode() not in after
