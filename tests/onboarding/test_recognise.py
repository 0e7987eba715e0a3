"""Files are told apart by what stands in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.devices_file import write_csv, write_csv_with_keys
from gateway.errors import ConfigError
from gateway.onboarding import Kind, read_moved, recognise, write_chirpstack, write_the_things_stack
from tests.onboarding.files import read, text_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("chirpstack_v4.json", Kind.CHIRPSTACK_JSON),
        ("chirpstack_v4_answers.jsonl", Kind.CHIRPSTACK_JSON),
        ("chirpstack_v4_list.json", Kind.CHIRPSTACK_JSON),
        ("chirpstack_v3.json", Kind.CHIRPSTACK_JSON),
        ("chirpstack_community.csv", Kind.CHIRPSTACK_CSV),
        ("the_things_stack_export.jsonl", Kind.THE_THINGS_STACK_JSON),
        ("the_things_stack.csv", Kind.THE_THINGS_STACK_CSV),
    ],
)
def test_a_file_of_another_network_is_known(name: str, kind: Kind) -> None:
    assert recognise(text_of(name), "anything.txt") is kind
    assert recognise("\ufeff" + text_of(name), "anything.txt") is kind


def test_our_own_files_are_known() -> None:
    registrations = read(text_of("chirpstack_v4.json")).registrations[2:]

    assert recognise(write_csv(registrations), "x") is Kind.OWN_CSV
    assert recognise(write_csv_with_keys(registrations), "x") is Kind.OWN_CSV
    assert recognise(write_chirpstack(registrations), "x") is Kind.CHIRPSTACK_JSON
    assert recognise(write_the_things_stack(registrations), "x") is Kind.THE_THINGS_STACK_JSON


@pytest.mark.parametrize(
    "text",
    [
        "dev_eui\na81758fffe051d02\n",
        "DevEUI;AppEUI;AppKey;Name\n",
        "# devices of the harbour\nsep=;\ndev_eui;join_eui;app_key\n",
        "dev_eui,decoder,entity_type\n",
    ],
)
def test_a_table_with_our_columns_is_ours(text: str) -> None:
    assert recognise(text, "devices.csv") is Kind.OWN_CSV


@pytest.mark.parametrize(
    "text",
    [
        "LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122\n",
        "urn:dev:lw:42FFFFFFFFFFFFFF_4242FFFFFFFFFFFF_42FFFF42",
        "DevEUI: A8-17-58-FF-FE-05-1D-02, AppKey: 2B7E151628AED2A6ABF7158809CF4F3C",
        "DevEui:A81758FFFE000000\nAppEui:EE00000000001234\nOta:true\n",
        "A8-17-58-FF-FE-05-1D-02",
        '{"DevEUI": "24E124136D456789", "AppKey": "5572404C696E6B4C6F52613230313823"}',
    ],
)
def test_a_label_is_known(text: str) -> None:
    assert recognise(text, "label.txt") is Kind.LABEL


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "x: empty"),
        ("PK\x03\x04…", "x: a workbook \\(xlsx\\)"),
        ("# nothing\n", "x: only comments"),
        ("hello, world\n", "x: its first line has 'hello', 'world', and no column dev_eui"),
        ("Serial;Device;App key\n1;2;3\n", "x: its first line has 'Serial', 'Device', 'App key'"),
        ('{"gateways": [1], "name": "x"}', "x: JSON with 'gateways', 'name' in it"),
        ("[]", "x: JSON with nothing in it"),
        ("[1, 2]", "x: JSON with nothing in it"),
        ('{"devEui": ', "x: line 1: no JSON"),
    ],
)
def test_anything_else_is_refused_with_what_there_is(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        recognise(text, "x")


@given(st.text() | st.text(alphabet='{}[]":,;\n#devui_LWD0 ', max_size=60))
def test_no_text_raises_anything_else(text: str) -> None:
    problems: tuple[str, ...] = ()
    try:
        kind = recognise(text, "x")
        problems = () if kind is Kind.OWN_CSV else read_moved(kind, text, "x").problems
    except ConfigError as error:
        problems = error.problems

    assert all(problem.startswith("x: ") for problem in problems)


def test_a_refusal_shows_no_key() -> None:
    secret = "2b7e151628aed2a6abf7158809cf4f3c"

    with pytest.raises(ConfigError) as raised:
        recognise(f"{secret};{secret}\n", "x")
    with pytest.raises(ConfigError) as raised_by_json:
        recognise(json.dumps({secret: 1}), "x")

    assert secret not in str(raised.value) + str(raised_by_json.value)
