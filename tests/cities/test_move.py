"""The move: `city` is another word in the file, from each of the 19 cities to each other, while uplinks flow."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from decoders.registry import Registry
from gateway import former
from gateway.agent import Agent
from gateway.config import Settings, load
from gateway.delivery import Telling
from gateway.journal import Begin, Changes, Journal, Registration
from gateway.model import Device, Eui64, Instant, Place, TimeQuality, Uplink, uplink_id
from tests.cities.platforms import City, all_cities
from tests.journal.samples import RECEPTION

DEV_EUI = Eui64("a81758fffe0a0001")
DEVICE = Device(dev_eui=DEV_EUI, name="Torget", decoder="elsys/ers", place=Place(59.3, 18.1), tags=frozenset({"air"}))
ERS = bytes.fromhex("0100e202290400270506060308070d62")  # temperature, humidity, light, motion, CO2, battery
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MOVES = 342  # 19 cities to 18 others each
FILE = """
[gateway]
name = "roof"
data = "data"
[[destination]]
name = "water"
city = "{}"
tags = ["air"]
"""


def every_move(cities: Sequence[str]) -> list[str]:
    """Return a way through the cities that goes from each to each other exactly once, and ends where it began."""
    ways = {one: [other for other in cities if other != one] for one in cities}
    path, walked = [cities[0]], list[str]()
    while path:  # Hierholzer
        if ways[path[-1]]:
            path.append(ways[path[-1]].pop())
        else:
            walked.append(path.pop())
    return walked[::-1]


@dataclass
class Box:
    """A gateway whose file says another city each time it starts."""

    settings: Mapping[str, Settings]
    registry: Registry
    heard: dict[int, Uplink] = field(default_factory=dict)
    expected: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))  # by city
    minutes: int = 0

    def clock(self) -> Instant:
        return Instant(NOON + timedelta(minutes=self.minutes), float(self.minutes * 60), "boot", TimeQuality.NTP)

    async def start(self, city: str) -> Agent:
        """Start with ``city`` in the file; the journal is the one that was there."""
        settings = self.settings[city]
        settings.gateway.data.mkdir(exist_ok=True)
        journal = await Journal.open(
            settings.journal_path,
            clock=self.clock,
            destinations=[one.name for one in settings.destinations],
            begins={one.name: Begin.OLDEST for one in settings.destinations},
            former=[one.name for one in settings.former],
        )
        await journal.put_devices([Registration(device=DEVICE)])
        agent = Agent(settings, journal, self.clock, self.registry)
        await agent.network.load()
        return agent

    async def hear(self, agent: Agent, city: str, count: int) -> None:
        """Hear uplinks that are for the city that the file says now."""
        uplinks = tuple(self._next(city) for _ in range(count))
        await agent.journal.commit(Changes(uplinks=uplinks))

    def _next(self, city: str) -> Uplink:
        self.minutes += 1
        f_cnt = self.minutes
        one = Uplink(
            id=uplink_id(DEV_EUI, "01000000-abp0", f_cnt),
            dev_eui=DEV_EUI,
            activation="01000000-abp0",
            f_cnt=f_cnt,
            f_port=5,
            payload=ERS,
            confirmed=False,
            adr=False,
            receptions=(RECEPTION,),
            heard_at=self.clock(),
        )
        self.heard[f_cnt] = one
        self.expected[city][f_cnt] += 1
        return one


async def tell(agent: Agent, tellings: Sequence[Telling]) -> None:
    """Tell all that waits."""
    for telling in tellings:
        while (await agent.journal.depth(telling.destination.name)).waiting:
            assert await telling.turn() == 0.0, telling.status()["trouble"]


async def stop(agent: Agent) -> None:
    for telling in [*agent.tellings, *agent.former.tellings()]:
        await telling.close()
    await agent.journal.close()


def loaded(folder: Path, cities: Sequence[str]) -> dict[str, Settings]:
    """Return what the file says with each city in it, and nothing else changed."""
    path = folder / "brygga.toml"
    found = {}
    for city in cities:
        path.write_text(FILE.format(city), encoding="utf-8")
        found[city] = load(path)
    return found


async def test_a_move_from_each_city_to_each_other_loses_nothing_and_tells_nobody_what_is_not_theirs(
    tmp_path: Path,
) -> None:
    async with all_cities(tmp_path, DEV_EUI) as cities:
        way = every_move(list(cities))
        box = Box(loaded(tmp_path, list(cities)), Registry.load([]))
        for number, city in enumerate(way):
            agent = await box.start(city)
            await box.hear(agent, city, 1)
            if number % 3 == 0:  # else what waits for former cities waits on, over further moves, too
                await tell(agent, agent.former.tellings())
            await tell(agent, agent.tellings)
            await box.hear(agent, city, 2)  # not told before the move
            await stop(agent)
        agent = await box.start(way[-1])
        await tell(agent, [*agent.tellings, *agent.former.tellings()])
        await stop(agent)
        got = {slug: city.count(box.heard) for slug, city in cities.items()}

    assert len(set(itertools.pairwise(way))) == len(way) - 1 == MOVES
    assert got == {slug: box.expected[slug] for slug in cities}
    assert sum(map(Counter.total, got.values())) == len(box.heard) == 3 * len(way)


async def two_cities(folder: Path, cities: Mapping[str, City]) -> Box:
    """Return a box that was at Lund and has 2 uplinks left for it."""
    box = Box(loaded(folder, ["lund", "kalmar"]), Registry.load([]))
    agent = await box.start("lund")
    await box.hear(agent, "lund", 2)
    await stop(agent)
    assert cities["lund"].count(box.heard) == Counter()
    return box


async def test_the_backlog_goes_along_when_a_person_wants_that(tmp_path: Path) -> None:
    async with all_cities(tmp_path, DEV_EUI) as cities:
        box = await two_cities(tmp_path, cities)
        agent = await box.start("kalmar")
        await former.take_backlog(agent.journal)
        await box.hear(agent, "kalmar", 1)
        await tell(agent, agent.tellings)
        got = {slug: set(cities[slug].count(box.heard)) for slug in ("lund", "kalmar")}
        await stop(agent)

    assert got == {"lund": set(), "kalmar": {1, 2, 3}}


async def test_without_the_former_citys_connection_its_backlog_waits(tmp_path: Path) -> None:
    async with all_cities(tmp_path, DEV_EUI) as cities:
        box = await two_cities(tmp_path, cities)
        (tmp_path / "cities" / "lund.toml").unlink()
        box.settings = loaded(tmp_path, ["kalmar"])
        agent = await box.start("kalmar")
        told = [one.destination.name for one in agent.former.tellings()]
        waiting = (await agent.journal.depth("water@lund")).waiting
        await stop(agent)

    assert (told, waiting) == ([], 2)
