from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

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


@given(rows, st.integers(0, LAST), st.integers(0, LAST))
def test_gaps_behind_a_row_are_those_of_the_whole_that_lie_there(settled: list[int], after: int, limit: int) -> None:
    cursor = Cursor(0)
    for row in settled:
        cursor.add(row)
    expected = [row for row in unsettled(cursor) if row > after]

    found = [row for first, end in cursor.gaps(LAST, limit, after) for row in range(first, end + 1)]

    assert found == expected[:limit]
    assert cursor.waiting(LAST, after) == len(expected)


@given(rows, st.integers(0, LAST))
def test_gaps_end_with_the_last_row_that_is_asked_for_also_where_later_ones_are_settled(
    settled: list[int], last: int
) -> None:
    cursor = Cursor(0)
    for row in settled:
        cursor.add(row)

    assert unsettled(cursor, last) == [row for row in unsettled(cursor) if row <= last]


# ── a year ──

DAY = 1440  # uplinks: one a minute
STUCK = 60  # minutes that a row stays undecided which the platform does not take at once


@dataclass
class Year:
    """A destination with two lanes: what is heard goes out at once, unless the platform is away; the rest fills in behind."""

    cursor: Cursor = field(default_factory=lambda: Cursor(0))
    stuck: list[int] = field(default_factory=list)
    most_ranges: int = 0

    def hear(self, row: int, *, is_away: bool, is_stuck: bool, history: int) -> None:
        if not is_away:
            if is_stuck:
                self.stuck.append(row)
            else:
                self.cursor.add(row)
            self._catch_up(row, history)
        self.most_ranges = max(self.most_ranges, len(self.cursor.since(0)))

    def _catch_up(self, now: int, history: int) -> None:
        while self.stuck and self.stuck[0] < now - STUCK:
            self.cursor.add(self.stuck.pop(0))
        for first, last in list(self.cursor.gaps(now - STUCK, history)):
            for row in range(first, last + 1):
                self.cursor.add(row)


def test_a_cursor_stays_a_few_ranges_in_a_year_of_outages() -> None:
    random, year = Random(6), Year()
    away_until = 0

    for row in range(1, 365 * DAY + 1):
        if row % DAY == 0:  # each day for an hour, each month for three days
            away_until = row + (3 * DAY if row % (30 * DAY) == 0 else random.randrange(120))
        year.hear(row, is_away=row < away_until, is_stuck=random.random() < 0.001, history=3)

    assert year.cursor.waiting(365 * DAY) < DAY
    assert year.most_ranges <= 12
    assert len(year.cursor.above()) <= 12 * 10  # octets on disk
