"""An agent that tells metrics by a port alone."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from yarl import URL

from gateway.agent import Agent, running
from gateway.config import Settings, load
from gateway.config.afresh import load_afresh
from gateway.control import ask_running
from gateway.model import Json
from tests.pipeline.rig import CONFIGURATION, LIMIT_S, PAUSE_S, clock

WITHOUT = "[metrics]\nport = 0\n"


@dataclass
class Listening:
    """An agent that tells metrics by a port alone."""

    agent: Agent
    settings: Settings
    data: Path

    async def standing(self, holds: Callable[[Json], bool]) -> Json:
        """Return how the port stands, as soon as ``holds`` of it."""
        async with asyncio.timeout(LIMIT_S):
            while not holds(found := await self._now()):  # noqa: ASYNC110 - a status tells nobody when it changes
                await asyncio.sleep(PAUSE_S)
            return found

    async def _now(self) -> Json:
        return (await ask_running(self.settings, {"do": "status"})).get("metrics") or {}

    async def get(self, path: str = "/metrics", **headers: str) -> tuple[int, str]:
        port = (await self.standing(is_open))["listening"].rpartition(":")[2]
        url = URL(f"http://127.0.0.1:{port}{path}", encoded=True)
        async with (
            asyncio.timeout(LIMIT_S),
            aiohttp.ClientSession() as session,
            session.get(url, headers=headers) as answer,
        ):
            return answer.status, await answer.text()


def is_open(standing: Json) -> bool:
    return standing.get("listening") is not None


@contextlib.asynccontextmanager
async def listening(folder: Path, text: str = WITHOUT) -> AsyncIterator[Listening]:
    path = folder / "brygga.toml"
    path.write_text(f"{CONFIGURATION}\n{text}", encoding="utf-8")
    settings = load(path)
    async with running(settings, clock, read=functools.partial(load_afresh, path)) as agent:
        yield Listening(agent, settings, folder / "data")
