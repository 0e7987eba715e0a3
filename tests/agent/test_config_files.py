"""The files of a configuration: one that cannot be read or is no TOML, and the folder that the agent writes to."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gateway.config import data_folder_problem, load, make_data_folder
from gateway.errors import ConfigError
from tests.agent.brygga_toml import loaded, problems


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '\ufeff[gateway]\nname = "mast"\n')

    assert settings.gateway.name == "mast"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[gateway\n", "line 1, column 9"),
        ('[gateway]\nname = mast"\n', "line 2, column 8"),
        ('[gateway]\nname = "a"\nname = "b"\n', "line 3, column 11"),
        ('[gateway]\nname = "a', "end of document|line 2, column .*"),
    ],
)
def test_a_file_that_is_no_toml_is_said_with_its_line(tmp_path: Path, text: str, where: str) -> None:
    (said,) = problems(tmp_path, text)

    assert re.match(rf"brygga\.toml ({where}): not TOML: ", said), said


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes('[gateway]\nname = "Ö"'.encode("latin-1"))

    with pytest.raises(ConfigError, match=r"gone\.toml: cannot be read: No such file or directory"):
        load(tmp_path / "gone.toml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)
    with pytest.raises(ConfigError, match=r"latin\.toml: is not UTF-8 text \(octet 18\); save it as UTF-8"):
        load(tmp_path / "latin.toml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_somebody_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "brygga.toml"
    path.touch(mode=0)

    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        load(path)


# ── the data folder ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_data_folder_is_made_for_its_user_and_group_only(tmp_path: Path) -> None:
    make_data_folder(tmp_path / "data")
    make_data_folder(tmp_path / "data")

    assert (tmp_path / "data").stat().st_mode & 0o027 == 0


def test_a_data_folder_without_a_parent_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gateway\.data: .*/b cannot be made, for .*/a is not there"):
        make_data_folder(tmp_path / "a" / "b")

    assert not (tmp_path / "a").exists()


def test_a_data_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match=r"gateway\.data: .*/file is a file where a folder is expected"):
        make_data_folder(tmp_path / "file")
    with pytest.raises(ConfigError, match=r"gateway\.data: .*/file/data cannot be made: Not a directory"):
        make_data_folder(tmp_path / "file" / "data")


@pytest.mark.parametrize("name", ["no/data", "file", "file/data"])
def test_what_keeps_a_data_folder_from_being_made_is_known_before(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    known = data_folder_problem(tmp_path / name)
    with pytest.raises(ConfigError):
        make_data_folder(tmp_path / name)

    assert known.startswith(f"gateway.data: {tmp_path / name} ")


def test_nothing_is_against_a_folder_that_is_there_or_can_be_made(tmp_path: Path) -> None:
    assert data_folder_problem(tmp_path) == ""
    assert data_folder_problem(tmp_path / "data") == ""
    assert not (tmp_path / "data").exists()
