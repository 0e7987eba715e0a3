"""The desk's counter for recordings: begun, fetched turn after turn, ended. Only a running agent has one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from gateway import __version__
from gateway.config import Settings
from gateway.desk.words import did_you_mean
from gateway.errors import ConfigError
from gateway.model import Json
from gateway.recorder import MOST_RECORDINGS, Recorder, TooMany, lines
from gateway.sources.settings import type_of

LONGEST_TURN_S: Final = 30.0  # of one question: whoever asks waits for the answer for a minute
NO_FRAMES: Final = frozenset({"gnss", "chirpstack", "the_things_stack", "webhook"})  # types that tell something else


class RecordingDesk:
    """Answer whoever records."""

    def __init__(self, settings: Settings, recorder: Recorder | None) -> None:
        self._types = {one.name: type_of(one) for one in settings.sources}
        self._recorder = recorder

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        if self._recorder is None:
            return {"running": False}
        match request:
            case {"do": "record.begin", "sources": list(names)}:
                return self._begin(self._recorder, names)
            case {
                "do": "record.take",
                "recording": str(name),
                "seconds": int() | float() as seconds,
                "last": bool(last),
            }:
                return await self._take(self._recorder, name, float(seconds), is_last=last)
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    def _begin(self, recorder: Recorder, names: Sequence[Json]) -> dict[str, Json]:
        meant = self._meant(names)
        try:
            name, reel = recorder.begin(meant)
        except TooMany:
            raise ConfigError(f"record: {MOST_RECORDINGS} recordings are being made already; end one of them") from None
        return {
            "running": True,
            "recording": name,
            "began": reel.began.utc.isoformat(),
            "time_quality": reel.began.quality.name.lower(),
            "sources": [
                {"name": one, "type": self._types[one], "as_it_came": recorder.is_tapped(one)} for one in meant
            ],
        }

    def _meant(self, names: Sequence[Json]) -> list[str]:
        """Return the sources that are named, or all that hear frames where none is."""
        for name in names:
            self._check(name)
        meant = [*dict.fromkeys(names)] or [name for name, kind in self._types.items() if kind not in NO_FRAMES]
        if not meant:
            there = ", ".join(f"{name} ({kind})" for name, kind in self._types.items()) or "none"
            raise ConfigError(f"record: no source of this agent hears frames; those it has: {there}")
        return meant

    def _check(self, name: Json) -> None:
        if name not in self._types:
            those = did_you_mean(str(name), self._types) or f"; those it has are {', '.join(self._types) or 'none'}"
            raise ConfigError(
                f"record: the agent has no source {name}{those}: was it put into the file after the agent's start?"
            )
        if self._types[name] in NO_FRAMES:
            raise ConfigError(
                f"record: source {name} ({self._types[name]}) brings no frames of the air; what a network server has opened "
                "already is in the journal: `brygga journal export`"
            )

    async def _take(self, recorder: Recorder, name: str, seconds: float, *, is_last: bool) -> dict[str, Json]:
        """Return what came, after ``seconds``; ``is_last``: nothing more is caught, and when all is fetched it is over."""
        if not 0 <= seconds <= LONGEST_TURN_S:
            raise ConfigError(f"record.take: {seconds:g} s is none of 0 to {LONGEST_TURN_S:g}")
        reel = recorder.find(name)
        if reel is None:
            raise ConfigError("record: the agent knows this recording no more; was it started again meanwhile?")
        if is_last:
            reel.is_running = False
        await asyncio.sleep(seconds)
        taken = [line for caught in reel.take() for line in lines(caught, reel.began)]
        if is_last and reel.is_empty:
            recorder.end(name)
        return {
            "running": True,
            "lines": taken,
            "more": not reel.is_empty,
            "dropped": reel.dropped,
            "frames": dict(reel.frames),
        }
