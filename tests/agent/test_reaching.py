"""Where a command asks a running agent: as the whole configuration says it, and without reading all of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load
from gateway.config.reaching import reached


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
