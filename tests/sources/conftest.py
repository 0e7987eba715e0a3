"""What the sources' tests share: a clock that is set by hand, a running source, a forwarder made by hand."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.model import Eui64, Frame, Instant, Json, TimeQuality, eui64
from gateway.sources import Hear
from gateway.sources.semtech_udp import SemtechUdp
from simulators.serial_modem import MODEMS, Plug, Rn2483Modem

VECTORS = Path(__file__).parent.parent / "vectors" / "gwmp"
LIMIT_S = 20.0  # of every wait: far beyond what is needed, so that a hang fails instead of hanging
GATEWAY = eui64("aa555a0000000000")
OTHER = eui64("b827ebfffe000001")


def vectors(name: str) -> list[dict[str, Json]]:
    return [json.loads(line) for line in (VECTORS / name).read_text(encoding="utf-8").splitlines()]


class HandClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.monotonic = 1000.0

    def __call__(self) -> Instant:
        utc = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic)
        return Instant(utc, self.monotonic, "boot", TimeQuality.NTP)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


class Ear:
    """A `Hear` that keeps what it is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._more = asyncio.Event()

    async def __call__(self, frame: Frame) -> None:
        self.frames.append(frame)
        self._more.set()

    async def heard(self, count: int) -> list[Frame]:
        async with asyncio.timeout(LIMIT_S):
            while len(self.frames) < count:
                self._more.clear()
                await self._more.wait()
        return self.frames


@pytest.fixture
async def ear() -> Ear:
    return Ear()


@pytest.fixture
async def source(clock: HandClock) -> SemtechUdp:
    return SemtechUdp("radio", host="127.0.0.1", port=0, clock=clock, answer_limit_s=0.1)


@asynccontextmanager
async def running(source: SemtechUdp, hear: Hear) -> AsyncIterator[tuple[str, int]]:
    """Run a source and stop it; the block gets its address."""
    async with asyncio.timeout(4 * LIMIT_S), asyncio.TaskGroup() as group:
        run = group.create_task(source.run(hear), name="source")
        async with asyncio.timeout(LIMIT_S):
            address = await source.listening()
        yield address
        run.cancel()


@contextmanager
def udp(server: tuple[str, int]) -> Iterator[HandMade]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.setblocking(False)
        made.bind(("127.0.0.1", 0))
        yield HandMade(made, server)


class HandMade:
    """A forwarder's socket that sends any octets."""

    def __init__(self, made: socket.socket, server: tuple[str, int]) -> None:
        self._socket = made
        self._server = server

    @property
    def address(self) -> str:
        return "{}:{}".format(*self._socket.getsockname())

    def send(self, datagram: bytes) -> None:
        self._socket.sendto(datagram, self._server)

    async def receive(self) -> bytes:
        async with asyncio.timeout(LIMIT_S):
            return await asyncio.get_running_loop().sock_recv(self._socket, 0xFFFF)

    async def ask(self, datagram: bytes) -> bytes:
        self.send(datagram)
        return await self.receive()


def push_data(body: bytes | Json, *, gateway: Eui64 = GATEWAY, version: int = 2, token: int = 0x1234) -> bytes:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return bytes((version, token >> 8, token & 0xFF, 0)) + bytes.fromhex(gateway) + octets


def pull_data(*, gateway: Eui64 = GATEWAY, version: int = 2) -> bytes:
    return bytes((version, 0, 1, 2)) + bytes.fromhex(gateway)


def rxpk(**changes: Json) -> dict[str, Json]:
    """Return the rxpk of an SX1302 forwarder, with changes; `None` leaves a field out."""
    fields: dict[str, Json] = {
        "jver": 1,
        "tmst": 5604085,
        "chan": 0,
        "rfch": 0,
        "freq": 868.1,
        "mid": 3,
        "stat": 1,
        "modu": "LORA",
        "datr": "SF7BW125",
        "codr": "4/5",
        "rssis": -58,
        "lsnr": 9.2,
        "foff": -1234,
        "rssi": -57,
        "size": 33,
        "data": "QNobASaAAQABAAAAAAAAAAAAAAAAAAAAAAAAAAABAgME",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


async def understood(server: tuple[str, int]) -> None:
    """Return when all that was sent before is taken: the loopback interface keeps the order."""
    with udp(server) as last:
        await last.ask(pull_data(gateway=OTHER))


# ── serial modems ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=sorted(MODEMS))
async def plug(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Plug]:
    with Plug(MODEMS[request.param](), tmp_path / "usb-modem") as made:
        yield made


@pytest.fixture
async def stick(tmp_path: Path) -> AsyncIterator[Plug]:
    with Plug(Rn2483Modem(), tmp_path / "usb-modem") as made:
        yield made
