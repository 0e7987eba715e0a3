"""Whole agents with their dashboards in a thread beside the browser's: one without devices, one with one, one with 5,000."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.agent import Agent, running
from gateway.clock import SystemClock
from gateway.config import load
from gateway.journal import Registration
from gateway.model import DevAddr, Device, Eui64, Key, Place, RootKeys, TimeQuality
from gateway.sources.semtech_udp import SemtechUdp
from gateway.web.passwords import hashed
from gateway.web.website import Website
from simulators.end_device import EndDevice
from simulators.ports import free_tcp_port
from tests.pipeline.rig import LIMIT_S, Rig, Roof, registration, until
from tests.web.visiting import website_of

PASSWORD: Final = "ett längre lösenord"
KNOWN: Final = Eui64("a81758fffe051d02")
PORT: Final = 5
MANY: Final = 5_000
WORKERS: Final = 6
# TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml: 22.6 °C, 41 %, light, motion, CO2
ERS: Final = bytes.fromhex("0100e2 0229 040027 0506 060308")
COLDER: Final = bytes.fromhex("0100b2 0229 040027 0506 060308")  # 17.8 °C

CONFIGURATION: Final = """\
[gateway]
name = "torget-3"
data = "{data}"
place = [57.7, 11.97]

[radio]
gather_ms = 100
duty_cycle = "ignored"

[web]
port = {port}

[[source]]
name = "radio"
type = "semtech_udp"
host = "127.0.0.1"
port = 0

[[destination]]
name = "lund"
url = "http://127.0.0.1:1"
format = "ngsi_ld"
"""

Result = TypeVar("Result")


@dataclass
class Box:
    """One agent; ``device`` is what its gateway hears."""

    agent: Agent
    rig: Rig
    roof: Roof
    device: EndDevice
    website: Website

    async def hear(self, payload: bytes = ERS) -> None:
        """Have the device say something."""
        await self.roof.push(self.device.uplink(PORT, payload), rssi_dbm=-71.0)

    async def is_followed(self) -> None:
        """Return as soon as a page is told of uplinks."""
        await until(lambda: self.website._site._live.wants("uplink"))


@contextlib.asynccontextmanager
async def _box(folder: Path, port: int, count: int) -> AsyncIterator[Box]:
    path = folder / f"{count}.toml"
    path.write_text(CONFIGURATION.format(data=f"data-{count}", port=port), encoding="utf-8")
    clock = SystemClock(at_least=TimeQuality.NTP)
    async with running(load(path), clock) as agent:
        (source,) = agent.sources
        assert isinstance(source, SemtechUdp)
        website = await website_of(agent)
        async with asyncio.timeout(LIMIT_S):
            server = await source.listening()
            await website.listening()
        async with Rig(agent, server) as rig:
            device = EndDevice.abp(KNOWN, DevAddr("00011234"))
            box = Box(agent, rig, await rig.roof(), device, website)
            if count:
                known = registration(device, name="Biblioteket", tags=frozenset({"inne"}), place=Place(57.701, 11.975))
                await rig.register(known, *map(_sensor, range(1, count)))
                for _ in range(3):
                    await box.hear()
            yield box


def _sensor(number: int) -> Registration:
    device = Device(
        dev_eui=Eui64(f"{0xA81758FFFE000000 + number:016x}"),
        name=f"Mätare {number}",
        decoder="elsys/ers",
        tags=frozenset({"vatten" if number % 2 else "luft"}),
        place=Place(57.7 + number % 71 / 5e3, 11.97 + number // 71 / 5e3),
    )
    return Registration(device=device, root_keys=RootKeys(app_key=Key(number.to_bytes(16, "big"))))


def _busy_already(workers: int) -> ThreadPoolExecutor:
    """Return an executor whose threads are there already: one that comes with a test would look like its own."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="asyncio_boxes")
    meeting = threading.Barrier(workers + 1)
    for _ in range(workers):
        pool.submit(meeting.wait, LIMIT_S)
    meeting.wait(LIMIT_S)
    return pool


class Street:
    """The boxes by how many devices each has; they run in a loop of their own thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {count: free_tcp_port() for count in (0, 1, MANY)}
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(_busy_already(WORKERS))
        self._lives: dict[int, tuple[asyncio.Event, asyncio.Task[None]]] = {}
        self.boxes: dict[int, Box] = {}

    def url(self, count: int) -> str:
        return f"http://127.0.0.1:{self._ports[count]}/"

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Have the boxes' thread do something, and return what comes of it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * LIMIT_S)

    async def start(self, count: int) -> None:
        """Start one box, on the same port as before."""
        there, end = asyncio.Event(), asyncio.Event()
        life = asyncio.create_task(self._live(count, there, end), name=f"box of {count}")
        self._lives[count] = end, life
        waiting = asyncio.create_task(there.wait(), name="start")
        await asyncio.wait([waiting, life], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if life.done():
            await life

    async def stop(self, count: int) -> None:
        """Stop one box."""
        end, life = self._lives.pop(count)
        end.set()
        await life

    async def _live(self, count: int, there: asyncio.Event, end: asyncio.Event) -> None:
        async with _box(self._folder, self._ports[count], count) as box:
            self.boxes[count] = box
            there.set()
            await end.wait()  # no limit: a test ends it

    async def stop_all(self) -> None:
        for count in list(self._lives):
            await self.stop(count)

    @contextlib.contextmanager
    def open(self) -> Iterator[Street]:
        """Run all boxes for as long as the block lasts."""
        (self._folder / "data-1").mkdir()
        (self._folder / "data-1" / "web.password").write_text(hashed(PASSWORD), encoding="ascii")
        thread = threading.Thread(target=self._loop.run_forever, name="asyncio_boxes")
        thread.start()
        try:
            for count in self._ports:
                self.call(self.start(count))
            yield self
        finally:
            try:
                self.call(self.stop_all())
                self.call(self._loop.shutdown_default_executor())
            finally:  # or the process would never end
                self._loop.call_soon_threadsafe(self._loop.stop)
                thread.join(LIMIT_S)
                self._loop.close()
