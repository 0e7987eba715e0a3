"""The desk's counter for sources: which there are, how they stand, and what comes in while somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Final

from gateway import __version__
from gateway.config import Settings
from gateway.desk.words import Registered, did_you_mean
from gateway.errors import ConfigError
from gateway.journal import Journal
from gateway.model import Json
from gateway.sources.settings import type_of
from gateway.survey import Known, Survey

LONGEST_WATCH_S: Final = 30.0  # of one question: whoever asks waits for the answer for a minute

Statuses = Callable[[], Mapping[str, Mapping[str, Json]]]
"""The status of each source, by its name."""

Attend = Callable[[Survey], AbstractContextManager[None]]
"""Have a survey take all that sources bring, for as long as the block lasts."""


class SourceDesk:
    """Answer what is asked about sources; without a running agent only what they are."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        registered: Registered,
        statuses: Statuses | None = None,
        attend: Attend | None = None,
    ) -> None:
        self._types = {one.name: type_of(one) for one in settings.sources}
        self._journal = journal
        self._registered = registered
        self._statuses = statuses
        self._attend = attend

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "source.list"}:
                return {"running": self._statuses is not None, "sources": [*map(self._listed, self._types)]}
            case {"do": "source.watch", "name": str(name), "seconds": int() | float() as seconds}:
                return await self._watch(name, float(seconds))
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    def _listed(self, name: str) -> dict[str, Json]:
        status = None if self._statuses is None else self._statuses().get(name)
        return {"name": name, "type": self._types[name], "status": status}

    async def _watch(self, name: str, seconds: float) -> dict[str, Json]:
        """Return how the source stands before and after, and what came in between; of a stopped agent whom it knows."""
        if name not in self._types:
            those = did_you_mean(name, self._types) or f"; those it has are {', '.join(self._types) or 'none'}"
            raise ConfigError(
                f"the agent has no source {name}{those}: was it put into the file after the agent's start?"
            )
        if not 0 <= seconds <= LONGEST_WATCH_S:
            raise ConfigError(f"source.watch: {seconds:g} s is none of 0 to {LONGEST_WATCH_S:g}")
        known = await self._known()
        if self._statuses is None or self._attend is None:
            return {"running": False, "addresses": [*known.addresses], "dev_euis": [*known.dev_euis]}
        survey, before = Survey(name, known), self._statuses()[name]
        with self._attend(survey):
            await asyncio.sleep(seconds)
        return {
            "running": True,
            "devices": len(known.dev_euis),
            "before": before,
            "after": self._statuses()[name],
            "survey": survey.as_json(),
        }

    async def _known(self) -> Known:
        addresses = frozenset(session.dev_addr for session in await self._journal.sessions())
        return Known(addresses, frozenset(one.dev_eui for one in await self._registered.devices()))
