from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.cursors import Cursor

LAST = 40
rows = st.lists(st.integers(1, LAST))


def unsettled(cursor: Cursor, last: int = LAST, limit: int = LAST) -> list[int]:
    return [row for first, end in cursor.gaps(last, limit) for row in range(first, end + 1)]


@given(rows)
def test_a_cursor_is_the_set_of_what_was_settled(settled: list[int]) -> None:
    cursor, seen = Cursor(0), set[int]()
    for row in settled:
        assert cursor.add(row) is (row not in seen)
        seen.add(row)

    expected = [row for row in range(1, LAST + 1) if row not in seen]
    assert unsettled(cursor) == expected
    assert cursor.waiting(LAST) == len(expected)
    assert [row for row in range(1, LAST + 1) if row in cursor] == sorted(seen)


@given(rows, st.integers(0, LAST))
def test_gaps_end_at_the_limit(settled: list[int], limit: int) -> None:
    cursor = Cursor(0)
    for row in settled:
        cursor.add(row)

    assert unsettled(cursor, limit=limit) == unsettled(cursor)[:limit]


@given(rows)
def test_a_cursor_comes_back_from_disk_as_it_was(settled: list[int]) -> None:
    cursor = Cursor(0)
    for row in settled:
        cursor.add(row)

    again = Cursor(cursor.low, cursor.above())
    assert unsettled(again) == unsettled(cursor)
    assert again.waiting(LAST) == cursor.waiting(LAST)


@given(rows, st.integers(1, LAST))
def test_rows_that_are_no_longer_there_count_as_settled(settled: list[int], first: int) -> None:
    cursor = Cursor(0)
    for row in settled:
        cursor.add(row)
    expected = [row for row in unsettled(cursor) if row >= first]

    cursor.forget_below(first)

    assert unsettled(cursor) == expected
    assert cursor.waiting(LAST) == len(expected)


def test_all_settled_leaves_no_ranges() -> None:
    cursor = Cursor(0)
    for row in (3, 2, 5, 4, 1):
        cursor.add(row)

    assert cursor.low == 5
    assert cursor.above() == b""
