"""How long to wait: full jitter, the platform's own wish, and what a thousand gateways do together."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.delivery.backoff import PATIENCE, Backoff
from gateway.transports.jitter import SHORTEST
from tests.delivery.scene import Platform, Scene, play

GATEWAYS = 1000
MOST_AT_ONCE = 0.06  # of them in any one second: with full jitter below a minute it is a thirtieth, and chance


@pytest.fixture(autouse=True)
def seeded() -> None:
    random.seed(20261124)


def test_the_pause_is_anywhere_below_a_bound_that_doubles() -> None:
    by_failure: list[list[float]] = [[] for _ in range(8)]
    for _ in range(400):
        backoff = Backoff()
        for pauses in by_failure:
            pauses.append(backoff.failed(60.0))

    for failure, pauses in enumerate(by_failure):
        most = min(60.0, 2.0**failure)
        assert SHORTEST <= min(pauses) < 0.1 * most + SHORTEST
        assert 0.9 * most < max(pauses) <= most


def test_a_success_begins_anew_and_so_does_what_got_through() -> None:
    after_success, after_some = Backoff(), Backoff()
    for _ in range(10):
        after_success.failed(60.0)
        after_some.failed(60.0)

    after_success.succeeded()

    assert after_success.failed(60.0) <= 1.0
    assert after_some.failed(60.0, got_through=True) <= 1.0


@pytest.mark.parametrize(("asked_s", "waits_s"), [(1, 1), (7, 7), (120, 120), (600, 600), (86_400, 60 * PATIENCE)])
def test_what_the_platform_asks_for_is_what_it_gets_up_to_ten_times_the_longest_pause(
    asked_s: int, waits_s: int
) -> None:
    assert Backoff().failed(60.0, asked_for=timedelta(seconds=asked_s)) == waits_s


@pytest.mark.parametrize("asked_s", [0, -5, 0.2])
def test_a_platform_that_asks_for_no_pause_is_not_asked_without_end(asked_s: float) -> None:
    backoff = Backoff()

    pauses = [backoff.failed(60.0, asked_for=timedelta(seconds=asked_s)) for _ in range(50)]

    assert max(pauses) > 10


def test_a_thousand_gateways_do_not_come_back_together_after_an_outage() -> None:
    """All fail at the same second and go on failing for an hour: their first tries after it are spread over a minute."""
    backoffs = [Backoff() for _ in range(GATEWAYS)]
    queue = [(0.0, gateway) for gateway in range(GATEWAYS)]
    heapq.heapify(queue)
    back = Counter[int]()

    while queue:
        at, gateway = heapq.heappop(queue)
        if at >= 3600:
            back[int(at)] += 1
        else:
            heapq.heappush(queue, (at + backoffs[gateway].failed(60.0), gateway))

    assert back.total() == GATEWAYS
    assert max(back.values()) <= MOST_AT_ONCE * GATEWAYS
    assert max(back) <= 3660


def test_a_short_outage_spreads_them_as_soon_as_it_has_lasted_a_minute() -> None:
    backoffs = [Backoff() for _ in range(GATEWAYS)]
    back = Counter[int]()

    for backoff in backoffs:
        at = 0.0
        while at < 60:
            at += backoff.failed(60.0)
        back[int(at)] += 1

    assert max(back.values()) <= MOST_AT_ONCE * GATEWAYS


def test_after_a_power_cut_the_first_contact_comes_within_the_longest_pause(tmp_path: Path) -> None:
    async def story(scene: Scene) -> float:
        await scene.until(1)
        return scene.platform.tried[0]

    firsts = []
    for index in range(6):
        folder = tmp_path / str(index)
        folder.mkdir()
        firsts.append(play(folder, story, history=1, first_contact_s=60.0) - 1000.0)  # the loop's time begins there

    assert max(firsts) <= 61
    assert max(firsts) - min(firsts) > 10


def test_a_platform_that_is_away_is_asked_no_more_because_something_is_heard(tmp_path: Path) -> None:
    async def story(scene: Scene) -> int:
        await asyncio.sleep(600)
        before = len(scene.platform.tried)
        for f_cnt in range(10_000, 10_060):
            await scene.hear(f_cnt)
            await asyncio.sleep(0.5)
        return len(scene.platform.tried) - before

    assert play(tmp_path, story, platform=Platform(away=True), history=300) < 10
