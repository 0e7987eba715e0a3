"""Dead letters are tried again once when the destination is spoken to in other words."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.journal import HeldKind
from gateway.model import Verdict
from tests.delivery.scene import CITY, Platform, Scene, play


async def refused_once(scene: Scene) -> None:
    scene.platform.verdict = lambda _: Verdict.REFUSED
    await scene.hear(1, 2, 3)
    await asyncio.sleep(5)


async def looked_at(scene: Scene) -> tuple[list[int], int]:
    """Return what the platform has taken after a while, and how many dead letters there are."""
    await asyncio.sleep(5)
    return scene.platform.counters, (await scene.journal.depth(CITY)).held[HeldKind.REFUSED]


def test_other_words_bring_dead_letters_back_and_the_same_do_not(tmp_path: Path) -> None:
    play(tmp_path, refused_once, words="at first")

    same = play(tmp_path, looked_at, words="at first")
    other = play(tmp_path, looked_at, words="mended")

    assert same == ([], 3)
    assert other == ([1, 2, 3], 0)


def test_what_is_refused_again_stays_refused(tmp_path: Path) -> None:
    play(tmp_path, refused_once, words="at first")

    def still_refusing() -> Platform:
        return Platform(verdict=lambda _: Verdict.REFUSED)

    tried = still_refusing()
    _, held = play(tmp_path, looked_at, platform=tried, words="other, and as wrong")
    play(tmp_path, looked_at, platform=(later := still_refusing()), words="other, and as wrong")

    assert (len(tried.tried), held) == (1, 3)
    assert later.tried == []


def test_a_journal_that_knows_no_words_yet_begins_with_these(tmp_path: Path) -> None:
    play(tmp_path, refused_once)

    first = play(tmp_path, looked_at, words="at first")

    assert first == ([], 3)
