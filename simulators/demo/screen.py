"""What the live view knows of devices: what the agent's journal committed, decoded by the agent's own decoders.

It is no destination: what a demo shows stands beside the two cities, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

from gateway.agent import Agent
from gateway.desk.lately import Lately, Said
from gateway.model import Eui64, Uplink


class Screen:
    """Keep the latest of each device, and the ids of all that is on disk."""

    def __init__(self, agent: Agent) -> None:
        self.latest: dict[Eui64, Said] = {}
        self.committed: set[UUID] = set()
        self._agent = agent
        self._lately = Lately(agent.codecs, agent.network.device, self._show)

    @contextlib.asynccontextmanager
    async def watching(self, journal: Path) -> AsyncIterator[None]:
        """Look at all that is committed to the file ``journal`` for as long as the block lasts."""
        with self._agent.journal.attend(self._take):
            async with asyncio.TaskGroup() as tasks:
                looking = tasks.create_task(self._lately.run(journal, ()), name="what the screen shows")
                try:
                    yield
                finally:
                    looking.cancel()

    def _take(self, uplinks: Sequence[Uplink]) -> None:
        self.committed.update(one.id for one in uplinks)
        self._lately.take(uplinks)

    def _show(self, said: Said) -> None:
        self.latest[said.uplink.dev_eui] = said
