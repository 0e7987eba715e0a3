"""Frames under way when a source is stopped: safe in time, or lost with their number in the log."""

from __future__ import annotations

import asyncio

import pytest

from gateway.model import Frame
from gateway.sources.under_way import UnderWay
from tests.journal.samples import RECEPTION, clock

FRAME = Frame(b"\x40", (RECEPTION,), clock())


async def test_what_does_not_get_safe_in_time_is_told_with_its_number(caplog: pytest.LogCaptureFixture) -> None:
    safe = asyncio.Event()

    async def hear(_: Frame) -> None:
        await safe.wait()

    async with asyncio.TaskGroup() as group:
        under_way = UnderWay(hear, group, most=9)
        for _ in range(3):
            under_way.tell(FRAME)
        await under_way.drain(0.0)
        safe.set()

    assert "3 frames were heard and did not get safe: they are lost" in caplog.text


async def test_nothing_is_said_where_all_got_safe(caplog: pytest.LogCaptureFixture) -> None:
    async def hear(_: Frame) -> None:
        await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        under_way = UnderWay(hear, group, most=9)
        under_way.tell(FRAME)
        await under_way.drain(10.0)

    assert caplog.text == ""
