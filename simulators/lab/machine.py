"""The gateway computer's clocks: boots, a wall that may be wrong, and what the kernel says of it. The agent reads them with its own code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Final
from unittest.mock import patch

from gateway import clock as clocks
from gateway.model import TimeQuality
from simulators.hashed import key

UP_S: Final = 1_000.0  # the machine has been up for so long when a scenario begins


class Machine:
    """The computer; ``now_s`` are seconds of a scenario, ``begins_s`` the wall's Unix seconds at its beginning."""

    def __init__(self, now_s: Callable[[], float], begins_s: float, folder: Path, seed: int) -> None:
        self.wrong_s = 0.0  # how far the wall clock is ahead of the truth
        self.quality = TimeQuality.NTP
        self._now_s = now_s
        self._begins_s = begins_s
        self._seed = seed
        self._boot = folder / "boot_id"
        self._booted_s = -UP_S
        self._boots = 0
        self.boot(at_s=-UP_S)

    def boot(self, *, at_s: float | None = None) -> None:
        """Begin a boot, whose clocks are right again."""
        self._boots += 1
        self._booted_s = self._now_s() if at_s is None else at_s
        self.wrong_s, self.quality = 0.0, TimeQuality.NTP
        words = f"{key(self._seed, 'boot', self._boots):016x}"
        self._boot.write_text(f"{words[:8]}-{words[8:12]}-4{words[12:15]}-8000-000000000000\n", encoding="ascii")

    def true_s(self) -> float:
        """Return the true Unix seconds."""
        return self._begins_s + self._now_s()

    def wall_s(self) -> float:
        """Return what the wall clock says."""
        return self.true_s() + self.wrong_s

    def boottime_s(self) -> float:
        """Return the seconds since the boot."""
        return self._now_s() - self._booted_s

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Have `gateway.clock` read this machine in this process."""
        wall = SimpleNamespace(
            time=self.wall_s, clock_gettime=lambda _: self.boottime_s(), CLOCK_BOOTTIME=time.CLOCK_BOOTTIME
        )
        with ExitStack() as patches:
            patches.enter_context(patch.object(clocks, "BOOT_ID", self._boot))
            patches.enter_context(patch.object(clocks, "time", wall))
            patches.enter_context(patch.object(clocks, "kernel_quality", lambda: self.quality))
            yield
