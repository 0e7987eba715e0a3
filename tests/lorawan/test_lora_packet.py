"""An independent cipher, npm's lora-packet: it reads what we make, we read what it makes, and both derive the same keys."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from gateway.errors import BadFrame
from gateway.lorawan import crypto
from gateway.lorawan.join import open_join_request
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.phy import Direction, JoinAccept, JoinRequest, parse
from gateway.lorawan.rejoin import open_rejoin_request
from gateway.model import MacVersion
from tests.lorawan.air import session_v1_1
from tests.lorawan.data_cases import DataCase, cases, m_type, opened, sealed
from tests.lorawan.join_cases import (
    VERSIONS,
    JoinCase,
    join_cases,
    our_accept,
    our_join_request,
    our_rejoin_request,
    rejoin_cases,
)
from tests.lorawan.lora_packet import Answer, Question, ask, hex_of, hexed, missing
from tests.lorawan.rejoins import rejoin_request

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

OF_DATA = [(version, direction) for version in VERSIONS for direction in Direction]
DATA = pytest.mark.parametrize(("mac_version", "direction"), OF_DATA, ids=lambda one: str(getattr(one, "name", one)))


# ── what it is asked ──


def flipped(octets: bytes, case: DataCase) -> bytes:
    """Return the frame with one bit of its address, counter or commands turned."""
    bit = Random(case.f_cnt).randrange(64)
    return (int.from_bytes(octets) ^ 1 << 8 * len(octets) - 9 - bit).to_bytes(len(octets))


def data_question(case: DataCase, what: str) -> Question:
    version = "1.1" if case.mac_version is MacVersion.V1_1 else "1.0"
    more = {"conf_f_cnt": case.conf_f_cnt, "tx_dr": case.tx_dr, "tx_ch": case.tx_ch}
    return {"ask": what, "version": version, "f_cnt": case.f_cnt, **hexed(case.keys), **more}


def to_read(case: DataCase, octets: bytes) -> Question:
    return data_question(case, "read_data") | {"frame": octets.hex()}


def to_make(case: DataCase) -> Question:
    return data_question(case, "make_data") | {
        "m_type": m_type(case),
        "dev_addr": case.dev_addr,
        "adr": case.f_ctrl.adr,
        "ack": case.f_ctrl.ack,
        "adr_ack_req": case.f_ctrl.adr_ack_req,
        "bit_4": case.f_ctrl.class_b or case.f_ctrl.f_pending,
        "f_port": case.f_port,
        "payload": case.payload.hex(),
        "f_opts": case.f_opts.hex(),
    }


def joining(case: JoinCase) -> Question:
    return {
        "key": hex_of(case.join_key),
        "app_key": hex_of(case.rejoiner.app_key),
        "nwk_key": hex_of(case.rejoiner.nwk_key),
        "join_eui": case.asked.join_eui,
        "dev_eui": case.device.dev_eui,
        "dev_nonce": f"{case.asked.nonce:04x}",
        "join_nonce": f"{case.content.join_nonce:06x}",
        "net_id": f"{case.content.net_id:06x}",
    }


def accepting(case: JoinCase) -> Question:
    return joining(case) | {
        "key": hex_of(case.encrypting_key),
        "js_int_key": hex_of(case.rejoiner.js_int_key),
        "join_request_type": f"{case.asked.join_request_type:02x}",
        "nonce": f"{case.asked.nonce:04x}",
    }


def to_make_accept(case: JoinCase) -> Question:
    octets = case.content.to_bytes()
    return accepting(case) | {
        "ask": "make_join_accept",
        "dev_addr": case.content.dev_addr,
        "dl_settings": octets[10:11].hex(),
        "rx_delay": octets[11:12].hex(),
        "cf_list": case.content.cf_list.hex(),
    }


def rejoining(case: JoinCase) -> Question:
    return {"key": hex_of(case.rejoin_key), "rejoin_type": case.asked.join_request_type}


@pytest.fixture(scope="module")
def answers() -> dict[str, list[Answer]]:
    questions: dict[str, list[Question]] = {}
    for one in OF_DATA:
        questions[f"read {one}"] = [to_read(case, sealed(case)) for case in cases(*one)]
        questions[f"flipped {one}"] = [to_read(case, flipped(sealed(case), case)) for case in cases(*one)]
        questions[f"make {one}"] = [to_make(case) for case in cases(*one)]
    joins, rejoins = join_cases(), rejoin_cases()
    for kind in ("keys_1_0", "keys_1_1", "keys_js", "make_join_request"):
        questions[kind] = [joining(case) | {"ask": kind} for case in joins]
    questions |= {
        "read join": [
            joining(one) | {"ask": "read_join_request", "frame": our_join_request(one).hex()} for one in joins
        ],
        "read accept": [accepting(one) | {"ask": "read_join_accept", "frame": our_accept(one).hex()} for one in joins],
        "make accept": [to_make_accept(one) for one in joins],
        "read rejoin": [
            rejoining(one) | {"ask": "read_rejoin_request", "frame": our_rejoin_request(one).hex()} for one in rejoins
        ],
        "sign rejoin": [
            rejoining(one) | {"ask": "sign_rejoin_request", "unsigned": our_rejoin_request(one)[:-4].hex()}
            for one in rejoins
        ],
    }
    return ask(questions)


# ── data ──


@DATA
def test_it_proves_and_decrypts_our_frames(
    answers: dict[str, list[Answer]], mac_version: MacVersion, direction: Direction
) -> None:
    expected = [
        {
            "mic": True,
            "direction": "up" if direction is Direction.UPLINK else "down",
            "confirmed": case.confirmed,
            "dev_addr": case.dev_addr,
            "f_cnt16": case.f_cnt & 0xFFFF,
            "f_port": case.f_port,
            "ack": case.f_ctrl.ack,
            "adr": case.f_ctrl.adr,
            "payload": case.payload.hex(),
            "f_opts": case.f_opts.hex(),
        }
        for case in cases(mac_version, direction)
    ]

    assert answers[f"read {(mac_version, direction)}"] == expected


@DATA
def test_it_does_not_prove_what_was_changed(
    answers: dict[str, list[Answer]], mac_version: MacVersion, direction: Direction
) -> None:
    assert {answer["mic"] for answer in answers[f"flipped {(mac_version, direction)}"]} == {False}


@DATA
def test_its_frames_are_proved_and_decrypted_by_ours(
    answers: dict[str, list[Answer]], mac_version: MacVersion, direction: Direction
) -> None:
    made = answers[f"make {(mac_version, direction)}"]

    for case, answer in zip(cases(mac_version, direction), made, strict=True):
        octets = bytes.fromhex(answer["frame"])
        clear = (b"", case.payload) if case.f_port == 0 else (case.payload, case.f_opts)
        assert opened(case, octets) == clear
        assert octets == sealed(case)


# ── joins ──


def test_it_proves_our_join_requests(answers: dict[str, list[Answer]]) -> None:
    names = ("join_eui", "dev_eui", "dev_nonce")
    expected = [{"mic": True, **{name: joining(case)[name] for name in names}} for case in join_cases()]

    assert answers["read join"] == expected


def test_its_join_requests_are_proved_by_ours(answers: dict[str, list[Answer]]) -> None:
    for case, answer in zip(join_cases(), answers["make_join_request"], strict=True):
        request = parse(bytes.fromhex(answer["frame"]))
        assert isinstance(request, JoinRequest)
        open_join_request(request, case.device, case.root_keys, frozenset())
        assert request.dev_nonce == case.asked.nonce


def test_it_decrypts_and_proves_our_join_accepts(answers: dict[str, list[Answer]]) -> None:
    expected: list[Answer] = [
        {
            "mic": True,
            "join_nonce": f"{case.content.join_nonce:06x}",
            "net_id": f"{case.content.net_id:06x}",
            "dev_addr": case.content.dev_addr,
            "opt_neg": case.content.opt_neg,
            "rx1_dr_offset": case.content.rx1_dr_offset,
            "rx2_data_rate": case.content.rx2_data_rate,
            "rx_delay": case.content.rx_delay,
            "cf_list": case.content.cf_list.hex(),
        }
        for case in join_cases()
    ]

    assert answers["read accept"] == expected
    assert {one["cf_list"][-2:] for one in expected} == {"", "00", "01"}  # none, and both types


def test_its_join_accepts_are_ours(answers: dict[str, list[Answer]]) -> None:
    for case, answer in zip(join_cases(), answers["make accept"], strict=True):
        frame = parse(bytes.fromhex(answer["frame"]))
        assert isinstance(frame, JoinAccept)
        clear = crypto.decrypt_join_accept(case.encrypting_key, frame.encrypted)
        assert JoinAcceptContent.from_bytes(clear[:-4]) == case.content
        assert answer["frame"] == our_accept(case).hex()


# ── rejoins ──


def test_it_proves_our_rejoin_requests(answers: dict[str, list[Answer]]) -> None:
    rejoins = rejoin_cases()
    types = [case.asked.join_request_type for case in rejoins]

    expected = [
        {
            "mic": True,
            "dev_eui": case.device.dev_eui,
            "whom": case.asked.join_eui if asked == 1 else f"{case.rejoiner.net_id:06x}",
            "rj_count": None if asked == 1 else f"{case.asked.nonce:04x}",
        }
        for case, asked in zip(rejoins, types, strict=True)
    ]

    assert answers["read rejoin"] == expected
    assert {*types} == {0, 1, 2}


def test_its_rejoin_requests_are_proved_by_ours(answers: dict[str, list[Answer]]) -> None:
    for case, answer in zip(rejoin_cases(), answers["sign rejoin"], strict=True):
        session = session_v1_1().session
        session = replace(session, keys=replace(session.keys, s_nwk_s_int_key=case.rejoin_key))
        request = rejoin_request(bytes.fromhex(answer["frame"]))
        rejoin = open_rejoin_request(request, case.device, case.root_keys, [session])
        assert rejoin.request.rj_count == case.asked.nonce
        with pytest.raises(BadFrame):
            open_rejoin_request(replace(request, mic=request.mic[::-1]), case.device, case.root_keys, [session])


# ── keys ──


def test_it_derives_the_same_keys(answers: dict[str, list[Answer]]) -> None:
    for place, case in enumerate(join_cases()):
        app_key, nwk_key = case.rejoiner.app_key, case.rejoiner.nwk_key
        nonces = {"join_nonce": case.content.join_nonce, "dev_nonce": case.asked.nonce}
        old = crypto.derive_session_keys_v1_0(app_key, net_id=case.content.net_id, **nonces)
        new = crypto.derive_session_keys_v1_1(app_key=app_key, nwk_key=nwk_key, join_eui=case.asked.join_eui, **nonces)
        js_enc_key = crypto.derive_js_enc_key(nwk_key, case.device.dev_eui)

        assert answers["keys_1_0"][place] == {
            "NwkSKey": hex_of(old.f_nwk_s_int_key),
            "AppSKey": hex_of(old.app_s_key),
        }
        assert answers["keys_1_1"][place] == {
            "FNwkSIntKey": hex_of(new.f_nwk_s_int_key),
            "SNwkSIntKey": hex_of(new.s_nwk_s_int_key),
            "NwkSEncKey": hex_of(new.nwk_s_enc_key),
            "AppSKey": hex_of(new.app_s_key),
        }
        assert answers["keys_js"][place] == {
            "JSIntKey": hex_of(case.rejoiner.js_int_key),
            "JSEncKey": hex_of(js_enc_key),
        }
