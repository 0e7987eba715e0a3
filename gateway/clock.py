"""The clock: wall time, monotonic time, boot id, and how far the wall may be believed (design, law 5; decision 53).

The agent's clock is an argument everywhere; this is the one that reads the machine's.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.dating import EARLIEST, JUMP, Boots
from gateway.errors import StorageError
from gateway.model import Clock, Fix, Frame, Instant, TimeQuality

logger = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIMESYNCD = Path("/run/systemd/timesync/synchronized")  # there once systemd-timesyncd has set the clock in this boot
QUALITY_AGE = 5.0  # seconds between two questions to the kernel; chrony needs minutes to change its mind
STEP_S = 0.05  # a wall clock that moves by more against the monotonic one was set: the kernel is asked at once
LEARN_EVERY = 600.0  # seconds; a crystal drifts some 20 ms in that time
LEARN_AGAIN = 10.0  # seconds, when the disk did not take it
STEADY_S = 3600.0  # a wall clock that jumped is followed when it has stood for so long

GPS_APART_S: Final = 2.0  # of two frames' GPS times: what a forwarder may hold a frame back
GPS_SURE_S: Final = 30.0  # between two frames that agree before they are believed
GPS_AGE_S: Final = 86_400.0  # since the last of them: a crystal drifts 5 s in that time
GPS_DRIFT: Final = 1e-4  # of a crystal that nobody corrects

_UNSYNCHRONISED_US = 16_000_000  # NTP_PHASE_LIMIT, kernel/time/ntp.c


class _Timex(ctypes.Structure):
    """struct timex; `modes` 0 only reads (adjtimex(2))."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),  # microseconds
        ("rest", ctypes.c_char * 256),  # 208 octets in all on 64-bit Linux, 128 on 32-bit
    )


def kernel_quality() -> TimeQuality:
    """Ask the kernel whether something (chrony, timesyncd, PTP) disciplines its clock.

    Its greatest error says so: it grows by 500 ppm from each correction on, up to 16 s after nine hours without one, and is at its
    limit after a boot and after whoever else has set the clock. The flag STA_UNSYNC is not asked: chrony leaves it set where it is
    not to keep the battery clock (without `rtcsync`). Where the kernel may not be asked, timesyncd's own mark counts.
    """
    timex = _Timex()
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) == -1:
        return TimeQuality.NTP if TIMESYNCD.exists() else TimeQuality.UNSYNCHRONISED
    return TimeQuality.NTP if timex.maxerror < _UNSYNCHRONISED_US else TimeQuality.UNSYNCHRONISED


@dataclass(frozen=True, slots=True)
class Belief:
    """A wall clock's seconds since 1970 at monotonic 0, how good they are, and the monotonic times of their first and last sign."""

    zero: float
    quality: TimeQuality
    since: float
    seen: float


class Beliefs:
    """Which wall clock is followed: pure, all that is read is given.

    One that jumps by more than a minute is not followed, unless it is better than what was believed, or has stood for an hour: until
    then the time goes on from what was believed. A wall clock from before this program was made is never believed.
    """

    def __init__(self) -> None:
        self.own: Belief | None = None  # what is believed
        self.other: Belief | None = None  # a wall clock that jumped
        self.gps: Belief | None = None
        self._gps_perhaps: Belief | None = None

    def look(self, zero: float, quality: TimeQuality, monotonic: float) -> tuple[float, TimeQuality]:
        """Return the seconds since 1970 at monotonic 0 and their quality, for a wall clock that says ``zero`` and ``quality``."""
        if quality > TimeQuality.UNSYNCHRONISED and zero + monotonic < EARLIEST.timestamp():
            quality = TimeQuality.UNSYNCHRONISED
        zero, quality = self._followed(zero, quality, monotonic)
        gps = self.gps
        if gps is None or monotonic - gps.seen > GPS_AGE_S:
            return zero, quality
        apart = abs(zero - gps.zero)
        if quality is TimeQuality.UNSYNCHRONISED or apart > _JUMP_S:
            return gps.zero, TimeQuality.GPS
        return zero, TimeQuality.GPS if apart <= GPS_APART_S else quality

    def hear_gps(self, utc_s: float, monotonic: float) -> None:
        """Note a frame's or a receiver's GPS time; it is heard some time after, so that the least delay counts."""
        zero = utc_s - monotonic
        if utc_s < EARLIEST.timestamp():  # a receiver that has forgotten the number of the week
            return
        if self.gps is not None and abs(zero - self.gps.zero) <= GPS_APART_S:
            drifted = self.gps.zero - GPS_DRIFT * (monotonic - self.gps.seen)
            self.gps = Belief(max(zero, drifted), TimeQuality.GPS, self.gps.since, monotonic)
            return
        perhaps = self._gps_perhaps
        if perhaps is None or abs(zero - perhaps.zero) > GPS_APART_S:
            self._gps_perhaps = Belief(zero, TimeQuality.GPS, monotonic, monotonic)
        elif monotonic - perhaps.since >= GPS_SURE_S:
            self.gps = Belief(max(zero, perhaps.zero), TimeQuality.GPS, perhaps.since, monotonic)
            self._gps_perhaps = None

    def _followed(self, zero: float, quality: TimeQuality, monotonic: float) -> tuple[float, TimeQuality]:
        own = self.own
        if own is None or abs(zero - own.zero) <= _JUMP_S:
            self.other = None
            if quality > TimeQuality.UNSYNCHRONISED:
                self.own = Belief(zero, quality, monotonic if own is None else own.since, monotonic)
            return zero, quality
        if self._is_to_be_followed(own, zero, quality, monotonic):
            self.own, self.other = Belief(zero, quality, monotonic, monotonic), None
            return zero, quality
        return own.zero, min(own.quality, quality)

    def _is_to_be_followed(self, own: Belief, zero: float, quality: TimeQuality, monotonic: float) -> bool:
        if quality > own.quality:
            return True
        other = self.other
        if quality is TimeQuality.UNSYNCHRONISED or other is None or abs(zero - other.zero) > _JUMP_S:
            self.other = Belief(zero, quality, monotonic, monotonic)
            return False
        return monotonic - other.since >= STEADY_S


_JUMP_S: Final = JUMP.total_seconds()


class SystemClock:
    """This machine's clock. ``at_least`` is what the configuration vouches for when the kernel says nothing.

    An operator who writes ``clock.trust = "system"`` says that the wall clock is right although nothing disciplines it.
    """

    def __init__(self, *, at_least: TimeQuality = TimeQuality.UNSYNCHRONISED) -> None:
        self.boot_id = BOOT_ID.read_text(encoding="ascii").strip()
        self._at_least = at_least
        self._beliefs = Beliefs()
        self._zero = 0.0  # what the wall clock said last
        self._quality = at_least
        self._asked = -QUALITY_AGE
        self._has_jumped = False  # and that was said

    def __call__(self) -> Instant:
        """Return now."""
        monotonic = boottime()
        zero = time.time() - monotonic
        if monotonic - self._asked > QUALITY_AGE or abs(zero - self._zero) > STEP_S:
            self._quality = max(self._at_least, kernel_quality())
            self._asked = monotonic
        self._zero = zero
        believed, quality = self._beliefs.look(zero, self._quality, monotonic)
        if (self._beliefs.other is not None) is not self._has_jumped:
            self._tell_of_the_jump()
        return Instant(datetime.fromtimestamp(believed + monotonic, UTC), monotonic, self.boot_id, quality)

    @property
    def not_followed_s(self) -> float | None:
        """Return by how many seconds the wall clock has jumped; None while it is followed."""
        own, other = self._beliefs.own, self._beliefs.other
        return None if own is None or other is None else other.zero - own.zero

    def recall(self, boots: Boots) -> None:
        """Go on from what the journal knows of this boot: who starts an agent again does not make a clock right.

        A clock that somebody vouches for is believed anew: setting it by hand and starting again is how it is made right.
        """
        spans = boots.get(self.boot_id, ())
        if spans and spans[-1].quality >= TimeQuality.NTP:
            last = spans[-1]
            self._beliefs.own = Belief(last.utc_at_zero.timestamp(), last.quality, last.since, last.until)

    def hear(self, heard: Frame | Fix) -> None:
        """Learn from the GPS time of a frame, or of a GNSS receiver of this box, where it has one."""
        if isinstance(heard, Fix):
            utc = heard.utc
        else:
            best = heard.receptions[0]
            utc = best.gateway_time if best.gateway_time_is_gps else None
        if utc is not None:
            self._beliefs.hear_gps(utc.timestamp(), heard.heard_at.monotonic)

    def _tell_of_the_jump(self) -> None:
        by = self.not_followed_s
        self._has_jumped = by is not None
        if by is None:
            logger.warning("the wall clock is followed again")
        else:
            words = "the wall clock has jumped by %s and is not followed until it is better or has stood for %d minutes"
            logger.warning(words, timedelta(seconds=round(by)), STEADY_S // 60)


def boottime() -> float:
    """Return the seconds since the boot that no correction moves; those that the machine slept count, too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


LearnBoot = Callable[[str, datetime, TimeQuality], Awaitable[None]]


async def learn_boots(clock: Clock, trust: TimeQuality, learn: LearnBoot) -> None:
    """Tell ``learn`` this boot's wall time at monotonic zero, once the clock is trusted and every ten minutes after.

    It is what dates rows that were heard before the clock was right. Before, ``learn`` is told once, with UNSYNCHRONISED, that there
    is the boot. A disk that does not take it is asked again.
    """
    disk_failed = was_told_of = False
    while True:
        now = clock()
        if now.quality < trust and was_told_of:
            await asyncio.sleep(1.0)
            continue
        quality = now.quality if now.quality >= trust else TimeQuality.UNSYNCHRONISED
        try:
            await learn(now.boot_id, now.utc - timedelta(seconds=now.monotonic), quality)
        except StorageError as error:
            if not disk_failed:
                logger.error("what time it is cannot be stored, and is tried again: %s", error)  # noqa: TRY400 - no bug: its trace tells no more
            disk_failed = True
            await asyncio.sleep(LEARN_AGAIN)
        else:
            disk_failed, was_told_of = False, True
            await asyncio.sleep(LEARN_EVERY if now.quality >= trust else 0.0)
