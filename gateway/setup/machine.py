"""The machine as the wizard sees it: files below a root, processes, users. Tests give a folder for the root."""

from __future__ import annotations

import grp
import os
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.clock import kernel_quality
from gateway.model import TimeQuality
from gateway.setup.findings import Process

SERVICE_FILE: Final = "etc/brygga/brygga.toml"  # that brygga.service reads
UNITS: Final = ("usr/lib/systemd/system/brygga.service", "etc/systemd/system/brygga.service")
GROUP: Final = "brygga"  # of the service's user, as its sysusers.d file makes it
MOST_OCTETS: Final = 1 << 20  # of a file that is looked into; a forwarder's has some 20 kB
UNIT: Final = re.compile(r"/([^/]+\.service)(?:/|$)", re.MULTILINE)


def _is_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where to look; what is asked of the system itself is a function each, so that it can be another's."""

    root: Path = Path("/")
    hostname: Callable[[], str] = socket.gethostname
    is_root: Callable[[], bool] = lambda: os.geteuid() == 0
    clock: Callable[[], TimeQuality] = kernel_quality
    has_group: Callable[[str], bool] = _is_group

    def at(self, path: str) -> Path:
        """Return where ``path`` of that machine lies."""
        return self.root / path.lstrip("/")

    def shown(self, path: Path) -> str:
        """Return a path as that machine calls it."""
        return "/" + str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def found(self, *patterns: str) -> Iterator[Path]:
        """Yield what is there, of paths in which * stands for any name; what may not be looked into is not there."""
        for pattern in patterns:
            try:
                yield from sorted(self.root.glob(pattern.lstrip("/")))
            except OSError:
                continue

    def text(self, path: Path) -> str | None:
        """Return a file's text, None where there is none, or none that this user may read."""
        try:
            with path.open("rb") as file:
                return file.read(MOST_OCTETS).decode("utf-8", "replace")
        except OSError:
            return None

    def has_unit(self) -> bool:
        """Tell whether there is a service of this agent."""
        return any(self.found(*UNITS))

    def serves(self, configuration: Path) -> bool:
        """Tell whether that service reads ``configuration``."""
        return self.has_unit() and configuration.absolute() == self.at(SERVICE_FILE).absolute()

    def processes(self) -> Iterator[Process]:
        """Yield the programs that run."""
        for folder in self.found("proc/[0-9]*"):
            words = tuple((self.text(folder / "cmdline") or "").rstrip("\0").split("\0"))
            if words[0]:
                yield Process(Path(words[0]).name, words[1:], _link(folder / "cwd"), self._unit(folder))

    def _unit(self, folder: Path) -> str:
        """Return the unit of a process, by its control group (cgroups(7))."""
        named = UNIT.findall(self.text(folder / "cgroup") or "")
        return named[-1] if named else ""


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:  # another user's process, or one that has just ended
        return ""
