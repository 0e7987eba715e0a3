"""A journal that is full of undelivered uplinks and thins them out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.journal import AlarmKind, Changes, Journal, WhenFull
from gateway.journal.records import encode_uplink
from gateway.journal.thinning import others, survivors
from gateway.journal.words import Words
from gateway.model import Eui64, TimeQuality, Uplink, eui64, uplink_id
from tests.journal.samples import ACTIVATION, BOOT, CITY, NOW, clock, deliver, given, uplink

SMALL = 1024 * 1024
ONE, OTHER = eui64("70b3d57ed0000001"), eui64("70b3d57ed0000002")
DEVICES = [eui64(f"70b3d57ed00000{n:02x}") for n in range(16, 26)]
EACH_S = 30  # seconds between two uplinks of all: ten devices, 12 of each an hour
ENOUGH = 24_000  # uplinks: some nine days, far more than the limit holds


def heard(dev_eui: Eui64, minutes: float, f_cnt: int = 0) -> Uplink:
    at = replace(clock(), utc=NOW + timedelta(minutes=minutes), monotonic=minutes * 60)
    return replace(
        uplink(f_cnt, dev_eui, payload=f_cnt.to_bytes(4, "big") * 5),
        id=uplink_id(dev_eui, ACTIVATION, f_cnt),
        heard_at=at,
    )


def of(number: int) -> Uplink:
    return heard(DEVICES[number % len(DEVICES)], number * EACH_S / 60, number)


async def fill(journal: Journal, count: int, start: int = 0) -> None:
    for first in range(start, start + count, 100):
        await journal.commit(Changes(uplinks=tuple(of(number) for number in range(first, first + 100))))


def test_of_each_device_and_hour_the_last_stays() -> None:
    words = Words()
    uplinks = [heard(ONE, 0), heard(OTHER, 1), heard(ONE, 50), heard(ONE, 61), heard(OTHER, 59)]  # NOW is a full hour
    rows = [(row, encode_uplink(one, words)) for row, one in enumerate(uplinks, 1)]

    kept = survivors(rows, {1, 2, 3, 4, 5}, words)

    assert [row for row, _ in kept] == [3, 4, 5]


def test_what_nobody_waits_for_does_not_stay() -> None:
    words = Words()
    rows = [(row, encode_uplink(heard(ONE, row * 60), words)) for row in range(1, 5)]

    assert [row for row, _ in survivors(rows, {2, 4}, words)] == [2, 4]


def test_without_a_known_time_the_hours_are_those_of_the_boot() -> None:
    words = Words()
    undated = [
        replace(
            heard(ONE, minutes),
            heard_at=replace(heard(ONE, minutes).heard_at, utc=NOW, boot_id=boot, quality=TimeQuality.UNSYNCHRONISED),
        )
        for minutes, boot in ((1, BOOT), (59, BOOT), (61, BOOT), (2, "another"))
    ]
    rows = [(row, encode_uplink(one, words)) for row, one in enumerate(undated, 1)]

    assert [row for row, _ in survivors(rows, {1, 2, 3, 4}, words)] == [2, 3, 4]


def test_a_damaged_record_does_not_stay() -> None:
    assert survivors([(1, b"\x83\x01\xff")], {1}, Words()) == []


@pytest.mark.parametrize(
    ("kept", "gone"), [([3, 4, 7], [(2, 2), (5, 6), (8, 9)]), ([2, 9], [(3, 8)]), ([], [(2, 9)]), (range(2, 10), [])]
)
def test_the_others_are_ranges(kept: list[int], gone: list[tuple[int, int]]) -> None:
    assert list(others(2, 9, [(row, b"") for row in kept])) == gone


async def test_a_full_journal_is_thinned_out_and_the_oldest_hours_are_still_there(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY], when_full=WhenFull.THIN_OUT)
    await fill(journal, ENOUGH)
    before, stats, alarms = await journal.depth(CITY), await journal.stats(), await journal.alarms()
    await journal.close()

    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY], when_full=WhenFull.THIN_OUT)
    depth, again = await journal.depth(CITY), await journal.stats()
    told = await drained(journal)
    left = await journal.depth(CITY)
    await journal.close()

    assert (depth.waiting, depth.lost) == (before.waiting, before.lost)
    assert depth.lost > 0
    assert depth.lost + depth.waiting == ENOUGH
    assert (stats.failed_commits, stats.rows, again.rows) == (0, before.waiting, before.waiting)
    assert len(told) == depth.waiting
    assert told == sorted(told)
    assert {(of(number).dev_eui, number * EACH_S // 3600) for number in told} == {
        (of(number).dev_eui, number * EACH_S // 3600) for number in range(told[0], ENOUGH)
    }, "of no device an hour is missing since the oldest that is there"
    assert told[0] < ENOUGH // 4, "longer than without thinning out"
    assert (left.waiting, left.lost) == (0, depth.lost)
    assert {alarm.kind for alarm in alarms} == {AlarmKind.LETTING_GO}
    assert caplog.text.count("thinned out to one an hour of each device: city loses") == 1
    assert "missing" not in caplog.text


async def test_who_begins_with_the_oldest_passes_over_what_was_thinned_out(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY], when_full=WhenFull.THIN_OUT)
    await fill(journal, ENOUGH)
    waiting = (await journal.depth(CITY)).waiting

    await journal.add_destination("late", from_start=True)
    told = await drained(journal, "late")
    depth = await journal.depth("late")
    await journal.close()

    assert len(told) == waiting
    assert depth.waiting == 0
    assert "missing" not in caplog.text


async def test_where_each_device_is_heard_once_an_hour_whole_segments_go(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY], when_full=WhenFull.THIN_OUT)
    for first in range(0, ENOUGH, 100):
        hourly = tuple(heard(ONE, number * 60, number) for number in range(first, first + 100))
        await journal.commit(Changes(uplinks=hourly))

    depth, told = await journal.depth(CITY), await given(journal, limit=ENOUGH)
    await journal.close()

    assert depth.lost + depth.waiting == ENOUGH
    assert told[0] == depth.lost > 0


async def drained(journal: Journal, destination: str = CITY) -> list[int]:
    told = list[int]()
    while (await journal.depth(destination)).waiting:
        rows = await journal.read(destination, 500)
        told += [row.uplink.f_cnt for row in rows]
        await deliver(journal, [row.id for row in rows], destination)
    return told
