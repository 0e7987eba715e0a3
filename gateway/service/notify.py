"""Datagrams to the service manager (sd_notify(3)): ready, how it goes, alive, stopping."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final, Self

LONGEST_STATUS: Final = 200  # characters of a line that people read in `systemctl status`


class Notifier:
    """What speaks to the service manager. It never waits and never raises: the agent does without whoever does not listen."""

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        """``address`` is a socket's path, "@" in front for an abstract one; None: nothing is said."""
        self.watchdog_s = watchdog_s
        self._address = None if address is None else address.replace("@", "\0", 1) if address[:1] == "@" else address
        self._status = ""

    @classmethod
    def of(cls, environment: MutableMapping[str, str]) -> Self:
        """Return the one that the environment names, which is taken out of it: it is for this process alone."""
        address = environment.pop("NOTIFY_SOCKET", None)
        every, whose = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", str(os.getpid()))
        is_watched = address is not None and every.isdecimal() and int(every) > 0 and whose == str(os.getpid())
        return cls(address, int(every) / 1e6 if is_watched else None)

    @property
    def is_listening(self) -> bool:
        """Whether there is somebody to tell."""
        return self._address is not None

    def ready(self) -> None:
        """Say that the start, or a reload, is over."""
        self._say("READY=1")

    def reloading(self) -> None:
        """Say that the configuration is being read once more; `ready` ends it."""
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._say("STOPPING=1")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._say("WATCHDOG=1")

    def extend(self, seconds: float) -> None:
        """Ask for so many seconds more from now for what takes long at the start or the end."""
        self._say(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def status(self, words: str) -> None:
        """Say how it goes, in one line; the same words a second time are not said again."""
        line = " ".join(words.split())[:LONGEST_STATUS]
        if line != self._status:
            self._status = line
            self._say(f"STATUS={line}")

    def _say(self, text: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as out:
                out.sendto(text.encode(), self._address)
        except OSError:  # nobody listens any more, or too slowly: the next word may be heard
            return
