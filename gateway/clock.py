"""The clock: wall time, monotonic time, boot id, and how far the wall may be believed (design, law 5).

The agent's clock is an argument everywhere; this is the one that reads the machine's.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.errors import StorageError
from gateway.model import Clock, Instant, TimeQuality

logger = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
QUALITY_AGE = 5.0  # seconds between two questions to the kernel; chrony needs minutes to change its mind
LEARN_EVERY = 600.0  # seconds; a crystal drifts some 20 ms in that time
LEARN_AGAIN = 10.0  # seconds, when the disk did not take it

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_TIMEX_SIZE = 256  # struct timex is 208 octets on 64-bit Linux and 128 on 32-bit; `modes` comes first, 0 only reads


def kernel_quality() -> TimeQuality:
    """Ask the kernel whether something (chrony, timesyncd, PTP) disciplines its clock (adjtimex(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    answer = int(libc.adjtimex(ctypes.create_string_buffer(_TIMEX_SIZE)))
    return TimeQuality.UNSYNCHRONISED if answer in {-1, _TIME_ERROR} else TimeQuality.NTP


class SystemClock:
    """This machine's clock. ``at_least`` is what the configuration vouches for when the kernel says nothing.

    An operator who writes ``clock.trust = "system"`` says that the wall clock is right although nothing disciplines it.
    """

    def __init__(self, *, at_least: TimeQuality = TimeQuality.UNSYNCHRONISED) -> None:
        self.boot_id = BOOT_ID.read_text(encoding="ascii").strip()
        self._at_least = at_least
        self._quality = max(at_least, kernel_quality())
        self._asked = time.monotonic()

    def __call__(self) -> Instant:
        """Return now."""
        monotonic = time.monotonic()
        if monotonic - self._asked > QUALITY_AGE:
            self._quality = max(self._at_least, kernel_quality())
            self._asked = monotonic
        return Instant(datetime.now(UTC), monotonic, self.boot_id, self._quality)


LearnBoot = Callable[[str, datetime, TimeQuality], Awaitable[None]]


async def learn_boots(clock: Clock, trust: TimeQuality, learn: LearnBoot) -> None:
    """Tell ``learn`` this boot's wall time at monotonic zero, once the clock is trusted and every ten minutes after.

    It is what dates rows that were heard before the clock was right. A disk that does not take it is asked again.
    """
    disk_failed = False
    while True:
        now = clock()
        if now.quality < trust:
            await asyncio.sleep(1.0)
            continue
        try:
            await learn(now.boot_id, now.utc - timedelta(seconds=now.monotonic), now.quality)
        except StorageError as error:
            if not disk_failed:
                logger.error("what time it is cannot be stored, and is tried again: %s", error)  # noqa: TRY400 - no bug: its trace tells no more
            disk_failed = True
            await asyncio.sleep(LEARN_AGAIN)
        else:
            disk_failed = False
            await asyncio.sleep(LEARN_EVERY)
