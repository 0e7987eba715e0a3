"""Ciphers against vectors that others made: data frames, joins, key derivation. Nothing here is a round trip of ours."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.lorawan import crypto
from gateway.lorawan.crypto import FOptsCounter, SessionCiphers
from gateway.lorawan.phy import (
    ADDRESS,
    JOIN_ACCEPT_MHDR,
    DataFrame,
    Direction,
    JoinAccept,
    JoinRequest,
    RejoinRequest,
    dev_addr_octets,
    parse,
)
from gateway.model import DevAddr, Eui64, Key, SessionKeys
from tests.lorawan.vectors import ZERO_KEY, key, lines, name_of

DIRECTIONS = {"up": Direction.UPLINK, "down": Direction.DOWNLINK}
ONE_KEY_KINDS = {"frmpayload-crypt", "mic-1.0", "fopts-crypt"}

# Lines that are not run, and why.
NOT_APPLICABLE = {
    "root-wor-s-key": "relays (TS011) are not supported",
    "session-keys-1.1-netid-form": "the line itself says that this is not what the specification says",
}


def keys_of(line: dict[str, Any]) -> SessionKeys:
    if line.get("version") == "1.0":
        return SessionKeys.v1_0(nwk_s_key=key(line, "nwk_s_key"), app_s_key=key(line, "app_s_key"))
    return SessionKeys(
        f_nwk_s_int_key=key(line, "f_nwk_s_int_key"),
        s_nwk_s_int_key=key(line, "s_nwk_s_int_key"),
        nwk_s_enc_key=key(line, "nwk_s_enc_key"),
        app_s_key=key(line, "app_s_key"),
    )


def one_key(line: dict[str, Any]) -> SessionCiphers:
    return SessionCiphers(SessionKeys.v1_0(nwk_s_key=key(line, "key"), app_s_key=key(line, "key")))


def data_frame(line: dict[str, Any]) -> DataFrame:
    frame = parse(bytes.fromhex(line["phy"]))
    assert isinstance(frame, DataFrame)
    return frame


def mic_of(line: dict[str, Any]) -> bytes:
    frame, ciphers, f_cnt = data_frame(line), SessionCiphers(keys_of(line)), line["fcnt32"]
    conf_f_cnt = line.get("conf_fcnt", 0) if frame.f_ctrl.ack else 0
    if frame.direction is Direction.DOWNLINK:
        return ciphers.downlink_mic(frame.signed, f_cnt, conf_f_cnt)
    if line["version"] == "1.0":
        return ciphers.uplink_mic(frame.signed, f_cnt)
    tx_dr, tx_ch = line["tx_dr"], line["tx_ch"]
    return ciphers.uplink_mic_v1_1(frame.signed, f_cnt, conf_f_cnt=conf_f_cnt, tx_dr=tx_dr, tx_ch=tx_ch)


DATA = lines("data_frames", "data")
SIGNED = [line for line in DATA if "mic_calculated" in line]
READABLE = [line for line in DATA if "frm_plain" in line]


@pytest.mark.parametrize("line", SIGNED, ids=name_of)
def test_the_mic_of_a_data_frame_is_what_others_compute(line: dict[str, Any]) -> None:
    mic = mic_of(line)

    assert mic.hex() == line["mic_calculated"]
    assert (mic == data_frame(line).mic) == line["mic_valid"]


@pytest.mark.parametrize("line", READABLE, ids=name_of)
def test_a_payload_is_decrypted_and_encrypted_as_others_do(line: dict[str, Any]) -> None:
    frame, ciphers = data_frame(line), SessionCiphers(keys_of(line))
    address, f_port = frame.signed[ADDRESS], frame.f_port or 0

    plain = ciphers.crypt_payload(frame.direction, address, line["fcnt32"], f_port, frame.frm_payload)
    again = ciphers.crypt_payload(frame.direction, address, line["fcnt32"], f_port, plain)

    assert plain.hex() == line["frm_plain"]
    assert again.hex() == line["frm_encrypted"]


@pytest.mark.parametrize("line", [line for line in DATA if "errata" in line.get("fopts_encryption", "")], ids=name_of)
def test_f_opts_of_1_1_are_decrypted_with_the_counter_of_their_direction(line: dict[str, Any]) -> None:
    frame, ciphers = data_frame(line), SessionCiphers(keys_of(line))
    counter = FOptsCounter.A_F_CNT_DOWN if frame.f_port else FOptsCounter.F_CNT_UP_OR_N_F_CNT_DOWN

    plain = ciphers.crypt_f_opts(counter, frame.direction, frame.signed[ADDRESS], line["fcnt32"], frame.f_opts)

    assert plain.hex() == line["fopts_plain"]


@pytest.mark.parametrize("line", lines("data_frames", "frmpayload-crypt"), ids=name_of)
def test_a_keystream_is_what_others_compute(line: dict[str, Any]) -> None:
    direction, address = DIRECTIONS[line["dir"]], dev_addr_octets(DevAddr(line["devaddr"]))

    octets = one_key(line).crypt_payload(direction, address, line["fcnt32"], 1, bytes.fromhex(line["plain"]))

    assert octets.hex() == line["encrypted"]


@pytest.mark.parametrize("line", lines("data_frames", "fopts-crypt"), ids=name_of)
def test_a_keystream_of_f_opts_is_what_others_compute(line: dict[str, Any]) -> None:
    direction, address = DIRECTIONS[line["dir"]], dev_addr_octets(DevAddr(line["devaddr"]))
    counter = FOptsCounter(int(line["frame_type_const"], 16))

    octets = one_key(line).crypt_f_opts(counter, direction, address, line["fcnt32"], bytes.fromhex(line["plain"]))

    assert octets.hex() == line["encrypted"]


@pytest.mark.parametrize("line", lines("data_frames", "mic-1.0"), ids=name_of)
def test_a_mic_of_bare_octets_is_what_others_compute(line: dict[str, Any]) -> None:
    ciphers, signed = one_key(line), bytes.fromhex(line["message"])
    mics = {"up": ciphers.uplink_mic, "down": ciphers.downlink_mic}

    assert mics[line["dir"]](signed, line["fcnt32"]).hex() == line["mic"]


@pytest.mark.parametrize("line", lines("data_frames", "mic-1.1-up"), ids=name_of)
def test_a_mic_of_1_1_takes_two_octets_from_each_key(line: dict[str, Any]) -> None:
    mic = SessionCiphers(keys_of(line)).uplink_mic_v1_1(
        bytes.fromhex(line["message"]),
        line["fcnt32"],
        conf_f_cnt=line["conf_fcnt"],
        tx_dr=line["tx_dr"],
        tx_ch=line["tx_ch"],
    )

    assert mic.hex() == line["mic"]


@pytest.mark.parametrize("line", lines("join", "join-request"), ids=name_of)
def test_the_mic_of_a_join_request_is_what_others_compute(line: dict[str, Any]) -> None:
    request = parse(bytes.fromhex(line["phy"]))

    assert isinstance(request, JoinRequest)
    assert crypto.join_request_mic(key(line, "key"), request).hex() == line["mic_calculated"]
    assert (request.mic.hex() == line["mic_calculated"]) == line["mic_valid"]


@pytest.mark.parametrize("line", lines("join", "rejoin-request"), ids=name_of)
def test_the_mic_of_a_rejoin_request_is_what_others_compute(line: dict[str, Any]) -> None:
    request = parse(bytes.fromhex(line["phy"]))

    assert isinstance(request, RejoinRequest)
    assert request.rejoin_type == line["rejoin_type"]
    assert crypto.rejoin_request_mic(key(line, "key"), request) == request.mic


@pytest.mark.parametrize("line", lines("join", "join-accept"), ids=name_of)
def test_a_join_accept_is_encrypted_and_decrypted_as_others_do(line: dict[str, Any]) -> None:
    accept, clear = parse(bytes.fromhex(line["encrypted"])), bytes.fromhex(line["clear"])

    assert isinstance(accept, JoinAccept)
    assert crypto.decrypt_join_accept(key(line, "key"), accept.encrypted) == clear[1:]
    assert crypto.encrypt_join_accept(key(line, "key"), clear[1:]) == accept.encrypted


@pytest.mark.parametrize("line", lines("join", "join-accept"), ids=name_of)
def test_the_mic_of_a_join_accept_is_what_others_compute(line: dict[str, Any]) -> None:
    signed, v1_1 = bytes.fromhex(line["clear"])[:-4], line.get("v11")

    if v1_1:
        js_int_key, join_eui = key(v1_1, "js_int_key"), Eui64(v1_1["join_eui"])
        mic = crypto.join_accept_mic_v1_1(js_int_key, join_eui, v1_1["dev_nonce"], signed, v1_1["join_req_type"])
    else:
        mic = crypto.signature(key(line, "key"), signed)

    assert signed[:1] == JOIN_ACCEPT_MHDR
    assert (mic.hex() == line["mic"]) == line["mic_valid"]


@pytest.mark.parametrize("line", lines("key_derivation", "session-keys-1.0"))
def test_session_keys_of_1_0_are_what_others_derive(line: dict[str, Any]) -> None:
    keys = crypto.derive_session_keys_v1_0(
        key(line, "app_key"),
        join_nonce=line["join_nonce"],
        net_id=int(line["net_id"], 16),
        dev_nonce=line["dev_nonce"],
    )

    assert keys == SessionKeys.v1_0(nwk_s_key=key(line, "nwk_s_key"), app_s_key=key(line, "app_s_key"))


@pytest.mark.parametrize("line", lines("key_derivation", "session-keys-1.1"))
def test_session_keys_of_1_1_are_what_others_derive(line: dict[str, Any]) -> None:
    keys = crypto.derive_session_keys_v1_1(
        app_key=key(line, "app_key"),
        nwk_key=key(line, "nwk_key"),
        join_nonce=line["join_nonce"],
        join_eui=Eui64(line["join_eui"]),
        dev_nonce=line["dev_nonce"],
    )

    assert keys == keys_of(line)


@pytest.mark.parametrize("line", lines("key_derivation", "js-keys-1.1"))
def test_join_server_keys_are_what_others_derive(line: dict[str, Any]) -> None:
    nwk_key, dev_eui = key(line, "nwk_key"), Eui64(line["dev_eui"])

    assert crypto.derive_js_int_key(nwk_key, dev_eui) == key(line, "js_int_key")
    assert crypto.derive_js_enc_key(nwk_key, dev_eui) == key(line, "js_enc_key")


def test_every_line_is_run_or_left_out_for_a_reason() -> None:
    run = {
        "data": len(DATA),  # one has no key: it is parsed in test_phy.py
        **{kind: len(lines("data_frames", kind)) for kind in (*ONE_KEY_KINDS, "mic-1.1-up")},
        **{kind: len(lines("join", kind)) for kind in ("join-request", "rejoin-request", "join-accept")},
        **{
            kind: len(lines("key_derivation", kind)) for kind in ("session-keys-1.0", "session-keys-1.1", "js-keys-1.1")
        },
    }
    every = [line["kind"] for name in ("data_frames", "join", "key_derivation") for line in lines(name)]

    assert {kind for kind in every if kind not in run} == set(NOT_APPLICABLE)
    assert sum(run.values()) + sum(kind in NOT_APPLICABLE for kind in every) == len(every)
    assert len(DATA) - len(SIGNED) == 1


def test_ciphers_tell_no_key() -> None:
    secret = Key(bytes(range(16)))

    assert secret.reveal().hex() not in repr(SessionCiphers(SessionKeys.v1_0(nwk_s_key=secret, app_s_key=ZERO_KEY)))
