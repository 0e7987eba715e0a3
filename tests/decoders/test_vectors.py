"""The checks find what they are for: a suite that cannot fail proves nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from decoders import table
from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.vectors import TableError, Vector, broken_promises, check, differences, hostile, load

TEMPERATURE = Reading("air_temperature", 20.0, "Cel")


@dataclass(frozen=True)
class Fake:
    function: Callable[[Payload], Decoded]
    name: str = "acme/fake"
    revision: str = "1"

    def decode(self, payload: Payload) -> Decoded:
        return self.function(payload)


def refuse(payload: Payload) -> Decoded:
    raise DecodeError(DecodeReason.UNKNOWN_PORT, str(payload.f_port))


def vector(**what: Any) -> Vector:
    return Vector(name="v", payload=Payload(b"\x01\x02", 1), **what)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"a": 1}, {"a": 1.0000001}),
        ({"a": {"value": 3.3, "unit": "V"}}, {"a": 3.3}),
        ({"a": (1, 2)}, {"a": [1, 2]}),
    ],
)
def test_what_is_the_same(found: object, expected: object) -> None:
    assert list(differences("fields", found, expected)) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"a": 1}, {"a": 1.00001}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"a": True}, {"a": 1}),
        ({"a": "1"}, {"a": 1}),
        ({"a": None}, {"a": 0}),
        ({"a": [1]}, {"a": [1, 2]}),
        ({"a": 1}, {"a": {"value": 1}}),
        ({"a": math.nan}, {"a": 1}),
    ],
)
def test_what_is_not_the_same(found: object, expected: object) -> None:
    assert list(differences("fields", found, expected)) != []


@pytest.mark.parametrize(
    "what",
    [
        {"expected": {"a": 2}},
        {"readings": ()},
        {"readings": (Reading("air_temperature", 20.1, "Cel"),)},
        {"readings": (Reading("air_temperature", 20.0, "K"),)},
        {"readings": (Reading("air_temperature", 20.0, "Cel", "external"),)},
        {"error": DecodeReason.TRUNCATED},
    ],
)
def test_a_decoder_that_says_something_else_is_found(what: dict[str, Any]) -> None:
    decoder = Fake(lambda _: Decoded((TEMPERATURE,), {"a": 1}))

    assert check(decoder, [vector(expected={"a": 1}, readings=(TEMPERATURE,))]) == []
    assert check(decoder, [vector(**what)]) != []


def test_an_error_that_was_not_expected_is_found() -> None:
    assert check(Fake(refuse), [vector(error=DecodeReason.UNKNOWN_PORT)]) == []
    assert check(Fake(refuse), [vector(error=DecodeReason.TRUNCATED)]) != []
    assert check(Fake(refuse), [vector(expected={})]) != []


@pytest.mark.parametrize(
    "decoded",
    [
        Decoded((), {"a": math.nan}),
        Decoded((), {"a": b"octets"}),
        Decoded((Reading("air_temprature", 20.0, "Cel"),)),
        Decoded((Reading("air_temperature", math.inf, "Cel"),)),
        Decoded((Reading("air_temperature", 20.0, "mm"),)),
        Decoded((Reading("air_temperature", 20.0),)),
        Decoded((Reading("motion", 1),)),
        Decoded((Reading("air_temperature", value=True, unit="Cel"),)),
        Decoded((TEMPERATURE, TEMPERATURE)),
        Decoded((Reading("air_temperature", 20.0, "Cel", at=datetime(2026, 1, 1)),)),  # noqa: DTZ001 - the mistake meant
    ],
)
def test_a_broken_promise_is_found(decoded: Decoded) -> None:
    assert list(broken_promises(decoded)) != []


def test_kept_promises_are_not_complained_about() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    readings = (TEMPERATURE, Reading("air_temperature", 1, "Cel", "2"), Reading("air_temperature", 1, "Cel", at=at))

    assert (
        list(broken_promises(Decoded((*readings, Reading("motion", value=True)), {"a": [1, None, {"b": "c"}]}))) == []
    )


def test_hostile_octets_find_a_decoder_that_reads_past_the_end() -> None:
    careless = Fake(lambda payload: Decoded((), {"a": payload.data[1]}))

    assert any("IndexError" in str(finding) for finding in hostile(careless, [vector()]))


def test_hostile_octets_find_a_port_that_breaks() -> None:
    careless = Fake(lambda payload: Decoded((), {"a": 1 // (payload.f_port - 77)}))

    assert any("ZeroDivisionError" in str(finding) for finding in hostile(careless, [vector()]))


def test_hostile_octets_are_the_same_every_time() -> None:
    seen: list[list[Payload]] = [[], []]
    for run in seen:
        hostile(Fake(lambda payload, run=run: run.append(payload) or Decoded(())), [vector()], seed=7)  # type: ignore[misc]  # append returns None, which is what `or` wants

    assert seen[0] == seen[1]
    assert len(seen[0]) > 300


def test_vectors_are_read_with_what_the_file_says_for_all(tmp_path: Path) -> None:
    path = tmp_path / "a.vectors.yaml"
    path.write_text(
        "source: manual\nlicence: MIT\nf_port: 5\nvectors:\n"
        "  - name: one\n    payload: '01 00 E2'\n    received_at: 2026-06-01T12:00:00Z\n    expected: {a: 1}\n"
        "    readings: [{quantity: air_temperature, value: 22.6, unit: Cel, at: '2026-06-01T12:00:00+02:00'}]\n"
        "  - {name: two, payload: '', fPort: 6, error: empty, source: field}\n",
        encoding="utf-8",
    )

    one, two = load(path)

    assert one.payload == Payload(bytes.fromhex("0100e2"), 5, datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert one.readings == (Reading("air_temperature", 22.6, "Cel", at=datetime(2026, 6, 1, 10, tzinfo=UTC)),)
    assert (one.source, one.licence) == ("manual", "MIT")
    assert (two.error, two.payload.f_port, two.source, two.expected) == (DecodeReason.EMPTY, 6, "field", None)


@pytest.mark.parametrize(
    "text",
    [
        "vectors: {}\n",
        "vectors:\n  - {payload: xyz}\n",
        "vectors:\n  - {error: odd}\n",
        "vectors:\n  - {paylod: '00'}\n",
    ],
)
def test_a_wrong_vectors_file_is_a_problem_with_a_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.vectors.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(TableError, match=r"a\.vectors\.yaml line \d"):
        load(path)


def test_a_published_vector_says_what_it_names_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "fields: [{name: a, type: u8}, {name: b, type: u8}]\n"
        "test_vectors:\n"
        "  - {name: some, payload: '0501', expected: {b: true}}\n"
        "  - {name: wrong, payload: '0501', expected: {a: 6}}\n"
        "  - {name: more, payload: '0501', expected: {c: 7}}\n"
        "  - {name: of a definition, command: reboot, payload: '01', expected: {}}\n"
        "  - {name: of an encoder, input: {a: 5}, expected_payload: '05'}\n",
        encoding="utf-8",
    )

    findings = check(table.load(path, "acme/t", "r"), load(path))

    assert [(one.vector, one.problem) for one in findings] == [
        ("wrong", "fields.a: 5 where 6 is expected"),
        ("more", "fields.c: missing"),
    ]
