"""ChirpStack's answers, v4 and v3: sessions move with their counters, traps are seen, problems have their place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Activation, Key, MacVersion, Place, Session
from gateway.onboarding import (
    Site,
    read_chirpstack,
    write_chirpstack,
    write_chirpstack_with_keys,
)
from tests.onboarding.files import by_eui, read, text_of

OTAA, V1_1, ABP, DISABLED = "a81758fffe051d02", "70b3d57ed0000011", "0102030405060708", "0102030405060709"
APP_KEY = Key.parse("2b7e151628aed2a6abf7158809cf4f3c")
ZEROS = "0" * 32


def device(**fields: Any) -> dict[str, Any]:
    return {"device": {"devEui": OTAA, "name": "x"}} | fields


def session(**changes: Any) -> dict[str, Any]:
    keys = dict.fromkeys(("appSKey", "nwkSEncKey", "sNwkSIntKey", "fNwkSIntKey"), "11" * 16)
    return {"devEui": OTAA, "devAddr": "01020304"} | keys | changes


def only_session(record: dict[str, Any], site: Site | None = None) -> Session:
    found = read_chirpstack(json.dumps(record), "x", site)
    assert found.problems == ()
    assert found.registrations[0].session is not None
    return found.registrations[0].session


def test_a_joined_device_moves_with_its_keys_and_counters() -> None:
    moved = by_eui(read(text_of("chirpstack_v4.json")))[OTAA]

    assert moved.device.activation is Activation.OTAA
    assert moved.device.name == "Torget, temperatur"
    assert moved.device.join_eui == "a81758fffe000000"
    assert moved.device.tags == {"site=Stora-torget", "indoor"}
    assert moved.session is not None
    assert (moved.session.dev_addr, moved.session.mac_version) == ("49be7df1", MacVersion.V1_0_3)
    assert (moved.session.f_cnt_up, moved.session.n_f_cnt_down) == (2, 13)  # both the next, there as here


def test_the_nwk_key_of_a_1_0_device_is_its_app_key() -> None:
    moved = by_eui(read(text_of("chirpstack_v4.json")))[OTAA]

    assert (moved.root_keys.app_key, moved.root_keys.nwk_key) == (APP_KEY, None)


def test_a_1_1_device_keeps_both_root_keys_four_session_keys_and_two_downlink_counters() -> None:
    moved = by_eui(read(text_of("chirpstack_v4.json")))[V1_1]

    assert moved.device.mac_version is MacVersion.V1_1
    assert moved.device.device_class == "C"
    assert moved.root_keys.nwk_key == Key.parse("000102030405060708090a0b0c0d0e0f")
    assert moved.root_keys.app_key == Key.parse("101112131415161718191a1b1c1d1e1f")
    assert moved.session is not None
    assert moved.session.keys.f_nwk_s_int_key == Key.parse("505152535455565758595a5b5c5d5e5f")
    assert moved.session.keys.nwk_s_enc_key == Key.parse("303132333435363738393a3b3c3d3e3f")
    counters = (moved.session.f_cnt_up, moved.session.n_f_cnt_down, moved.session.a_f_cnt_down)
    assert counters == (70_000, 5, 9)
    assert moved.session.rx1_delay_s == 2  # rx1Delay of its profile


def test_an_abp_device_keeps_the_windows_it_has_from_the_factory() -> None:
    moved = by_eui(read(text_of("chirpstack_v4.json")))[ABP]

    assert moved.device.activation is Activation.ABP
    assert moved.session is not None
    assert moved.session.activation == "01020304-abp0"
    assert (moved.session.rx1_delay_s, moved.session.rx2_data_rate) == (3, 3)


def test_what_is_not_taken_over_is_said() -> None:
    remarks = "\n".join(read(text_of("chirpstack_v4.json")).remarks)

    assert f"{DISABLED}: disabled in ChirpStack: left out" in remarks
    assert f"{ABP}: skipFcntCheck is not taken over" in remarks
    assert "variables are not taken over, they may be secrets: ThingsBoardAccessToken" in remarks
    assert "not-a-real-token" not in remarks
    assert f"{V1_1}: its last JoinNonce is not known" in remarks
    assert DISABLED not in by_eui(read(text_of("chirpstack_v4.json")))


def test_answers_one_after_the_other_are_gathered_by_dev_eui() -> None:
    together, apart = read(text_of("chirpstack_v4.json")), read(text_of("chirpstack_v4_answers.jsonl"))

    assert apart.registrations == together.registrations
    assert apart.problems == ()


def test_a_device_of_v3_moves_with_its_session_and_place() -> None:
    moved = read(text_of("chirpstack_v3.json"))

    assert moved.problems == ()
    (registered,) = moved.registrations
    assert registered.device.mac_version is MacVersion.V1_0_2
    assert registered.device.place == Place(62.3908, 17.3069, 12.0)
    assert registered.root_keys.app_key == APP_KEY
    assert registered.session is not None
    assert (registered.session.f_cnt_up, registered.session.n_f_cnt_down) == (1, 1)


def test_a_device_list_registers_devices_without_keys_and_says_so() -> None:
    moved = read(text_of("chirpstack_v4_list.json"))

    assert [each.device.name for each in moved.registrations] == ["Torget", "Pump"]
    assert sum("no keys" in remark for remark in moved.remarks) == 2


def test_a_table_of_a_community_script_is_read_by_its_column_names() -> None:
    moved = read(text_of("chirpstack_community.csv"), "list.csv")

    assert [each.device.name for each in moved.registrations] == ["Brunn 1", "Brunn 2"]
    assert moved.registrations[0].root_keys.app_key == Key.parse("11223344556677889900AABBCCDDEEFF")


def test_all_in_one_object_is_read_in_snake_case_too() -> None:
    flat = {"dev_eui": OTAA.upper(), "name": "x", "nwk_key": "2b" * 16, "app_key": ZEROS} | {
        "dev_addr": "01020304",
        "app_s_key": "11" * 16,
        "nwk_s_enc_key": "22" * 16,
        "s_nwk_s_int_key": "22" * 16,
        "f_nwk_s_int_key": "22" * 16,
        "f_cnt_up": "467",
    }

    moved = read(json.dumps([flat]))

    assert moved.problems == ()
    assert moved.registrations[0].root_keys.app_key == Key(b"\x2b" * 16)
    assert moved.registrations[0].session is not None
    assert moved.registrations[0].session.f_cnt_up == 467


def test_keys_in_base64_are_keys() -> None:
    moved = read(json.dumps(device(deviceKeys={"devEui": OTAA, "nwkKey": "K34VFiiu0qar9xWICc9PPA=="})))

    assert moved.registrations[0].root_keys.app_key == APP_KEY


def test_the_greater_downlink_counter_goes_on_where_a_1_0_device_has_two() -> None:
    moved = only_session(device(deviceActivation=session(nFCntDown=4, aFCntDown=9)))

    assert (moved.n_f_cnt_down, moved.a_f_cnt_down) == (9, 0)


def test_a_session_without_a_stated_version_shows_it_by_its_keys() -> None:
    assert only_session(device(deviceActivation=session(sNwkSIntKey="22" * 16))).mac_version is MacVersion.V1_1
    assert only_session(device(deviceActivation=session())).mac_version is MacVersion.V1_0_3


def test_a_session_whose_app_s_key_a_join_server_keeps_lets_the_device_join_anew() -> None:
    record = device(deviceKeys={"nwkKey": "2b" * 16}, deviceActivation=session(appSKey=""))

    moved = read(json.dumps(record))

    assert moved.problems == ()
    assert moved.registrations[0].session is None
    assert any("has no AppSKey" in remark for remark in moved.remarks)


def test_a_session_whose_app_s_key_is_away_is_a_problem_where_the_device_cannot_join() -> None:
    moved = read(json.dumps([device(deviceActivation=session(appSKey=""))]))

    assert len(moved.problems) == 1
    assert moved.problems[0].startswith("export.json: devices[0].deviceActivation: no AppSKey")


def test_every_problem_is_told_with_its_path_and_no_key_is_repeated() -> None:
    records = [
        device(),
        {
            "device": {"devEui": "70b3d57ed000001", "name": "short"},
        },
        {
            "device": {"devEui": V1_1},
            "deviceKeys": {"nwkKey": "deadbeef" * 3},
            "deviceActivation": session(devEui=V1_1, devAddr="0102030", fCntUp=-1, nFCntDown=2**32),
            "deviceProfile": {"macVersion": "LORAWAN_2_0_0"},
        },
    ]

    problems = read(json.dumps({"devices": records})).problems

    assert [problem.partition(";")[0] for problem in problems] == [
        "export.json: devices[1].device.devEui: 15 hex digits where 16 are expected",
        "export.json: devices[2].deviceProfile.macVersion: 'LORAWAN_2_0_0' is no LoRaWAN version",
        "export.json: devices[2].deviceActivation.devAddr: 7 hex digits where 8 are expected",
        "export.json: devices[2].deviceActivation.fCntUp: '-1' is no whole number from 0 to 4294967295",
        "export.json: devices[2].deviceActivation.nFCntDown: '4294967296' is no whole number from 0 to 4294967295",
        "export.json: devices[2].deviceKeys.nwkKey: a key has 32 hex digits",
    ]


def test_a_device_whose_eui_is_wrong_tells_its_other_problems_too() -> None:
    moved = read(json.dumps([{"device": {"devEui": "0102"}, "deviceKeys": {"nwkKey": "1"}}]))

    assert moved.registrations == ()
    assert moved.problems == (
        "export.json: devices[0].device.devEui: 4 hex digits where 16 are expected",
        "export.json: devices[0].deviceKeys.nwkKey: a key has 32 hex digits",
    )


def test_three_network_keys_contradict_a_1_0_profile() -> None:
    record = device(deviceActivation=session(sNwkSIntKey="22" * 16), deviceProfile={"macVersion": "LORAWAN_1_0_3"})

    moved = read(json.dumps([record]))

    assert len(moved.problems) == 1
    assert "devices[0].deviceActivation.fNwkSIntKey: three different network session keys" in moved.problems[0]


def test_a_device_that_stands_there_twice_with_other_values_is_a_problem() -> None:
    twice = [device(), {"device": {"devEui": OTAA, "name": "y"}}]

    moved = read(json.dumps(twice))

    assert moved.problems == (
        f"export.json: devices[1].device: {OTAA} stands there a second time, at first at devices[0].device",
    )


def test_a_file_that_is_cut_off_says_in_which_line() -> None:
    moved = read_chirpstack('{"device": {"devEui":\n "a81758', "export.json")

    assert moved.registrations == ()
    assert len(moved.problems) == 1
    assert moved.problems[0].startswith("export.json: line 2: no JSON")


def test_the_second_window_of_the_site_is_taken_where_the_api_tells_none() -> None:
    record = device(deviceKeys={"nwkKey": "2b" * 16}, deviceActivation=session())

    moved = only_session(record, Site(rx2_data_rate=8, rx2_frequency_hz=923_300_000))

    assert (moved.rx2_data_rate, moved.rx2_frequency_hz) == (8, 923_300_000)


def test_a_joined_device_without_root_keys_moves_and_is_said_to_be_unable_to_join_anew() -> None:
    record = device(deviceActivation=session(), deviceProfile={"macVersion": "LORAWAN_1_0_3", "supportsOtaa": True})

    moved = read(json.dumps(record))

    assert moved.registrations[0].device.activation is Activation.OTAA
    assert moved.registrations[0].session is not None
    assert moved.registrations[0].session.activation.startswith("01020304-moved-")
    assert any("it cannot join anew until they are added" in remark for remark in moved.remarks)


def test_a_profile_that_says_abp_is_believed_though_there_are_root_keys() -> None:
    profile = {"macVersion": "1.0.3", "supportsJoin": False, "rxDelay1": 2, "rxDataRate2": 0, "rxFreq2": 869_525_000}
    record = device(deviceActivation=session(), deviceKeys={"nwkKey": "2b" * 16}, deviceProfile=profile)

    moved = only_session(record, Site(rx2_data_rate=3))

    assert moved.activation == "01020304-abp0"
    assert (moved.rx1_delay_s, moved.rx2_data_rate) == (2, 0)


def test_a_dev_eui_of_zeros_is_no_devices() -> None:
    moved = read(json.dumps([{"device": {"devEui": "0" * 16}}]))

    assert moved.registrations == ()
    assert moved.problems == ("export.json: devices[0].device.devEui: is all zeros: a placeholder, no device's",)


def test_a_table_with_an_open_quote_says_in_which_line() -> None:
    moved = read(f'dev_eui;name;device_profile_id\n{OTAA};"x;y\n', "list.csv")

    assert moved.registrations == ()
    assert moved.problems[0].startswith("list.csv: line 2: ")


# ── export ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_export_says_of_keys_and_sessions_what_the_api_itself_writes() -> None:
    theirs = {each["device"]["devEui"]: each for each in json.loads(text_of("chirpstack_v4.json"))}

    ours = json.loads(write_chirpstack_with_keys(read(text_of("chirpstack_v4.json")).registrations))

    assert [each["device"]["devEui"] for each in ours] == [OTAA, V1_1, ABP]
    for each in ours:
        written = theirs[each["device"]["devEui"]]
        assert each["deviceActivation"] == written["deviceActivation"]
        keys = {name: key for name, key in written.get("deviceKeys", {}).items() if key != ZEROS}
        assert each.get("deviceKeys", {}) == keys


def test_an_export_is_imported_again_unchanged_but_for_what_the_api_cannot_say() -> None:
    moved = read(text_of("chirpstack_v4.json")).registrations

    again = read(write_chirpstack_with_keys(moved))

    assert again.problems == ()
    assert [each.device for each in again.registrations] == [each.device for each in moved]
    assert [each.root_keys for each in again.registrations] == [each.root_keys for each in moved]
    assert [each.session.activation for each in again.registrations if each.session] == [
        each.session.activation for each in moved if each.session
    ]


def test_an_export_without_keys_has_none() -> None:
    text = write_chirpstack(read(text_of("chirpstack_v4.json")).registrations)

    assert "key" not in text.lower()
    assert "deviceActivation" not in text


# ── whatever there is ───────────────────────────────────────────────────────────────────────────────────────────

NAMES = st.sampled_from(
    [
        "device",
        "deviceKeys",
        "deviceActivation",
        "deviceProfile",
        "deviceProfiles",
        "devices",
        "result",
        "devEui",
        "nwkKey",
        "devAddr",
        "appSKey",
        "fNwkSIntKey",
        "fCntUp",
        "tags",
        "location",
        "latitude",
        "isDisabled",
        "name",
        "macVersion",
        "supportsOtaa",
        "classEnabled",
        "id",
        "deviceProfileId",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([OTAA, ZEROS])
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5))


@given(TREES)
def test_no_json_raises(tree: object) -> None:
    moved = read_chirpstack(json.dumps(tree), "x")

    assert moved.registrations or moved.problems or moved.remarks


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5000, "{", "\x00"])
def test_no_text_raises(text: str) -> None:
    assert read_chirpstack(text, "x").problems
