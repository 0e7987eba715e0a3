"""Hostile octets: whatever a radio hears, parsers and provers raise BadFrame or nothing, and prove nothing false."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan import crypto
from gateway.lorawan.join import open_join_request
from gateway.lorawan.join_accept import JoinAcceptContent, cf_list_frequencies
from gateway.lorawan.mac_commands import read, write
from gateway.lorawan.phy import (
    LONGEST,
    DataFrame,
    Direction,
    JoinAccept,
    JoinRequest,
    RejoinRequest,
    join_request_octets,
    parse,
)
from gateway.lorawan.rejoin import open_rejoin_request
from gateway.model import Device, Eui64, Key, MacVersion, RootKeys
from tests.lorawan.air import CHANNEL_1, DEV_EUI, at_once, both_ways, heard, personalised, session_v1_1, uplink_v1_1
from tests.lorawan.rejoins import Rejoiner

JOIN_EUI = Eui64("70b3d57ed0000001")
APP_KEY, NWK_KEY = Key(b"a" * 16), Key(b"n" * 16)
ROOT_KEYS = RootKeys(app_key=APP_KEY, nwk_key=NWK_KEY)
HERSELF = Rejoiner(dev_eui=DEV_EUI, join_eui=JOIN_EUI, app_key=APP_KEY, nwk_key=NWK_KEY)
ABP, OLD_SESSION = personalised()
SESSIONS = [OLD_SESSION, session_v1_1(n_f_cnt_down=7)]


def join_request(mac_version: MacVersion) -> bytes:
    signed = join_request_octets(JOIN_EUI, DEV_EUI, 0x1234)
    return signed + crypto.signature(NWK_KEY if mac_version is MacVersion.V1_1 else APP_KEY, signed)


S_NWK_S_INT_KEY = SESSIONS[1].session.keys.s_nwk_s_int_key
SIGNED = {
    "uplink of 1.0": ABP.uplink(2, b"payload", confirmed=True, f_opts=b"\x02"),
    "uplink of 1.1": uplink_v1_1(),
    "acknowledging uplink of 1.1": uplink_v1_1(ack=True, conf_f_cnt=6, f_port=0),
    "join request of 1.0": join_request(MacVersion.V1_0_3),
    "join request of 1.1": join_request(MacVersion.V1_1),
    "rejoin request 0": HERSELF.ask(0, 3, S_NWK_S_INT_KEY),
    "rejoin request 1": HERSELF.ask(1, 3),
    "rejoin request 2": HERSELF.ask(2, 3, S_NWK_S_INT_KEY),
}
UNHURRIED = settings(deadline=None)  # how long one example takes is no matter of these tests
EACH = pytest.mark.parametrize("octets", SIGNED.values(), ids=SIGNED)


def prove(octets: bytes) -> None:
    """Do with octets all that the network does before it keeps anything; BadFrame where nobody made them.

    Addresses and EUIs are not looked up: everybody known is tried, as a stranger's frame with a known address would be.
    """
    if at_once(octets, SESSIONS) is not None:
        both_ways(heard(octets, CHANNEL_1), SESSIONS)
    match parse(octets):
        case DataFrame():
            both_ways(heard(octets, CHANNEL_1), SESSIONS)
        case JoinRequest() as request:
            anybody(lambda device: open_join_request(request, device, ROOT_KEYS, frozenset()))
        case RejoinRequest() as rejoin:
            sessions = [one.session for one in SESSIONS]
            eui = None if rejoin.rejoin_type == 1 else JOIN_EUI
            anybody(
                lambda device: open_rejoin_request(
                    rejoin, replace(device, dev_eui=DEV_EUI), ROOT_KEYS, sessions, joined_with=eui
                )
            )
        case _:
            raise BadFrame(BadFrameReason.NOT_SUPPORTED)


def anybody(open_for: Callable[[Device], object]) -> None:
    for mac_version in (MacVersion.V1_0_3, MacVersion.V1_1):
        with contextlib.suppress(BadFrame):
            open_for(Device(dev_eui=DEV_EUI, mac_version=mac_version))
            return
    raise BadFrame(BadFrameReason.MIC)


def mutated(octets: bytes, place: int, removed: int, put: bytes) -> bytes:
    """Return octets with some of them replaced by others, of another number perhaps."""
    at = place % (len(octets) + 1)
    return octets[:at] + put + octets[at + removed :]


def framed(sizes: st.SearchStrategy[int]) -> st.SearchStrategy[bytes]:
    """Return octets of these sizes whose MHDR is one of LoRaWAN R1."""
    bodies = sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size))
    return st.tuples(st.sampled_from(range(0, 256, 32)), bodies).map(lambda one: bytes((one[0],)) + one[1])


EXACT = framed(st.sampled_from((11, 16, 18, 22, 23, 32)))  # sizes that a kind of frame has, without MHDR
ANY = framed(st.integers(0, LONGEST + 2))


@EACH
def test_the_frames_that_are_mutilated_below_are_proved(octets: bytes) -> None:
    prove(octets)


# ── what is raised ──


@UNHURRIED
@given(st.binary(max_size=LONGEST + 5) | EXACT | ANY)
@example(b"")
@example(b"\xc0")
def test_no_octets_raise_anything_but_bad_frame(octets: bytes) -> None:
    with pytest.raises(BadFrame):
        prove(octets)


@UNHURRIED
@given(st.sampled_from([*SIGNED.values()]), st.integers(0, 300), st.integers(0, 20), st.binary(max_size=LONGEST))
def test_no_mutilated_frame_is_proved(octets: bytes, place: int, removed: int, put: bytes) -> None:
    hostile = mutated(octets, place, removed, put)

    if hostile != octets:
        with pytest.raises(BadFrame):
            prove(hostile)


@UNHURRIED
@given(octets=st.binary(max_size=40) | st.binary(min_size=12, max_size=12) | st.binary(min_size=28, max_size=28))
def test_a_join_accept_s_content_is_read_or_refused(octets: bytes) -> None:
    if len(octets) not in {12, 28}:
        with pytest.raises(BadFrame):
            JoinAcceptContent.from_bytes(octets)
        return
    content = JoinAcceptContent.from_bytes(octets)

    assert content.to_bytes()[:11] == octets[:11]
    assert content.to_bytes()[12:] == octets[12:]
    assert len(cf_list_frequencies(content.cf_list)) <= 5


@UNHURRIED
@given(framed(st.sampled_from((16, 32))).map(lambda octets: b"\x20" + octets[1:]))
def test_every_encrypted_join_accept_is_decrypted_to_something(octets: bytes) -> None:
    accept = parse(octets)

    assert isinstance(accept, JoinAccept)
    clear = crypto.decrypt_join_accept(APP_KEY, accept.encrypted)
    JoinAcceptContent.from_bytes(clear[:-4])
    assert crypto.encrypt_join_accept(APP_KEY, clear) == accept.encrypted


@pytest.mark.parametrize("mac_version", MacVersion)
@pytest.mark.parametrize("direction", Direction)
@UNHURRIED
@given(octets=st.binary(max_size=60))
def test_mac_commands_of_any_octets_are_read_and_nothing_is_lost(
    direction: Direction, mac_version: MacVersion, octets: bytes
) -> None:
    said = read(octets, direction=direction, mac_version=mac_version)

    cut = len(octets) - len(said.rest)
    assert said.rest == octets[cut:]
    assert len(write(said.commands)) == cut


# ── what is proved ──


@EACH
def test_no_flipped_bit_of_a_signed_frame_is_proved(octets: bytes) -> None:
    for bit in range(8 * len(octets)):
        flipped = bytearray(octets)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadFrame):
            prove(bytes(flipped))


@EACH
@UNHURRIED
@given(first=st.integers(0, 300), second=st.integers(0, 300))
def test_no_two_flipped_bits_of_a_signed_frame_are_proved(octets: bytes, first: int, second: int) -> None:
    bits = {first % (8 * len(octets)), second % (8 * len(octets))}
    flipped = bytearray(octets)
    for bit in bits:
        flipped[bit // 8] ^= 1 << bit % 8

    with pytest.raises(BadFrame):
        prove(bytes(flipped))


@EACH
def test_no_part_of_a_signed_frame_is_proved(octets: bytes) -> None:
    for size in range(len(octets)):
        with pytest.raises(BadFrame):
            prove(octets[:size])
        with pytest.raises(BadFrame):
            prove(octets[size + 1 :])


@EACH
@UNHURRIED
@given(more=st.binary(min_size=1, max_size=LONGEST))
def test_no_octet_added_to_a_signed_frame_is_proved(octets: bytes, more: bytes) -> None:
    with pytest.raises(BadFrame):
        prove(octets + more)
