"""JSON, YAML and TOML as people write them for JavaScript."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoders.importing import notation
from decoders.importing.tree import Unreadable, open_tree
from tests.decoders.importing.trees import lay


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 0x1F, "b": [-0x02]}', {"a": 31, "b": [-2]}),
        ("[1, 2, ] // end", [1, 2]),
        ('{"a": "// no comment 0x3 ,]", /* one */ "b": 1,}', {"a": "// no comment 0x3 ,]", "b": 1}),
        ("{a: 'it\\'s \"x\"', $b_1: true}", {"a": 'it\'s "x"', "$b_1": True}),
        ('{"a": "a: \\"b\\": c", }', {"a": 'a: "b": c'}),
    ],
)
def test_reads_what_javascript_takes_for_json(text: str, value: Any) -> None:
    assert notation.from_json(text) == value


@pytest.mark.parametrize("text", ["", "{", "[1 2]", '{"a" 1}', "/*" * 1000, '"\\"' * 1000 + "x"])
def test_refuses_what_is_no_json(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        notation.from_json(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_reads_json_with_a_comment_as_without(value: Any) -> None:
    assert notation.from_json(json.dumps(value) + " // 0x1") == value


def test_reads_yaml_words_as_version_1_2_has_them() -> None:
    text = "{time: 2020-01-01T00:00:00Z, clock: 12:30, on: off, yes: no, hex: 0x1F, padded: 010, big: 1e3, not: ~, is: true}"

    value = notation.from_yaml(text)

    assert value == {
        "time": "2020-01-01T00:00:00Z", "clock": "12:30", "on": "off", "yes": "no", "hex": 31, "padded": 10, "big": 1000.0,
        "not": None, "is": True,
    }  # fmt: skip


def test_keys_are_texts_as_javascript_has_them(tmp_path: Path) -> None:
    tree = open_tree(lay(tmp_path, {"a.yaml": "{1: {true: a}, 1.5: [{null: b}], x: c}"}))

    assert notation.read(tree, "a.yaml") == {"1": {"true": "a"}, "1.5": [{"null": "b"}], "x": "c"}


def test_says_the_line_of_broken_yaml(tmp_path: Path) -> None:
    tree = open_tree(lay(tmp_path, {"a.yaml": "a: 1\nb: [1, 2\nc: 3\n"}))

    with pytest.raises(Unreadable, match=r"a\.yaml line \d: "):
        notation.read(tree, "a.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)), "more than"),
        ("a: &a [*a]\n", "within each other"),
        ("[" * 200 + "]" * 200, "within each other"),
    ],
)  # fmt: skip
def test_refuses_values_that_grow_without_end(tmp_path: Path, text: str, words: str) -> None:
    tree = open_tree(lay(tmp_path, {"a.yaml": text}))

    with pytest.raises(Unreadable, match=words):
        notation.read(tree, "a.yaml")


def test_a_thousand_brackets_are_no_json(tmp_path: Path) -> None:
    tree = open_tree(lay(tmp_path, {"a.json": "[" * 100_000}))

    with pytest.raises(Unreadable, match=r"a\.json: "):
        notation.read(tree, "a.json")
