"""Former cities of a running agent: told on, let go of, and given to the present city."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.agent import running
from gateway.commands.show_destinations import losses
from gateway.config import Settings, load
from gateway.desk import Desk
from gateway.former import Former
from gateway.journal import Journal
from tests.agent.commands import CONFIGURATION, Box, make_box, said
from tests.journal.samples import clock, given, hear

CITY = CONFIGURATION.replace(
    'name = "goteborg"\nurl = "mqtt://127.0.0.1:1"\nformat = "senml"', 'name = "w"\ncity = "lund"'
)
LUND, KALMAR = "w@lund", "w@kalmar"
LIMIT_S = 5.0


class Loop:
    """A loop that tells for ever, and notes how it ends."""

    def __init__(self, name: str) -> None:
        self.destination = type("Destination", (), {"name": name})
        self.began = asyncio.Event()
        self.notes: list[str] = []

    async def run(self) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.notes.append("ended")

    async def close(self) -> None:
        self.notes.append("closed")


class Running:
    """As much of a running agent as the desk asks when a former city goes."""

    def __init__(self) -> None:
        self.let_gone: list[str] = []
        self.office = None

    async def let_go(self, destination: str) -> None:
        self.let_gone.append(destination)

    def last_heard_s(self) -> dict[str, float]:
        return {}


async def test_a_loop_that_is_let_go_of_ends_and_the_others_go_on() -> None:
    first, second = Loop("a"), Loop("b")
    former = Former([first, second])  # type: ignore[list-item]  # as much of a loop as is asked for
    async with asyncio.timeout(LIMIT_S):
        running = asyncio.create_task(former.run())
        await first.began.wait()
        await second.began.wait()
        await former.let_go("a")
        await former.let_go("nobody")
        notes, others, left = list(first.notes), list(second.notes), [one.destination.name for one in former.tellings()]
        running.cancel()
        await asyncio.wait({running})

    assert (notes, others, left) == (["ended", "closed"], [], ["b"])
    assert second.notes == ["ended"]


async def test_what_is_let_go_of_before_it_ran_is_closed() -> None:
    loop = Loop("a")
    former = Former([loop])  # type: ignore[list-item]  # as above

    await former.let_go("a")

    assert loop.notes == ["closed"]
    assert not former.tellings()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    made = make_box(tmp_path)
    (tmp_path / "brygga.toml").write_text(CITY.replace("lund", "kalmar"), encoding="utf-8")
    (tmp_path / "cities").mkdir()
    for city in ("lund", "kalmar"):
        (tmp_path / "cities" / f"{city}.toml").write_text('url = "mqtt://127.0.0.1:1"\n', encoding="utf-8")
    (tmp_path / "data").mkdir()
    return made


@pytest.fixture
def settings(box: Box) -> Settings:
    return load(box.folder / "brygga.toml")


@pytest.fixture
async def moved(settings: Settings) -> AsyncIterator[Journal]:
    """Open a journal that had two uplinks for Lund when the file said Kalmar."""
    journal = await Journal.open(settings.journal_path, clock=clock, destinations=[LUND])
    await hear(journal, range(2))
    await journal.close()
    journal = await Journal.open(settings.journal_path, clock=clock, destinations=[KALMAR], former=[LUND])
    yield journal
    await journal.close()


async def test_the_loop_of_a_former_city_ends_before_its_backlog_goes(settings: Settings, moved: Journal) -> None:
    agent = Running()
    desk = Desk(settings, moved, clock, agent)  # type: ignore[arg-type]  # as much of an agent as is asked for

    now = await desk.answer({"do": "destination.rename", "old": LUND, "new": "w"})

    assert agent.let_gone == [LUND]
    assert now["waiting"] == 2
    assert await given(moved, KALMAR) == [0, 1]


async def test_a_former_city_is_listed_with_what_becomes_of_it(settings: Settings, moved: Journal) -> None:
    listed = await Desk(settings, moved, clock).answer({"do": "destination.list"})

    (words,) = losses(LUND, listed[LUND])
    assert (listed[LUND]["moved"], listed[LUND]["connected"], listed[KALMAR]["moved"]) == (True, True, False)
    assert words.startswith("has moved, and what was heard before that goes on being told to lund: `brygga destination")
    (waits,) = losses(LUND, {**listed[LUND], "connected": False})
    assert "waits, for cities/lund.toml is not there" in waits


async def test_a_destination_is_meant_by_its_name_without_the_city(settings: Settings, moved: Journal) -> None:
    await moved.remove_destination(LUND)
    desk = Desk(settings, moved, clock)

    assert await desk.answer({"do": "dead_letters.list", "limit": 1, "destination": "w"}) == []


async def test_an_agent_that_moved_tells_its_former_city_and_takes_the_backlog_when_asked(box: Box) -> None:
    journal = await Journal.open(box.journal, clock=clock, destinations=[LUND])
    await hear(journal, range(2))
    await journal.close()

    async with box.agent():
        listed = await box.brygga("destination", "list")
        renamed = await box.brygga("destination", "rename", LUND, "w")

    assert "! w@lund: has moved, and what was heard before that goes on being told to lund" in listed.output
    # Their device is not registered, so they are held back.
    assert renamed == said("w has what w@lund had: 0 waiting uplinks and 2 dead letters")


async def test_an_agent_that_starts_with_the_backlog_has_it_for_its_present_city(settings: Settings, box: Box) -> None:
    journal = await Journal.open(box.journal, clock=clock, destinations=[LUND])
    await hear(journal, range(2))
    await journal.close()

    async with running(settings, clock, take_backlog=True) as agent:
        there = agent.journal.destinations(), agent.former.tellings()

    assert there == ((KALMAR,), [])
