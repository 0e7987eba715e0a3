"""A whole agent in this process, with real sockets at both ends and a clock that is trusted."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from gateway.agent import Agent, running
from gateway.config import load
from gateway.journal import Registration, Row
from gateway.model import Activation, Device, Eui64, Instant, RootKeys, Session, TimeQuality
from gateway.sources.semtech_udp import SemtechUdp
from simulators.concentrator import Transmission
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder, Signal

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
ROOF, TOWER = Eui64("aa555a0000000001"), Eui64("aa555a0000000002")
LIMIT_S = 30.0  # far beyond what is needed, also where other tests run beside
PAUSE_S = 0.02

CONFIGURATION = """\
[gateway]
name = "test"
data = "data"

[radio]
gather_ms = 100
duty_cycle = "ignored"

[[source]]
name = "radio"
type = "semtech_udp"
host = "127.0.0.1"
port = 0
"""


def clock() -> Instant:
    """Return a wall clock that stands still, so that times can be foretold, and a monotonic one that runs."""
    return Instant(NOON, time.monotonic(), "boot", TimeQuality.NTP)


def mqtt(port: int, name: str = "broker") -> str:
    return f'[[destination]]\nname = "{name}"\nurl = "mqtt://127.0.0.1:{port}"\nformat = "senml"\n'


def ngsi_ld(url: str, name: str = "platform") -> str:
    return f'[[destination]]\nname = "{name}"\nurl = "{url}"\nformat = "ngsi_ld"\n'


def registration(device: EndDevice, decoder: str = "elsys/ers", **known: object) -> Registration:
    """Return what an installer enters of a simulated device."""
    otaa = device.keys is None or device.dev_addr is None
    described = Device(
        dev_eui=device.dev_eui,
        decoder=decoder,
        activation=Activation.OTAA if otaa else Activation.ABP,
        mac_version=device.mac_version,
        join_eui=device.join_eui if otaa else None,
        **known,  # type: ignore[arg-type]  # fields of a device
    )
    if device.keys is None or device.dev_addr is None:
        return Registration(device=described, root_keys=RootKeys(app_key=device.app_key))
    session = Session(
        dev_eui=device.dev_eui,
        dev_addr=device.dev_addr,
        activation=f"{device.dev_addr}-abp0",
        mac_version=device.mac_version,
        keys=device.keys,
    )
    return Registration(device=described, session=session)


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as ``condition`` holds; TimeoutError when it does not within `LIMIT_S`."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 - a counter tells nobody when it changes
            await asyncio.sleep(PAUSE_S)


@dataclass
class Roof:
    """One gateway, and what it was told to send."""

    forwarder: PacketForwarder
    sent: asyncio.Queue[Transmission]

    async def downlink(self) -> Transmission:
        """Return the next frame that has been on the air."""
        async with asyncio.timeout(LIMIT_S):
            return await self.sent.get()

    async def push(self, phy_payload: bytes, **signal: object) -> None:
        """Hear a frame; its datagram is acknowledged."""
        assert await self.forwarder.push(Signal(phy_payload=phy_payload, **signal))  # type: ignore[arg-type]

    @property
    def asked(self) -> int:
        """Return how many PULL_RESP came."""
        return sum(count for name, count in self.forwarder.counts.items() if name.startswith("tx_"))


@dataclass
class Rig:
    """An agent that runs in ``folder``; `async with rig(...) as box`."""

    agent: Agent
    server: tuple[str, int]
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def register(self, *registrations: Registration) -> None:
        await self.agent.journal.put_devices(registrations)
        await self.agent.devices_changed()

    async def roof(self, gateway: Eui64 = ROOF, *, speed: float = 1.0) -> Roof:
        """Open a gateway that the agent has answered."""
        sent: asyncio.Queue[Transmission] = asyncio.Queue()
        forwarder = PacketForwarder(gateway, self.server, deliver=sent.put_nowait, speed=speed)
        await self.closing.enter_async_context(forwarder)
        async with asyncio.timeout(LIMIT_S):
            await forwarder.connected()
        return Roof(forwarder, sent)

    async def rows(self, count: int) -> Sequence[Row]:
        """Return the journal's rows as soon as there are ``count``."""
        journal = self.agent.journal
        await journal.add_destination("test", from_start=True)
        async with asyncio.timeout(LIMIT_S):
            while True:
                rows = await journal.read("test", max(1000, count))
                if len(rows) >= count:
                    return rows
                await asyncio.sleep(PAUSE_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.closing.aclose()


@contextlib.asynccontextmanager
async def rig(folder: Path, *destinations: str) -> AsyncIterator[Rig]:
    """Run an agent with a source on a free port and these destinations."""
    path = folder / "brygga.toml"
    path.write_text("\n".join([CONFIGURATION, *destinations]), encoding="utf-8")
    async with running(load(path), clock) as agent:
        (source,) = agent.sources
        assert isinstance(source, SemtechUdp)
        async with asyncio.timeout(LIMIT_S):
            server = await source.listening()
        async with Rig(agent, server) as box:
            yield box
