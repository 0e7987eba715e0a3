"""Where a command asks a running agent: as the whole configuration says it, and without reading all of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load
from gateway.config.reaching import decoders_folder, reached, sources
from gateway.errors import ConfigError


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[gateway]\n",
        '[gateway]\ndata = "data"\n',
        '[gateway]\ndata = "${FOLDER:-elsewhere}"\n',
        '[gateway]\ndata = "data"\ncontrol_socket = "run/brygga.sock"\n',
        '[gateway]\ncontrol_socket = "/run/brygga-2/control.sock"\n',
    ],
)
def test_it_is_where_the_whole_configuration_says(tmp_path: Path, text: str) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(text, encoding="utf-8")

    assert reached(path) == load(path).control_socket


@pytest.mark.parametrize(
    "text", ["gateway = 5\n", "[gateway]\ndata = 5\n", '[gateway]\ndata = ""\n', "[gateway]\ncontrol_socket = false\n"]
)
def test_nobody_is_asked_where_the_file_does_not_say_whom(tmp_path: Path, text: str) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(text, encoding="utf-8")

    assert reached(path) is None


def test_what_is_wrong_elsewhere_keeps_nobody_from_asking(tmp_path: Path) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text('[gateway]\ndata = "data"\nplace = "here"\n[nonsense]\n', encoding="utf-8")

    assert reached(path) == tmp_path / "data" / "control.sock"


WRONG_ELSEWHERE = {
    "no TOML": '[[destination]]\nname = "lund\n',
    "a variable that is not set": '[[destination]]\nname = "lund"\npassword = "${NOBODY_SETS_THIS}"\n',
    "a key that is none": '[[destination]]\nname = "lund"\nformat = "senmll"\n',
    "beside what is asked for": "[radio]\nregion = EU868\n",
}


@pytest.mark.parametrize("wrong", WRONG_ELSEWHERE.values(), ids=WRONG_ELSEWHERE)
def test_what_is_asked_for_is_found_in_a_file_that_is_wrong_elsewhere(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "brygga.toml"
    (tmp_path / "own").mkdir()
    path.write_text(
        '[gateway]\nname = "roof"\ndata = "data"  # here\n[decoders]\nfolder = "own"\n'
        f'[[source]]\nname = "mast"\ntype = "semtech_udp"\n[source.tls]\nname = "x"\n{wrong}',
        encoding="utf-8",
    )

    assert reached(path) == tmp_path / "data" / "control.sock"
    assert decoders_folder(path) == tmp_path / "own"
    assert sources(path) == [{"name": "mast", "type": "semtech_udp"}]


def test_a_wrong_line_beside_the_one_that_is_asked_for_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text('[gateway]\nname = "roof\ndata = "data"\n', encoding="utf-8")

    assert reached(path) == tmp_path / "data" / "control.sock"


@pytest.mark.parametrize("text", ['[gateway]\ndata = "data\n', '[gatewya\ndata = "data"\n'])
def test_where_the_agent_is_is_never_guessed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"brygga\.toml line [12], column"):
        reached(path)


@pytest.mark.parametrize("text", ['[decoders]\nfolder = "none"\n', "[decoders]\nfolder = 5\n", "decoders = 5\n"])
def test_a_folder_of_decoders_that_is_not_there_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"brygga\.toml: decoders\.folder: .* is no folder"):
        decoders_folder(path)


@pytest.mark.parametrize("text", ["", '[gateway]\nname = "x"\n', '[[destination]]\nname = "lund\n'])
def test_without_a_folder_of_decoders_there_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(text, encoding="utf-8")

    assert decoders_folder(path) is None
