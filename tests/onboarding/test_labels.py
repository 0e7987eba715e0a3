"""Labels: TR005 codes with vectors of others, and what people and vendors write instead."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigError
from gateway.model import Activation, Key, MacVersion
from gateway.onboarding import TypedLabel, read_label, read_tr005, registration
from gateway.onboarding.tr005 import checksum
from tests.onboarding.files import read, text_of

CODES = [json.loads(line) for line in text_of("labels.jsonl").splitlines()]
EXAMPLE = CODES[0]["text"]  # of the LoRa Alliance, with its checksum
KEY = "2B7E151628AED2A6ABF7158809CF4F3C"


@pytest.mark.parametrize("code", CODES, ids=[code["text"] for code in CODES])
def test_a_code_says_what_others_read_in_it(code: dict[str, Any]) -> None:
    label = read_tr005(code["text"])

    expected = {name: value for name, value in code.items() if name not in {"text", "source"}}
    assert {name: getattr(label, name) for name in expected} == expected


def test_the_checksum_is_that_of_the_alliances_example() -> None:
    before, _, after = EXAMPLE.rpartition(":C")

    assert checksum(before) == after


@pytest.mark.parametrize("place", [8, 30, 50, 60, 75, len(EXAMPLE) - 1])
def test_a_mistyped_character_shows_in_the_checksum(place: int) -> None:
    other = "3" if EXAMPLE[place] != "3" else "4"

    label = read_tr005(EXAMPLE[:place] + other + EXAMPLE[place + 1 :])

    assert label.checksum_ok is False


def test_a_code_typed_in_lower_case_keeps_its_checksum() -> None:
    assert read_tr005(EXAMPLE.lower()).checksum_ok is True


def test_every_problem_of_a_code_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        read_tr005("LW:D0:11223344:AABBCCDDEEFF00XX:12:SA:SB")

    assert [problem.partition(";")[0] for problem in raised.value.problems] == [
        "label: JoinEUI: 8 hex digits where 16 are expected",
        "label: DevEUI: 'AABBCCDDEEFF00XX' has characters that are no hex digits",
        "label: ProfileID: '12' is no 8 hex digits (4 of the vendor, 4 of its profile)",
        "label: serial: stands there twice",
    ]


@pytest.mark.parametrize("text", ["LW:D0:", "LW:D0:42FFFFFFFFFFFFFF:4242FFFFFFFFFFFF", "URN:DEV:LW:_", "URN:LW:DP:%%"])
def test_a_code_that_ends_early_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="label: "):
        read_tr005(text)


def test_the_owner_token_stays_out_of_a_log() -> None:
    label = read_tr005("LW:D0:1122334455667788:A81758FFFE051D02:AABB1122:OS3CRET")

    assert label.owner_token == "S3CRET"
    assert "S3CRET" not in repr(label)


def test_a_code_begins_an_otaa_device_without_keys() -> None:
    registered = registration(read_label(EXAMPLE))

    assert registered.device.dev_eui == "aabbccddeeff0011"
    assert registered.device.join_eui == "1122334455667788"
    assert registered.root_keys.app_key is None


TYPED = [
    f"DevEUI: A8-17-58-FF-FE-05-1D-02 AppEUI 70 B3 D5 7E D0 00 00 01 AppKey {KEY} Battery 3.6 V",
    f"DevEui:A81758FFFE051D02\nAppEui:70B3D57ED0000001\nOta:true\nAppKey:{KEY}\n",
    f"dev_eui=a81758fffe051d02\r\nJOIN-EUI=70b3d57ed0000001\r\napp key = {KEY.lower()}",
    f"DevEUI:A81758FFFE051D02,AppKey:{KEY},AppEUI:70B3D57ED0000001",
    f'{{"DevEUI": "A81758FFFE051D02", "AppEUI": "70B3D57ED0000001", "AppKey": "{KEY}"}}',
    "DEV EUI A8:17:58:FF:FE:05:1D:02; JoinEUI: 70:B3:D5:7E:D0:00:00:01; App-Key: "
    + ":".join(KEY[place : place + 2] for place in range(0, 32, 2)),
]


@pytest.mark.parametrize("text", TYPED)
def test_a_typed_label_is_read_in_any_spelling(text: str) -> None:
    assert read_label(text) == TypedLabel(
        dev_eui=read_label("A81758FFFE051D02").dev_eui,
        join_eui=read_tr005("LW:D0:70B3D57ED0000001:A81758FFFE051D02:00000000").join_eui,
        app_key=Key.parse(KEY),
    )


def test_a_browan_code_names_the_join_eui_first() -> None:
    label = read_label("URN:LWDP:58A0CB0000210000:58A0CBFFFFFEFFFF:tbms100915:4D4483B1")

    assert (label.join_eui, label.dev_eui) == ("58a0cb0000210000", "58a0cbfffffeffff")


def test_a_serial_number_is_not_taken_for_a_dev_eui() -> None:
    with pytest.raises(ConfigError, match=r"a serial number \(6723A41241260018\) and no DevEUI"):
        read_label("HTTPS://WWW.MILESIGHT-IOT.COM/?PN=AM102&SN=6723A41241260018")


def test_two_euis_without_names_are_not_guessed_at() -> None:
    with pytest.raises(ConfigError, match="no DevEUI"):
        read_label(f"DS026349738;A84041035660E3AA;A840410000000107;{KEY}")


def test_an_eui_and_a_key_without_names_are_told_apart_by_length() -> None:
    label = read_label(f"A8-40-41-03-56-60-E3-AA {KEY}")

    assert label == TypedLabel(dev_eui=label.dev_eui, app_key=Key.parse(KEY))
    assert label.dev_eui == "a84041035660e3aa"


def test_every_problem_of_a_typed_label_is_told_at_once_and_no_key_is_repeated() -> None:
    with pytest.raises(ConfigError) as raised:
        read_label(f"DevEUI: A8-17-58 AppEUI: {KEY} AppKey: {KEY[:-2]}")

    assert raised.value.problems == (
        "label: dev_eui: 6 hex digits where 16 are expected",
        "label: join_eui: 32 hex digits where 16 are expected",
        "label: app_key: a key has 32 hex digits",
    )


def test_an_abp_label_begins_a_session() -> None:
    registered = registration(read_label(f"DevEUI A81758FFFE051D02 DevAddr 01020304 NwkSKey {KEY} AppSKey {KEY[::-1]}"))

    assert registered.device.activation is Activation.ABP
    assert registered.session is not None
    assert (registered.session.dev_addr, registered.session.activation) == ("01020304", "01020304-abp0")
    assert registered.session.keys.app_s_key == Key.parse(KEY[::-1])


def test_an_abp_label_that_lacks_a_key_says_which() -> None:
    with pytest.raises(ConfigError, match="label: AppSKey: missing"):
        registration(read_label(f"DevEUI A81758FFFE051D02 DevAddr 01020304 NwkSKey {KEY}"))


def test_a_label_with_a_nwk_key_is_of_lorawan_1_1() -> None:
    registered = registration(read_label(f"DevEUI A81758FFFE051D02 NwkKey {KEY} AppKey {KEY[::-1]}"))

    assert registered.device.mac_version is MacVersion.V1_1
    assert registered.root_keys.nwk_key == Key.parse(KEY)
    assert registered.root_keys.app_key == Key.parse(KEY[::-1])


def test_a_label_in_a_file_is_a_device_without_a_session() -> None:
    moved = read(EXAMPLE, "label.txt")

    assert [each.device.dev_eui for each in moved.registrations] == ["aabbccddeeff0011"]
    assert moved.problems == ()
    assert moved.remarks == (
        "label.txt: aabbccddeeff0011: no keys: it can neither join nor be decrypted here until they are added",
    )


def test_a_misread_code_in_a_file_is_a_problem() -> None:
    moved = read(EXAMPLE[:-1] + "D", "label.txt")

    assert moved.registrations == ()
    assert moved.problems[0].startswith("label.txt: label: its checksum does not fit")


@given(
    st.one_of(
        st.text(),
        st.sampled_from([*TYPED, EXAMPLE]).flatmap(lambda text: st.permutations(text.split(":")).map(":".join)),
    )
)
def test_no_text_raises_anything_else(text: str) -> None:
    problems: tuple[str, ...] = ()
    try:
        read_label(text)
    except ConfigError as error:
        problems = error.problems

    assert all(problem.startswith("label: ") for problem in problems)
