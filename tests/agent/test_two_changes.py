"""Two people change one device at once: what each has changed counts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from gateway.config import Settings, load
from gateway.desk import Desk
from gateway.journal import Journal
from gateway.model import Json, Key
from tests.agent.commands import make_box
from tests.journal.samples import clock

DEV_EUI = "a81758fffe0a0001"
OLD, NEW = "00" * 16, "11" * 16


async def test_a_name_and_a_key_that_are_changed_at_once_are_both_changed(tmp_path: Path) -> None:
    make_box(tmp_path)
    settings = load(tmp_path / "brygga.toml")
    settings.gateway.data.mkdir()
    async with a_journal(settings) as journal:
        desk = Desk(settings, journal, clock)

        async def add(cells: Mapping[str, Json]) -> None:
            await desk.answer({"do": "device.add", "cells": {"dev_eui": DEV_EUI, **cells}})

        await add({"app_key": OLD, "name": "old"})
        await asyncio.gather(add({"app_key": NEW}), add({"name": "new"}))
        (registration,) = await journal.devices()

    assert registration.device.name == "new"
    assert registration.root_keys.app_key == Key.parse(NEW)


@contextlib.asynccontextmanager
async def a_journal(settings: Settings) -> AsyncIterator[Journal]:
    opened = await Journal.open(settings.journal_path, clock=clock)
    try:
        yield opened
    finally:
        await opened.close()
