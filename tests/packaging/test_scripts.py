"""The package's scripts apart from the upgrade itself: what they delete, what they say, and the pages that are made of the commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.commands.command_line import COMMANDS
from tests.packaging.fake_box import ROOT

DEBIAN = ROOT / "scripts" / "debian"
MAINTAINER = ("preinst", "postinst", "prerm", "postrm")
LIMIT_S = 60.0
BACKUP = "brygga-backup.timer"
SYSTEMCTL = """#!/bin/sh
word=$1
shift
if [ "$1" = --quiet ]; then shift; fi
for unit in "$@"; do
    case $word in
    is-active) [ -e "$DPKG_ROOT/active/$unit" ] || exit 3 ;;
    start) touch "$DPKG_ROOT/active/$unit" ;;
    stop) rm -f "$DPKG_ROOT/active/$unit" ;;
    esac
done
"""
STAND_INS = ("systemctl", "deb-systemd-helper", "deb-systemd-invoke", "systemd-sysusers", "systemd-tmpfiles", "chown")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A box where the package has been for a while, and commands in front of the system's own that only keep book."""
    for place in ("opt/brygga/versions", "etc/brygga", "etc/systemd/system", "var/lib/brygga", "var/backups/brygga"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "var/lib/brygga/journal.db").touch()
    (tmp_path / "etc/systemd/system/brygga.service").write_text("# Held by the package of Brygga: …\n")
    (tmp_path / "etc/systemd/system/brygga-own.service").write_text("# mine\n")
    (tmp_path / "bin").mkdir()
    for name in STAND_INS:
        command = tmp_path / "bin" / name
        command.write_text(f'#!/bin/sh\necho "{name} $*" >>"$DPKG_ROOT/calls"\n')
        command.chmod(0o755)
    upgrade = tmp_path / "usr/lib/brygga/upgrade"
    upgrade.parent.mkdir(parents=True)
    upgrade.write_text('#!/bin/sh\necho "upgrade $*" >>"$DPKG_ROOT/calls"\n[ ! -e "$DPKG_ROOT/unwell" ]\n')
    upgrade.chmod(0o755)
    return tmp_path


def run(root: Path, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    text = (DEBIAN / script).read_text()
    for name, units in {
        "ENABLED": "brygga.service",
        "BESIDE": BACKUP,
        "UNITS": f"brygga.service {BACKUP}",
    }.items():
        text = text.replace(f"@{name}@", units)
    environment = {**os.environ, "DPKG_ROOT": str(root), "PATH": f"{root / 'bin'}:{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", "-s", "--", *words],
        check=False,
        input=text,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


def calls(root: Path) -> str:
    return (root / "calls").read_text()


@pytest.mark.parametrize("script", [*MAINTAINER, "upgrade", "brygga"])
def test_a_script_is_one_that_any_shell_reads(script: str) -> None:
    assert subprocess.run(["sh", "-n", DEBIAN / script], check=False, timeout=LIMIT_S).returncode == 0


@pytest.mark.parametrize("script", MAINTAINER)
def test_a_call_that_dpkg_does_not_make_is_refused(script: str, root: Path) -> None:
    assert run(root, script, "nonsense").returncode == 1


def test_an_installation_without_a_configuration_says_what_to_do(root: Path) -> None:
    done = run(root, "postinst", "configure", "")

    assert (done.returncode, done.stderr) == (0, "brygga: installed, and not configured yet: run 'sudo brygga init'\n")
    assert "upgrade switch" in calls(root)
    assert "deb-systemd-invoke start" not in calls(root)


def test_an_upgrade_that_went_back_leaves_the_package_unconfigured(root: Path) -> None:
    (root / "unwell").touch()

    assert run(root, "postinst", "configure", "0.1.0").returncode == 1


@pytest.mark.parametrize("words", [("install",), ("upgrade", "0.1.0")], ids=lambda words: str(words[0]))
def test_who_installs_again_wants_it_tried_again(words: tuple[str, ...], root: Path) -> None:
    failed = root / "opt/brygga/state/failed"
    failed.parent.mkdir()
    failed.touch()

    run(root, "preinst", *words)

    assert not failed.exists()
    assert "upgrade hold" in calls(root)


def test_the_package_names_who_answers_for_it_and_no_placeholder() -> None:
    fields = (DEBIAN / "control").read_text().splitlines()

    assert "Maintainer: @MAINTAINER@" in fields
    assert not any(".example" in line for line in (*fields, (ROOT / "scripts/deb").read_text()))


@pytest.mark.parametrize(
    ("name", "address"), [("Anna", "no address"), ("Anna <x>", "anna@brygga.se")], ids=["address", "name"]
)
def test_who_cannot_be_written_to_is_no_maintainer(name: str, address: str) -> None:
    who = {"DEBFULLNAME": name, "DEBEMAIL": address}

    built = subprocess.run(
        [ROOT / "scripts/deb"], check=False, capture_output=True, text=True, timeout=LIMIT_S, env={**os.environ, **who}
    )

    assert (built.returncode, "is no 'Name <address>': set DEBFULLNAME and DEBEMAIL" in built.stderr) == (1, True)


def test_removal_keeps_the_journal_and_the_configuration(root: Path) -> None:
    assert run(root, "postrm", "remove").returncode == 0

    assert (root / "var/lib/brygga/journal.db").exists()
    assert (root / "etc/brygga").exists()
    assert not (root / "opt/brygga").exists()
    assert [path.name for path in (root / "etc/systemd/system").iterdir()] == ["brygga-own.service"]


def test_a_purge_deletes_both_and_nothing_else(root: Path) -> None:
    assert run(root, "postrm", "purge").returncode == 0

    left = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_dir()}
    assert {"etc", "etc/systemd/system", "var/lib", "var/backups", "opt"} <= left
    assert not {"etc/brygga", "var/lib/brygga", "var/backups/brygga", "opt/brygga"} & left


def test_an_upgrade_stops_nobody_beforehand(root: Path) -> None:
    run(root, "prerm", "upgrade", "0.2.0")

    assert not (root / "calls").exists()


@pytest.fixture
def live(root: Path) -> Path:
    """The same box with systemd, as far as the scripts ask it: what is in the folder ``active`` runs."""
    (root / "run/systemd/system").mkdir(parents=True)
    (root / "active").mkdir()
    (root / "bin/systemctl").write_text(SYSTEMCTL)
    (root / "bin/deb-systemd-invoke").write_text(SYSTEMCTL)
    return root


def active(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "active").iterdir())


@pytest.mark.parametrize("call", ["abort-upgrade", "abort-remove", "abort-deconfigure"])
def test_what_the_operator_has_stopped_stays_so_whatever_dpkg_breaks_off(call: str, live: Path) -> None:
    (live / "etc/brygga/brygga.toml").touch()

    done = run(live, "postinst", call)

    assert (done.returncode, active(live)) == (0, [])
    assert "upgrade release" in calls(live)


@pytest.mark.parametrize("running", [(), ("brygga.service",), (BACKUP, "brygga.service")], ids=["none", "one", "both"])
def test_a_removal_that_is_broken_off_leaves_running_what_ran(running: tuple[str, ...], live: Path) -> None:
    for unit in running:
        (live / "active" / unit).touch()

    run(live, "prerm", "remove")
    stopped = active(live)
    done = run(live, "postinst", "abort-remove", "in-favour", "other", "1.0")

    assert (stopped, done.returncode, active(live)) == ([], 0, [*running])


def test_what_a_broken_off_removal_had_stopped_is_not_started_at_a_later_one(live: Path) -> None:
    (live / "active/brygga.service").touch()
    run(live, "prerm", "remove")
    run(live, "postinst", "abort-remove")
    (live / "active/brygga.service").unlink()

    run(live, "postinst", "abort-remove")

    assert active(live) == []


def pages(kind: str) -> str:
    made = subprocess.run(
        [sys.executable, DEBIAN / "pages.py", kind], capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    return made.stdout


def test_the_manual_page_has_every_command() -> None:
    page = pages("man")

    assert [one.words for one in COMMANDS if f".B brygga {one.words}".replace("-", "\\-") not in page] == []


@pytest.mark.parametrize(
    ("typed", "proposed"), [("brygga heal", "health"), ("brygga upgrade re", "return"), ("brygga health --w", "--wait")]
)
def test_the_shell_completes_commands_and_options(typed: str, proposed: str) -> None:
    words = " ".join(f"'{word}'" for word in typed.split())
    script = (
        f'{pages("completion")}\nCOMP_WORDS=({words}); COMP_CWORD={typed.count(" ")}; _brygga; echo "${{COMPREPLY[*]}}"'
    )

    completed = subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True, timeout=LIMIT_S)

    assert completed.stdout.split() == [proposed]
