"""A device's last rows, for whoever looks back: found among those of others, over segments, delivered or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.journal import Changes, Journal, quota
from gateway.model import Eui64, eui64
from tests.journal.samples import CITY, DEV_EUI, clock, uplink

OTHER = eui64("70b3d57ed0009999")
SMALL = 1024 * 1024  # bytes: segments of 64 KiB, some 600 rows


async def hear(journal: Journal, f_cnts: Sequence[int], dev_eui: Eui64 = DEV_EUI) -> None:
    await journal.commit(Changes(uplinks=tuple(uplink(f_cnt, dev_eui) for f_cnt in f_cnts)))


async def latest(journal: Journal, limit: int, among: int = 100_000) -> list[int]:
    return [row.uplink.f_cnt for row in await journal.latest(DEV_EUI, limit, among)]


async def test_a_devices_last_rows_come_newest_first_and_no_others(journal: Journal) -> None:
    await hear(journal, [1, 2, 3])
    await hear(journal, [7, 8], OTHER)
    await hear(journal, [4])

    assert await latest(journal, 3) == [4, 3, 2]
    assert await latest(journal, 10) == [4, 3, 2, 1]


async def test_only_so_far_back_is_looked(journal: Journal) -> None:
    await hear(journal, [1])
    await hear(journal, [7, 8], OTHER)
    await hear(journal, [2])

    assert await latest(journal, 10, among=3) == [2]


async def test_an_empty_journal_has_none(journal: Journal) -> None:
    assert await latest(journal, 5) == []


async def test_they_are_found_in_older_segments_too(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, keep_delivered=timedelta(1), destinations=[CITY])
    await hear(journal, [1, 2])
    for batch in range(60):  # alike as they are, a group of fifty takes a tenth of their octets
        await hear(journal, range(batch * 200, batch * 200 + 200), OTHER)
    await hear(journal, [3])

    found = await latest(journal, 3)
    segments = (await journal.stats()).segments
    await journal.close()

    assert segments > 1
    assert found == [3, 2, 1]


async def test_the_newest_is_found_however_many_segments_there_are(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "SEGMENT_BYTES", 1)  # a segment for each commit
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    for f_cnt in range(120):
        await hear(journal, [f_cnt])

    found = await latest(journal, 70)
    segments = (await journal.stats()).segments
    await journal.close()

    assert segments == 120
    assert found == [*range(119, 49, -1)]
