"""`brygga check` on a vendor's own folder: what fails and what nothing reads, in one line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from decoders.folder_check import table_problems
from decoders.registry import CATALOGUE
from tests.decoders.test_registry import load, put

TABLE = """fields:
  - {name: temperature, type: s16, div: 3, unit: "°C", reading: {quantity: air_temperature, unit: Cel}}
"""
GOOD = 'vectors:\n  - {name: mild, payload: "00EA", expected: {temperature: 78}}\n'
WRONG = """f_port: 2
vectors:
  - {name: a mild day, payload: "00EA", expected: {temperature: 23.4}}
  - {name: as it is, payload: "0003", expected: {temperature: 1}}
  - {name: cut short, payload: "00", error: empty}
"""


def test_a_folder_whose_vectors_hold_has_no_problems(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-1.vectors.yaml", GOOD)

    assert load(tmp_path).problems() == []


def test_each_vector_that_fails_has_its_line(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    path = put(tmp_path, "acme/th-1.vectors.yaml", WRONG)

    mild, short = load(tmp_path).problems()

    assert mild == (f"{path}: vector 'a mild day' (00ea): fields.temperature: 78 where 23.4 is expected")
    assert short.startswith(f"{path}: vector 'cut short' (00): truncated")


def test_a_tables_own_vectors_are_run_too(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "acme/th-1.yaml",
        TABLE + 'test_vectors:\n  - {name: m, payload: "00EA", expected: {temperature: 1}}\n',
    )

    (problem,) = load(tmp_path).problems()

    assert problem.startswith(f"{path}: vector 'm' (00ea): fields.temperature: 78")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("acme/th-2.yml", "nothing reads .yml; th-2.yaml is right"),
        ("th-2.yaml", "nothing reads it here; a decoder is"),
        ("acme/more/th-2.py", "nothing reads it here; a decoder is"),
        ("acme/th-2.vectors.yaml", "vectors of no decoder: th-2.yaml, .py or .js is missing beside it"),
        ("acme/th-2.commands.py", "an encoder of no decoder: th-2.yaml, .py or .js is missing beside it"),
    ],
)
def test_a_file_that_nothing_reads_is_named(tmp_path: Path, name: str, words: str) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    path = put(tmp_path, name, "")

    (problem,) = load(tmp_path).problems()

    assert problem.startswith(f"{path}: {words}")


def test_a_name_that_two_fields_have_is_a_problem_with_both_lines(tmp_path: Path) -> None:
    path = put(tmp_path, "acme/th-1.yaml", TABLE + "  - {name: temperature, type: u8}\n")

    (problem,) = load(tmp_path).problems()

    assert problem.startswith(f"{path} lines 2, 3: 2 fields are called 'temperature'")


def test_a_vectors_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-1.vectors.yaml", "vectors:\n  - {name: x, paylod: 00}\n")

    (problem,) = load(tmp_path).problems()

    assert "th-1.vectors.yaml line 2, column " in problem


def test_commands_need_an_encoder(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    path = put(
        tmp_path, "acme/th-1.vectors.yaml", 'commands:\n  - {name: x, command: {a: 1}, f_port: 1, payload: "00"}\n'
    )

    assert load(tmp_path).problems() == [f"{path}: commands stand here, and no encoder is there: th-1.commands.py, say"]


def test_no_table_of_the_catalogue_gives_a_name_twice() -> None:
    assert [line for path in sorted(CATALOGUE.glob("*/*.yaml")) for line in table_problems(path)] == []
