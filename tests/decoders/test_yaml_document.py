"""YAML as tables have it: what a mapping takes from others, and what is no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from decoders.payload_schema.document import TableError, parse, read

TEMPLATE = "t: &t {type: u8, div: 10}\n"


def test_own_keys_win_over_what_is_taken_from_another_mapping() -> None:
    parsed = parse(TEMPLATE + "before: {<<: *t, name: b, div: 2}\nafter: {div: 3, <<: *t}\n", "t.yaml")

    assert parsed["before"] == {"type": "u8", "name": "b", "div": 2}
    assert parsed["after"] == {"type": "u8", "div": 3}
    assert parsed["before"].spots["div"] == (2, 27)
    assert parsed["t"] == {"type": "u8", "div": 10}


def test_of_several_mappings_the_first_wins() -> None:
    parsed = parse(TEMPLATE + "x: {<<: [*t, {div: 9, add: 1}], name: x}\n", "t.yaml")

    assert parsed["x"] == {"type": "u8", "div": 10, "add": 1, "name": "x"}


def test_what_is_taken_may_itself_take() -> None:
    parsed = parse(TEMPLATE + "u: &u {<<: *t, div: 5}\nx: {<<: *u, name: x}\n", "t.yaml")

    assert parsed["x"] == {"type": "u8", "div": 5, "name": "x"}


def test_a_key_that_stands_twice_of_its_own_is_refused_beside_a_merge() -> None:
    with pytest.raises(TableError, match=r"t\.yaml line 2, column 21: 'div' stands here twice"):
        parse(TEMPLATE + "x: {<<: *t, div: 1, div: 2}\n", "t.yaml")


def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.yaml")

    with pytest.raises(TableError, match="a file is expected"):
        read(tmp_path / "t.yaml")
