"""Files are there whole or as before, whatever breaks in between, and for whom they are meant."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway import whole_files
from gateway.errors import ConfigError
from gateway.whole_files import MODE, PRIVATE, changing_private, filling, write_private, write_whole

SOMEBODY = 54_321  # a user and a group that nobody has
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_there_and_nothing_besides(tmp_path: Path) -> None:
    write_whole(tmp_path / "deep" / "file", b"one")
    write_private(tmp_path / "secret", b"two")

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "file", "secret"]
    assert ((tmp_path / "deep" / "file").read_bytes(), mode(tmp_path / "deep" / "file")) == (b"one", MODE)
    assert ((tmp_path / "secret").read_bytes(), mode(tmp_path / "secret")) == (b"two", PRIVATE)


def test_what_was_there_is_replaced_with_its_mode(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"longer than what comes")
    (tmp_path / "secret").chmod(0o666)

    write_private(tmp_path / "secret", b"new")

    assert ((tmp_path / "secret").read_bytes(), mode(tmp_path / "secret")) == (b"new", PRIVATE)


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_where_the_disk_fails_what_was_there_stays_and_no_part_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(step, _fails)

    with pytest.raises(ConfigError, match=r"file: cannot be written: No space left on device"):
        write_whole(path, b"new")

    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


def _fails(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_who_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")

    with pytest.raises(KeyboardInterrupt):
        _broken_off(tmp_path / "file")

    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("file", b"old")]


def _broken_off(path: Path) -> None:
    with filling(path, PRIVATE) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_what_is_filled_has_no_name_until_it_is_whole(tmp_path: Path) -> None:
    with filling(tmp_path / "file", PRIVATE) as file:
        file.write(b"whole")
        before = (tmp_path / "file").exists()

    assert not before
    assert (tmp_path / "file").read_bytes() == b"whole"


def test_a_part_that_a_power_cut_left_is_in_nobodys_way(tmp_path: Path) -> None:
    whole_files.part_of(tmp_path / "file").write_bytes(b"half of something else")

    write_private(tmp_path / "file", b"new")

    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("file", b"new")]


def test_a_link_where_the_part_is_to_be_leads_nowhere(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"somebody's")
    whole_files.part_of(tmp_path / "file").symlink_to(other)

    write_private(tmp_path / "file", b"new")

    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"file": b"new", "other": b"somebody's"}


def test_the_file_is_on_the_disk_before_it_has_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened, replace = list[str](), Path.replace

    def sync(descriptor: int) -> None:
        happened.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")

    def named(self: Path, target: Path) -> Path:
        happened.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", named)

    write_private(tmp_path / "file", b"new")

    assert happened == ["file", "name", "folder"]


def test_a_secret_makes_no_folder_and_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"secret: cannot be written: No such file.* its folder has to be there"):
        write_private(tmp_path / "data" / "secret", b"new")

    assert list(tmp_path.iterdir()) == []


@ROOT_ONLY
def test_root_gives_a_secret_to_whoever_has_the_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, SOMEBODY, SOMEBODY)

    write_private(tmp_path / "secret", b"new", like=data)
    write_private(tmp_path / "own", b"new")

    assert [((tmp_path / name).stat().st_uid, mode(tmp_path / name)) for name in ("secret", "own")] == [
        (SOMEBODY, PRIVATE),
        (os.geteuid(), PRIVATE),
    ]


def test_two_writers_leave_one_whole_file_after_the_other(tmp_path: Path) -> None:
    path, times = tmp_path / "file", 30
    either = [letter * 500_000 for letter in (b"a", b"b")]
    write_private(path, either[0])
    seen: list[bytes] = []

    def write(octets: bytes) -> None:
        for _ in range(times):
            write_private(path, octets)
            seen.append(path.read_bytes())

    with ThreadPoolExecutor() as threads:
        assert [*threads.map(write, either)] == [None, None]

    assert all(one in either for one in seen)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_who_writes_for_ever_is_waited_for_no_longer_than_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_files, "PATIENCE_S", 0.02)
    with filling(tmp_path / "file", PRIVATE) as file:
        file.write(b"first")
        with pytest.raises(ConfigError, match=r"file: cannot be written: another program writes it"):
            write_whole(tmp_path / "file", b"second")
        write_whole(tmp_path / "another", b"beside it")

    assert (tmp_path / "file").read_bytes() == b"first"
    assert (tmp_path / "another").read_bytes() == b"beside it"


def test_who_changes_what_is_there_reads_what_the_last_one_wrote(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("0")

    def count(_: int) -> None:
        with changing_private(path) as file:
            file.write(str(int(path.read_text()) + 1).encode())

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(count, range(60)))

    assert path.read_text() == "60"


@ROOT_ONLY
@pytest.mark.parametrize("is_link", [True, False], ids=["link", "folder"])
def test_root_gives_away_the_folder_that_it_made_and_no_other_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_link: bool
) -> None:
    theirs, precious = tmp_path / "theirs", tmp_path / "precious"
    theirs.mkdir()
    os.chown(theirs, SOMEBODY, SOMEBODY)
    precious.mkdir()
    (precious / "inside").write_bytes(b"")
    make = os.mkdir

    def swapped(name: str, mode: int, *, dir_fd: int) -> None:
        make(name, mode, dir_fd=dir_fd)
        (theirs / name).rmdir()
        (theirs / name).symlink_to(precious) if is_link else precious.rename(theirs / name)

    monkeypatch.setattr(os, "mkdir", swapped)

    with pytest.raises(ConfigError, match="cannot be written"):
        write_whole(theirs / "new" / "file", b"new")

    assert (theirs / "new").stat().st_uid == os.geteuid()
