"""Why a serial port is not there, in words that say what would help."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.errors import Brygga

PROC: Final = Path("/proc")
SUSPECTS: Final = (
    "ModemManager",
    "gpsd",
    "brltty",
    "minicom",
    "picocom",
    "screen",
)  # that take serial ports for themselves


class Lost(StrEnum):
    """Why: the label of its counter."""

    MISSING = "missing"  # nothing is plugged in there
    FORBIDDEN = "forbidden"
    BUSY = "busy"  # another program has it
    NO_PORT = "no_port"  # a file or a folder, no serial port
    BROKEN = "broken"  # it is there, and answers with errors
    UNREACHABLE = "unreachable"  # a URL at which nobody answers
    GONE = "gone"  # it was open, and was unplugged or cut off


class PortLost(Brygga):
    """Say that a port cannot be had, or is no longer there."""

    def __init__(self, why: Lost, words: str) -> None:
        self.why = why
        super().__init__(words)


def from_error(path: str, error: OSError) -> PortLost:
    """Return what an error at opening the device ``path`` means."""
    match error.errno:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            words = f"{path} is not there; is it plugged in? `ls -l /dev/serial/by-id/` shows what is"
            return PortLost(Lost.MISSING, words)
        case errno.EACCES | errno.EPERM:
            return PortLost(Lost.FORBIDDEN, _forbidden(path))
        case errno.EAGAIN | errno.EBUSY:
            return PortLost(Lost.BUSY, f"{path} is in use by {_user(path)}")
        case errno.ENOTTY | errno.EISDIR | errno.ENOTDIR | errno.EINVAL | errno.ELOOP:
            words = f"{path} is no serial port ({error.strerror}); a device such as /dev/serial/by-id/usb-… is one"
            return PortLost(Lost.NO_PORT, words)
        case _:
            words = (
                f"{path} is there and does not open ({error.strerror or error}): is its cable whole, and does it get enough current? "
                "Unplug it and plug it in again"
            )
            return PortLost(Lost.BROKEN, words)


def _forbidden(path: str) -> str:
    return (
        f"{path} may not be opened by this user: serial ports belong to the group dialout. Type `sudo usermod -aG dialout "
        "$USER` (or the name of the service's user, brygga) and start the agent again: a group counts from the next start on"
    )


def _user(path: str) -> str:
    """Return who has a device open, as far as this user may know, and how to make it let go."""
    sure, perhaps = list(holders(path)), list(suspects())
    if sure:
        return f"{', '.join(sure)}; stop that program first"
    if any(name.startswith("ModemManager") for name in perhaps):
        return (
            "another program, probably ModemManager, which tries every new port for a telephone modem: `sudo systemctl disable "
            "--now ModemManager` ends that"
        )
    who = f" (perhaps {', '.join(perhaps)})" if perhaps else ""
    return f"another program{who}; `sudo fuser -v {path}` names it"


def holders(path: str, proc: Path = PROC) -> Iterator[str]:
    """Yield the other programs that have a device open; those of other users only where this one is root."""
    device = os.path.realpath(path)
    for process in proc.glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            if any(os.path.realpath(one) == device for one in (process / "fd").iterdir()):
                yield f"{_name(process)} (pid {process.name})"
        except OSError:  # another user's, or it has just ended
            continue


def suspects(proc: Path = PROC) -> Iterator[str]:
    """Yield the running programs that are known for taking serial ports."""
    for process in proc.glob("[0-9]*"):
        if (name := _name(process)) in SUSPECTS:
            yield f"{name} (pid {process.name})"


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a program"
