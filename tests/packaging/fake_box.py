"""A box below a folder of its own: trees that answer as a test says, a systemctl that keeps book, and a power cut at any command.

`scripts/debian/upgrade` runs as it is, with DPKG_ROOT. What it calls is in front of the system's own in PATH.
"""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
UPGRADE = ROOT / "scripts" / "debian" / "upgrade"
LIMIT_S = 60.0

# The command brygga of a tree. The journal is one line, "<database version> <uplinks>"; who may not read it is told so.
BRYGGA = """#!/bin/sh
tree=$(dirname "$(dirname "$0")")
data=$FAKE/journal
own=$(cat "$tree/database-version")
read -r version uplinks <"$data"
shift 3
case $1 in
check) [ ! -e "$tree/wrong" ] ;;
health) [ ! -e "$tree/unwell" ] && [ "$(readlink -f "$FAKE/opt/brygga/current")" = "$(readlink -f "$tree")" ] ;;
upgrade)
    case $2 in
    keep) [ ! -e "$FAKE/full" ] && cp "$data" "$3/journal" && echo kept >"$3/kept.json" ;;
    leave) [ "$version" -lt "$own" ] || { [ ! -e "$tree/mute" ] && echo "$uplinks" >"$3/.left" && mv "$3/.left" "$3/left"; } ;;
    return)
        if [ "$version" -gt "$own" ]; then
            read -r kept _ <"$3/journal"
            if [ -e "$3/left" ]; then read -r uplinks <"$3/left"; else read -r _ uplinks <"$3/journal"; fi
            mv "$data" "$data.newer"
            echo "$kept $uplinks" >"$data"
        fi ;;
    esac ;;
esac
"""

# systemd, as far as it is asked: an agent that is started brings the journal to its own form, and hears one more uplink.
SYSTEMCTL = """#!/bin/sh
run() {
    read -r version uplinks <"$FAKE/journal"
    own=$(cat "$FAKE/opt/brygga/current/database-version")
    if [ "$version" -gt "$own" ]; then rm -f "$FAKE/active"; exit 0; fi
    echo "$own $((uplinks + 1))" >"$FAKE/journal"
    touch "$FAKE/active"
}
case "$*" in
"is-active "*) [ -e "$FAKE/active" ] ;;
"stop "*) rm -f "$FAKE/active" ;;
"restart "* | "start "*) run ;;
esac
"""

# In front of each command that changes something: the cut comes before its N-th call, and takes the whole process group along.
CUT = """#!/bin/sh
number=$(($(cat "$FAKE/calls") + 1))
echo "$number" >"$FAKE/calls"
if [ "$number" = "$CUT_AT" ]; then kill -9 0; fi
exec {real} "$@"
"""
CHANGING = ("cp", "mv", "ln", "rm", "mkdir", "sync", "chmod")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left: its exit code (-9: cut) and its words."""

    code: int
    words: str


@dataclass(slots=True)
class Box:
    """One box."""

    folder: Path
    calls: int = field(default=0)

    def path(self, *parts: str) -> Path:
        """Return a path of the box."""
        return self.folder.joinpath(*parts)

    def unpack(self, version: str, database: int, *marks: str) -> None:
        """Do what dpkg does: put a version's files in place of those before."""
        package = self.path("opt/brygga/package")
        for place in ("bin", "systemd"):
            (package / place).mkdir(parents=True, exist_ok=True)
        for mark in ("unwell", "wrong", "mute"):
            (package / mark).unlink(missing_ok=True)
        files = {
            "bin/python3": BRYGGA,
            "build": version,
            "database-version": str(database),
            "systemd/brygga.service": f"# {version}",
            **dict.fromkeys(marks, ""),
        }
        for name, text in files.items():
            _put(package / name, text)
        _put(self.path("lib/systemd/system/brygga.service"), f"# {version}\n")

    def upgrade(self, *words: str, cut_at: int = 0) -> Outcome:
        """Run the script; with ``cut_at`` the power goes before the so-many-th change."""
        self.path("calls").write_text("0")
        environment = {
            **os.environ,
            "PATH": f"{self.path('bin')}:{os.environ['PATH']}",
            "DPKG_ROOT": str(self.folder),
            "FAKE": str(self.folder),
            "CUT_AT": str(cut_at),
        }
        process = subprocess.Popen(
            ["sh", UPGRADE, *words],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=LIMIT_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        self.calls = int(self.path("calls").read_text())
        return Outcome(process.returncode, output)

    def boot(self) -> None:
        """Come up again after a power cut: what was broken off is undone, then the agent starts."""
        self.path("active").unlink(missing_ok=True)
        self.upgrade("boot")
        subprocess.run(
            [self.path("bin/systemctl"), "start", "x"], env={**os.environ, "FAKE": str(self.folder)}, check=True
        )

    @property
    def runs(self) -> str | None:
        """Which build runs, or None."""
        return self.path("opt/brygga/current/build").read_text().strip() if self.path("active").exists() else None

    @property
    def unit(self) -> str:
        """The build whose unit is in force."""
        held = self.path("etc/systemd/system/brygga.service")
        here = held if held.exists() else self.path("lib/systemd/system/brygga.service")
        return here.read_text().split()[-1]

    @property
    def journal(self) -> tuple[int, int]:
        """The journal's form, and how many uplinks are in it."""
        version, uplinks = self.path("journal").read_text().split()
        return int(version), int(uplinks)

    @property
    def is_settled(self) -> bool:
        """Whether no upgrade is under way."""
        state = self.path("opt/brygga/state")
        return not (state / "trying").exists() and not (state / "going-back").exists()


def make_box(folder: Path) -> Box:
    """Return a box on which version 1 runs, with a journal of form 6 and one uplink."""
    for place in ("bin", "run/systemd/system", "etc/brygga", "lib/systemd/system", "var"):
        (folder / place).mkdir(parents=True)
    for name in CHANGING:
        _put(folder / "bin" / name, CUT.replace("{real}", _real(name)))
    _put(folder / "bin" / "systemctl", SYSTEMCTL)
    _put(folder / "etc/brygga/brygga.toml", "")
    _put(folder / "journal", "6 1")
    box = Box(folder)
    box.unpack("1", 6)
    assert box.upgrade("switch").code == 0
    (folder / "active").touch()
    return box


def _real(name: str) -> str:
    return next(path for folder in ("/usr/bin", "/bin") if Path(path := f"{folder}/{name}").exists())


def _put(path: Path, text: str) -> None:
    """Write a file as dpkg does: a new one in the place of the old one, which others may have a link to."""
    new = path.with_name(f"{path.name}.dpkg-new")
    new.write_text(f"{text.rstrip()}\n" if text else "")
    new.chmod(0o755)
    new.replace(path)
