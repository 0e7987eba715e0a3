"""The hour of the duty cycle does not begin anew with a process."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.lorawan.duty_cycle import DutyCycle, allowance
from gateway.lorawan.region import EU868, SubBand
from gateway.model import Eui64, Instant, TimeQuality
from gateway.network.air_record import UNRECORDED, Spent, decode, encode

ROOF = ("radio", Eui64("0016c001ff10a235"))
CELLAR = ("radio", Eui64("0016c001ff10a236"))
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
NOW = Instant(datetime(2026, 11, 25, 12, 0, tzinfo=UTC), 10_000.0, "boot", TimeQuality.NTP)


def band() -> SubBand:
    found = EU868.sub_band(868_100_000)
    assert found is not None
    return found


def later(seconds: float, *, boot_id: str = "boot", monotonic: float | None = None) -> Instant:
    passed = NOW.monotonic + seconds if monotonic is None else monotonic
    return replace(NOW, utc=NOW.utc + timedelta(seconds=seconds), monotonic=passed, boot_id=boot_id)


def ledger(*begins_s: float) -> DutyCycle:
    """Return a ledger with a second of air time at each of these."""
    made = DutyCycle()
    for begin_s in begins_s:
        made.book(band(), timedelta(seconds=begin_s), SECOND)
    return made


def read(record: bytes, now: Instant) -> Spent:
    return decode(record, EU868, now)


def spent_s(spent: Spent, at: Instant, transmitter: tuple[str, Eui64] = ROOF) -> float:
    return spent.ledger(transmitter).spent(band(), timedelta(seconds=at.monotonic)).total_seconds()


def test_what_was_sent_before_a_restart_counts_until_its_hour_is_over() -> None:
    record = encode({ROOF: ledger(9_000, 9_900)}, NOW, is_last=True)

    spent = read(record, later(20))

    assert [spent_s(spent, later(after)) for after in (20, 2700, 3600)] == [2, 1, 0]


def test_nothing_expires_sooner_for_having_been_recorded() -> None:
    begins_s = [9_000 + 7.0 * number for number in range(100)]
    before = ledger(*begins_s)

    after = read(encode({ROOF: before}, NOW, is_last=True), NOW).ledger(ROOF)

    moments = [timedelta(seconds=NOW.monotonic + 10.0 * number) for number in range(360)]
    assert all(after.spent(band(), at) >= before.spent(band(), at) for at in moments)


def test_a_record_stays_small_however_much_was_sent() -> None:
    busy = ledger(*(NOW.monotonic - 3_600 + 1.5 * number for number in range(2_400)))

    assert len(encode({ROOF: busy}, NOW, is_last=True)) < 4_000


def test_after_a_crash_the_seconds_since_the_record_count_as_sent_by_each_transmitter() -> None:
    record = encode({ROOF: ledger(9_000)}, NOW, is_last=False)

    spent = read(record, later(60))

    assert spent_s(spent, later(60)) == 1 + UNRECORDED.total_seconds()
    assert spent_s(spent, later(60), CELLAR) == UNRECORDED.total_seconds()


def test_an_hour_that_was_full_is_full_after_a_restart() -> None:
    limit = allowance(band())
    assert limit is not None
    full = ledger(*(NOW.monotonic - 100 + 2.0 * number for number in range(limit // SECOND)))

    again = read(encode({ROOF: full}, NOW, is_last=True), later(30)).ledger(ROOF)

    now = timedelta(seconds=NOW.monotonic + 30)
    allowed = again.earliest(band(), now, SECOND)
    assert again.refusal(band(), now, SECOND) is not None
    assert allowed is not None
    assert allowed > now + HOUR / 2


def test_another_boot_is_placed_by_the_wall_clock() -> None:
    record = encode({ROOF: ledger(9_000)}, NOW, is_last=True)

    spent = read(record, later(1_200, boot_id="next", monotonic=30.0))

    assert spent_s(spent, later(0, monotonic=30.0)) == 1
    assert spent_s(spent, later(0, monotonic=30.0 + 1_450)) == 0


@pytest.mark.parametrize("quality", [TimeQuality.UNSYNCHRONISED, TimeQuality.SYSTEM])
def test_where_the_wall_clock_is_not_known_no_time_has_passed(quality: TimeQuality) -> None:
    record = encode({ROOF: ledger(9_990)}, NOW, is_last=True)

    spent = read(record, replace(later(3_600, boot_id="next", monotonic=30.0), quality=quality))

    assert spent_s(spent, later(0, monotonic=30.0)) == 1
    assert spent_s(spent, later(0, monotonic=3_600.0)) == 1
