"""Rows that wait for the clock, and rows behind them that have their time already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.codecs import Codecs
from gateway.delivery import Destination
from gateway.delivery.sorting import Batch, Sorter
from gateway.journal import Row
from gateway.model import Instant, RowId, TimeQuality
from tests.delivery.scene import BOOT, DEVICE, START, AcmeTh, EachAlone, Platform, uplink


async def sorted_rows(*, strict: bool) -> Batch:
    """Sort one row of before the clock was right and one of after, while nobody has learned yet when the boot was."""
    after = Instant(START, 200.0, BOOT, TimeQuality.NTP)
    before = replace(after, utc=START - timedelta(days=9000), monotonic=100.0, quality=TimeQuality.UNSYNCHRONISED)
    sorter = Sorter(
        codecs=Codecs(lambda _: AcmeTh()), find=lambda _: DEVICE, clock=lambda: after, trust=TimeQuality.NTP, boots=dict
    )
    destination = Destination(
        name="lund", format=EachAlone(), transport=Platform(), selects=lambda _: True, strict=strict
    )
    return await sorter.sort([Row(RowId(1), uplink(1, before)), Row(RowId(2), uplink(2, after))], destination)


async def test_a_row_with_a_time_goes_ahead_of_one_that_waits_for_it() -> None:
    batch = await sorted_rows(strict=False)

    assert ([item.row for item in batch.items], batch.waiting) == ([2], {1})


async def test_in_strict_order_nothing_overtakes_a_row_that_waits_for_the_clock() -> None:
    batch = await sorted_rows(strict=True)

    assert (batch.items, batch.waiting) == ([], {1, 2})
