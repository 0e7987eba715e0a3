"""A move between platforms that give things ids of their own: the backlog goes along, and no id of the former city does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from gateway.agent import Agent, running
from gateway.config import load
from gateway.groundwork import system_clock
from gateway.journal import Changes, Registration
from gateway.model import Clock, Device, Eui64, Instant, Place, Uplink, uplink_id
from simulators.platforms import ngsi_ld, sensorthings, web_platform
from simulators.platforms.diwise_iot_agent import DiwiseIotAgent
from simulators.platforms.sensorthings import SensorThingsServer
from simulators.platforms.thingsboard import ThingsBoardHttp
from tests.journal.samples import RECEPTION
from tests.simulators.test_sensorthings_server import STREAM

LIMIT_S = 20.0
DEV_EUI = Eui64("a81758fffe0a0001")
DEVICE = Device(dev_eui=DEV_EUI, name="Torget", decoder="elsys/ers", place=Place(59.3, 18.1))
ERS = bytes.fromhex("0100e202290400270506060308070d62")  # temperature, humidity, light, motion, CO2, battery
TOKEN, INTERNAL_ID = "the-token-of-torget", "25e185f6-bdba-4c68-b6e8-23ae2bb10254"
FILE: Final = """
[gateway]
name = "roof"
data = "data"
[clock]
trust = "system"
[[destination]]
name = "water"
city = "{}"
begin = "oldest"
"""
SENSORTHINGS: Final = 'format = "sensorthings"\n'
THINGSBOARD: Final = f"""format = "thingsboard"
options = {{ topic = "/api/v1/{{id}}/telemetry", ids = {{ {DEV_EUI} = "{TOKEN}" }} }}
"""
DIWISE: Final = f"""format = "diwise"
options = {{ ids = {{ {DEV_EUI} = "{INTERNAL_ID}" }} }}
"""
SAID: Final = ("air_temperature", "relative_humidity", "illuminance", "motion", "co2", "battery_voltage")
OBJECTS: Final = ("3303", "3304", "3301", "3302", "3428", "3411")  # of LwM2M, for these
FOREIGN: Final = 40  # things of others, more than the ids that the first server gave


@dataclass
class Box:
    """A gateway whose file says a city; its journal stays."""

    folder: Path
    heard: int = 0

    def connect(self, city: str, server: Any, text: str) -> None:
        cities = self.folder / "cities"
        cities.mkdir(exist_ok=True)
        (cities / f"{city}.toml").write_text(f'url = "{server.url}"\n{text}', encoding="utf-8")

    async def run(
        self, city: str, until: Callable[[Agent], bool], *, hears: int = 0, take_backlog: bool = False
    ) -> None:
        """Run with ``city`` in the file until that holds; hear so many uplinks meanwhile."""
        path = self.folder / "brygga.toml"
        path.write_text(FILE.format(city), encoding="utf-8")
        settings = load(path)
        clock = system_clock(settings)
        async with running(settings, clock, take_backlog=take_backlog) as agent:
            await agent.journal.put_devices([Registration(device=DEVICE)])
            await agent.devices_changed()
            await agent.journal.commit(Changes(uplinks=tuple(self._uplinks(hears, clock))))
            async with asyncio.timeout(LIMIT_S):
                while not until(agent):  # noqa: ASYNC110 - sockets and a disk are real
                    await asyncio.sleep(0.02)

    def _uplinks(self, count: int, clock: Clock) -> Iterator[Uplink]:
        for _ in range(count):
            self.heard += 1
            yield Uplink(
                id=uplink_id(DEV_EUI, "01000000-abp0", self.heard),
                dev_eui=DEV_EUI,
                activation="01000000-abp0",
                f_cnt=self.heard,
                f_port=5,
                payload=ERS,
                confirmed=False,
                adr=False,
                receptions=(RECEPTION,),
                heard_at=minutes_ago(10 - self.heard, clock()),
            )


def minutes_ago(minutes: int, now: Instant) -> Instant:
    return replace(now, utc=now.utc - timedelta(minutes=minutes))


def troubled(city: str) -> Callable[[Agent], bool]:
    return lambda agent: bool(agent.status()["destinations"][f"water@{city}"]["trouble"])


def delivered(count: int, city: str) -> Callable[[Agent], bool]:
    def reached(agent: Agent) -> bool:
        return int(agent.status()["destinations"][f"water@{city}"]["counts"].get("delivered", 0)) >= count

    return reached


@asynccontextmanager
async def started(*servers: Any) -> AsyncIterator[None]:
    for server in servers:
        await server.start()
    try:
        yield
    finally:
        for server in servers:
            await server.stop()


def settle_others(server: SensorThingsServer) -> frozenset[int]:
    """Make Datastreams of somebody else's, under the ids that another server gives ours; return their ids."""
    links = [server.store.post("/Datastreams", {**STREAM, "name": f"theirs {number}"}) for number in range(FOREIGN)]
    return frozenset(int(link.partition("(")[2].rstrip(")")) for link in links)


def told_streams(server: SensorThingsServer) -> Counter[str]:
    """Return how many observations each Datastream has, by its name."""
    kept = server.kept.entities
    return Counter(kept["Datastreams"][one["Datastream"]]["name"] for one in kept["Observations"].values())


async def with_a_backlog(box: Box, city: str, server: Any, fault: Any) -> None:
    """Tell a city two uplinks, and leave it two that it does not take."""
    await box.run(city, delivered(2, city), hears=2)
    server.mood = fault
    await box.run(city, troubled(city), hears=2)


async def test_between_two_sensorthings_servers_nothing_goes_to_an_id_of_the_former_one(tmp_path: Path) -> None:
    lund, kalmar = SensorThingsServer(), SensorThingsServer()
    box = Box(tmp_path)
    async with started(lund, kalmar):
        theirs = settle_others(kalmar)
        box.connect("lund", lund, SENSORTHINGS)
        box.connect("kalmar", kalmar, SENSORTHINGS)
        await with_a_backlog(box, "lund", lund, sensorthings.Fault(status=503))
        await box.run("kalmar", delivered(3, "kalmar"), hears=1, take_backlog=True)
        lund.mood = None
        await box.run("lund", delivered(1, "lund"), hears=1)

    ours = {f"{DEV_EUI}/{quantity}" for quantity in SAID}
    assert theirs & set(lund.kept.entities["Datastreams"])  # the same numbers are at both
    assert told_streams(lund) == dict.fromkeys(ours, 3)
    assert told_streams(kalmar) == dict.fromkeys(ours, 3)
    assert lund.kept.repeated == kalmar.kept.repeated == 0


async def test_a_city_whose_address_is_another_server_is_told_by_that_ones_ids(tmp_path: Path) -> None:
    before, after = SensorThingsServer(), SensorThingsServer()
    box = Box(tmp_path)
    async with started(before, after):
        settle_others(after)
        box.connect("lund", before, SENSORTHINGS)
        await with_a_backlog(box, "lund", before, sensorthings.Fault(status=503))
        box.connect("lund", after, SENSORTHINGS)
        await box.run("lund", delivered(3, "lund"), hears=1)

    ours = {f"{DEV_EUI}/{quantity}" for quantity in SAID}
    assert told_streams(before) == dict.fromkeys(ours, 2)
    assert told_streams(after) == dict.fromkeys(ours, 3)


async def test_from_thingsboard_to_diwise_and_back_each_is_told_by_its_own_ids(tmp_path: Path) -> None:
    lund, kalmar = ThingsBoardHttp([TOKEN]), DiwiseIotAgent(devices=[INTERNAL_ID])
    box = Box(tmp_path)
    async with started(lund, kalmar):
        box.connect("lund", lund, THINGSBOARD)
        box.connect("kalmar", kalmar, DIWISE)
        await with_a_backlog(box, "lund", lund, web_platform.Fault(status=503))
        before = len(lund.kept.log)
        await box.run("kalmar", delivered(3, "kalmar"), hears=1, take_backlog=True)
        at_lund = len(lund.kept.log)
        kalmar.mood = ngsi_ld.Fault(status=503)
        await box.run("kalmar", troubled("kalmar"), hears=2)
        lund.mood = None
        await box.run("lund", delivered(3, "lund"), hears=1, take_backlog=True)

    assert at_lund == before
    assert {device for device, *_ in kalmar.kept.values} == {INTERNAL_ID}
    assert len(kalmar.kept.uplinks) == 3 * len(OBJECTS)
    assert {device for device, *_ in lund.kept.log} == {TOKEN}
    assert len({at for *_, at in lund.kept.log}) == 5
    assert lund.kept.attributes[TOKEN]["dev_eui"] == DEV_EUI
