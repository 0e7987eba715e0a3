"""What a real fault needs and this machine lacks, in words: whoever asked for it is told, and a test is skipped with them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

SBIN: Final = ("/usr/sbin", "/sbin", "/usr/local/sbin")
COMMAND_LIMIT_S: Final = 30.0


class Missing(Exception):
    """Say what is lacking, and how to get it."""


def program(name: str, package: str) -> str:
    """Return the path of a program; Missing names its Debian package."""
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *SBIN]))
    if path is None:
        raise Missing(f"{name} is not installed: apt install {package}")
    return path


def need_root(what: str) -> None:
    """Raise Missing where this process may not do ``what``."""
    if os.geteuid() != 0:
        raise Missing(f"{what} needs root")


def run(what: str, *command: str | Path) -> str:
    """Run a program that changes the machine, and return what it prints; Missing where the kernel or the machine will not."""
    try:
        done = subprocess.run(  # noqa: S603 - words of ours
            list(map(str, command)), capture_output=True, text=True, timeout=COMMAND_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{what}: {error}") from error
    if done.returncode:
        raise Missing(f"{what} does not work here: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout
