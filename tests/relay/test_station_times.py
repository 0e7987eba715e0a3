"""A 32-bit counter becomes the xtime of a station: it goes on over wraps, and a new start is another session."""

from __future__ import annotations

from gateway.relay.station_times import StationTimes


def test_a_counter_that_wraps_goes_on_in_the_xtime() -> None:
    times, wrap = StationTimes(), 1 << 32
    before = times.xtime(wrap - 1_000_000, 100.0)

    after = times.xtime(1_000_000, 102.0)

    assert after - before == 2_000_000


def test_hours_of_silence_do_not_lose_a_wrap() -> None:
    times, seconds = StationTimes(), 3 * 3600
    before = times.xtime(5, 0.0)

    after = times.xtime((5 + seconds * 1_000_000) % (1 << 32), float(seconds))

    assert after - before == seconds * 1_000_000


def test_a_concentrator_that_starts_anew_has_another_session() -> None:
    times = StationTimes()
    before = times.xtime(1_000_000_000, 100.0)

    after = times.xtime(5_000_000, 130.0)

    assert before >> 48 != after >> 48
    assert after & ((1 << 48) - 1) == 5_000_000
