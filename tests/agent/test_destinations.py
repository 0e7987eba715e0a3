"""Destinations that come and go, as an installer meets them: the commands, the desk, the configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.config import Settings, load
from gateway.desk import Desk
from gateway.errors import ConfigError
from gateway.journal import HeldKind, Hold, Journal, Settlement
from tests.agent.commands import CONFIGURATION, Box, make_box, said
from tests.journal.samples import clock, given, hear


@pytest.fixture
def box(tmp_path: Path) -> Box:
    (tmp_path / "data").mkdir()
    return make_box(tmp_path)


@pytest.fixture
def settings(box: Box) -> Settings:
    return load(box.folder / "brygga.toml")


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """Answer for a journal that knew the destination as city before the file called it goteborg."""
    journal = await Journal.open(settings.journal_path, clock=clock, destinations=["city"])
    rows = await hear(journal, range(4))
    await journal.settle("city", Settlement(held={rows[0]: Hold(kind=HeldKind.REFUSED, reason="no")}))
    await journal.close()
    journal = await Journal.open(settings.journal_path, clock=clock, destinations=["goteborg"])
    yield Desk(settings, journal, clock)
    await journal.close()


async def test_the_list_has_those_that_are_configured_and_those_that_were(desk: Desk) -> None:
    listed = await desk.answer({"do": "destination.list"})

    assert {name: (one["configured"], one["waiting"], one["held"]) for name, one in listed.items()} == {
        "goteborg": (True, 0, {}),
        "city": (False, 3, {"refused": 1}),
    }


async def test_a_backlog_goes_to_the_new_name(desk: Desk) -> None:
    now = await desk.answer({"do": "destination.rename", "old": "city", "new": "goteborg"})

    assert (now["waiting"], now["held"]) == (3, {"refused": 1})
    assert list(await desk.answer({"do": "destination.list"})) == ["goteborg"]


async def test_a_destination_that_is_gone_is_forgotten(desk: Desk) -> None:
    gone = await desk.answer({"do": "destination.forget", "name": "city"})

    assert gone["waiting"] == 3
    assert list(await desk.answer({"do": "destination.list"})) == ["goteborg"]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"do": "destination.forget", "name": "goteborg"}, "goteborg is in the configuration: take its"),
        ({"do": "destination.forget", "name": "citty"}, "no destination citty in the journal; did you mean city"),
        ({"do": "destination.rename", "old": "goteborg", "new": "city"}, "goteborg is in the configuration: give it"),
        ({"do": "destination.rename", "old": "city", "new": "goteborgh"}, "goteborgh .*; did you mean goteborg"),
        (
            {"do": "destination.rename", "old": "x", "new": "goteborg"},
            "no destination x in the journal; those there are",
        ),
        ({"do": "destination.sell"}, "'destination.sell' is nothing"),
    ],
)
async def test_what_cannot_be_done_is_said_with_what_would_be_right(
    desk: Desk, request_: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        await desk.answer(request_)


async def test_the_commands_say_what_they_did(box: Box, settings: Settings) -> None:
    journal = await Journal.open(settings.journal_path, clock=clock, destinations=["city", "old"])
    await hear(journal, range(4))
    await journal.close()

    listed = await box.brygga("destination", "list")
    renamed = await box.brygga("destination", "rename", "city", "goteborg")
    forgotten = await box.brygga("destination", "forget", "old")

    assert listed.output.splitlines()[2].split()[:5] == ["city", "no", "longer", "configured", "4"]
    assert renamed == said("goteborg has what city had: 4 waiting uplinks and 0 dead letters")
    assert forgotten == said("old is forgotten, with 4 waiting uplinks and 0 dead letters")
    journal = await Journal.open(settings.journal_path, clock=clock, destinations=["goteborg"])
    assert await given(journal, "goteborg") == [0, 1, 2, 3]
    await journal.close()


async def test_a_second_agent_on_a_folder_says_what_to_do(box: Box) -> None:
    async with box.agent():
        second = await box.brygga("run")

    assert second.code == 1
    assert "holds the journal: an agent is at work on this folder already; stop it" in second.complaints


@pytest.mark.parametrize("tag", ["Water Works", "water,north", "a;b"])
def test_a_tag_that_no_device_can_have_is_a_problem(tmp_path: Path, tag: str) -> None:
    make_box(tmp_path)
    path = tmp_path / "brygga.toml"
    path.write_text(f'{CONFIGURATION}tags = ["{tag}"]\n', encoding="utf-8")

    with pytest.raises(ConfigError, match=r"destination\[0\]\.tags.*can be no device's tag: blanks"):
        load(path)


@pytest.mark.parametrize(("line", "begin"), [("", None), ('begin = "oldest"\n', "oldest"), ('begin = "now"\n', "now")])
def test_a_destination_may_say_with_what_it_begins(tmp_path: Path, line: str, begin: str | None) -> None:
    make_box(tmp_path)
    path = tmp_path / "brygga.toml"
    path.write_text(CONFIGURATION + line, encoding="utf-8")

    assert load(path).destinations[0].begin == begin
