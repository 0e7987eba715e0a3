"""A reload whose asker has gone: it goes on to its end, and nobody who was told before is left untold."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway import control
from gateway.agent import Agent, running
from gateway.config import Settings, load
from gateway.delivery.sorting import NOT_REGISTERED
from gateway.errors import Busy, ConfigError, StorageError
from gateway.model import Eui64
from tests.agent.test_reload import DESTINATION, OPTIONS, write
from tests.pipeline.rig import LIMIT_S, clock, until

CITY = DESTINATION.format(name="city", url="http://127.0.0.1:9") + "batch = {}\n" + OPTIONS


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    path = tmp_path / "brygga.toml"
    write(tmp_path, CITY.format(10))

    async def read() -> Settings:
        return await asyncio.to_thread(load, path)

    async with running(load(path), clock, read=read) as made:
        yield made


async def test_a_reload_that_takes_longer_than_who_asked_waits_is_made_whole(
    agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, configure = asyncio.Event(), agent.journal.configure

    async def slow(*about: object, **more: object) -> None:
        await goes_on.wait()
        await configure(*about, **more)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(agent.journal, "configure", slow)
    monkeypatch.setattr(control, "ANSWER_TIME", 0.5)
    write(tmp_path, CITY.format(20))
    with pytest.raises(Busy):
        await control.ask_at(agent.settings.control_socket, {"do": "reload"}, LIMIT_S)
    goes_on.set()

    await until(lambda: agent.settings.destinations[0].batch == 20)
    (teller,) = agent.tellers._present  # what is told is what its tasks do
    assert teller.settings.batch == 20
    assert not any(task.done() for task in teller.tasks)


async def test_a_file_that_is_wrong_ends_neither_the_agent_nor_a_reload_that_waits(
    agent: Agent, tmp_path: Path
) -> None:
    write(tmp_path, "[nonsense]\n")

    both = await asyncio.gather(agent.reload(), agent.reload(), return_exceptions=True)
    write(tmp_path, CITY.format(20))
    found = await agent.reload()

    assert [type(one) for one in both] == [ConfigError, ConfigError]
    assert found.changed == ("destination city: changed",)


async def test_uplinks_that_a_failing_disk_kept_from_being_tried_again_are_tried_with_the_next_device(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = Eui64("a81758fffe0a0001"), Eui64("a81758fffe0a0002")
    for dev_eui in (one, other):
        await control.ask_at(
            agent.settings.control_socket,
            {"do": "device.add", "cells": {"dev_eui": dev_eui, "app_key": "00" * 16}},
            LIMIT_S,
        )
    tried: list[object] = []
    fails = [True, False]

    async def retry(reason: str, dev_euis: list[Eui64]) -> int:
        tried.append((reason, dev_euis))
        if fails.pop(0):
            raise StorageError("journal.db: I/O error")
        return 0

    monkeypatch.setattr(agent.journal, "retry_reason", retry)
    with contextlib.suppress(StorageError):
        await agent.devices_changed({one})
    await agent.devices_changed({other})

    assert tried == [(NOT_REGISTERED, [one]), (NOT_REGISTERED, [one, other])]
