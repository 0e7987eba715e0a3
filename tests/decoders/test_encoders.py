"""One suite over all encoders: their vectors, their promises, and the words that a person reads when a command is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from decoders.command_vectors import CommandVector, check, hostile, load
from decoders.contract import Command, Encoded, EncodeError, Encoder, EncodeReason
from decoders.loading import COMPANION, OF_ALL
from decoders.registry import CATALOGUE, BrokenDecoder, Registry
from tests.decoders.catalogue import REGISTRY

COMPANIONS = sorted(
    f"{path.parent.name}/{path.name.removesuffix(COMPANION)}" for path in CATALOGUE.rglob(f"*{COMPANION}")
)
OWN = [name for name in COMPANIONS if not name.endswith(f"/{OF_ALL}")]
SHARED = [  # told by what their vendor's devices have in common
    name
    for name in REGISTRY.names()
    if f"{name.partition('/')[0]}/{OF_ALL}" in COMPANIONS and name not in OWN and REGISTRY.command_vectors(name)
]
NAMES = [*OWN, *SHARED]
TABLE = "fields:\n  - {name: a, type: u8}\n"
PYTHON = """
from decoders.contract import Command, Decoded, Encoded, Payload
def decode(payload: Payload) -> Decoded:
    return Decoded(())
"""
ENCODE = "def encode(command):\n    return Encoded(9, bytes([command['a']]))\n"
COMMANDS = f"from decoders.contract import Encoded\n{ENCODE}"


def encoder(name: str) -> Encoder:
    found = REGISTRY.encoder(name)
    assert found is not None
    return found


def vectors(name: str) -> Sequence[CommandVector]:
    return load(CATALOGUE / f"{name}.vectors.yaml")


def put(folder: Path, name: str, text: str) -> None:
    path = folder / "acme" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def refusal(name: str, command: Command) -> EncodeError:
    with pytest.raises(EncodeError) as caught:
        encoder(name).encode(command)
    return caught.value


def test_the_three_makes_of_the_examples_can_be_told_something() -> None:
    assert set(NAMES) >= {"elsys/ers", "dragino/lht65", "milesight/em300-th"}


@pytest.mark.parametrize("name", NAMES)
def test_an_encoder_says_what_its_vectors_say(name: str) -> None:
    assert check(encoder(name), vectors(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_values_of_any_kind_are_told_or_refused_in_words(name: str) -> None:
    assert hostile(encoder(name), vectors(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_can_be_told_was_made_by_others_and_says_by_whom(name: str) -> None:
    told = [one for one in vectors(name) if one.expected is not None]

    assert len(told) >= 5
    assert [one.name for one in told if not one.source] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_encoder_takes_the_interval_between_two_reports(name: str) -> None:
    assert encoder(name).encode({"interval": 600}).data


@pytest.mark.parametrize(
    ("name", "command", "reason", "words"),
    [
        ("elsys/ers", {"intervall": 600}, "unknown_command", "unknown command 'intervall'; did you mean 'interval'?"),
        ("elsys/ers", {"interval": 0}, "wrong_value", "interval: 0 where a whole number from 1 to 4294967295 is expected"),
        ("elsys/ers", {"reboot": False}, "wrong_value", "reboot: False where true is expected; leave it out where it is"),
        ("elsys/ers", {"motion_mode": 1}, "wrong_value", "motion_mode: 1 is none of 'off', 'trigger', 'count'"),
        ("dragino/lht65", {"zzz": 1}, "unknown_command", "unknown command 'zzz'; there are interval, time_sync, "),
        ("dragino/lht65", {}, "empty", "no command; there are interval, "),
        ("dragino/lht65", {"interval": 60, "probe_id": True}, "too_many", "'interval' and 'probe_id': this device takes one"),
        ("dragino/lht65", {"records": {"from": 1}}, "wrong_value", "records: {'from': 1} where an object of from, to, pause"),
        (
            "milesight/em300-th",
            {"temperature_alarm_config": {"condition": "above", "threshold_min": 0, "threshold_max": 4000}},
            "wrong_value",
            "temperature_alarm_config: threshold_max: 4000 where a number from -3276.8 to 3276.7 is expected",
        ),
    ],
)  # fmt: skip
def test_a_wrong_command_is_told_what_would_be_right(name: str, command: Command, reason: str, words: str) -> None:
    error = refusal(name, command)

    assert error.reason == reason
    assert error.detail.startswith(words)


def test_a_message_says_no_more_than_its_length_octet_can() -> None:
    settings = ("interval", "temperature_period", "humidity_period", "light_period", "motion_period", "co2_period")

    encoded = encoder("elsys/ers").encode(dict.fromkeys(settings, 1))

    assert encoded.data[1] == len(encoded.data) - 2


# ── where encoders are found ────────────────────────────────────────────────────────────────────────────────────────


def test_a_model_that_is_the_same_as_another_is_told_the_same() -> None:
    assert encoder("elsys/ers-co2").encode({"reboot": True}) == Encoded(6, b"\x3e\x01\xfe")
    assert encoder("dragino/lht65n").encode({"interval": 30}) == Encoded(2, bytes.fromhex("0100001e"))


def test_a_model_without_an_encoder_has_none() -> None:
    assert REGISTRY.encoder("quandify/cubicmeter") is None


def test_a_vendors_file_tells_all_of_its_models_that_have_none_of_their_own(tmp_path: Path) -> None:
    put(tmp_path, "th-1.yaml", TABLE)
    put(tmp_path, "th-2.yaml", TABLE)
    put(tmp_path, "_all.commands.py", COMMANDS)
    put(tmp_path, "th-2.commands.py", COMMANDS.replace("9", "8"))
    registry = Registry.load([tmp_path], entry_points=False)

    found = [registry.encoder(f"acme/{name}") for name in ("th-1", "th-2")]

    assert registry.problems() == []
    assert [one and one.encode({"a": 1}).f_port for one in found] == [9, 8]


def test_an_encoder_stands_beside_a_table_or_in_the_file_of_a_function(tmp_path: Path) -> None:
    put(tmp_path, "th-1.yaml", TABLE)
    put(tmp_path, "th-1.commands.py", COMMANDS)
    put(tmp_path, "th-2.py", PYTHON + ENCODE)
    put(tmp_path, "th-3.py", PYTHON)
    registry = Registry.load([tmp_path], entry_points=False)

    found = {name: registry.encoder(f"acme/{name}") for name in ("th-1", "th-2", "th-3")}

    assert registry.problems() == []
    assert {name: one and one.encode({"a": 1}) for name, one in found.items()} == {
        "th-1": Encoded(9, b"\x01"),
        "th-2": Encoded(9, b"\x01"),
        "th-3": None,
    }


def test_a_companion_is_no_decoder_and_does_not_change_the_revision_of_one(tmp_path: Path) -> None:
    put(tmp_path, "th-1.yaml", TABLE)
    before = Registry.load([tmp_path], entry_points=False).get("acme/th-1").revision
    put(tmp_path, "th-1.commands.py", COMMANDS)
    registry = Registry.load([tmp_path], entry_points=False)

    assert [name for name in registry.names() if name.startswith("acme/")] == ["acme/th-1"]
    assert registry.get("acme/th-1").revision == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("encode = 1\n", "line 1: a function encode(command: Command) -> Encoded is expected"),
        ("1 / 0\n", "line 1: ZeroDivisionError: division by zero"),
    ],
)
def test_a_broken_companion_is_a_problem_with_its_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    put(tmp_path, "th-1.yaml", TABLE)
    put(tmp_path, "th-1.commands.py", text)
    registry = Registry.load([tmp_path], entry_points=False)

    with pytest.raises(BrokenDecoder) as caught:
        registry.encoder("acme/th-1")

    assert str(caught.value) == f"{tmp_path / 'acme' / 'th-1.commands.py'} {words}"
    assert registry.problems() == [str(caught.value)]


@pytest.mark.parametrize(("body", "words"), [("{}['x']", "KeyError: 'x'"), ("b''", "b'' where an Encoded is expected")])
def test_an_encoder_that_breaks_its_promise_is_said_so(tmp_path: Path, body: str, words: str) -> None:
    put(tmp_path, "th-1.yaml", TABLE)
    put(tmp_path, "th-1.commands.py", f"def encode(command):\n    return {body}\n")
    found = Registry.load([tmp_path], entry_points=False).encoder("acme/th-1")
    assert found is not None

    with pytest.raises(EncodeError) as caught:
        found.encode({"a": 1})

    assert (caught.value.reason, caught.value.detail) == (EncodeReason.FAILED, words)
