"""A GNSS receiver of this box sets the agent's clock, as far as it may be believed."""

from __future__ import annotations

import ctypes
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.clock import GPS_SURE_S, SystemClock, boottime
from gateway.model import Fix, Instant, TimeQuality

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LATE_S = 0.3  # from the measurement to the sentence


class NoKernel:
    """A C library that says that nothing disciplines the clock."""

    def adjtimex(self, reference: Any) -> int:
        reference._obj.maxerror = 16_000_000
        return 5


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> SystemClock:
    """A box without a battery clock, whose wall clock says 1970."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: NoKernel())
    monkeypatch.setattr(time, "time", lambda: 100.0)
    return SystemClock()


def fix(machine: SystemClock, ago_s: float, *, utc: datetime | None) -> Fix:
    """Return a fix that came ``ago_s`` seconds before now."""
    heard_at = Instant(
        datetime(1970, 1, 1, tzinfo=UTC), boottime() - ago_s, machine.boot_id, TimeQuality.UNSYNCHRONISED
    )
    return Fix(source="sky", place=None, accuracy_m=None, utc=utc, heard_at=heard_at)


def test_two_fixes_half_a_minute_apart_set_a_clock_that_nobody_sets(machine: SystemClock) -> None:
    machine.hear(fix(machine, GPS_SURE_S, utc=NOON - timedelta(seconds=GPS_SURE_S + LATE_S)))
    before = machine().quality
    machine.hear(fix(machine, 0.0, utc=NOON - timedelta(seconds=LATE_S)))
    now = machine()

    assert before is TimeQuality.UNSYNCHRONISED
    assert now.quality is TimeQuality.GPS
    assert (
        timedelta(0) <= NOON - now.utc + timedelta(seconds=0.2) < timedelta(seconds=LATE_S + 0.2)
    )  # late by the line's delay, never early


def test_a_fix_that_tells_no_time_sets_nothing(machine: SystemClock) -> None:
    for ago_s in (GPS_SURE_S, 0.0):
        machine.hear(fix(machine, ago_s, utc=None))

    assert machine().quality is TimeQuality.UNSYNCHRONISED
