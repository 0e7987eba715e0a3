"""Held rows that can be dated by a start that trusts more are told after all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.journal import Changes, HeldKind, Hold, Journal, Settlement
from gateway.model import Instant, TimeQuality
from gateway.redating import put_back
from tests.clock.told import NOON, heard

CITY = "lund"
NOW = Instant(NOON, 500.0, "now", TimeQuality.NTP)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """Two rows of an earlier boot, held: one that a person's clock has dated, and one of no clock at all."""
    journal = await Journal.open(tmp_path / "journal.db", clock=lambda: NOW, destinations=[CITY])
    by_hand = heard(NOON - timedelta(days=1), 10.0, boot="before", quality=TimeQuality.SYSTEM, f_cnt=1)
    by_nobody = heard(NOON - timedelta(days=9000), 20.0, boot="long before", f_cnt=2)
    rows = await journal.commit(Changes(uplinks=(by_hand, by_nobody)))
    await journal.settle(CITY, Settlement(held={row: Hold(kind=HeldKind.UNDATED, reason="no clock") for row in rows}))
    yield journal
    await journal.close()


@pytest.mark.parametrize(("trust", "f_cnts"), [(TimeQuality.NTP, []), (TimeQuality.SYSTEM, [1])])
async def test_what_can_be_dated_now_is_told(journal: Journal, trust: TimeQuality, f_cnts: list[int]) -> None:
    count = await put_back(journal, trust, "now")

    assert count == len(f_cnts)
    assert [row.uplink.f_cnt for row in await journal.read(CITY, 10)] == f_cnts


async def test_a_boot_that_is_learned_later_dates_what_was_held(journal: Journal) -> None:
    await journal.learn_boot("long before", NOON - timedelta(days=2), TimeQuality.NTP)

    assert await put_back(journal, TimeQuality.NTP, "now") == 1
    assert [row.uplink.f_cnt for row in await journal.read(CITY, 10)] == [2]


async def test_what_is_known_of_boots_is_there_after_a_start_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "boots.db"
    journal = await Journal.open(path, clock=lambda: NOW)
    for boot in ("z", "a", "m"):
        await journal.learn_boot(boot, NOON, TimeQuality.UNSYNCHRONISED)
    await journal.learn_boot("now", NOON - timedelta(seconds=500), TimeQuality.NTP)
    before = dict(journal.boots())
    await journal.close()

    journal = await Journal.open(path, clock=lambda: NOW)
    after = journal.boots()
    await journal.close()

    assert list(after) == ["z", "a", "m", "now"]
    assert after == before
