"""How far the first observation is, by what the agent says of itself, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.commands import init_watching
from gateway.commands.init_dialogue import SHORT
from gateway.commands.init_terminal import Terminal
from gateway.commands.init_watching import ADVICE, WAITS, Stage, watch
from gateway.config import Settings
from gateway.model import Json
from gateway.setup.questions import OF_THE_BOX
from gateway.trial.carried import device_as_json
from gateway.trial.marked import TEST_EUI, marked_device
from tests.agent.brygga_toml import loaded

SOURCE = '[[source]]\nname = "mast"\ntype = "semtech_udp"\nport = 1799\n'


class Agent:
    """Answers as an agent would that has come so far; each question for its status is one step."""

    def __init__(self, *steps: Mapping[str, Json]) -> None:
        self.steps = list(steps)
        self.step: Mapping[str, Json] = {}

    async def __call__(self, request: Mapping[str, Json]) -> Json:
        match request["do"]:
            case "status":
                self.step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
                return {"sources": self.step.get("sources", []), "destinations": self.step.get("destinations", {})}
            case "device.list":
                heard_s = 0.0 if self.step.keys() & {"last", "joined"} else None
                return [{"dev_eui": TEST_EUI, "last_heard_s": heard_s}] * self.step.get("devices", 1)
        assert request["devices"] == [TEST_EUI]
        return [self.step.get("last", {"uplink": None})]


def source(**counts: int) -> Json:
    gateways: Json = {"aa555a0000000001": {}} if counts else {}
    return {"name": "mast", "counts": counts, "gateways": gateways, "advice": []}


def last(payload: str = "0100d5", decoder: str = "elsys/ers", ago_s: float = -60.0) -> Json:
    """Return a device with an uplink that was heard ``ago_s`` before now: these are from after the watch began."""
    device = device_as_json(marked_device()) | {"name": "Library", "decoder": decoder}
    uplink = {
        "id": "00000000-0000-0000-0000-000000000001",
        "dev_eui": device["dev_eui"],
        "activation": "x",
        "f_cnt": 1,
        "f_port": 5,
        "payload": payload,
        "confirmed": False,
        "adr": False,
        "receptions": [],
        "heard_at": [(datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat(), 1.0, "boot", 3],
        "told": None,
    }
    return {"device": device, "uplink": uplink}


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init_watching, "LOOK_S", 0.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return loaded(tmp_path, SOURCE)


DELIVERED = {"lund@lund": {"waiting": 0, "last_answer_s": 0.0, "held": {}}}
WAITING: Json = {"lund@lund": {"waiting": 1, "last_answer_s": None, "held": {}, "trouble": "no connection"}}
REFUSED = {
    "lund@lund": {"waiting": 0, "last_answer_s": 0.1, "held": {"refused": 1}, "last_refusal": "400 no such node"}
}


async def test_each_stage_is_told_once_in_a_pipe_and_the_observation_in_words(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = Agent(
        {},
        {"sources": [source()]},
        {"sources": [source(datagrams=3)]},
        {"sources": [source(frames=1)]},
        {"sources": [source(frames=1)], "joined": True},
        {"sources": [source(frames=2)], "last": last(), "destinations": WAITING},
        {"sources": [source(frames=2)], "last": last(), "destinations": DELIVERED},
    )

    found = await watch(Terminal("en"), settings, agent, "lund@lund", 60.0)

    assert found
    assert capsys.readouterr().out.splitlines() == [
        "starting",
        "listening: no gateway yet",
        "a gateway is there: no frame yet",
        "frames come, none of your devices yet",
        "your device joins: no reading yet",
        "heard: being delivered",
        "First observation: 21.3 °C · Library, delivered to lund 0.0 s later.",
    ]


async def test_what_the_platform_refuses_ends_the_watch_with_its_words(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = Agent({"sources": [source()]}, {"sources": [source(frames=2)], "last": last(), "destinations": REFUSED})

    found = await watch(Terminal("en"), settings, agent, "lund@lund", 60.0)

    assert not found
    assert "held back: 400 no such node" in capsys.readouterr().out


async def test_what_was_refused_long_ago_is_not_this_uplink(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {"sources": [source()], "destinations": REFUSED}
    agent = Agent(before, before | {"last": last(ago_s=-1.0)})

    found = await watch(Terminal("en"), settings, agent, "lund@lund", 60.0)

    assert found
    assert "held back" not in capsys.readouterr().out


async def test_what_no_decoder_reads_is_told_with_the_reason(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = Agent({"sources": [source(frames=2)], "last": last(decoder="")})

    found = await watch(Terminal("en"), settings, agent, "", 60.0)

    assert not found
    assert "Heard: Library; and held back: no decoder reads it" in capsys.readouterr().out


async def test_without_a_city_heard_is_far_enough(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    agent = Agent({"sources": [source(frames=2)], "last": last()})

    found = await watch(Terminal("sv"), settings, agent, "", 60.0)

    assert found
    assert "Första observationen: 21.3 °C · Library. Den sparas" in capsys.readouterr().out


async def test_without_a_device_the_radio_is_far_enough(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    agent = Agent({"sources": [source(frames=2)], "devices": 0})

    found = await watch(Terminal("en"), settings, agent, "lund@lund", 60.0)

    assert found
    assert "The radio hears." in capsys.readouterr().out


async def test_what_was_heard_before_is_not_the_first(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    before = {"sources": [source(frames=2)], "last": last(ago_s=60.0), "destinations": DELIVERED}
    agent = Agent(before, before | {"last": last("0100dc")})

    found = await watch(Terminal("en"), settings, agent, "lund@lund", 60.0)

    assert found
    assert "First observation: 22 °C" in capsys.readouterr().out


async def test_a_watch_ends_at_its_limit(settings: Settings) -> None:
    assert not await watch(Terminal("en"), settings, Agent({"sources": [source()]}), "", 0.1)


async def test_while_nothing_comes_it_is_said_what_to_look_at(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init_watching, "ADVICE_S", 0.0)
    silent = {"sources": [source()]}
    agent = Agent(silent, silent, silent, silent | {"last": last()})

    await watch(Terminal("en"), settings, agent, "", 60.0)

    said = capsys.readouterr().out
    assert "serv_port_up and serv_port_down are both the port of 1799" in said
    assert said.count("server_address") == 1


async def test_a_sources_own_advice_goes_first(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init_watching, "ADVICE_S", 0.0)
    advised = {"sources": [source() | {"advice": ["the antenna is not connected"]}]}
    agent = Agent(advised, advised, advised, advised | {"last": last()})

    await watch(Terminal("en"), settings, agent, "", 60.0)

    said = capsys.readouterr().out
    assert "! the antenna is not connected" in said
    assert "server_address" not in said


def test_every_stage_and_every_answer_has_its_words_in_both_languages() -> None:
    said = [*WAITS.values(), *ADVICE.values(), *SHORT.values()]

    assert all(one.en and one.sv for one in said)
    assert set(WAITS) == set(Stage) - {Stage.HELD}
    assert set(SHORT) == {one.id for one in OF_THE_BOX if not one.id.startswith("device_")}
