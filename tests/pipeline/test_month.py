"""A platform comes back after a long time: the short form of `scripts/bench month` (bench/month.py)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import month
from bench.month import Drain, Month

UPLINKS = 3_000
LIVE_FIRST = month.CASES[0]

KEPT = Drain(
    case="made up", rows_per_s=1.0, seconds=1.0, cpu_us=1.0, peak_rss=1, history=1, live=1, live_p50_s=0.1, live_p99_s=0.1,
    live_max_s=0.1, lost=0, repeated=0, out_of_order=0, overtaking=0,
)  # fmt: skip


@pytest.fixture
def full(tmp_path: Path) -> Month:
    return month.make(tmp_path, UPLINKS, devices=50, at_once=100)


def test_what_waited_arrives_once_and_in_order_and_what_is_heard_meanwhile_within_two_seconds(full: Month) -> None:
    drained = month.drain(full, LIVE_FIRST)

    assert drained.history == UPLINKS
    assert drained.live > 0
    assert not drained.broken


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"lost": 1}, "lost"),
        ({"repeated": 1}, "more than once"),
        ({"out_of_order": 1}, "before an older one"),
        ({"peak_rss": int(121e6)}, "121 MB"),
        ({"live_max_s": 2.1}, "2.1 s"),
    ],
)
def test_each_limit_is_judged(wrong: dict[str, Any], words: str) -> None:
    (broken,) = month.judged(LIVE_FIRST, replace(KEPT, **wrong)).broken

    assert words in broken


def test_in_strict_order_it_counts_when_a_newer_one_overtakes_and_not_how_long_it_waits() -> None:
    strict = month.CASES[2]

    waited, overtook = (month.judged(strict, replace(KEPT, live_max_s=600.0, overtaking=count)) for count in (0, 1))

    assert not waited.broken
    assert overtook.broken
