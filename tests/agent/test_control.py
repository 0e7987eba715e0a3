"""The desk and its socket: whoever asks gets an answer or is told in words why not, and no request harms the agent."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import control
from gateway.config import Settings, load
from gateway.control import ask, serving
from gateway.desk import Desk
from gateway.desk.log_lines import LogLines
from gateway.errors import Busy, ConfigError, StorageError
from gateway.journal import Changes, Journal
from gateway.model import Eui64, Json
from gateway.network.office import Office, StoppedOffice
from gateway.pulse import Pulse
from gateway.recorder import Recorder
from gateway.reloading import Difference
from gateway.survey import Survey
from tests.agent.commands import make_box
from tests.journal.samples import DEV_EUI, abp, clock, deliver, hear, otaa

KEY = "000102030405060708090a0b0c0d0e0f"
REQUESTS: tuple[dict[str, Json], ...] = (
    {"do": "status"},
    {"do": "device.export", "with_keys": True},
    {"do": "device.list"},
    {"do": "device.show", "device": DEV_EUI},
    {"do": "downlink.send", "device": DEV_EUI, "port": 10, "payload": "01"},
    {"do": "downlink.list", "device": DEV_EUI, "all": True},
    {"do": "downlink.drop", "ids": [1]},
    {"do": "frames.unclaimed"},
    {"do": "frames.refused"},
    {"do": "device.remove", "devices": [DEV_EUI]},
    {"do": "dead_letters.list", "limit": 5},
    {"do": "dead_letters.show", "id": 1},
    {"do": "dead_letters.retry"},
    {"do": "dead_letters.drop"},
    {"do": "destination.list"},
    {"do": "journal.stats"},
    {"do": "journal.give_back", "pages": 10},
    {"do": "journal.seen"},
)


class FakeAgent:
    """What the desk knows of a running agent."""

    def __init__(self, office: Office) -> None:
        self.changes = 0
        self.office = office
        self.recorder = Recorder([], clock)
        self.lines = LogLines()

    def status(self) -> Mapping[str, Json]:
        return {"pid": 7, "destinations": {"goteborg": {"state": "delivering"}}}

    def last_heard_s(self) -> Mapping[str, float]:
        return {otaa(1).device.dev_eui: 4.0}

    async def devices_changed(self, _: Collection[Eui64] | None = None) -> None:
        self.changes += 1

    def attend(self, survey: Survey) -> AbstractContextManager[None]:
        raise AssertionError(survey)

    async def let_go(self, destination: str) -> None:
        raise AssertionError(f"{destination} has no loop here")

    def pulses(self) -> Sequence[Pulse]:
        return ()

    async def not_hearing(self) -> Sequence[str]:
        return ()

    async def reload(self) -> Difference:
        raise AssertionError("nobody asks for it")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    make_box(tmp_path)
    return load(tmp_path / "brygga.toml")


@pytest.fixture
async def journal(settings: Settings) -> AsyncIterator[Journal]:
    settings.gateway.data.mkdir()
    opened = await Journal.open(settings.journal_path, clock=clock, destinations=["goteborg", "old-city"])
    yield opened
    await opened.close()


@pytest.fixture
def agent(journal: Journal) -> FakeAgent:
    return FakeAgent(StoppedOffice.of(journal, "EU868"))


@pytest.fixture
async def desk(settings: Settings, journal: Journal, agent: FakeAgent) -> AsyncIterator[Desk]:
    desk = Desk(settings, journal, clock, agent)
    async with serving(settings.control_socket, desk):
        yield desk


async def raw(settings: Settings, octets: bytes) -> Json:
    """Say ``octets`` to the socket and return what comes back."""
    reader, writer = await asyncio.open_unix_connection(settings.control_socket)
    writer.write(octets)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return json.loads(answer)


# ── the desk ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_status_is_of_journal_agent_and_every_destination(
    settings: Settings, journal: Journal, desk: Desk
) -> None:
    rows = await hear(journal, [1, 2])
    await deliver(journal, rows, "goteborg")

    status = await ask(settings, clock, {"do": "status"})

    assert status["pid"] == 7
    assert status["agent"]["running"] is True
    assert status["journal"]["rows"] == 2
    assert status["journal"]["limit_bytes"] == settings.journal.limit_bytes
    assert status["destinations"]["goteborg"] == {
        "waiting": 0, "oldest_s": None, "oldest": None, "lost": 0, "held_lost": 0, "given_up": 0, "given_up_since": None,
        "held": {}, "configured": True, "connected": False, "moved": False, "state": "delivering",
    }  # fmt: skip
    assert status["destinations"]["old-city"] == {
        "waiting": 2,
        "oldest_s": 0.0,
        "oldest": clock().utc.isoformat(timespec="seconds"),
        "lost": 0,
        "held_lost": 0,
        "given_up": 0,
        "given_up_since": None,
        "held": {},
        "configured": False,
        "connected": False,
        "moved": False,
    }


async def test_a_configured_destination_that_the_journal_never_met_is_shown_too(settings: Settings) -> None:
    settings.gateway.data.mkdir()
    journal = await Journal.open(settings.journal_path, clock=clock)

    status = await Desk(settings, journal, clock).answer({"do": "status"})

    await journal.close()
    assert status["destinations"] == {
        "goteborg": {
            "waiting": 0, "oldest_s": None, "oldest": None, "lost": 0, "held_lost": 0, "given_up": 0,
            "given_up_since": None, "held": {}, "configured": True, "connected": False, "moved": False,
        }
    }  # fmt: skip


async def test_the_agent_learns_of_devices_that_came_and_went(settings: Settings, desk: Desk, agent: FakeAgent) -> None:
    text = f"dev_eui,app_key\na81758fffe0a0001,{KEY}\n"

    await ask(settings, clock, {"do": "device.import", "text": text, "name": "x.csv"})
    await ask(settings, clock, {"do": "device.add", "cells": {"dev_eui": "a81758fffe0a0002", "app_key": KEY}})
    await ask(settings, clock, {"do": "device.remove", "devices": ["a81758fffe0a0001"]})

    assert agent.changes == 3
    assert [one["dev_eui"] for one in await ask(settings, clock, {"do": "device.list"})] == ["a81758fffe0a0002"]


async def test_an_import_that_is_wrong_changes_nothing(settings: Settings, desk: Desk, agent: FakeAgent) -> None:
    text = f"dev_eui,app_key\na81758fffe0a0001,{KEY}\na81758fffe0a0002,\n"

    with pytest.raises(ConfigError, match=r"^x\.csv line 3: app_key: missing"):
        await ask(settings, clock, {"do": "device.import", "text": text, "name": "x.csv"})

    assert agent.changes == 0
    assert await ask(settings, clock, {"do": "device.list"}) == []


async def test_an_abp_session_keeps_its_counters_through_an_export_without_keys(
    settings: Settings, journal: Journal, desk: Desk
) -> None:
    await journal.put_devices([abp(1), otaa(1)])
    (known,) = await journal.sessions()
    await journal.commit(Changes(sessions=(replace(known, f_cnt_up=70_000),)))
    text = (await ask(settings, clock, {"do": "device.export", "with_keys": False}))["text"]

    answer = await ask(settings, clock, {"do": "device.import", "text": text, "name": "x.csv"})

    assert (answer["added"], answer["changed"], answer["unchanged"]) == (0, 0, 2)
    assert [one.f_cnt_up for one in await journal.sessions()] == [70_000]


async def test_an_export_with_keys_takes_the_counters_along(settings: Settings, journal: Journal, desk: Desk) -> None:
    await journal.put_devices([abp(1)])
    (known,) = await journal.sessions()
    await journal.commit(Changes(sessions=(replace(known, f_cnt_up=70_000),)))
    text = (await ask(settings, clock, {"do": "device.export", "with_keys": True}))["text"]
    await ask(settings, clock, {"do": "device.remove", "devices": [known.dev_eui]})

    await ask(settings, clock, {"do": "device.import", "text": text, "name": "x.csv"})

    (moved,) = await journal.sessions()
    assert (moved.f_cnt_up, moved.keys, moved.dev_addr) == (70_000, known.keys, known.dev_addr)
    assert moved.activation == "26011bda-abp1"  # an activation is never used twice: identities would repeat


async def test_a_device_shows_when_it_was_heard(settings: Settings, journal: Journal, desk: Desk) -> None:
    await journal.put_devices([otaa(1)])

    shown = await ask(settings, clock, {"do": "device.show", "device": otaa(1).device.dev_eui.upper()})

    assert (shown["running"], shown["last_heard_s"], shown["sessions"]) == (True, 4.0, [])


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"do": "dance"}, "control: 'dance' is nothing this agent"),
        ({}, "control: None is nothing this agent"),
        ({"do": "device.show"}, "control: 'device.show' is nothing this agent"),
        ({"do": "device.show", "device": "70b3d5"}, "70b3d5: 6 hex digits where 16 are expected"),
        ({"do": "device.remove", "devices": ["xyz"]}, "xyz: 'xyz' has characters that are no hex digits"),
        ({"do": "dead_letters.list", "limit": "many"}, "control: 'dead_letters.list' is nothing"),
        (
            {"do": "dead_letters.retry", "destination": "goteburg"},
            "there is no destination goteburg; did you mean gote",
        ),
        ({"do": "dead_letters.retry", "destination": "x"}, "there is no destination x; those there are: goteborg, old"),
        ({"do": "dead_letters.retry", "kind": "lost"}, "dead letters: 'lost' is none of refused, undecoded, undated"),
        ({"do": "dead_letters.drop", "ids": ["1"]}, "dead letters: ids are whole numbers, not"),
    ],
)
async def test_a_request_that_cannot_be_is_answered_in_words(
    settings: Settings, desk: Desk, request_: dict[str, Json], words: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        await ask(settings, clock, request_)

    assert str(refusal.value).startswith(words)


# ── the socket ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_socket_is_its_owners_alone_and_goes_with_the_agent(settings: Settings, journal: Journal) -> None:
    async with serving(settings.control_socket, Desk(settings, journal, clock)):
        mode = settings.control_socket.stat().st_mode

    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert not settings.control_socket.exists()


@pytest.mark.parametrize(
    "octets", [b"", b"\n", b"{\n", b"[]\n", b"\xff\xfe\n", b'{"do": "status"\n', b"GET / HTTP/1.1\r\n\r\n"]
)
async def test_what_is_no_request_is_told_so_and_the_next_one_is_answered(
    settings: Settings, desk: Desk, octets: bytes
) -> None:
    answer = await raw(settings, octets)

    assert answer["problems"][0].startswith("control: a request is one JSON object a line")
    assert await ask(settings, clock, {"do": "device.list"}) == []


async def test_a_request_beyond_the_limit_is_told_so(
    settings: Settings, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "LINE_LIMIT", 1000)

    async with serving(settings.control_socket, Desk(settings, journal, clock)):
        answer = await raw(settings, b"x" * 5000 + b"\n")

    assert answer == {"problems": ["control: a request has at most 1000 octets; divide the file"]}


async def test_who_says_nothing_does_not_keep_the_agent_from_stopping(settings: Settings, journal: Journal) -> None:
    async with serving(settings.control_socket, Desk(settings, journal, clock)):
        reader, writer = await asyncio.open_unix_connection(settings.control_socket)
        await ask(settings, clock, {"do": "device.list"})  # the silent one was met before

    assert await reader.read() == b""
    writer.close()


async def test_a_socket_path_that_cannot_be_is_a_configuration_error(settings: Settings, journal: Journal) -> None:
    path = settings.control_socket.with_name("s" * 120)

    with pytest.raises(ConfigError, match=r"^gateway.control_socket: .* cannot be made: .* at most 107 octets$"):
        async with serving(path, Desk(settings, journal, clock)):
            pytest.fail("there is no such socket")


# ── who asks ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: str(one["do"]))
async def test_no_question_makes_the_journal_of_a_box_that_never_ran(
    settings: Settings, request_: dict[str, Json]
) -> None:
    with pytest.raises(ConfigError, match="there is no journal yet"):
        await ask(settings, clock, request_)

    assert not settings.gateway.data.exists()


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: str(one["do"]))
async def test_every_question_is_answered_without_an_agent(settings: Settings, request_: dict[str, Json]) -> None:
    add = {"do": "device.add", "cells": {"dev_eui": DEV_EUI, "app_key": KEY}}
    assert (await ask(settings, clock, add))["added"] == 1

    assert await ask(settings, clock, request_) is not None


async def test_a_journal_that_is_held_by_who_does_not_answer_is_busy(settings: Settings, journal: Journal) -> None:
    with pytest.raises(Busy, match=r"process \d+ holds the journal, and no agent answers at .*control.sock: try again"):
        await ask(settings, clock, {"do": "device.list"})


async def test_a_socket_of_another_user_is_said_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(asyncio, "open_unix_connection", refused)  # whoever runs the tests may be root

    with pytest.raises(Busy, match=r"control.sock belongs to another user: be that user, or try with sudo$"):
        await ask(settings, clock, {"do": "device.list"})


async def test_a_disk_that_fails_under_the_agent_is_no_error_of_the_person_who_asked(
    settings: Settings, journal: Journal, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StorageError("journal.db: database or disk is full")

    monkeypatch.setattr(journal, "put_devices", full)

    with pytest.raises(StorageError, match="disk is full"):
        await ask(settings, clock, {"do": "device.add", "cells": {"dev_eui": DEV_EUI, "app_key": KEY}})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "the agent stopped before it had answered"),
        (b'{"answer": [1', "the agent stopped before it had answered"),
        (b'{"hello": 1}\n', "what answers at the control socket is no agent of this version"),
    ],
)
async def test_an_agent_that_dies_while_it_answers_is_said_so(settings: Settings, answer: bytes, words: str) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    settings.gateway.data.mkdir()
    async with await asyncio.start_unix_server(half, settings.control_socket):
        with pytest.raises(Busy, match=words):
            await ask(settings, clock, {"do": "status"})


async def test_an_agent_that_does_not_answer_is_not_waited_for_for_ever(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ANSWER_TIME", 0.05)
    settings.gateway.data.mkdir()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(settings.control_socket))
        silent.listen()

        with pytest.raises(Busy, match=r"does not answer within 0\.05 s"):
            await ask(settings, clock, {"do": "status"})


# ── what no request may do ──────────────────────────────────────────────────────────────────────────────────────────

BEYOND = (
    {"do": "dead_letters.list", "limit": 99999999999999999999},
    {"do": "dead_letters.list", "limit": -3},
    {"do": "dead_letters.list", "limit": 0},
    {"do": "dead_letters.show", "id": 99999999999999999999},
    {"do": "dead_letters.retry", "ids": [99999999999999999999]},
    {"do": "dead_letters.drop", "ids": [-1]},
)


@pytest.mark.parametrize("request_", BEYOND, ids=str)
async def test_a_number_out_of_range_is_named_and_the_agent_goes_on(
    settings: Settings, desk: Desk, request_: dict[str, Json]
) -> None:
    with pytest.raises(ConfigError, match="is right"):
        await ask(settings, clock, request_)

    assert await ask(settings, clock, {"do": "dead_letters.list", "limit": 5}) == []


async def test_a_bug_in_one_answer_is_told_to_whoever_asked_and_harms_nobody_else(
    settings: Settings, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def bug(request: Mapping[str, Json]) -> Json:
        raise OverflowError("Python int too large to convert to SQLite INTEGER")

    with monkeypatch.context() as broken:
        broken.setattr(desk, "answer", bug)
        with pytest.raises(StorageError, match=r"a fault of the agent's own.*OverflowError: Python int too large"):
            await ask(settings, clock, {"do": "status"})

    assert (await ask(settings, clock, {"do": "status"}))["pid"] == 7
    [record] = [one for one in caplog.records if one.exc_info]
    assert record.getMessage() == "no answer to 'status'"
