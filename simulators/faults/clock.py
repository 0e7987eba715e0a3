"""A wall clock that is set while a process runs, and a kernel that says whether it is synchronised: libfaketime and `clock_faults.c`.

The clock that counts from the boot is left alone, as a step of the wall clock leaves it alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from simulators.faults.compiling import compiled
from simulators.faults.missing import Missing
from simulators.faults.saying import say

SOURCE: Final = Path(__file__).with_name("clock_faults.c")
LIBRARIES: Final = Path("/usr/lib")
SYNCHRONISED_US: Final = 2_000  # of greatest error, as after a correction
UNSYNCHRONISED_US: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class FaultyClock:
    """The libraries, and the files that say what the clock says; they may change while the process runs."""

    libraries: tuple[Path, ...]
    offset: Path
    error: Path

    @classmethod
    def made_in(cls, folder: Path) -> FaultyClock:
        """Compile what is ours into ``folder``; Missing says what is lacking."""
        faketime = next(iter(sorted(LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"))), None)
        if faketime is None:
            raise Missing("libfaketime is not installed: apt install libfaketime")
        clock = cls((faketime, compiled(SOURCE, folder)), folder / "offset", folder / "error")
        clock.say(timedelta(), is_synchronised=False)
        return clock

    def environment(self) -> Mapping[str, str]:
        """Return the environment of a process that is to have this clock."""
        return {
            **os.environ,
            "LD_PRELOAD": " ".join(map(str, self.libraries)),
            "CLOCK_FAULTS": str(self.error),
            "FAKETIME_TIMESTAMP_FILE": str(self.offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def say(self, ahead: timedelta, *, is_synchronised: bool) -> None:
        """Let the wall clock be so far ahead of the machine's, and the kernel say so of it, from now on."""
        error_us = SYNCHRONISED_US if is_synchronised else UNSYNCHRONISED_US
        for path, text in ((self.error, f"{error_us}\n"), (self.offset, f"{ahead.total_seconds():+.0f}\n")):
            say(path, text)
