from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest

from simulators.lab.lab_loop import LabLoop


async def sleeps(*seconds: float) -> list[float]:
    began = asyncio.get_running_loop().time()
    times = []
    for one in seconds:
        await asyncio.sleep(one)
        times.append(asyncio.get_running_loop().time() - began)
    return times


def test_a_day_takes_no_time_where_the_clock_jumps() -> None:
    began = time.monotonic()

    with asyncio.Runner(loop_factory=LabLoop) as runner:
        times = runner.run(sleeps(86_400.0))

    assert times == [86_400.0]
    assert time.monotonic() - began < 10


def test_at_a_speed_time_never_runs_ahead_of_it_and_what_happens_is_the_same() -> None:
    began = time.monotonic()

    with asyncio.Runner(loop_factory=partial(LabLoop, 100.0)) as runner:
        times = runner.run(sleeps(5.0, 1.0, 30.0))

    assert times == pytest.approx([5.0, 6.0, 36.0])
    assert time.monotonic() - began >= 0.35
