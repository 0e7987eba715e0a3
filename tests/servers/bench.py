"""The way of network servers' words into a real journal, with a clock that stands still and a server that remembers."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from gateway.journal import Journal, Registration, Row
from gateway.model import (
    Activation,
    Answer,
    DevAddr,
    Device,
    Downlink,
    Eui64,
    Instant,
    ServerUplink,
    TimeQuality,
    Verdict,
)
from gateway.network import Network
from gateway.servers import Servers
from tests.network.bench import CITY, Bench, network_on
from tests.network.radio import START, FailingJournal, StandingClock

TORGET = Eui64("a81758fffe0d0001")
STRANGER = Eui64("a81758fffe0d0099")
TAKEN = Answer(verdict=Verdict.TAKEN, status=0)


@dataclass
class Server:
    """A source with command topics; ``says`` are its answers in order, then TAKEN; ``meanwhile`` happens before each."""

    says: deque[Answer] = field(default_factory=deque)
    asked: list[tuple[str, Downlink, UUID]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def command(self, address: str, downlink: Downlink, reference: UUID) -> Answer:
        self.asked.append((address, downlink, reference))
        if self.meanwhile is not None:
            await self.meanwhile()
        return self.says.popleft() if self.says else TAKEN


@dataclass
class ServersBench:
    """Servers on a network's bench."""

    inner: Bench
    servers: Servers
    server: Server

    @property
    def network(self) -> Network:
        return self.inner.network

    @property
    def journal(self) -> Journal:
        return cast("Journal", self.inner.journal)

    @property
    def disk(self) -> FailingJournal:
        return self.inner.journal

    @property
    def clock(self) -> StandingClock:
        return self.inner.clock

    async def rows(self, destination: str = CITY) -> Sequence[Row]:
        return await self.journal.read(destination, 1000)

    async def register(self, *devices: Device) -> None:
        await self.journal.put_devices([Registration(device=device) for device in devices])
        await self.network.load()

    async def queued(self, **known: Any) -> Downlink:
        """Queue a downlink to TORGET as a person or a platform would."""
        whole: dict[str, Any] = {
            "id": 0, "dev_eui": TORGET, "f_port": 10, "payload": b"\x01\x02", "queued_at": self.clock().utc, **known,
        }  # fmt: skip
        return await self.network.dispatch.enqueue(Downlink(**whole))

    async def downlink(self, number: int) -> Downlink:
        found = await self.journal.downlink(number)
        assert found is not None
        return found


def device(dev_eui: Eui64 = TORGET, **known: Any) -> Device:
    return Device(dev_eui=dev_eui, activation=Activation.OTAA, **{"decoder": "elsys/ers", **known})


def told(f_cnt: int, dev_eui: Eui64 = TORGET, **known: Any) -> ServerUplink:
    whole: dict[str, Any] = {
        "source": "campus", "id": f"id-{f_cnt}", "dev_eui": dev_eui, "dev_addr": DevAddr("00189440"), "f_cnt": f_cnt, "f_port": 5,
        "payload": bytes.fromhex("0100e202290400"), "confirmed": False, "adr": True, "receptions": (),
        "server_time": START - timedelta(hours=5), "heard_at": came(), "address": "app", **known,
    }  # fmt: skip
    return ServerUplink(**whole)


def came(utc: datetime = START, quality: TimeQuality = TimeQuality.NTP) -> Instant:
    return Instant(utc, 100.0, "boot", quality)


@asynccontextmanager
async def bench_on(
    path: Path, sources: Mapping[str, object] | None = None, *, has_radio: bool = True
) -> AsyncIterator[ServersBench]:
    async with network_on(path, StandingClock()) as inner:
        server = Server()
        servers = Servers.of(
            inner.network,
            cast("Journal", inner.journal),
            {"campus": server, **(sources or {})},
            inner.clock,
            TimeQuality.NTP,
            has_radio=has_radio,
        )
        yield ServersBench(inner, servers, server)
