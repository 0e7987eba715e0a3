"""Former cities of a running agent: told on, let go of, and given to the present city."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.agent import running
from gateway.commands.show_destinations import losses
from gateway.config import Settings, load
from gateway.desk import Desk
from gateway.desk.log_lines import LogLines
from gateway.errors import ConfigError
from gateway.former import Former, Untold
from gateway.journal import Changes, Journal, Settlement
from gateway.model import Downlink, DownlinkState
from gateway.survey import Survey
from tests.agent.commands import CONFIGURATION, Box, make_box, said
from tests.journal.samples import DEV_EUI, NOW, clock, given, hear
from tests.transports.conftest import until

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
        self.office = self.recorder = None
        self.lines = LogLines()

    def attend(self, survey: Survey) -> AbstractContextManager[None]:
        raise AssertionError(survey)

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


# ── a present city that keeps the newest value alone ──


def newest_only(box: Box, options: str = "") -> Settings:
    """Return the settings of a box that has moved from Lund to Kalmar, which has a broker that refuses what is late."""
    (box.folder / "cities" / "kalmar.toml").write_text(
        f'url = "http://127.0.0.1:1"\nformat = "ngsi_ld"\n[options]\n{options}\n', encoding="utf-8"
    )
    return load(box.folder / "brygga.toml")


async def moved_and_told(settings: Settings, *, told: bool = True) -> Journal:
    """Return a journal with two uplinks for Lund, and a newer one for Kalmar that Kalmar has, if it was ``told``."""
    journal = await Journal.open(settings.journal_path, clock=clock, destinations=[LUND])
    await hear(journal, range(2))
    await journal.close()
    journal = await Journal.open(settings.journal_path, clock=clock, destinations=[KALMAR], former=[LUND])
    (row,) = await hear(journal, range(2, 3))
    if told:
        await journal.settle(KALMAR, Settlement(delivered=frozenset({row})))
    return journal


RENAME = {"do": "destination.rename", "old": LUND, "new": "w"}


async def test_a_backlog_is_not_turned_into_dead_letters_unless_somebody_says_so(box: Box) -> None:
    settings = newest_only(box)
    journal = await moved_and_told(settings)
    desk = Desk(settings, journal, clock)

    with pytest.raises(ConfigError) as caught:
        await desk.answer(RENAME)
    before = await given(journal, LUND)
    now = await desk.answer({**RENAME, "anyway": True})
    await journal.close()

    (words,) = caught.value.problems
    assert words.startswith(
        "w@kalmar keeps the newest values alone and has been told newer ones: most of the 2 uplinks"
    )
    assert 'options.late = "temporal"' in words
    assert "--anyway" in words
    assert (before, now["waiting"]) == ([0, 1], 2)


@pytest.mark.parametrize(("options", "told"), [("", False), ('late = "temporal"', True), ('late = "send"', True)])
async def test_a_backlog_that_the_present_city_takes_goes_there(box: Box, options: str, *, told: bool) -> None:
    settings = newest_only(box, options)
    journal = await moved_and_told(settings, told=told)

    now = await Desk(settings, journal, clock).answer(RENAME)
    await journal.close()

    assert now["waiting"] == (2 if told else 3)


async def test_the_list_recommends_nothing_that_would_cost_the_backlog(box: Box) -> None:
    settings = newest_only(box)
    journal = await moved_and_told(settings)

    listed = await Desk(settings, journal, clock).answer({"do": "destination.list"})
    await journal.close()

    (words,) = losses(LUND, listed[LUND])
    assert words.startswith("has moved, and what was heard before that goes on being told to lund: leave it so")
    assert "keeps the newest values alone" in words


async def test_a_start_with_the_backlog_leaves_it_where_it_can_still_be_told(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    settings = newest_only(box)
    journal = await moved_and_told(settings)
    await journal.close()

    async with running(settings, clock, take_backlog=True) as agent:
        there = agent.journal.destinations()

    assert there == (LUND, KALMAR)
    assert "w@lund: its backlog stays there" in caplog.text


async def test_the_command_says_anyway_for_who_wants_it(box: Box) -> None:
    journal = await moved_and_told(newest_only(box))
    await journal.close()

    refused = await box.brygga("destination", "rename", LUND, "w")
    renamed = await box.brygga("destination", "rename", LUND, "w", "--anyway")

    assert (refused.code, renamed.code) == (78, 0)
    assert renamed.output == "w has what w@lund had: 2 waiting uplinks and 0 dead letters\n"


# ── a destination that gets its first city ──

BEFORE = """
[destination.before]
url = "mqtt://127.0.0.1:2"
format = "json"
options = { topic = "old/{dev_eui}" }
"""


def with_before(box: Box, before: str = BEFORE) -> Settings:
    (box.folder / "brygga.toml").write_text(CITY + before, encoding="utf-8")
    return load(box.folder / "brygga.toml")


async def test_what_waits_for_where_a_destination_was_before_it_had_a_city_goes_on_being_told_there(box: Box) -> None:
    journal = await Journal.open(box.journal, clock=clock, destinations=["w"])
    await hear(journal, range(2))
    await journal.close()

    async with running(with_before(box), clock) as agent:
        told = {one.destination.name: one.destination.transport.status()["url"] for one in agent.former.tellings()}
        present = [one.destination.name for one in agent.tellings]
        await hear(agent.journal, range(2, 3))
        for_whom = [await given(agent.journal, name) for name in ("w", LUND)]

    assert told == {"w": "mqtt://127.0.0.1:2"}
    assert present == [LUND]
    assert for_whom == [[0, 1], [2]]


async def test_the_backlog_from_before_the_first_city_is_taken_along_when_asked(box: Box) -> None:
    journal = await Journal.open(box.journal, clock=clock, destinations=["w"])
    await hear(journal, range(2))
    await journal.close()

    async with running(with_before(box), clock, take_backlog=True) as agent:
        there = agent.journal.destinations(), agent.former.tellings(), await given(agent.journal, LUND)

    assert there == ((LUND,), [], [0, 1])


def test_a_way_from_before_that_is_wrong_is_a_warning_and_stops_nobody(box: Box) -> None:
    settings = with_before(box, BEFORE.replace('"json"', '"jsn"'))

    assert not [one for one in settings.former if one.name == "w"]
    (words,) = [line for line in settings.warnings if "before" in line]
    assert words == (
        "brygga.toml: destination[0].before.format: 'jsn' is no format; did you mean 'json'?; what waits for where it was, "
        "if anything, waits on"
    )


def test_a_way_from_before_belongs_to_a_destination_with_a_city(box: Box) -> None:
    text = CITY.replace('city = "lund"', 'url = "mqtt://127.0.0.1:1"\nformat = "senml"')
    (box.folder / "brygga.toml").write_text(text + BEFORE, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"destination\[0\]\.before: is where a destination was that has a city now"):
        load(box.folder / "brygga.toml")


def test_where_nobody_said_where_it_was_the_list_says_what_to_write() -> None:
    one = {"moved": True, "connected": False, "configured": False}

    (words,) = losses("w", one)

    assert "waits: [destination.before] in brygga.toml says where it was (url, format" in words
    assert "`brygga destination rename w w@CITY` gives it to the present city" in words


# ── commands of a former city ──


def asked_by(city: str, number: int = 1) -> Downlink:
    return Downlink(
        id=number, dev_eui=DEV_EUI, f_port=10, payload=b"\x01", queued_at=NOW, reference=f"order {number}", origin=city,
        origin_key=f"order {number}",
    )  # fmt: skip


async def test_what_became_of_a_former_city_s_commands_is_told_to_nobody_and_counted(
    settings: Settings, box: Box
) -> None:
    journal = await Journal.open(box.journal, clock=clock, destinations=[LUND])
    await hear(journal, range(2))
    await journal.commit(Changes(downlinks=(asked_by(LUND),)))
    await journal.close()

    async with running(settings, clock) as agent:
        await agent.journal.commit(Changes(downlinks=(replace(asked_by(LUND), state=DownlinkState.SENT),)))
        await until(lambda: not agent.journal.command_states.waiting(LUND))
        said, waits = agent.status()["states_for_nobody"], agent.journal.command_states.waiting(KALMAR)

    assert list(said) == [LUND]
    assert said[LUND] >= 2  # queued and sent; and dropped, as soon as the agent sees that its device is not registered
    assert waits == 0


async def test_a_city_that_takes_the_backlog_is_not_told_of_another_s_commands(settings: Settings, box: Box) -> None:
    journal = await Journal.open(box.journal, clock=clock, destinations=[LUND])
    await hear(journal, range(2))
    await journal.commit(Changes(downlinks=(asked_by(LUND),)))
    await journal.close()

    async with running(settings, clock, take_backlog=True) as agent:
        waits = agent.journal.command_states.waiting(KALMAR)

    assert waits == 0


async def test_the_city_that_commands_is_told_all(box: Box) -> None:
    journal = await Journal.open(box.journal, clock=clock, destinations=[LUND])
    untold = Untold(journal, [LUND])
    await journal.commit(Changes(downlinks=(asked_by(LUND), asked_by(KALMAR, 2))))

    running = asyncio.create_task(untold.run())
    await until(lambda: not journal.command_states.waiting(KALMAR))
    running.cancel()
    await asyncio.wait({running})
    waits = journal.command_states.waiting(LUND)
    await journal.close()

    assert (waits, untold.counts) == (1, {KALMAR: 1})
