"""Functions at IoT Open, made by the command, for what a destination's devices say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.journal import Changes, Journal, Registration
from gateway.model import Device, Eui64
from simulators.platforms.iot_open import LynxRest
from tests.agent.commands import CONFIGURATION, Box, make_box
from tests.cities.test_move import DEVICE, ERS
from tests.journal.samples import clock, uplink

HEAD = CONFIGURATION[: CONFIGURATION.index("[[destination]]")]
LYNX = '[[destination]]\nname = "lynx"\nformat = "iot_open"\nurl = "mqtt://127.0.0.1:1"\nusername = "apikey"\npassword = "k"\n'
OPTIONS = '[destination.options]\nclient = "1459"\ninstallation = 1\n'
SILENT = Device(dev_eui=Eui64("a81758fffe0a0003"), name="Silent", decoder="elsys/ers")


@pytest.fixture
async def box(tmp_path: Path) -> Box:
    """Make a box that has heard one of its two devices."""
    made = make_box(tmp_path)
    made.journal.parent.mkdir()
    journal = await Journal.open(made.journal, clock=clock)
    await journal.put_devices([Registration(device=DEVICE), Registration(device=SILENT)])
    await journal.commit(Changes(uplinks=(replace(uplink(1, DEVICE.dev_eui, ERS), f_port=5),)))
    await journal.close()
    write(made, LYNX + OPTIONS)
    return made


def write(box: Box, text: str) -> None:
    (box.folder / "brygga.toml").write_text(HEAD + text, encoding="utf-8")
    (box.folder / "brygga.toml").chmod(0o600)


@pytest.fixture
async def lynx() -> AsyncIterator[LynxRest]:
    server = LynxRest(1, token="k")
    await server.start()
    yield server
    await server.stop()


def topics(lynx: LynxRest) -> list[Any]:
    return [one["meta"]["topic_read"] for one in lynx.things["functionx"]]


async def test_functions_are_made_once_for_what_devices_say(box: Box, lynx: LynxRest) -> None:
    first, second = [await box.brygga("destination", "provision", "lynx", "--url", lynx.url) for _ in range(2)]

    assert (first.code, first.complaints) == (0, "")
    assert first.output.splitlines()[:2] == [
        f"lynx: {lynx.url}",
        "  !! Silent: nothing was heard of it yet, or it is no longer kept",
    ]
    assert f"obj/brygga/{DEVICE.dev_eui}/air_temperature" in topics(lynx)
    assert len(topics(lynx)) == len(set(topics(lynx)))
    made = 1 + len(topics(lynx))
    now = f"now there: 1 device, and functions for {len(topics(lynx))} of their values"
    assert first.output.splitlines()[2] == f"  asked for {made} things; {now}"
    assert second.output.splitlines()[2] == f"  asked for 0 things; {now}"


async def test_a_dry_run_shows_what_would_be_asked_for_and_makes_nothing(box: Box, lynx: LynxRest) -> None:
    shown = await box.brygga("destination", "provision", "lynx", "--url", lynx.url, "--dry-run", "--json")
    made = sum(map(len, lynx.things.values()))
    await box.brygga("destination", "provision", "lynx", "--url", lynx.url)

    asked = json.loads(shown.output)["asked"]
    assert made == 0
    assert [one["target"] for one in asked][:2] == ["/api/v2/devicex/1", "/api/v2/functionx/1"]
    wanted = [json.loads(one["body"])["meta"]["topic_read"] for one in asked[1:]]
    assert sorted(wanted) == sorted(topics(lynx))


async def test_a_function_is_made_of_nothing_that_is_not_shared(box: Box, lynx: LynxRest) -> None:
    write(box, LYNX + OPTIONS + '[destination.share]\nquantities = ["co2"]\nname = "lund/{name}"\n')

    await box.brygga("destination", "provision", "lynx", "--url", lynx.url, "--device", DEVICE.name)

    assert topics(lynx) == [f"obj/brygga/{DEVICE.dev_eui}/co2"]
    assert lynx.things["devicex"][0]["meta"]["name"] == f"lund/{DEVICE.name}"


@pytest.mark.parametrize(
    ("text", "more", "code", "words"),
    [
        (LYNX, [], 78, "lynx: options.installation: is missing; the number of the installation"),
        (
            LYNX.replace("apikey", "edge") + OPTIONS,
            [],
            78,
            "--api-key-file: which key is it? Only that of the user 'apikey'",
        ),
        (LYNX.replace('"k"', '"old"') + OPTIONS, [], 1, "what is there already could not be read: 401"),
        (LYNX + 'tags = ["x"]\n' + OPTIONS, [], 78, "lynx selects none of 2 devices: its tags and dev_euis say which"),
        (LYNX + 'tags = ["x"]\n' + OPTIONS, ["--device", DEVICE.name], 78, f"lynx does not select {DEVICE.name}"),
        (LYNX + OPTIONS, ["--url", "http://127.0.0.1:1"], 1, "What was made until now is found the next time"),
        (LYNX + OPTIONS, ["--url", "mqtt://127.0.0.1:1"], 78, "--url: mqtt://127.0.0.1:1 is no web service"),
        (
            LYNX.replace("iot_open", "json"),
            [],
            78,
            "or its format makes it itself; what is provisioned is iot_open",
        ),
    ],
)
async def test_what_cannot_be_is_said_with_what_would_be_right(
    box: Box, lynx: LynxRest, text: str, more: list[str], code: int, words: str
) -> None:
    write(box, text)

    outcome = await box.brygga("destination", "provision", "lynx", "--url", lynx.url, *more)

    assert outcome.code == code, outcome.complaints
    assert words in outcome.complaints
    assert lynx.things == {"devicex": [], "functionx": []}
