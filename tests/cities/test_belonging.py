"""What root writes beside brygga.toml is for the service's group to read, as brygga.toml is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gateway.cities import connection
from gateway.cities.catalogue import Catalogue
from gateway.errors import ConfigError
from gateway.whole_files import write_whole

SERVICE = 54_321  # a group that nobody has
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")


@ROOT_ONLY
def test_a_citys_connection_and_its_folders_belong_to_the_group_of_the_configurations_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, -1, SERVICE)

    connection.write(tmp_path / "cities/lund.toml", "url = 'mqtt://broker.example'\n")
    connection.write(tmp_path / "cities/profiles/boras.toml", "")

    assert {one.stat().st_gid for one in (tmp_path / "cities").rglob("*")} == {SERVICE}
    assert stat.filemode((tmp_path / "cities").stat().st_mode) == "drwxr-x---"
    assert stat.filemode((tmp_path / "cities/lund.toml").stat().st_mode) == "-rw-r-----"


@ROOT_ONLY
def test_so_do_folders_in_folders_that_are_written_whole(tmp_path: Path) -> None:
    os.chown(tmp_path, -1, SERVICE)

    write_whole(tmp_path / "a/b/file", b"")

    assert {one.stat().st_gid for one in tmp_path.rglob("*")} == {SERVICE}


def test_a_folder_that_may_not_be_looked_into_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "glob", refused)

    with pytest.raises(ConfigError, match=r"cities: this user may not look into it; .* sudo chgrp -R brygga"):
        Catalogue.load(tmp_path)
