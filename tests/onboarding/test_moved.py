"""A session that began elsewhere: it opens the device's next frames, and its name is its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.phy import DataFrame, parse
from gateway.lorawan.sessions import NewUplink, OpenSession, open_uplink
from gateway.model import Key, Session, dev_addr, eui64
from gateway.onboarding import is_moved, moved_activation
from gateway.onboarding.moved import tags_of, words_of
from tests.lorawan.air import CHANNEL_1, heard
from tests.onboarding.files import by_eui, read, text_of

DEVICE = "a81758fffe051d02"
EXPORTS = ["chirpstack_v4.json", "chirpstack_v4_answers.jsonl", "the_things_stack_export.jsonl", "the_things_stack.csv"]
FRAMES = Path(__file__).parent.parent / "vectors" / "lorawan" / "data_frames.jsonl"


def moved_session(name: str) -> Session:
    session = by_eui(read(text_of(name), name))[DEVICE].session
    assert session is not None
    return session


def frame_of(f_cnt: int) -> tuple[bytes, bytes]:
    """Return a frame that others made with the keys of the exports, and what it says."""
    vectors = map(json.loads, FRAMES.read_text(encoding="utf-8").splitlines())
    found = next(one for one in vectors if one.get("devaddr") == "49be7df1" and one.get("fcnt32") == f_cnt)
    return bytes.fromhex(found["phy"]), bytes.fromhex(found["frm_plain"])


def opened(octets: bytes, session: Session) -> NewUplink:
    data_frame = parse(octets)
    assert isinstance(data_frame, DataFrame)
    found = open_uplink(heard(octets, CHANNEL_1), data_frame, [OpenSession(session)])
    assert isinstance(found, NewUplink)
    return found


@pytest.mark.parametrize("name", EXPORTS)
def test_the_next_frame_of_a_moved_device_opens_without_a_join(name: str) -> None:
    octets, plain = frame_of(2)

    uplink = opened(octets, moved_session(name)).uplink

    assert (uplink.payload, uplink.f_cnt) == (plain, 2)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_frame_that_the_other_network_heard_already_is_not_new(name: str) -> None:
    octets, _ = frame_of(2)
    later = replace(moved_session(name), f_cnt_up=4)

    with pytest.raises(BadFrame) as raised:
        opened(octets, later)

    assert raised.value.reason is BadFrameReason.REPLAYED_COUNTER


def test_one_session_has_one_name_from_whatever_export_it_comes() -> None:
    names = {moved_session(name).activation for name in EXPORTS}

    assert len(names) == 1
    assert all(is_moved(moved_session(name)) for name in EXPORTS)


def test_counters_do_not_change_the_name() -> None:
    session = moved_session(EXPORTS[0])
    later = replace(session, f_cnt_up=99, n_f_cnt_down=99)

    assert moved_activation(later.dev_eui, later.dev_addr, later.keys) == session.activation


@pytest.mark.parametrize("part", ["f_nwk_s_int_key", "s_nwk_s_int_key", "nwk_s_enc_key", "app_s_key"])
def test_a_rejoin_elsewhere_makes_another_name(part: str) -> None:
    session = moved_session(EXPORTS[0])
    keys = replace(session.keys, **{part: Key(b"\x01" * 16)})

    assert moved_activation(session.dev_eui, session.dev_addr, keys) != session.activation


def test_another_device_or_address_makes_another_name() -> None:
    session = moved_session(EXPORTS[0])
    names = {
        session.activation,
        moved_activation(eui64("00" * 8), session.dev_addr, session.keys),
        moved_activation(session.dev_eui, dev_addr("00000000"), session.keys),
    }

    assert len(names) == 3


def test_the_name_is_for_ever() -> None:
    """Uplink ids hang on it: a change of the digest would make every moved device's uplinks new ones."""
    assert moved_session(EXPORTS[0]).activation == "49be7df1-moved-ca67ce2ab09c1b7f"


@pytest.mark.parametrize("activation", ["49be7df1-7", "49be7df1-abp0", "49be7df1-16777215"])
def test_no_session_made_here_has_such_a_name(activation: str) -> None:
    assert not is_moved(replace(moved_session(EXPORTS[0]), activation=activation))


def test_named_tags_become_ours_and_are_named_again() -> None:
    words = {"site": "torget-1", "indoor": ""}

    assert tags_of(words) == {"site=torget-1", "indoor"}
    assert words_of(tags_of(words)) == words


def test_a_tag_never_has_what_parts_tags_in_a_devices_file() -> None:
    assert tags_of({"street": "Stora torget, 3; norr"}) == {"street=Stora-torget-3-norr"}
