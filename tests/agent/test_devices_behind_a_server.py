"""Devices whose network server is in front of the box: they are registered as the pages say, without keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.devices_file import read_cells, read_csv
from tests.agent.commands import CONFIGURATION, Box

SOURCES = {
    "chirpstack": 'url = "mqtt://127.0.0.1:1"\n',
    "the_things_stack": 'url = "mqtt://127.0.0.1:1"\napplication = "city@ttn"\n',
    "webhook": 'server = "netmore"\nport = 8090\ntoken = "0123456789abcdef0123"\n',
}
AS_THE_PAGES_SAY = ("device", "add", "--dev-eui", "a81758fffe0d0001", "--name", "Torget", "--decoder", "elsys/ers")
CSV = "dev_eui,name\na81758fffe0d0001,Torget\n"


def box_behind(folder: Path, kind: str) -> Box:
    source = f'[[source]]\nname = "campus"\ntype = "{kind}"\n{SOURCES[kind]}'
    path = folder / "brygga.toml"
    path.write_text(f"{CONFIGURATION}{source}", encoding="utf-8")
    path.chmod(0o640)
    return Box(folder)


@pytest.mark.parametrize("kind", SOURCES)
async def test_a_device_behind_a_server_is_registered_without_keys(tmp_path: Path, kind: str) -> None:
    added = await box_behind(tmp_path, kind).brygga(*AS_THE_PAGES_SAY)

    assert (added.code, added.output.splitlines()[0]) == (0, "1 added, 0 changed, 0 unchanged")


async def test_so_are_many_in_a_file(tmp_path: Path) -> None:
    box = box_behind(tmp_path, "chirpstack")
    (tmp_path / "devices.csv").write_text(CSV, encoding="utf-8")

    imported = await box.brygga("device", "import", "devices.csv")

    assert (imported.code, imported.output.splitlines()[1]) == (0, "1 added, 0 changed, 0 unchanged")


def test_half_of_the_keys_is_a_mistake_there_too() -> None:
    cells = {"dev_eui": "a81758fffe0d0001", "mac_version": "1.1", "app_key": "00" * 16}

    _, wrong = read_cells(cells, {}, keys_elsewhere=True)

    assert wrong == ["nwk_key: missing: a LoRaWAN 1.1 device joins with app_key and nwk_key"]


def test_a_personalised_device_needs_its_keys_there_too() -> None:
    _, wrong = read_csv("dev_eui,activation\na81758fffe0d0001,abp\n", "x", keys_elsewhere=True)

    assert [words.split(":")[1] for words in wrong] == [" dev_addr", " nwk_s_key", " app_s_key"]


def test_without_a_server_in_front_a_key_that_was_forgotten_is_missed() -> None:
    _, wrong = read_csv(CSV, "x")

    assert "app_key: missing" in wrong[0]
