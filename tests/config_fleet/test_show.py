"""`brygga config show` and `check` of a configuration in several files."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.config_fleet.boxes import SOURCE, Folder
from tests.config_fleet.conftest import Run

CITY = """[[destination]]
name = "city"
url = "https://city.example"
format = "ngsi_ld"
token = "hunter2"
headers = { X-Key = "hunter2", Fiware-Service = "hunter2" }
"""


def test_each_key_is_shown_with_the_file_that_it_stands_in(folder: Folder, brygga: Run) -> None:
    folder.write("brygga.d/10-city.toml", CITY)
    folder.write("brygga.toml", '[gateway]\nname = "roof"\n' + SOURCE + '[[destination]]\nname = "city"\nbatch = 10\n')

    shown = brygga("config", "show")

    assert (shown.code, shown.complaints) == (0, "")
    assert [" ".join(line.split()) for line in shown.output.splitlines()] == [
        "[gateway]",
        'name = "roof" # brygga.toml',
        "",
        "[[source]]",
        'name = "mast" # brygga.toml',
        'type = "semtech_udp" # brygga.toml',
        "",
        "[[destination]]",
        'url = "https://city.example" # brygga.d/10-city.toml',
        'format = "ngsi_ld" # brygga.d/10-city.toml',
        'token = "(hidden)" # brygga.d/10-city.toml',
        'name = "city" # brygga.toml',
        "batch = 10 # brygga.toml",
        "",
        "[destination.headers]",
        'X-Key = "(hidden)" # brygga.d/10-city.toml',
        'Fiware-Service = "(hidden)" # brygga.d/10-city.toml',
    ]
    assert tomllib.loads(shown.output)["destination"][0]["batch"] == 10


def test_what_a_city_brings_is_shown_with_its_file(folder: Folder, brygga: Run) -> None:
    folder.write("cities/lund.toml", 'url = "https://iot.lund.example"\ntoken = "hunter2"\n')
    folder.write("brygga.toml", SOURCE + '[[destination]]\nname = "w"\ncity = "lund"\n')

    said = {(one["section"], one["key"]): one for one in json.loads(brygga("config", "show", "--json").output)}

    assert said["destination[0]", "url"]["where"] == "cities/lund.toml"
    assert said["destination[0]", "token"]["value"] == "(hidden)"
    assert said["destination[0]", "format"]["where"].startswith("gateway/cities/")


def test_a_login_in_an_address_is_refused_and_not_shown(folder: Folder, brygga: Run) -> None:
    folder.write("brygga.d/10-city.toml", CITY.replace("https://", "https://roof:hunter3@"))

    shown = brygga("config", "show")

    assert (shown.code, "hunter3" in shown.output + shown.complaints) == (78, False)
    assert 'url = "(hidden)"' in shown.output


def test_what_is_wrong_is_shown_and_said(folder: Folder, brygga: Run) -> None:
    folder.write("brygga.d/10-city.toml", CITY + "batch = 0\n")

    shown = brygga("config", "show")

    assert shown.code == 78
    assert 'token = "(hidden)"' in shown.output
    assert shown.complaints == (
        "brygga.d/10-city.toml: destination[0].batch: 0 where a whole number from 1 to 1000 is expected\n"
    )


def test_check_says_which_files_were_read_and_what_is_a_credential(
    folder: Folder, brygga: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "city.token").write_text("hunter2", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    folder.write("brygga.d/10-city.toml", CITY.replace('token = "hunter2"', 'token_file = "city.token"'))
    folder.write("brygga.toml", '[gateway]\nname = "roof"\ndata = "data"\n' + SOURCE)

    checked = brygga("check")

    assert checked.code == 0
    assert checked.output == (
        "read brygga.d/10-city.toml, then brygga.toml; what is read later wins\n"
        f"brygga.d/10-city.toml: destination[0].token_file: city.token is the credential {tmp_path}/credentials/city.token\n"
        "brygga.toml: no problems. Next: brygga run --config brygga.toml\n"
    )
