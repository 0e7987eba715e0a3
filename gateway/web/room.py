"""The website's place in the agent: there while the configuration has `[web]`, another one when it says something else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from decoders.registry import Registry
from gateway.config import Settings
from gateway.desk import Desk
from gateway.model import Clock
from gateway.reloading import ports

if TYPE_CHECKING:
    from gateway.agent import Agent
    from gateway.web.website import Website


class Room:
    """A `Part` of a running agent."""

    field = "web"

    def __init__(self, settings: Settings, desk: Desk, agent: Agent, registry: Registry, clock: Clock) -> None:
        self._settings = settings
        self._desk = desk
        self._agent = agent
        self._registry = registry
        self._clock = clock
        self._changed = asyncio.Event()
        self.website: Website | None = None

    async def check(self, settings: Settings) -> None:
        """Raise ConfigError where the website's port is another program's, or its certificate cannot be read."""
        if (web := settings.web) is None:
            return
        from gateway.sources.web_listener import check_tcp  # with aiohttp, where there is a website
        from gateway.sources.web_tls import server_context

        if web.tls is not None:
            server_context(web.tls)
        if web.port not in ports(self._settings):
            await check_tcp("web", web.host, web.port)

    async def change(self, settings: Settings) -> None:
        """Close the website that there is, and open what ``settings`` say."""
        self._settings = settings
        self._changed.set()

    async def run(self) -> None:
        """Have the website that is configured, until cancelled."""
        while True:
            self._changed.clear()
            web = self._settings.web
            if web is None:
                await self._changed.wait()  # no limit: most boxes never have one
                continue
            from gateway.web.opening import opened  # where there is one

            about = self._settings, self._desk, self._agent, self._registry, self._clock
            async with opened(web, *about) as self.website:
                await self._changed.wait()  # no limit: it is there until something else is wanted
            self.website = None


@contextlib.asynccontextmanager
async def web_room(
    settings: Settings, desk: Desk, agent: Agent, registry: Registry, clock: Clock
) -> AsyncIterator[Room]:
    """Have the website for as long as the block lasts, where there is to be one."""
    room = Room(settings, desk, agent, registry, clock)
    agent.parts.append(room)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(room.run(), name="web room")
        try:
            yield room
        finally:
            task.cancel()
