"""Room 1, sources: radios and network servers become frames. Each speaks one protocol and knows no other room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from gateway.model import Frame, Heard, Json, TxRequest, TxResult

Hear = Callable[[Frame], Awaitable[None]]
"""Take a frame; return when it is safe (on disk, or dropped for a counted reason). Many may be under way at once."""

HearAll = Callable[[Heard], Awaitable[None]]
"""The same, of all that sources bring; a radio's `run` needs `Hear` only."""


class Source(Protocol):
    """A radio, or what stands for one."""

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        ...

    async def run(self, hear: HearAll) -> None:
        """Hear until cancelled. Raises ConfigError when it cannot begin (port in use), never for what comes in."""
        ...

    async def listening(self) -> object:
        """Return when it hears; the caller sets the limit."""
        ...

    async def transmit(self, request: TxRequest) -> TxResult:
        """Hand a frame to the radio and return what it said; never raises for what a radio can do."""
        ...

    def status(self) -> Mapping[str, Json]:
        """Return what people and metrics want to see: counters by reason, gateways, ages in seconds."""
        ...
