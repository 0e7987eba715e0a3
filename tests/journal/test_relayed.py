"""Frames of relays in the journal: kept as they were heard, bounded by age and room, what goes is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Journal
from gateway.journal.relayed import Standing
from gateway.model import Frame, Instant, TimeQuality
from tests.journal.samples import NOW, RECEPTION, clock

WEEK = timedelta(days=7)


def frame(number: int, *, at: datetime = NOW, quality: TimeQuality = TimeQuality.NTP, size: int = 20) -> Frame:
    heard_at = Instant(at, 100.0 + number, "boot", quality)
    return Frame(number.to_bytes(2, "big").ljust(size, b"\xaa"), (RECEPTION,), heard_at)


async def test_frames_come_back_as_they_were_heard(path: Path) -> None:
    frames = [frame(1), replace(frame(2), receptions=(RECEPTION, replace(RECEPTION, antenna=1, snr_db=None)))]
    journal = await Journal.open(path, clock=clock)
    await journal.relayed.keep("city", frames, WEEK)
    await journal.relayed.keep("lund", [frame(3)], WEEK)
    await journal.close()

    journal = await Journal.open(path, clock=clock)

    assert await journal.relayed.frames("city") == frames
    assert await journal.relayed.standing() == {"city": Standing(2, NOW, 0), "lund": Standing(1, NOW, 0)}
    await journal.close()


async def test_a_group_is_one_commit(journal: Journal) -> None:
    before = (await journal.stats()).commits

    await journal.relayed.keep("city", [frame(number) for number in range(500)], WEEK)

    assert (await journal.stats()).commits == before + 1


async def test_what_is_older_than_its_relay_keeps_goes_and_is_counted(journal: Journal) -> None:
    await journal.relayed.keep("city", [frame(1, at=NOW - timedelta(days=8))], 2 * WEEK)
    await journal.relayed.keep("lund", [frame(2, at=NOW - timedelta(days=8))], 2 * WEEK)
    await journal.relayed.keep("city", [frame(3)], 2 * WEEK)

    gone = await journal.relayed.keep("city", [], WEEK)

    assert gone == 1
    assert await journal.relayed.frames("city") == [frame(3)]
    assert len(await journal.relayed.frames("lund")) == 1
    assert (await journal.relayed.standing())["city"] == Standing(1, NOW, 1)


async def test_a_frame_of_a_time_that_nobody_knew_is_not_too_old(journal: Journal) -> None:
    early = frame(1, at=datetime(1970, 1, 1, tzinfo=UTC), quality=TimeQuality.UNSYNCHRONISED)
    await journal.relayed.keep("city", [early], WEEK)

    assert await journal.relayed.keep("city", [], WEEK) == 0
    assert (await journal.relayed.standing())["city"] == Standing(1, None, 0)


async def test_the_oldest_go_where_an_eighth_of_the_journal_is_full(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=1 << 20)
    for first in range(0, 3000, 100):
        await journal.relayed.keep("city", [frame(first + number, size=200) for number in range(100)], WEEK)
    kept, standing = await journal.relayed.frames("city"), (await journal.relayed.standing())["city"]
    file_bytes = (await journal.stats()).used_bytes
    await journal.close()

    assert standing.frames == len(kept)
    assert standing.frames + standing.lost == 3000
    assert kept[-1] == frame(2999, size=200)
    assert 300 <= standing.frames < 800  # of some 270 octets each, in 98 kB
    assert file_bytes < (1 << 20) // 4


async def test_the_count_goes_on_after_a_restart(path: Path) -> None:
    async def kept() -> Standing:
        journal = await Journal.open(path, clock=clock, limit_bytes=1 << 20)
        for _ in range(10):
            await journal.relayed.keep("city", [frame(number, size=200) for number in range(100)], WEEK)
        standing = (await journal.relayed.standing())["city"]
        await journal.close()
        return standing

    await kept()
    standing = await kept()

    assert standing.frames + standing.lost == 2000
    assert standing.frames < 800


async def test_nothing_changes_where_the_disk_takes_nothing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> tuple[int, ...]:
        raise StorageError("disk full")

    await journal.relayed.keep("city", [frame(1)], WEEK)
    monkeypatch.setattr(journal._writer, "submit", full)
    with pytest.raises(StorageError):
        await journal.relayed.keep("city", [frame(2)], WEEK)
    monkeypatch.undo()

    assert await journal.relayed.frames("city") == [frame(1)]
