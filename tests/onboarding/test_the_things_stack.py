"""The Things Stack's exports, JSON and CSV: its last counters are our next ones, its windows the device's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Activation, Key, MacVersion, Place, Session
from gateway.onboarding import (
    Nonces,
    Site,
    read_the_things_stack,
    write_the_things_stack,
    write_the_things_stack_with_keys,
)
from tests.onboarding.files import by_eui, read, text_of

OTAA, V1_1, ABP = "a81758fffe051d02", "70b3d57ed0000011", "0102030405060708"
APP_KEY = Key.parse("2b7e151628aed2a6abf7158809cf4f3c")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def key(text: str) -> dict[str, str]:
    return {"key": text * 16}


def device(**fields: Any) -> dict[str, Any]:
    """Return an OTAA device with a session, as the stack writes it."""
    session = {"dev_addr": "01020304", "keys": {"f_nwk_s_int_key": key("22"), "app_s_key": key("11")}}
    return {
        "ids": {"device_id": "x", "dev_eui": OTAA.upper(), "join_eui": "00" * 8},
        "lorawan_version": "MAC_V1_0_3",
        "supports_join": True,
        "root_keys": {"app_key": key("33")},
        "session": session,
    } | fields


def only_session(record: dict[str, Any], site: Site | None = None) -> Session:
    found = read_the_things_stack(json.dumps(record), "x", site)
    assert found.problems == ()
    assert found.registrations[0].session is not None
    return found.registrations[0].session


def test_a_joined_device_moves_with_keys_counters_windows_and_nonces() -> None:
    moved = read(text_of("the_things_stack_export.jsonl"))

    registered = by_eui(moved)[OTAA]
    assert registered.device.name == "Torget, temperatur"
    assert registered.device.join_eui == "a81758fffe000000"
    assert registered.device.place == Place(62.3908, 17.3069, 12.0)
    assert registered.device.tags == {"site=Stora-torget"}
    assert registered.root_keys.app_key == APP_KEY
    session = registered.session
    assert session is not None
    assert (session.f_cnt_up, session.n_f_cnt_down) == (2, 13)  # the last there were 1 and 12
    assert (session.rx1_delay_s, session.rx1_dr_offset, session.rx2_data_rate) == (5, 1, 3)
    assert moved.nonces == (Nonces(dev_eui=registered.device.dev_eui, join_nonce=7, dev_nonces=frozenset({17, 4711})),)


def test_a_1_1_device_whose_join_nonce_the_file_does_not_tell_is_named() -> None:
    remarks = read(text_of("the_things_stack_export.jsonl")).remarks

    named = [remark for remark in remarks if "its last JoinNonce is not known" in remark]
    assert [V1_1 in remark for remark in named] == [True]


def test_an_encrypted_key_is_named_and_its_device_is_to_join_anew() -> None:
    moved = read(text_of("the_things_stack_export.jsonl"))

    registered = by_eui(moved)[V1_1]
    assert registered.session is None
    assert registered.device.mac_version is MacVersion.V1_1
    assert registered.root_keys.nwk_key == Key.parse("000102030405060708090a0b0c0d0e0f")
    assert any("its AppSKey is encrypted with a key of its cluster (as/tti-ch-cloud)" in each for each in moved.remarks)
    assert moved.problems == ()


def test_an_encrypted_session_of_a_device_without_root_keys_is_a_problem() -> None:
    sealed = {"encrypted_key": "AAAA", "kek_label": "ns/x"}
    session = {"dev_addr": "01020304", "keys": {"f_nwk_s_int_key": sealed, "app_s_key": key("11")}}

    moved = read(json.dumps(device(session=session, root_keys={})))

    assert len(moved.problems) == 1
    assert moved.problems[0].startswith("export.json: session.keys: are not all there in plain text")


def test_an_abp_device_keeps_its_windows_and_may_send_its_frame_0() -> None:
    registered = by_eui(read(text_of("the_things_stack_export.jsonl")))[ABP]

    assert registered.device.activation is Activation.ABP
    assert registered.device.mac_version is MacVersion.V1_0_2
    session = registered.session
    assert session is not None
    assert (session.activation, session.f_cnt_up, session.n_f_cnt_down) == ("01020304-abp0", 0, 1)
    assert session.rx1_delay_s == 3


@pytest.mark.parametrize(
    ("last", "recent_uplinks", "following"),
    [
        (None, None, 0),
        (0, 1, 0),  # the join request alone
        (0, 2, 1),
        (41, None, 42),
        ("41", 1, 42),
        (2**32 - 2, None, 2**32 - 1),
    ],
)
def test_the_last_uplink_counter_becomes_the_next(last: object, recent_uplinks: int | None, following: int) -> None:
    record = device()
    record["session"] |= {} if last is None else {"last_f_cnt_up": last}
    if recent_uplinks is not None:
        record["mac_state"] = {"recent_uplinks": [{"f_cnt": 1}] * recent_uplinks}

    assert only_session(record).f_cnt_up == following


def test_a_1_0_device_goes_on_above_both_downlink_counters() -> None:
    record = device()
    record["session"] |= {"last_n_f_cnt_down": 3, "last_a_f_cnt_down": 8}

    session = only_session(record)

    assert (session.n_f_cnt_down, session.a_f_cnt_down) == (9, 0)


def test_a_1_1_device_keeps_four_keys_and_both_downlink_counters() -> None:
    names = ("f_nwk_s_int_key", "s_nwk_s_int_key", "nwk_s_enc_key", "app_s_key")
    keys = {name: key(f"{number}{number}") for number, name in enumerate(names, 1)}
    session = {"dev_addr": "01020304", "keys": keys, "last_n_f_cnt_down": 3, "last_a_f_cnt_down": 8}

    moved = only_session(device(lorawan_version="1.1.0", session=session))

    assert moved.keys.s_nwk_s_int_key == Key(b"\x22" * 16)
    assert moved.keys.nwk_s_enc_key == Key(b"\x33" * 16)
    assert (moved.n_f_cnt_down, moved.a_f_cnt_down) == (4, 9)


def test_windows_that_the_file_does_not_tell_are_those_the_network_would_set() -> None:
    moved = read(json.dumps(device(frequency_plan_id="EU_863_870_TTN")))

    session = moved.registrations[0].session
    assert session is not None
    assert (session.rx1_delay_s, session.rx2_data_rate) == (5, 3)
    assert any("mac_state is not in the file" in remark for remark in moved.remarks)


def test_a_zero_that_current_parameters_leave_out_is_a_zero() -> None:
    record = device(mac_state={"current_parameters": {"rx1_delay": 1, "rx2_frequency": "869525000"}})

    session = only_session(record, Site(rx2_data_rate=3))

    assert (session.rx1_delay_s, session.rx2_data_rate, session.rx2_frequency_hz) == (1, 0, 869_525_000)


def test_a_decoder_is_taken_where_there_is_one_of_the_stacks_name() -> None:
    moved = read(text_of("the_things_stack_export.jsonl"), site=Site(decoders=frozenset({"elsys/ers"})))

    assert by_eui(moved)[OTAA].device.decoder == "elsys/ers"
    assert not any("no decoder" in remark for remark in moved.remarks)


def test_the_csv_form_says_the_same() -> None:
    moved = read(text_of("the_things_stack.csv"), "devices.csv")

    assert moved.problems == ()
    torget, pump = moved.registrations
    assert (torget.device.name, torget.device.mac_version) == ("Torget", MacVersion.V1_0_4)
    assert torget.session == by_eui_session_of_export()
    assert (pump.device.device_class, pump.session) == ("C", None)


def by_eui_session_of_export() -> Session:
    """Return what the CSV says in the JSON's words: 1.0.4, and windows that no column tells."""
    record = json.loads(text_of("the_things_stack_export.jsonl").partition("}\n{")[0] + "}")
    del record["mac_state"]
    record["lorawan_version"] = "MAC_V1_0_4"
    return only_session(record)


def test_columns_may_bear_the_paths_of_the_json() -> None:
    text = (
        "ids.dev_eui;session.dev_addr;session.keys.f_nwk_s_int_key.key;session.keys.app_s_key.key;supports_join;"
        f"session.last_f_cnt_up;lorawan_version\n{OTAA};01020304;{'22' * 16};{'11' * 16};false;7;1.0.2\n"
    )

    moved = read(text, "devices.csv")

    assert moved.problems == ()
    assert moved.registrations[0].session is not None
    assert moved.registrations[0].session.f_cnt_up == 8


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([device(), device(ids={"dev_eui": V1_1})]),
        json.dumps(device()) + "\n" + json.dumps(device(ids={"dev_eui": V1_1})),
        json.dumps({"end_devices": [device(), device(ids={"dev_eui": V1_1})]}),
        json.dumps([{"end_device": device()}, {"end_device": device(ids={"dev_eui": V1_1})}]),
        json.dumps(device(), indent=2) + json.dumps(device(ids={"dev_eui": V1_1}), indent=2),
    ],
    ids=["array", "lines", "list", "templates", "one after the other"],
)
def test_devices_stand_in_any_arrangement(text: str) -> None:
    assert sorted(by_eui(read(text))) == [V1_1, OTAA]


def test_every_problem_is_told_with_its_path_and_no_key_is_repeated() -> None:
    secret = "deadbeef" * 3
    records = [
        device(),
        device(),
        {"ids": {"device_id": "no-eui"}},
        device(ids={"dev_eui": V1_1}, lorawan_version="MAC_V3", root_keys={"app_key": {"key": secret}}),
        device(ids={"dev_eui": ABP}, session={"dev_addr": "0102030", "keys": {"app_s_key": key("11")}}),
    ]

    problems = read(json.dumps(records)).problems

    assert [problem.partition(";")[0] for problem in problems] == [
        f"export.json: devices[1].ids.dev_eui: {OTAA} stands at devices[0].ids.dev_eui already",
        "export.json: devices[2].ids.dev_eui: there is none",
        "export.json: devices[3].lorawan_version: 'MAC_V3' is no LoRaWAN version",
        "export.json: devices[3].root_keys.app_key.key: a key has 32 hex digits",
        "export.json: devices[4].session.dev_addr: 7 hex digits where 8 are expected",
    ]


def test_a_row_of_the_csv_form_tells_all_its_problems_by_line_and_column() -> None:
    text = (
        f"id;dev_eui;last_f_cnt_up;dev_addr;f_nwk_s_int_key;app_s_key\na;0102;-1;1;{'22' * 16};{'11' * 15}\n\nb;;;;;\n"
    )

    moved = read(text, "devices.csv")

    assert [problem.partition(";")[0] for problem in moved.problems] == [
        "devices.csv: line 2: dev_eui: 4 hex digits where 16 are expected",
        "devices.csv: line 2: dev_addr: 1 hex digit where 8 are expected",
        "devices.csv: line 2: app_s_key: a key has 32 hex digits",
        "devices.csv: line 2: last_f_cnt_up: '-1' is no whole number from 0 to 4294967295",
        "devices.csv: line 4: ids.dev_eui: there is none",
    ]


# ── export ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_export_is_imported_again_with_every_key_and_counter() -> None:
    moved = read(text_of("the_things_stack_export.jsonl")).registrations

    again = read(write_the_things_stack_with_keys(moved, NOW))

    assert again.problems == ()
    assert [each.device for each in again.registrations] == [each.device for each in moved]
    assert [each.root_keys for each in again.registrations] == [each.root_keys for each in moved]
    assert [each.session for each in again.registrations] == [each.session for each in moved]


def test_an_export_says_the_last_counters_where_ours_are_the_next() -> None:
    moved = read(text_of("the_things_stack_export.jsonl")).registrations

    written = json.loads(write_the_things_stack_with_keys(moved, NOW).splitlines()[0])

    assert written["session"]["last_f_cnt_up"] == 1
    assert written["session"]["last_n_f_cnt_down"] == 12
    assert written["session"]["started_at"] == "2026-11-25T12:00:00Z"
    assert written["mac_settings"]["rx1_delay"] == {"value": "RX_DELAY_5"}


def test_an_export_without_keys_has_none() -> None:
    text = write_the_things_stack(read(text_of("the_things_stack_export.jsonl")).registrations)

    assert "key" not in text.lower()
    assert "session" not in text


# ── whatever there is ───────────────────────────────────────────────────────────────────────────────────────────

NAMES = st.sampled_from(
    [
        "ids",
        "dev_eui",
        "join_eui",
        "end_device",
        "end_devices",
        "session",
        "dev_addr",
        "keys",
        "app_s_key",
        "f_nwk_s_int_key",
        "key",
        "encrypted_key",
        "kek_label",
        "root_keys",
        "app_key",
        "mac_state",
        "current_parameters",
        "rx1_delay",
        "value",
        "rx2_frequency",
        "recent_uplinks",
        "last_f_cnt_up",
        "locations",
        "user",
        "latitude",
        "lorawan_version",
        "supports_join",
        "used_dev_nonces",
        "last_join_nonce",
        "version_ids",
    ]
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([OTAA, "22" * 16])
)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5))


@given(TREES)
def test_no_json_raises(tree: object) -> None:
    moved = read_the_things_stack(json.dumps(device() | tree if isinstance(tree, dict) else tree), "x")

    assert moved.registrations or moved.problems
