"""Sources that begin: nobody waits for a broker that is away, nor for longer than it takes to say stop."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.sources.beginning import not_there


class Begins:
    """A source that hears when it is let."""

    def __init__(self, name: str, *, hears: bool) -> None:
        self.name = name
        self.hears = asyncio.Event()
        if hears:
            self.hears.set()

    async def listening(self) -> None:
        await self.hears.wait()


def sources(**hearing: bool) -> Any:
    return [Begins(name, hears=hears) for name, hears in hearing.items()]


async def test_it_goes_on_at_once_when_all_hear() -> None:
    async with asyncio.timeout(5):
        assert await not_there(sources(mast=True, campus=True), asyncio.Event(), 60.0) == []


async def test_one_that_is_away_is_named_after_a_while() -> None:
    assert await not_there(sources(mast=True, campus=False), asyncio.Event(), 0.02) == ["campus"]


async def test_who_is_told_to_stop_does_not_wait() -> None:
    stop = asyncio.Event()
    stop.set()

    async with asyncio.timeout(5):
        assert await not_there(sources(campus=False), stop, 60.0) == ["campus"]
