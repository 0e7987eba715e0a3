"""What a source has on its far side: whoever speaks to it in a town, as the suite over all sources knows them."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Self

from gateway.agent import Agent
from gateway.model import Eui64, eui64
from simulators.concentrator import Transmission
from simulators.packet_forwarder import Signal
from tests.pipeline.rig import LIMIT_S

ROOF: Final = eui64("0016c001ff10a235")
KNOWN_FROM_THE_START: Final = 8  # seconds of radio that have passed before the first frame: counters are not at 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aired:
    """A frame on the air, and what is in it: a network server in front of the box opens it."""

    phy_payload: bytes
    dev_eui: Eui64
    f_cnt: int
    f_port: int
    payload: bytes


class FarSide(ABC):
    """What speaks to a source. Its ``folder`` is its own; ``pieces``: a stream comes octet by octet; ``speed`` of its radio."""

    kind: ClassVar[str]
    transmits: ClassVar[bool] = True
    is_server: ClassVar[bool] = False  # it proves, counts and names uplinks itself
    has_stream: ClassVar[bool] = False
    takes_garbage: ClassVar[bool] = True
    loses_its_line: ClassVar[bool] = True
    loses_nothing: ClassVar[bool] = False  # what was on its way when the line broke is told again
    merges: ClassVar[bool] = True  # whether several frames can be told at once

    def __init__(self, folder: Path, *, pieces: bool = False, speed: float = 1.0) -> None:
        self.folder = folder
        self.pieces = pieces
        self.speed = speed
        self.sent: asyncio.Queue[Transmission] = asyncio.Queue()
        self.heard_us = 0  # when the last packet ended, by the radio's own clock
        self.octets = 0  # that the last frame took in the stream
        self.closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Make ready what has to be there before the agent starts."""
        await self.closing.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.closing.aclose()

    @abstractmethod
    def section(self) -> Mapping[str, object]:
        """Return the keys of its [[source]], without name and type."""

    def expect(self, air: Sequence[Aired]) -> None:
        """Get to know what will be on air, before the agent starts: a recording is made of it."""
        self.air = {one.phy_payload: one for one in air}

    @abstractmethod
    async def connect(self, agent: Agent) -> None:
        """Return when the source and the far side have met."""

    @abstractmethod
    async def bring(self, *signals: Signal) -> None:
        """Hear packets, all at once, and tell the source."""

    async def garbage(self, octets: bytes) -> None:
        """Tell the source something that is no frame, as near to the wire as this protocol has it."""
        raise NotImplementedError

    async def lose(self) -> None:
        """Lose the connection."""
        raise NotImplementedError

    async def restore(self, agent: Agent) -> None:
        """Return when the source and the far side have met again."""
        raise NotImplementedError

    async def bring_in_part(self, signal: Signal, octets: int) -> None:
        """Hear a packet, and lose the connection when so many of the octets that tell of it are through."""
        raise NotImplementedError

    async def downlink(self) -> Transmission:
        """Return the next frame that this radio has sent."""
        async with asyncio.timeout(LIMIT_S):
            return await self.sent.get()


def status(agent: Agent) -> Mapping[str, object]:
    """Return the status of the one source that an agent has."""
    (source,) = agent.sources
    return source.status()


def counts(agent: Agent) -> Mapping[str, int]:
    found = status(agent)["counts"]
    assert isinstance(found, dict)
    return found


def quoted(keys: Mapping[str, object]) -> str:
    """Return keys as TOML."""
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
