"""Fresh first, history after: what goes out when, while a destination catches up."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.delivery.lanes import Lanes, Pace
from gateway.formats import Format
from gateway.journal import Ahead, HeldKind
from gateway.model import Instant, RowId, TimeQuality, Verdict
from tests.delivery.scene import CITY, START, EachAlone, OneByOne, Platform, Scene, Together, play

LIVE = 100_000  # counters from here on are heard while the rest is history
SLOW = [
    pytest.param(OneByOne(), Platform(0.05, side_by_side=1), id="50 ms, one by one"),
    pytest.param(EachAlone(), Platform(0.05, side_by_side=4), id="50 ms, four side by side"),
    pytest.param(EachAlone(), Platform(0.05, side_by_side=100), id="50 ms, a window of 100"),
    pytest.param(OneByOne(), Platform(0.3, side_by_side=1), id="300 ms, one by one"),
    pytest.param(Together(), Platform(0.6, side_by_side=1), id="600 ms, a batch a request"),
    pytest.param(OneByOne(), Platform(0.9, side_by_side=1), id="900 ms, one by one"),
    pytest.param(EachAlone(), Platform(0.9, side_by_side=4), id="900 ms, four side by side"),
]


async def live_while_it_drains(scene: Scene, every_s: float = 1.7) -> list[float]:
    """Hear an uplink now and then, thirty times, and return how long each took."""
    for f_cnt in range(LIVE, LIVE + 30):
        await asyncio.sleep(every_s)
        await scene.hear(f_cnt)
    await asyncio.sleep(10)
    assert (await scene.waiting()) > 0, "the drain was over before the last uplink was heard"
    return [scene.latency(f_cnt) for f_cnt in range(LIVE, LIVE + 30)]


@pytest.mark.parametrize(("format_", "platform"), SLOW)
def test_what_is_heard_in_a_drain_is_there_within_two_seconds(
    tmp_path: Path, format_: Format, platform: Platform
) -> None:
    took = play(
        tmp_path,
        live_while_it_drains,
        format_=format_,
        platform=Platform(platform.seconds, platform.side_by_side),
        history=2500,
        backlog_per_s=20.0,
    )

    assert max(took) <= 2.0


def test_a_platform_that_needs_three_seconds_has_live_uplinks_after_at_most_two_of_its_answers(tmp_path: Path) -> None:
    async def story(scene: Scene) -> list[float]:
        return await live_while_it_drains(scene, every_s=11.3)

    took = play(tmp_path, story, format_=OneByOne(), platform=Platform(3.0, side_by_side=1), history=500)

    assert max(took) <= 6.0


def test_history_goes_oldest_first_and_all_of_it(tmp_path: Path) -> None:
    async def story(scene: Scene) -> list[int]:
        for f_cnt in range(LIVE, LIVE + 5):
            await asyncio.sleep(0.3)
            await scene.hear(f_cnt)
        await scene.until(505)
        return scene.platform.counters

    taken = play(tmp_path, story, platform=Platform(0.05), history=500)

    assert [f_cnt for f_cnt in taken if f_cnt < LIVE] == list(range(1, 501))
    assert sorted(taken)[-5:] == list(range(LIVE, LIVE + 5))
    assert taken.index(LIVE) < 100


def test_history_is_bounded_and_what_is_heard_is_not(tmp_path: Path) -> None:
    async def story(scene: Scene) -> list[tuple[float, int]]:
        await scene.until(600)
        return scene.platform.taken

    taken = play(tmp_path, story, history=600, backlog_per_s=20.0)

    times = [at for at, _ in taken]
    assert times[-1] - times[0] >= (600 - 100) / 20
    for begin in times:
        assert sum(begin <= at < begin + 10 for at in times) <= 10 * 20 + 100  # a batch goes at once


def test_a_far_platform_that_takes_batches_is_not_told_row_by_row(tmp_path: Path) -> None:
    async def story(scene: Scene) -> float:
        began = asyncio.get_running_loop().time()
        await scene.until(3000)
        return asyncio.get_running_loop().time() - began

    took = play(tmp_path, story, format_=Together(), platform=Platform(0.8, side_by_side=1), history=3000)

    assert took < 3000 / 100 * 0.8 * 1.5


def test_strict_order_is_kept_whatever_is_heard(tmp_path: Path) -> None:
    async def story(scene: Scene) -> list[int]:
        await asyncio.sleep(0.5)
        await scene.hear(LIVE)
        await scene.until(501)
        return scene.platform.counters

    taken = play(tmp_path, story, platform=Platform(0.05), history=500, strict=True)

    assert taken == [*range(1, 501), LIVE]


def test_strict_order_is_bounded_only_where_that_is_asked_for(tmp_path: Path) -> None:
    async def story(scene: Scene) -> float:
        await scene.until(500)
        return scene.platform.taken[-1][0] - scene.platform.taken[0][0]

    (tmp_path / "free").mkdir()
    (tmp_path / "bound").mkdir()
    free = play(tmp_path / "free", story, history=500, strict=True)
    bound = play(tmp_path / "bound", story, history=500, strict=True, backlog_per_s=10.0)

    assert free < 1
    assert bound == pytest.approx(40, abs=10)


def test_an_outage_makes_history_of_what_was_heard_in_it(tmp_path: Path) -> None:
    async def story(scene: Scene) -> tuple[list[int], str]:
        await scene.hear(1)
        await scene.until(1)
        scene.platform.away = True
        for f_cnt in range(2, 302):
            await scene.hear(f_cnt)
        await asyncio.sleep(120)
        scene.platform.away = False
        await asyncio.sleep(61)
        await scene.hear(LIVE)
        await asyncio.sleep(2)
        lane = scene.telling.status()["lane"]["name"]
        await scene.until(302)
        return scene.platform.counters, lane

    taken, lane = play(tmp_path, story, backlog_per_s=2.0)

    assert lane == "catching up"
    assert taken.index(LIVE) < 200
    assert [f_cnt for f_cnt in taken if f_cnt != LIVE] == list(range(1, 302))


def test_the_lane_is_live_again_when_history_is_caught_up_with(tmp_path: Path) -> None:
    async def story(scene: Scene) -> list[tuple[str, int]]:
        seen = [scene.telling.status()["lane"]]
        await scene.until(300)
        await asyncio.sleep(1)
        seen.append(scene.telling.status()["lane"])
        return [(lane["name"], lane["history"]) for lane in seen]

    before, after = play(tmp_path, story, history=300)

    assert before == ("catching up", 300)
    assert after == ("live", 0)


def test_status_says_how_fast_history_goes_and_how_long_it_will_take(tmp_path: Path) -> None:
    async def story(scene: Scene) -> tuple[float, float, int]:
        await asyncio.sleep(40)
        lane = scene.telling.status()["lane"]
        return lane["per_s"], lane["left_s"], lane["history"]

    per_s, left_s, history = play(tmp_path, story, history=3000, backlog_per_s=20.0)

    assert per_s == pytest.approx(20, rel=0.2)
    assert left_s == pytest.approx(history / 20, rel=0.2)


def test_many_dead_letters_that_are_put_back_do_not_hold_up_what_is_heard(tmp_path: Path) -> None:
    async def story(scene: Scene) -> float:
        scene.platform.verdict = lambda _: Verdict.REFUSED
        await scene.hear(*range(1, 401))
        while await scene.waiting():  # noqa: ASYNC110 - on a clock that jumps
            await asyncio.sleep(0.1)
        scene.platform.verdict = lambda _: Verdict.TAKEN
        scene.platform.seconds = 0.05
        await scene.journal.retry(CITY, HeldKind.REFUSED)
        await asyncio.sleep(0.2)
        await scene.hear(LIVE)
        await scene.until(401)
        return scene.latency(LIVE)

    assert play(tmp_path, story, platform=Platform(side_by_side=1)) <= 2.0


def test_live_uplinks_that_wait_for_the_clock_hold_up_no_history(tmp_path: Path) -> None:
    async def story(scene: Scene) -> tuple[list[int], list[int]]:
        scene.clock.quality = TimeQuality.UNSYNCHRONISED
        wrong = Instant(START.replace(year=1970), 40.0, scene.clock.boot, TimeQuality.UNSYNCHRONISED)
        await asyncio.sleep(0.2)
        await scene.hear(LIVE, heard_at=wrong)
        await scene.until(400)
        meanwhile = [*scene.platform.counters]
        await scene.journal.learn_boot(scene.clock.boot, START, TimeQuality.NTP)
        await scene.until(401)
        return meanwhile, scene.platform.counters

    meanwhile, at_last = play(tmp_path, story, platform=Platform(0.05), history=400)

    assert meanwhile == list(range(1, 401))
    assert at_last[-1] == LIVE


def test_a_single_row_that_stays_undecided_holds_up_what_is_heard_for_a_second_at_most(tmp_path: Path) -> None:
    async def story(scene: Scene) -> float:
        await asyncio.sleep(3)
        await scene.hear(LIVE)
        await asyncio.sleep(4)
        return scene.latency(LIVE)

    platform = Platform(verdict=lambda f_cnt: Verdict.LATER if f_cnt == 7 else Verdict.TAKEN)

    assert play(tmp_path, story, platform=platform, history=3000, backlog_per_s=20.0) <= 2.0


# ── the choice itself ──


def ahead(waiting: int, after: int, last: int = 1000) -> Ahead:
    return Ahead(waiting=waiting, after=after, last=RowId(last))


def test_a_batch_or_less_is_no_history() -> None:
    lanes = Lanes(batch=100, strict=False, per_s=0)

    lanes.look(ahead(100, 100))

    assert (lanes.mark, lanes.is_behind, lanes.limit()) == (None, False, 100)


def test_falling_behind_once_more_moves_the_mark() -> None:
    lanes = Lanes(batch=100, strict=False, per_s=0)
    marks = []

    for waiting, after, last in ((101, 101, 500), (150, 100, 600), (200, 101, 700), (80, 80, 800)):
        lanes.look(ahead(waiting, after, last))
        marks.append(lanes.mark)

    assert marks == [500, 500, 700, None]


def test_turns_of_history_are_as_long_as_the_platform_is_quick() -> None:
    lanes = Lanes(batch=100, strict=False, per_s=0)
    lanes.look(ahead(5000, 0))
    sizes = []

    for began in range(40):
        sizes.append(lanes.limit())
        lanes.told(sizes[-1], float(began), began + 0.05 * sizes[-1])

    assert sizes[:4] == [1, 2, 4, 8]
    assert max(0.05 * size for size in sizes) <= 1.0
    assert sum(sizes[20:]) / 20 > 7


def test_a_turn_brings_no_more_than_the_bound_allows_in_five_seconds() -> None:
    lanes = Lanes(batch=100, strict=False, per_s=2.0)
    lanes.look(ahead(5000, 0))

    for began in range(20):
        lanes.told(lanes.limit(), float(began), float(began))

    assert lanes.limit() == 10
    assert lanes.pause_s(19.0) == 5.0


def test_the_pace_is_that_of_the_last_minute() -> None:
    pace = Pace()

    for second in range(120):
        pace.note(10 if second < 60 else 30, float(second))

    assert pace.per_s(119.0) == pytest.approx(30, rel=0.05)
    assert pace.per_s(300.0) == 0.0


def test_the_size_of_turns_settles() -> None:
    lanes = Lanes(batch=100, strict=False, per_s=0)
    lanes.look(ahead(5000, 0))
    sizes = []

    for began in range(60):
        sizes.append(lanes.limit())
        lanes.told(sizes[-1], float(began), began + 0.9)  # far away, and batches cost nothing more

    assert sizes[-1] == 100
    assert all(after >= before for before, after in pairwise(sizes))
