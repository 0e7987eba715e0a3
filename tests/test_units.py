"""The units of systemd/: right by systemd's own judgement, and in step with the code that they start."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.commands.cli import EX_CONFIG
from gateway.commands.command_line import parser
from gateway.config.reaching import SERVICE_DATA, SERVICE_FOLDER
from gateway.config.whole import KEY_FILE
from gateway.pulse import STEP_LIMIT_S

SYSTEMD = Path(__file__).parent.parent / "systemd"
UNITS = sorted(path.name for path in SYSTEMD.glob("brygga*.*") if path.suffix in {".service", ".timer"})
SERVICES = [name for name in UNITS if name.endswith(".service")]
MOST_EXPOSED = 2.0  # systemd's own number; it calls 1.9 OK
LIMIT_S = 60


def settings(name: str) -> dict[str, list[str]]:
    """Return what a unit says, each key with all of its values."""
    found: dict[str, list[str]] = {}
    for line in (SYSTEMD / name).read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def said(*command: str | Path) -> str:
    """Return what a tool of systemd says; a container without it as process 1 is enough for it."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Lay out a root in which the command is where the package puts it."""
    for folder in ("usr/bin", "etc/systemd/system", "usr/lib/systemd/system"):
        (tmp_path / folder).mkdir(parents=True)
    for program in ("usr/bin/brygga",):
        (tmp_path / program).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / program).chmod(0o755)
    for name in UNITS:
        shutil.copy(SYSTEMD / name, tmp_path / "etc/systemd/system")
    for target in (
        "sysinit",
        "basic",
        "shutdown",
        "network",
        "network-online",
        "timers",
        "time-set",
        "time-sync",
        "multi-user",
    ):
        (tmp_path / f"usr/lib/systemd/system/{target}.target").write_text("[Unit]\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong(root: Path, name: str) -> None:
    words = said("systemd-analyze", "verify", "--recursive-errors=no", f"--root={root}", name)

    assert [line for line in words.splitlines() if "brygga" in line] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_not_exposed(name: str) -> None:
    words = said("systemd-analyze", "security", "--offline=true", "--no-pager", SYSTEMD / name)

    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", words)
    assert found is not None, words
    assert float(found[1]) < MOST_EXPOSED


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_unit_starts_is_a_command(name: str) -> None:
    lines = [line for key in ("ExecStart", "ExecReload") for line in settings(name).get(key, [])]

    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "/usr/bin/brygga"
        assert parser().parse_args(arguments).command.startswith(arguments[0])


def test_the_unit_and_the_code_mean_the_same_places_and_limits() -> None:
    unit = settings("brygga.service")

    assert unit["RestartPreventExitStatus"] == [str(EX_CONFIG)]
    assert unit["StateDirectory"] == [SERVICE_DATA.name]
    assert unit["RuntimeDirectory"] == [SERVICE_FOLDER.name]
    assert KEY_FILE in unit["LoadCredential"]
    assert float(unit["WatchdogSec"][0].removesuffix("s")) <= STEP_LIMIT_S


def test_the_user_and_its_folders_are_made_by_files_that_systemd_reads(tmp_path: Path) -> None:
    shutil.copy(SYSTEMD / "sysusers.conf", tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text("root:x:0:\ndialout:x:20:\n", encoding="utf-8")
    (tmp_path / "etc/passwd").write_text(f"root:x:0:0::{tmp_path}:/bin/sh\n", encoding="utf-8")

    words = said("systemd-sysusers", f"--root={tmp_path}", tmp_path / "sysusers.conf")
    words += said("systemd-tmpfiles", "--create", f"--root={tmp_path}", SYSTEMD / "tmpfiles.conf")

    groups = (tmp_path / "etc/group").read_text(encoding="utf-8")
    assert "brygga:x:" in groups, words
    assert re.search(r"^dialout:x:20:brygga$", groups, re.MULTILINE)
    assert (tmp_path / "etc/brygga/secrets").stat().st_mode & 0o777 == 0o700, words
    assert (tmp_path / "etc/brygga").stat().st_mode & 0o777 == 0o750
