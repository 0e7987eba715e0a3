"""What a table's device can be told: its commands, its values on their ports, and which tables tell nothing."""

from __future__ import annotations

from typing import Any

import pytest

from decoders.command_vectors import hostile
from decoders.contract import Encoded, EncodeError, Encoder
from decoders.payload_schema.document import TableError, parse
from decoders.payload_schema.encoding import compile_encoder
from tests.decoders.test_table_encoding import HOSTILE, encoder, refusal

COMMANDS = """
name: th_1
f_port: 85
fields:
  - {name: temperature, type: s16, div: 10}
downlink_commands:
  set_interval:
    command_id: 0x01
    fields:
      - {name: interval, type: u16, mult: 60, valid_range: [60, 86400]}
  reboot:
    command_id: "0x02"
    fields: []
  set_threshold:
    command_id: [0xff, 0x03]
    f_port: 86
    fields:
      - {name: low, type: u8}
      - {name: high, type: u8}
  set_low:
    command_id: 4
    fields:
      - {name: low, type: u8}
      - {name: mode, type: u8, default: 1}
"""


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ({"set_interval": {"interval": 600}}, Encoded(85, b"\x01\x00\x0a")),
        ({"set_interval": 600}, Encoded(85, b"\x01\x00\x0a")),
        ({"interval": 600}, Encoded(85, b"\x01\x00\x0a")),
        ({"_command": "set_interval", "interval": 600}, Encoded(85, b"\x01\x00\x0a")),
        ({"reboot": True}, Encoded(85, b"\x02")),
        ({"reboot": {}}, Encoded(85, b"\x02")),
        ({"set_threshold": {"high": 9, "low": 1}}, Encoded(86, b"\xff\x03\x01\x09")),
        ({"low": 1, "high": 9}, Encoded(86, b"\xff\x03\x01\x09")),
        ({"set_low": 7}, Encoded(85, b"\x04\x07\x01")),
    ],
)
def test_a_command_is_told_by_its_name_or_by_the_names_of_its_values(
    command: dict[str, Any], expected: Encoded
) -> None:
    assert encoder(COMMANDS).encode(command) == expected


@pytest.mark.parametrize(
    ("command", "reason", "words"),
    [
        ({}, "empty", "no command; there are set_interval, reboot, set_threshold, set_low"),
        ({"set_intervall": 1}, "unknown_command", "unknown command 'set_intervall'; did you mean 'set_interval'?"),
        ({"intervall": 1}, "unknown_command", "unknown command 'intervall'; did you mean 'interval'?"),
        ({"temperature": 1}, "unknown_command", "unknown command 'temperature'; there are set_interval, "),
        ({"low": 1}, "unknown_command", "low: set_threshold and set_low take this; name one of them"),
        (
            {"reboot": True, "set_low": 1},
            "too_many",
            "'reboot' and 'set_low': this device takes one command in a downlink",
        ),
        ({"reboot": False}, "wrong_value", "reboot: False where true is expected; leave it out where it is not meant"),
        ({"set_threshold": 5}, "wrong_value", "set_threshold: 5 where an object of high, low is expected"),
        ({"set_threshold": {"low": 5}}, "wrong_value", "set_threshold.high: it is missing"),
        ({"set_interval": 30}, "wrong_value", "set_interval.interval: 30 lies outside 60 to 86400"),
        (
            {"set_interval": {"intervl": 30}},
            "unknown_command",
            "unknown value 'set_interval.intervl'; did you mean 'interval'?",
        ),
        ({"set_low": {"low": 1, "hi": 2}}, "unknown_command", "unknown value 'set_low.hi'; there are low, mode"),
    ],
)
def test_a_wrong_command_is_told_what_would_be_right(command: dict[str, Any], reason: str, words: str) -> None:
    error = refusal(COMMANDS, command)

    assert error.reason == reason
    assert error.detail.startswith(words)


def test_commands_of_any_kind_are_told_or_refused() -> None:
    found = encoder(COMMANDS)

    commands = [{name: value} for name in ("set_interval", "reboot", "set_threshold", "low") for value in HOSTILE]
    reasons = {_reason(found, command) for command in commands}

    assert hostile(found, ()) == []
    assert "failed" not in reasons


def _reason(found: Encoder, command: dict[str, Any]) -> str:
    try:
        found.encode(command)
    except EncodeError as error:
        return str(error.reason)
    return "told"


# ── which tables tell their device something ────────────────────────────────────────────────────────────────────────

PORTS = """
ports:
  1: {direction: uplink, fields: [{name: temperature, type: u8}]}
  2: {direction: downlink, fields: [{name: interval, type: u16}]}
  3: {direction: both, fields: [{name: interval, type: u16}, {name: mode, type: u8}]}
"""


@pytest.mark.parametrize(
    ("command", "expected"),
    [({"interval": 1}, Encoded(2, b"\x00\x01")), ({"mode": 2, "interval": 1}, Encoded(3, b"\x00\x01\x02"))],
)
def test_the_values_decide_on_which_port_they_are_told(command: dict[str, Any], expected: Encoded) -> None:
    assert encoder(PORTS).encode(command) == expected


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"mode": 1}, "wrong_value: mode are no whole message on any of the ports 2, 3"),
        ({"temperature": 1}, "unknown_command: unknown value 'temperature'; there are interval, mode"),
    ],
)
def test_values_that_fit_no_port_are_refused(command: dict[str, Any], words: str) -> None:
    assert str(refusal(PORTS, command)) == words


@pytest.mark.parametrize("direction", ["uplink", None])
def test_a_table_of_uplinks_tells_its_device_nothing(direction: str | None) -> None:
    text = f"{f'direction: {direction}' if direction else 'version: 1'}\nfields: [{{name: a, type: u8}}]\n"

    assert compile_encoder(parse(text, "th-1.yaml"), "acme/th-1") is None


BROKEN = [
    ("downlink_commands: {a: {fields: []}}", r"command_id is an octet, 0 to 255, or a list of octets"),
    ("downlink_commands: {a: {command_id: 256}}", r"command_id is an octet"),
    ("downlink_commands: {a: {command_id: 1, field: []}}", r"a command has no key 'field'; did you mean 'fields'"),
    ("downlink_commands: {a: {command_id: 1, f_port: 224}}", r"f_port is 1 to 223, not 224"),
    ("downlink_commands: {}", r"downlink_commands holds no command"),
    ("direction: downlink\nfields: [{name: a, type: u9}]", r"there is no type 'u9'"),
    ("direction: downlink\nfields: [{type: u8}]", r"a field has a name"),
    ("direction: downlink\nfields: [{name: a, type: u8, mult: 0}]", r"field 'a': mult is 0: no value can be told"),
    ("direction: downlink\ndefinitions: {a: [{use: a}]}\nfields: [{use: a}]", r"definition 'a' contains itself"),
    ("direction: downlink\nfields: [{use: b}]", r"there is no definition 'b'"),
]


@pytest.mark.parametrize(("text", "complaint"), BROKEN)
def test_a_table_that_cannot_tell_what_it_says_is_refused_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(TableError, match=complaint) as caught:
        compile_encoder(parse(text, "acme/th-1.yaml"), "acme/th-1")

    assert str(caught.value).startswith("acme/th-1.yaml line ")
