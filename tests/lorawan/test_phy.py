"""Octets to frames and back: structures that others made, then hostile octets."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.join_accept import JoinAcceptContent, cf_list_frequencies, frequency_cf_list
from gateway.lorawan.phy import (
    DataFrame,
    Direction,
    FCtrl,
    JoinAccept,
    JoinRequest,
    Proprietary,
    RejoinRequest,
    data_octets,
    join_request_octets,
    parse,
)
from gateway.model import DevAddr, Eui64
from tests.lorawan.vectors import lines, name_of

MIC = b"\x01\x02\x03\x04"
STRUCTURES = lines("structures")
PAYLOADS = [line["value"] for line in STRUCTURES if line["kind"] in {"payload", "phy_payload"}]

# Lines that are not run, by their beginning or kind, and why.
NOT_APPLICABLE = {
    "CFListChannelMasks": "CFList type 1 is for regions of 72 channels and more; EU868 has type 0",
    "Payload::Raw": "three octets without meaning",
}


def call(value: Any) -> str:
    return str(value.get("_call", value.get("_type"))) if isinstance(value, dict) else ""


def argument(value: dict[str, Any]) -> Any:
    return value["args"][0]


def f_ctrl_of(fields: dict[str, Any]) -> FCtrl:
    return FCtrl(**{name: bit for name, bit in fields.items() if name not in {"_type", "f_opts_len"}})


def refusal(phy_payload: bytes) -> BadFrameReason:
    with pytest.raises(BadFrame) as caught:
        parse(phy_payload)
    return caught.value.reason


# ── structures ──

MAC_PAYLOADS = [one for one in PAYLOADS if call(one.get("pl")) == "Payload::MACPayload"]
JOIN_REQUESTS = [one for one in PAYLOADS if call(one.get("pl")) == "Payload::JoinRequest"]
REJOINS = [one for one in PAYLOADS if call(one.get("pl")).startswith("Payload::Rejoin")]
ACCEPTS = [one for one in PAYLOADS if call(one.get("pl")) == "JoinAcceptPayload"]
WHOLE = [one["phy"] | {"bytes": one["bytes"]} for one in PAYLOADS if "phy" in one]
F_CTRLS = [line["value"] for line in STRUCTURES if line["kind"] == "fhdr"]
CF_LISTS = [line["value"] for line in STRUCTURES if line["kind"] == "cflist"]


@pytest.mark.parametrize("value", MAC_PAYLOADS, ids=lambda value: value["bytes"])
def test_a_mac_payload_is_read_and_written_as_others_do(value: dict[str, Any]) -> None:
    fields, octets = value["pl"], bytes.fromhex(value["bytes"])
    header, frm_payload = fields["fhdr"], fields["frm_payload"]
    commands = argument(header["f_opts"])

    frame = parse(b"\x40" + octets + MIC)

    assert isinstance(frame, DataFrame)
    assert frame.dev_addr == argument(header["devaddr"])
    assert frame.f_ctrl == f_ctrl_of(header["f_ctrl"])
    assert frame.f_cnt16 == header["f_cnt"]
    assert frame.f_opts == (bytes(argument(commands[0])) if commands else b"")
    assert frame.f_port == fields["f_port"]
    assert frame.frm_payload == (bytes(argument(frm_payload)) if frm_payload else b"")
    assert written(frame) == frame.signed == b"\x40" + octets


def written(frame: DataFrame) -> bytes:
    return data_octets(
        direction=frame.direction,
        confirmed=frame.confirmed,
        dev_addr=frame.dev_addr,
        f_ctrl=frame.f_ctrl,
        f_cnt=frame.f_cnt16,
        f_opts=frame.f_opts,
        f_port=frame.f_port,
        frm_payload=frame.frm_payload,
    )


@pytest.mark.parametrize("value", F_CTRLS, ids=lambda value: value["bytes"] + str("class_b" in value["f_ctrl"]))
def test_f_ctrl_is_read_and_written_as_others_do(value: dict[str, Any]) -> None:
    fields, octet = value["f_ctrl"], int(value["bytes"], 16)
    f_ctrl = f_ctrl_of(fields)
    up_bits = {key for key in fields if key != "f_pending"}
    mhdr = b"\x40" if up_bits == set(fields) else b"\x60"

    frame = parse(mhdr + bytes((1, 2, 3, 4, octet, 0, 0)) + bytes(fields["f_opts_len"]) + MIC)

    assert f_ctrl.octet(fields["f_opts_len"]) == octet
    assert isinstance(frame, DataFrame)
    assert frame.f_ctrl == (f_ctrl if mhdr == b"\x40" else replace(f_ctrl, adr_ack_req=False))  # RFU in downlinks


@pytest.mark.parametrize("fields", [one["pl"] | {"bytes": "00" + one["bytes"] + MIC.hex()} for one in JOIN_REQUESTS])
def test_a_join_request_is_read_and_written_as_others_do(fields: dict[str, Any]) -> None:
    check_join_request(fields, bytes.fromhex(fields["bytes"]))


def check_join_request(fields: dict[str, Any], phy_payload: bytes) -> None:
    join_eui, dev_eui = argument(fields["join_eui"]), argument(fields["dev_eui"])

    frame = parse(phy_payload)

    assert isinstance(frame, JoinRequest)
    assert (frame.join_eui, frame.dev_eui, frame.dev_nonce) == (join_eui, dev_eui, fields["dev_nonce"])
    assert join_request_octets(Eui64(join_eui), Eui64(dev_eui), fields["dev_nonce"]) + frame.mic == phy_payload


@pytest.mark.parametrize("value", REJOINS, ids=lambda value: value["bytes"])
def test_a_rejoin_request_is_read_as_others_do(value: dict[str, Any]) -> None:
    fields = value["pl"]
    net_id, join_eui = fields.get("netid"), fields.get("join_eui")

    frame = parse(b"\xc0" + bytes.fromhex(value["bytes"]) + MIC)

    assert isinstance(frame, RejoinRequest)
    assert f"RejoinType{frame.rejoin_type}" == fields["rejoin_type"]
    assert frame.net_id == (int(argument(net_id), 16) if net_id else None)
    assert frame.join_eui == (argument(join_eui) if join_eui else None)
    assert frame.dev_eui == argument(fields["dev_eui"])
    assert frame.rj_count == fields.get("rj_count_0", fields.get("rj_count_1"))


@pytest.mark.parametrize("value", ACCEPTS, ids=lambda value: value["bytes"])
def test_the_content_of_a_join_accept_is_read_and_written_as_others_do(value: dict[str, Any]) -> None:
    fields, octets = value["pl"], bytes.fromhex(value["bytes"])
    settings, cf_list = fields["dl_settings"], fields["cflist"]
    expected = JoinAcceptContent(
        join_nonce=fields["join_nonce"],
        net_id=int(argument(fields["home_netid"]), 16),
        dev_addr=DevAddr(argument(fields["devaddr"])),
        opt_neg=settings["opt_neg"],
        rx1_dr_offset=settings["rx1_dr_offset"],
        rx2_data_rate=settings["rx2_dr"],
        rx_delay=fields["rx_delay"],
        cf_list=frequency_cf_list(argument(cf_list)) if cf_list else b"",
    )

    assert expected.to_bytes() == octets
    assert JoinAcceptContent.from_bytes(octets) == expected


@pytest.mark.parametrize("line", lines("join", "join-accept"), ids=name_of)
def test_a_whole_join_accept_says_what_its_vector_says(line: dict[str, Any]) -> None:
    content = JoinAcceptContent.from_bytes(bytes.fromhex(line["clear"])[1:-4])

    assert (content.join_nonce, content.net_id) == (line["join_nonce"], int(line["net_id"], 16))
    assert (content.dev_addr, content.rx_delay, content.cf_list.hex()) == (
        line["devaddr"],
        line["rx_delay"],
        line["cflist"],
    )


@pytest.mark.parametrize("value", CF_LISTS, ids=lambda value: value["bytes"])
def test_a_cf_list_of_frequencies_is_read_and_written_as_others_do(value: dict[str, Any]) -> None:
    octets, channels = bytes.fromhex(value["bytes"]), argument(value["cflist"])

    if call(value["cflist"]).startswith("CFListChannelMasks"):
        assert cf_list_frequencies(octets) == ()
    else:
        assert frequency_cf_list(channels) == octets
        assert cf_list_frequencies(octets) == tuple(channels)


@pytest.mark.parametrize("phy", WHOLE, ids=lambda phy: phy["bytes"])
def test_a_whole_frame_is_read_as_others_do(phy: dict[str, Any]) -> None:
    octets = bytes.fromhex(phy["bytes"])

    if phy["mhdr"]["f_type"] == "Proprietary":
        assert parse(octets) == Proprietary(bytes(argument(phy["payload"])))
    else:
        check_join_request(phy["payload"], octets)


def test_every_structure_is_run_or_left_out_for_a_reason() -> None:
    run = sum(map(len, (MAC_PAYLOADS, JOIN_REQUESTS, REJOINS, ACCEPTS, WHOLE, F_CTRLS, CF_LISTS)))
    raw = [one for one in PAYLOADS if call(one.get("pl")) in NOT_APPLICABLE]
    elsewhere = [line for line in STRUCTURES if line["kind"] in {"netid", "devaddr"}]  # test_join.py

    assert run + len(raw) + len(elsewhere) == len(STRUCTURES)


@pytest.mark.parametrize("line", [line for line in lines("data_frames", "data") if "mtype" in line], ids=name_of)
def test_a_data_frame_has_the_fields_that_its_vector_says(line: dict[str, Any]) -> None:
    frame = parse(bytes.fromhex(line["phy"]))

    assert isinstance(frame, DataFrame)
    assert frame.direction is (Direction.UPLINK if line["dir"] == "up" else Direction.DOWNLINK)
    assert frame.confirmed == (line["mtype"] in {4, 5})
    assert frame.dev_addr == line["devaddr"]
    assert frame.f_ctrl.octet(len(frame.f_opts)) == line["fctrl"]
    assert frame.f_cnt16 == line["fcnt16"]
    assert frame.f_opts.hex() == line["fopts"]
    assert frame.f_port == line["fport"]
    assert frame.frm_payload.hex() == line["frm_encrypted"]
    assert frame.mic.hex() == line["mic"]


# ── hostile octets ──

UPLINK = bytes.fromhex("40 f17dbe49 03 0200 0a0b0c 01 95437876 2b11ff0d")


@pytest.mark.parametrize(
    ("phy_payload", "reason"),
    [
        ("", BadFrameReason.TRUNCATED),
        ("40 f17dbe49 00 0200 010203", BadFrameReason.TRUNCATED),
        ("41 f17dbe49 00 0200 01 95437876 2b11ff0d", BadFrameReason.MAJOR_VERSION),
        ("42 f17dbe49 00 0200 01 95437876 2b11ff0d", BadFrameReason.MAJOR_VERSION),
        ("e3", BadFrameReason.MAJOR_VERSION),
        ("40 f17dbe49 01 0200 2b11ff0d", BadFrameReason.MALFORMED_FHDR),
        ("40 f17dbe49 0f 0200 0102030405060708090a0b0c0d0e 2b11ff0d", BadFrameReason.MALFORMED_FHDR),
        ("40 f17dbe49 01 0200 02 00 95437876 2b11ff0d", BadFrameReason.MALFORMED_FHDR),
        ("00 0807060504030201 0102030405060708 0004 010203", BadFrameReason.TRUNCATED),
        ("00 0807060504030201 0102030405060708 0004 0102030405", BadFrameReason.TOO_LONG),
        ("20 00", BadFrameReason.TRUNCATED),
        ("20" + "00" * 20, BadFrameReason.TRUNCATED),
        ("20" + "00" * 33, BadFrameReason.TOO_LONG),
        ("c0", BadFrameReason.TRUNCATED),
        ("c0 03" + "00" * 17, BadFrameReason.NOT_SUPPORTED),
        ("c0 01" + "00" * 17, BadFrameReason.TRUNCATED),
        ("c0 00" + "00" * 22, BadFrameReason.TOO_LONG),
        ("40" + "00" * 255, BadFrameReason.TOO_LONG),
    ],
)
def test_a_malformed_frame_is_refused_with_its_reason(phy_payload: str, reason: BadFrameReason) -> None:
    assert refusal(bytes.fromhex(phy_payload)) is reason


def test_f_opts_may_fill_a_frame_to_its_mic() -> None:
    frame = parse(bytes.fromhex("40 f17dbe49 0f 0200 0102030405060708090a0b0c0d0e0f 2b11ff0d"))

    assert isinstance(frame, DataFrame)
    assert (len(frame.f_opts), frame.f_port, frame.frm_payload) == (15, None, b"")


def test_the_longest_radio_frame_is_read() -> None:
    frame = parse(UPLINK[:8] + bytes(3) + b"\x01" + bytes(239) + MIC)

    assert isinstance(frame, DataFrame)
    assert len(frame.frm_payload) == 239


def test_a_downlink_of_another_gateway_is_a_downlink() -> None:
    frame = parse(bytes.fromhex("60f17dbe4920020001f9d65d27"))

    assert isinstance(frame, DataFrame)
    assert frame.direction is Direction.DOWNLINK
    assert frame.f_ctrl == FCtrl(ack=True)


def test_a_join_accept_stays_closed() -> None:
    octets = bytes.fromhex("2088f36ae3b21314bc284e314e99257328")

    assert parse(octets) == JoinAccept(octets[1:])


@pytest.mark.parametrize(
    "phy_payload",
    [UPLINK, *(bytes.fromhex(line["phy"]) for line in lines("join") if "phy" in line)],
    ids=lambda octets: octets.hex()[:12],
)
def test_every_truncation_is_a_frame_or_a_bad_frame(phy_payload: bytes) -> None:
    for size in range(len(phy_payload)):
        parses_or_refuses(phy_payload[:size])


def test_noise_is_a_frame_or_a_bad_frame() -> None:
    random = Random(0x10FA)

    refused = sum(parses_or_refuses(random.randbytes(random.randrange(270))) for _ in range(20_000))

    assert refused > 10_000


def test_every_octet_before_noise_is_a_frame_or_a_bad_frame() -> None:
    random = Random(0xB17)

    for mhdr in range(256):
        for size in range(40):
            parses_or_refuses(bytes((mhdr,)) + random.randbytes(size))


def parses_or_refuses(octets: bytes) -> bool:
    try:
        parse(octets)
    except BadFrame:
        return True
    return False
