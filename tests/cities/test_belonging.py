"""What root writes beside brygga.toml is for the service's group to read, as brygga.toml is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cities import connection
from gateway.cities.catalogue import Catalogue
from gateway.errors import ConfigError
from gateway.whole_files import write_whole

SERVICE = 54_321  # a group that nobody has
SANDBOX = "-all,+dac_override"  # what brygga-pull.service has
LIMIT_S = 60.0
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


@ROOT_ONLY
@pytest.mark.parametrize(
    ("group", "code"), [(SERVICE, 0), (SERVICE + 1, 1)], ids=["the folder's group", "another group"]
)
def test_root_in_a_sandbox_writes_for_the_group_that_it_has_and_no_other(tmp_path: Path, group: int, code: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, SERVICE, SERVICE)
    write = f"from pathlib import Path; from gateway.whole_files import write_whole; write_whole(Path({str(folder / 'file')!r}), b'')"

    done = subprocess.run(
        ["setpriv", f"--regid={group}", "--clear-groups", f"--bounding-set={SANDBOX}", sys.executable, "-c", write],
        check=False, timeout=LIMIT_S, capture_output=True,
    )  # fmt: skip

    assert (done.returncode, b"cannot be written" in done.stderr) == (code, code == 1)
    assert [(one.stat().st_gid, stat.filemode(one.stat().st_mode)) for one in folder.glob("file")] == [
        (SERVICE, "-rw-r-----")
    ] * (1 - code)


def test_a_folder_that_may_not_be_looked_into_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "glob", refused)

    with pytest.raises(ConfigError, match=r"cities: this user may not look into it; .* sudo chgrp -R brygga"):
        Catalogue.load(tmp_path)
