"""An agent between a gateway and network servers, with real sockets at both ends and a clock that can jump."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.agent import Agent, running
from gateway.config import load
from gateway.journal import Registration, Row
from gateway.model import Eui64, Frame, Instant, Json, TimeQuality
from gateway.relay.gwmp_upstream import GwmpUpstream
from gateway.relay.relay import Relay
from gateway.sources.semtech_udp import SemtechUdp
from simulators.concentrator import Transmission
from simulators.network_server_udp import NetworkServerUdp
from simulators.packet_forwarder import PacketForwarder, Signal

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOF = Eui64("aa555a0000000001")
LIMIT_S = 20.0  # of every wait: far beyond what is needed
PAUSE_S = 0.01
RELAY = "city"

CONFIGURATION = """\
[gateway]
name = "test"
data = "data"
[radio]
gather_ms = {gather_ms}
[[source]]
name = "radio"
type = "semtech_udp"
host = "127.0.0.1"
port = 0
"""


@dataclass
class JumpingClock:
    """A clock that runs, and jumps ahead when told to: wall clock and monotonic time together."""

    ahead_s: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def __call__(self) -> Instant:
        passed = time.monotonic() - self.started + self.ahead_s
        return Instant(NOON + timedelta(seconds=passed), 1000.0 + passed, "boot", TimeQuality.NTP)


@dataclass
class Scene:
    """An agent that runs, its gateway and its servers."""

    agent: Agent
    forwarder: PacketForwarder
    clock: JumpingClock
    on_air: asyncio.Queue[Transmission]

    def relay(self, name: str = RELAY) -> Relay:
        return next(one for one in self.agent.relays if one.name == name)

    def status(self, name: str = RELAY) -> Mapping[str, Json]:
        return self.relay(name).status()

    async def register(self, *registrations: Registration) -> None:
        await self.agent.journal.put_devices(registrations)
        await self.agent.devices_changed()

    async def hear(self, phy_payload: bytes, **signal: Any) -> int:
        """Have the gateway hear a frame, and return the concentrator's counter then."""
        at = signal.pop("timestamp_us", self.forwarder.counter_us)
        assert await self.forwarder.push(Signal(phy_payload=phy_payload, timestamp_us=at, **signal))
        return int(at)

    async def sent(self) -> Transmission:
        """Return what the gateway has sent next."""
        async with asyncio.timeout(LIMIT_S):
            return await self.on_air.get()

    async def rows(self, count: int) -> Sequence[Row]:
        journal = self.agent.journal
        await journal.add_destination("test", from_start=True)
        async with asyncio.timeout(LIMIT_S):
            while len(rows := await journal.read("test", 1000)) < count:  # noqa: ASYNC110 - the journal tells of the first alone
                await asyncio.sleep(PAUSE_S)
        return rows

    async def kept(self, count: int = 1, name: str = RELAY) -> Sequence[Frame]:
        """Return what is kept in the journal for a server that has not got it, as soon as it is so many frames."""
        upstream = self.relay(name)._upstream
        async with asyncio.timeout(LIMIT_S):
            while True:
                if isinstance(upstream, GwmpUpstream):
                    upstream.look()
                await self.relay(name)._raw.write()
                standing = (await self.agent.journal.relayed.standing()).get(name)
                if standing is not None and standing.frames >= count:
                    return await self.agent.journal.relayed.frames(name)
                await asyncio.sleep(PAUSE_S)


@contextlib.asynccontextmanager
async def scene(folder: Path, *relays: str, gather_ms: int = 0, speed: float = 1.0) -> AsyncIterator[Scene]:
    """Run an agent with these relays, and one gateway that it has answered."""
    path, clock = folder / "brygga.toml", JumpingClock()
    path.write_text("\n".join([CONFIGURATION.format(gather_ms=gather_ms), *relays]), encoding="utf-8")
    on_air: asyncio.Queue[Transmission] = asyncio.Queue()
    async with AsyncExitStack() as closing:
        agent = await closing.enter_async_context(running(load(path), clock))
        (source,) = agent.sources
        assert isinstance(source, SemtechUdp)
        async with asyncio.timeout(LIMIT_S):
            server = await source.listening()
        forwarder = PacketForwarder(ROOF, server, deliver=on_air.put_nowait, keep_alive_s=0.1, speed=speed)
        await closing.enter_async_context(forwarder)
        async with asyncio.timeout(LIMIT_S):
            await forwarder.connected()
        yield Scene(agent, forwarder, clock, on_air)


def relay_to(server: NetworkServerUdp, *more: str, name: str = RELAY) -> str:
    host, port = server.address
    return "\n".join(["[[relay]]", f'name = "{name}"', f'url = "udp://{host}:{port}"', *more, ""])


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as ``condition`` holds."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 - a counter tells nobody when it changes
            await asyncio.sleep(PAUSE_S)


async def connected(server: NetworkServerUdp, gateway: Eui64 = ROOF) -> None:
    """Return when a gateway has pulled from a server, so that it can be told to send."""
    async with asyncio.timeout(LIMIT_S):
        await server.until(lambda: gateway in server.pulls)
