"""Rows that wait for the clock, and rows behind them that have their time already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.codecs import Codecs
from gateway.dating import Span
from gateway.delivery import Destination
from gateway.delivery.sorting import Batch, Sorter
from gateway.journal import HeldKind, Row
from gateway.model import Bounds, Instant, RowId, TimeQuality
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


async def of_another_boot(*, uncertain_time: bool) -> Batch:
    """Sort a row of a boot that never learned the time, between two that did."""
    now = Instant(START, 200.0, BOOT, TimeQuality.NTP)
    at = Instant(START - timedelta(days=9000), 100.0, "never", TimeQuality.UNSYNCHRONISED)
    boots = {
        "first": (Span(0.0, 600.0, START - timedelta(days=2), TimeQuality.NTP),),
        "never": (Span(1.0, 1.0, at.utc, TimeQuality.UNSYNCHRONISED),),
        BOOT: (Span(0.0, 200.0, START - timedelta(seconds=200), TimeQuality.NTP),),
    }
    sorter = Sorter(
        codecs=Codecs(lambda _: AcmeTh()),
        find=lambda _: DEVICE,
        clock=lambda: now,
        trust=TimeQuality.NTP,
        boots=lambda: boots,
    )
    destination = Destination(
        name="lund",
        format=EachAlone(),
        transport=Platform(),
        selects=lambda _: True,
        uncertain_time=uncertain_time,
    )
    return await sorter.sort([Row(RowId(1), uplink(1, at))], destination)


async def test_a_row_without_a_time_goes_with_its_bounds_to_who_takes_it() -> None:
    [item] = (await of_another_boot(uncertain_time=True)).items

    heard_at = item.uplink.heard_at
    assert heard_at.quality is item.observations[0].time_quality is TimeQuality.UNKNOWN
    assert heard_at.bounds == Bounds(START - timedelta(days=2) + timedelta(seconds=700), START - timedelta(seconds=200))
    assert item.observations[0].observed_at == heard_at.utc == heard_at.bounds.not_before


async def test_a_row_without_a_time_is_held_with_its_bounds_for_who_does_not() -> None:
    held = (await of_another_boot(uncertain_time=False)).held[RowId(1)]

    assert held.kind is HeldKind.UNDATED
    assert "not before 2026-11-22T12:11:40+00:00, not after 2026-11-24T11:56:40+00:00" in held.reason


async def test_a_row_with_a_time_goes_ahead_of_one_that_waits_for_it() -> None:
    batch = await sorted_rows(strict=False)

    assert ([item.row for item in batch.items], batch.waiting) == ([2], {1})


async def test_in_strict_order_nothing_overtakes_a_row_that_waits_for_the_clock() -> None:
    batch = await sorted_rows(strict=True)

    assert (batch.items, batch.waiting) == ([], {1, 2})
