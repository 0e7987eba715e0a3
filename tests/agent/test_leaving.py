"""How a stopping agent leaves its platforms: each gets a good-bye, whatever another does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.pipeline.rig import mqtt, rig

NOBODY = 1  # a port that nobody listens on
LIMIT_S = 0.1


async def test_a_platform_that_does_not_let_go_keeps_no_other_from_its_good_bye(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []

    async def never() -> None:
        await asyncio.Event().wait()

    async def leave() -> None:
        left.append("other")

    monkeypatch.setattr("gateway.tellers.STOP_TIME", LIMIT_S)

    async with rig(tmp_path, mqtt(NOBODY, "stuck"), mqtt(NOBODY, "other")) as box:
        stuck, other = box.agent.tellings
        monkeypatch.setattr(stuck, "close", never)
        monkeypatch.setattr(other, "close", leave)

    assert left == ["other"]


async def test_platforms_are_left_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str] = []
    other_left = asyncio.Event()

    async def wait_for_the_other() -> None:
        await other_left.wait()
        left.append("first")

    async def leave() -> None:
        left.append("other")
        other_left.set()

    monkeypatch.setattr("gateway.tellers.STOP_TIME", LIMIT_S)

    async with rig(tmp_path, mqtt(NOBODY, "first"), mqtt(NOBODY, "other")) as box:
        first, other = box.agent.tellings
        monkeypatch.setattr(first, "close", wait_for_the_other)
        monkeypatch.setattr(other, "close", leave)

    assert left == ["other", "first"]
