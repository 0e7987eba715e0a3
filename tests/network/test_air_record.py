"""The hour of the duty cycle does not begin anew with a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.journal import Journal
from gateway.lorawan.duty_cycle import DutyCycle, allowance
from gateway.lorawan.region import EU868, SubBand
from gateway.model import Eui64, Instant, TimeQuality
from gateway.network.air_record import UNRECORDED, AirRecord, Spent, decode, encode
from gateway.network.transmitters import Transmitters
from tests.network.radio import StandingClock

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


@asynccontextmanager
async def air_on(path: Path, clock: StandingClock) -> AsyncIterator[Transmitters]:
    """Run a start of the box, as far as its air is concerned."""
    journal = await Journal.open(path, clock=clock)
    record, transmitters = AirRecord(journal.box, EU868, clock), Transmitters({}, EU868, clock)
    transmitters.begin_with(await record.read())
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(record.run(transmitters.ledgers), name="air record")
            await asyncio.sleep(0)
            await journal.flush()  # the first record, too
            yield transmitters
            running.cancel()
    finally:
        await journal.close()


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


def test_a_transmitter_that_came_after_a_crash_has_those_seconds_after_ten_more_starts() -> None:
    spent = read(encode({}, NOW, is_last=False), later(10))
    for start in range(1, 11):
        spent = read(encode({}, later(10 * start), is_last=True, by_any=spent.by_any), later(10 * start + 5))

    assert spent_s(spent, later(120), CELLAR) == UNRECORDED.total_seconds()
    assert spent_s(spent, later(3_700), CELLAR) == 0


async def test_a_box_that_starts_ten_times_knows_its_whole_hour(path: Path) -> None:
    clock, moment = StandingClock(10_000.0), timedelta(seconds=10_100)
    async with air_on(path, clock) as transmitters:
        transmitters.ledgers[ROOF] = ledger(9_900, 9_910)

    for _ in range(10):
        async with air_on(path, clock) as transmitters:
            clock.seconds += 5

    assert transmitters.ledgers[ROOF].spent(band(), moment) == 2 * SECOND


async def test_a_start_that_sent_nothing_and_ended_well_adds_nothing_to_the_hour(path: Path) -> None:
    clock = StandingClock(10_000.0)
    journal = await Journal.open(path, clock=clock)
    await journal.box.remember_air(encode({}, clock(), is_last=True))
    await journal.close()

    async with air_on(path, clock):
        pass
    journal = await Journal.open(path, clock=clock)
    spent = await AirRecord(journal.box, EU868, clock).read()
    await journal.close()

    assert spent.by_any == ()
