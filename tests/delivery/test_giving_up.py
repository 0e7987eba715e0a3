"""What a destination has waited for too long is let go: loudly, and only what is truly that old."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.journal import Depth, HeldKind, Journal
from gateway.model import Answer, Eui64, Instant, Request, TimeQuality, Verdict
from simulators import jumping_time
from tests.delivery.scene import (
    BOOT,
    CITY,
    DEVICE,
    OTHER,
    START,
    EachAlone,
    LoopClock,
    Platform,
    Scene,
    play,
    telling,
)

DAY = timedelta(days=1)
OTHER_BOOT = "boot-before"


async def heard_each_hour(scene: Scene, hours: int) -> None:
    for f_cnt in range(1, hours + 1):
        await scene.hear(f_cnt)
        await asyncio.sleep(3600 if f_cnt < hours else 1800)


def reopened(folder: Path) -> Depth:
    async def look() -> Depth:
        journal = await Journal.open(folder / "journal.db", clock=LoopClock(), destinations=[CITY])
        try:
            return await journal.depth(CITY)
        finally:
            await journal.close()

    return asyncio.run(look())


def test_what_waited_for_longer_than_a_day_is_let_go_and_the_rest_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(scene: Scene) -> list[int]:
        await heard_each_hour(scene, 36)
        scene.platform.away = False
        await scene.until(24)
        return scene.platform.counters

    told = play(tmp_path, story, platform=Platform(away=True), give_up=DAY, longest_delay=600.0)

    depth = reopened(tmp_path)
    assert told == list(range(13, 37))
    assert (depth.given_up, depth.waiting, depth.lost) == (12, 0, 0)
    assert depth.given_up_since is not None
    assert timedelta(hours=24) < depth.given_up_since - START < timedelta(hours=26)
    letting_go = [record.getMessage() for record in caplog.records if "are let go" in record.getMessage()]
    assert letting_go == [
        "lund: 1 uplinks have waited for more than 1 day, 0:00:00 and are let go (give_up), row 1 first"
    ]


def test_without_a_limit_nothing_is_ever_let_go(tmp_path: Path) -> None:
    async def story(scene: Scene) -> int:
        await scene.hear(1)
        await asyncio.sleep(100 * 86_400)
        return await scene.waiting()

    waiting = play(tmp_path, story, platform=Platform(away=True), longest_delay=86_400.0)

    assert waiting == 1


def heard_before(days: float, quality: TimeQuality = TimeQuality.NTP) -> Instant:
    return Instant(START - timedelta(days=days), 40.0, OTHER_BOOT, quality)


def test_rows_of_an_earlier_boot_are_as_old_as_their_time_says(tmp_path: Path) -> None:
    async def story(scene: Scene) -> int:
        await scene.hear(1, heard_at=heard_before(2))
        await scene.hear(2, heard_at=heard_before(0.5))
        await asyncio.sleep(2 * 3600)
        return await scene.waiting()

    assert play(tmp_path, story, platform=Platform(away=True), give_up=DAY) == 1
    assert reopened(tmp_path).given_up == 1


def test_rows_of_an_unknown_time_are_of_no_age(tmp_path: Path) -> None:
    async def story(scene: Scene) -> int:
        scene.platform.away = False
        await scene.hear(1, heard_at=heard_before(400, TimeQuality.UNSYNCHRONISED))
        await scene.hear(2, heard_at=heard_before(0.5))
        await asyncio.sleep(3 * 86_400)
        return (await scene.journal.depth(CITY)).held[HeldKind.UNDATED]

    assert play(tmp_path, story, give_up=DAY) == 1
    assert reopened(tmp_path).given_up == 0


def test_rows_that_wait_for_the_clock_are_never_let_go(tmp_path: Path) -> None:
    async def story(scene: Scene) -> int:
        scene.clock.quality = TimeQuality.UNSYNCHRONISED
        await scene.hear(1)
        await asyncio.sleep(20 * 60)
        return await scene.waiting()

    assert play(tmp_path, story, give_up=timedelta(minutes=5)) == 1


def test_rows_of_a_boot_whose_time_was_learned_are_dated_by_it(tmp_path: Path) -> None:
    async def story(scene: Scene) -> int:
        await scene.journal.learn_boot(OTHER_BOOT, START - timedelta(days=3), TimeQuality.NTP)
        await scene.hear(1, heard_at=Instant(datetime.fromtimestamp(0, START.tzinfo), 40.0, OTHER_BOOT, TimeQuality(0)))
        await asyncio.sleep(2 * 3600)
        return await scene.waiting()

    assert play(tmp_path, story, platform=Platform(away=True), give_up=DAY) == 0


def test_a_wall_clock_that_jumps_years_ahead_drops_no_young_row(tmp_path: Path) -> None:
    async def story(scene: Scene) -> int:
        await asyncio.sleep(2 * 3600)
        await scene.hear(1)
        await scene.hear(2, heard_at=heard_before(0.1))
        await asyncio.sleep(300)
        scene.clock.ahead = timedelta(days=3650)
        await asyncio.sleep(1800)
        scene.clock.ahead = timedelta()
        await asyncio.sleep(300)
        return await scene.waiting()

    assert play(tmp_path, story, platform=Platform(away=True), give_up=DAY) == 2


def test_a_dead_letter_that_a_person_puts_back_is_never_let_go(tmp_path: Path) -> None:
    async def story(scene: Scene) -> list[int]:
        scene.platform.verdict = lambda _: Verdict.REFUSED
        await scene.hear(1)
        await asyncio.sleep(10 * 86_400)
        scene.platform.verdict = lambda _: Verdict.TAKEN
        await scene.journal.retry(CITY, HeldKind.REFUSED)
        await scene.until(1)
        return scene.platform.counters

    assert play(tmp_path, story, give_up=DAY) == [1]


def test_a_long_backlog_goes_while_the_platform_has_its_turns(tmp_path: Path) -> None:
    async def story(scene: Scene) -> int:
        await scene.hear(*range(1, 12_001), heard_at=heard_before(2))
        await scene.hear(20_000, heard_at=heard_before(0.5))
        await asyncio.sleep(2 * 3600)
        return await scene.waiting()

    assert play(tmp_path, story, platform=Platform(away=True), give_up=DAY) == 1
    assert reopened(tmp_path).given_up == 12_000


def test_a_row_with_an_impossible_monotonic_time_is_set_aside_and_stops_nobody(tmp_path: Path) -> None:
    async def story(scene: Scene) -> tuple[int, list[int]]:
        scene.platform.away = False
        await scene.hear(1, heard_at=Instant(START, 1e308, BOOT, TimeQuality.UNSYNCHRONISED))
        await scene.hear(2)
        await asyncio.sleep(3 * 3600)
        return (await scene.journal.depth(CITY)).held[HeldKind.UNDATED], scene.platform.counters

    assert play(tmp_path, story, platform=Platform(away=True), give_up=DAY) == (1, [2])


def test_what_a_destination_does_not_select_is_passed_over_and_not_counted_as_let_go(tmp_path: Path) -> None:
    async def story(scene: Scene) -> int:
        await scene.hear(1)
        await scene.hear(2, 3, dev_eui=OTHER.dev_eui)
        await scene.hear(4, dev_eui=Eui64("a81758fffe051d04"))  # of nobody: it would have been a dead letter
        await asyncio.sleep(2 * 86_400)
        return await scene.waiting()

    waiting = play(
        tmp_path, story, platform=Platform(away=True), give_up=DAY, strict=True, batch=1, longest_delay=600.0,
        selects=lambda device: device == DEVICE,
    )  # fmt: skip

    depth = reopened(tmp_path)
    assert (waiting, depth.given_up, sum(depth.held.values())) == (0, 2, 0)


def test_in_strict_order_it_is_on_disk_before_anything_newer_is_told(tmp_path: Path) -> None:
    """A crash between the two would have it told after all, and behind what is newer."""
    seen: list[int] = []

    class Watching(Platform):
        async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
            if not self.away:
                with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
                    ((given_up,),) = database.execute("SELECT given_up FROM destinations").fetchall()
                    seen.append(given_up)
            return await super().send(requests)

    async def story() -> None:
        clock, far = LoopClock(), Watching(away=True)
        journal = await Journal.open(tmp_path / "journal.db", clock=clock, destinations=[CITY])
        try:
            scene = Scene(journal, far, clock, telling(journal, far, clock, EachAlone(), give_up=DAY, strict=True))
            await scene.hear(1)
            await scene.telling.turn()
            await asyncio.sleep(25 * 3600)
            await scene.hear(2)
            far.away = False
            await scene.telling.turn()
        finally:
            await journal.close()

    jumping_time.run(story())

    assert seen == [1]
