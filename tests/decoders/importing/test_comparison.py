"""When a codec says what its publisher's example says."""

from typing import Any

import pytest

from decoders.importing.comparison import difference

NAN = float("nan")


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ({"a": 0.1 + 0.2}, {"a": 0.3}),
        ({"a": 1_000_000.4}, {"a": 1_000_000}),
        ({"a": None, "b": 1}, {"b": 1}),
        ({"b": 1}, {"a": None, "b": 1}),
        ([1, None], [1]),
        ({"at": "2023-07-19T07:51:31.598000001Z"}, {"at": "2023-07-19T09:51:31.598+02:00"}),
        ({"at": "2023-07-19T07:51:31.598Z"}, {"at": "2023-07-19 07:51:31.598"}),
        ({"at": "2023-07-19T07:51:31.598Z"}, {"at": "XXXX-XX-XXTXX:XX:XX.XXXZ"}),
        (({"x": 1},), [{"x": 1}]),
    ],
)
def test_says_the_same(got: Any, expected: Any) -> None:
    assert difference(got, expected) is None


@pytest.mark.parametrize(
    ("got", "expected", "line"),
    [
        ({"a": 1.001}, {"a": 1}, "a: 1 is expected, 1.001 came"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1]: 3 is expected, 2 came"),
        ({}, {"a": False}, "a: False is expected, nothing came"),
        ({"a": 1, "b": 2}, {"a": 1}, "b: nothing is expected, 2 came"),
        ({"a": 1}, {"a": True}, "a: True is expected, 1 came"),
        ({"a": "1"}, {"a": 1}, "a: 1 is expected, '1' came"),
        ({"at": "2023-07-19T07:51:31.598Z"}, {"at": "2023-07-19T07:51:31.597Z"}, "at: '2023-07-19T07:51:31.597Z' is expected, '2023-07-19T07:51:31.598Z' came"),
        ({"at": "2023-02-31T00:00:00Z"}, {"at": "2023-03-03T00:00:00Z"}, "at: '2023-03-03T00:00:00Z' is expected, '2023-02-31T00:00:00Z' came"),
        ({"at": "noon"}, {"at": "XXXX-XX-XXTXX:XX:XX.XXXZ"}, "at: 'XXXX-XX-XXTXX:XX:XX.XXXZ' is expected, 'noon' came"),
        ([1, 2], [1], "[1]: nothing is expected, 2 came"),
        (1, {"a": 1}, "the output: {'a': 1} is expected, 1 came"),
    ],
)  # fmt: skip
def test_names_the_first_place_that_differs(got: Any, expected: Any, line: str) -> None:
    assert str(difference(got, expected)) == line


def test_partial_vectors_allow_more_and_take_true_for_one() -> None:
    assert difference({"a": 1, "flags": 3}, {"a": True}, partial=True) is None
    assert difference({"a": 2}, {"a": True}, partial=True) is not None
    assert difference({}, {"a": 0}, partial=True) is not None


def test_shows_a_long_value_short() -> None:
    found = difference({"a": "x" * 1000}, {"a": 1})

    assert found is not None
    assert len(str(found)) < 200
