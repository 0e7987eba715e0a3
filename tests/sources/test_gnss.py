"""The GNSS source over a pseudo-terminal: seconds become fixes, and nothing that is not sure tells the time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.model import Fix, Heard, Instant
from gateway.sources.gnss import Gnss, Sentences
from gateway.sources.settings import GnssSettings
from simulators.gnss_receiver import GnssReceiver, Sky, second
from simulators.serial_modem import Plug
from tests.sources.conftest import LIMIT_S, HandClock
from tests.sources.serial_frames import QUICK

START = datetime(2026, 3, 25, 12, 0, 0, tzinfo=UTC)
LEAP_S = 750
CLEAR = Sky()


class Fixes:
    """A `HearAll` that keeps fixes."""

    def __init__(self) -> None:
        self.all: list[Fix] = []

    async def __call__(self, heard: Heard) -> None:
        assert isinstance(heard, Fix)
        self.all.append(heard)


@pytest.fixture
async def plug(tmp_path: Path) -> AsyncIterator[Plug]:
    with Plug(GnssReceiver(), tmp_path / "usb-gnss") as made:
        yield made


@asynccontextmanager
async def running(plug: Plug, clock: HandClock, fixes: Fixes, **times: float) -> AsyncIterator[Gnss]:
    settings = GnssSettings(name="sky", port=plug.path, baud=None)
    source = Gnss(settings, clock, **({"try_s": 0.2, "tell_every_s": 0.0} | times), patience=QUICK)
    async with asyncio.timeout(4 * LIMIT_S), asyncio.TaskGroup() as group:
        run = group.create_task(source.run(fixes), name="source")
        yield source
        run.cancel()


async def until(source: Gnss, name: str, least: int = 1) -> None:
    async with asyncio.timeout(LIMIT_S):
        while source.status()["counts"].get(name, 0) < least:  # noqa: ASYNC110 - a counter tells nobody when it changes
            await asyncio.sleep(0.005)


async def seconds(
    plug: Plug, source: Gnss, clock: HandClock, count: int, sky: Sky = CLEAR, start: datetime = START
) -> None:
    """Have the receiver speak for so many seconds, each when the one before has been heard."""
    for number in range(count):
        heard = source.status()["counts"].get("sentences", 0)
        plug.say(second(start + timedelta(seconds=number), sky))
        await until(source, "sentences", heard + 4)
        clock.monotonic += 1


async def begun(plug: Plug, source: Gnss) -> None:
    """Have the source find the receiver."""
    async with asyncio.timeout(LIMIT_S):
        while source.status()["listening"] is None:
            plug.say(second(START, Sky(is_fix=False)))
            await asyncio.sleep(0.02)


async def test_a_second_with_a_fix_becomes_a_place(plug: Plug, clock: HandClock) -> None:
    fixes = Fixes()

    async with running(plug, clock, fixes) as source:
        await begun(plug, source)
        await seconds(plug, source, clock, 3)
        status = source.status()

    fix = fixes.all[0]
    assert fix.place is not None
    assert (fix.place.latitude, fix.place.longitude) == pytest.approx((57.70887, -11.97456), abs=1e-6)
    assert fix.place.altitude_m == pytest.approx(83.5)
    assert fix.source == "sky"
    assert fix.accuracy_m == pytest.approx(4.5)
    assert status["listening"] == f"{plug.path} (9600 baud)"
    assert (status["satellites"], status["advice"]) == (8, [])


async def test_no_time_is_told_before_the_receiver_must_know_the_leap_seconds(plug: Plug, clock: HandClock) -> None:
    fixes = Fixes()

    async with running(plug, clock, fixes) as source:
        await begun(plug, source)
        await seconds(plug, source, clock, 3)
        words = source.status()["words"]
        clock.monotonic += LEAP_S
        await seconds(plug, source, clock, 3, start=START + timedelta(seconds=LEAP_S + 3))
        later = source.status()["words"]

    told = [fix for fix in fixes.all if fix.utc is not None]
    assert [fix.utc is None for fix in fixes.all[:2]] == [True, True]
    assert told[0].utc == START + timedelta(seconds=LEAP_S + 3)
    assert words.startswith("has a place; its time is believed in ")
    assert later == "has a place and the time"


@pytest.mark.parametrize("sky", [Sky(is_fix=False), Sky(mode="E", quality=6), Sky(mode="S", quality=8), Sky(quality=0)])
async def test_what_is_not_measured_tells_nothing(plug: Plug, clock: HandClock, sky: Sky) -> None:
    fixes = Fixes()

    async with running(plug, clock, fixes, leap_seconds_s=0.0) as source:
        await begun(plug, source)
        await seconds(plug, source, clock, 4, sky)
        await until(source, "no_fix", 3)

    assert fixes.all == []


async def test_a_receiver_that_has_forgotten_the_week_tells_its_place_and_is_named(
    plug: Plug, clock: HandClock
) -> None:
    fixes = Fixes()

    async with running(plug, clock, fixes, leap_seconds_s=0.0) as source:
        await begun(plug, source)
        await seconds(plug, source, clock, 3, start=START - timedelta(weeks=1024))
        status = source.status()

    assert all(fix.utc is None and fix.place is not None for fix in fixes.all)
    assert status["dropped"]["wrong_date"] >= 1
    assert status["advice"][0].startswith(
        "the receiver says 2006-08-09, which cannot be: it has forgotten the number of the week."
    )


async def test_a_box_that_stands_still_is_told_a_few_fixes_only(plug: Plug, clock: HandClock) -> None:
    fixes = Fixes()

    async with running(plug, clock, fixes, tell_every_s=10.0) as source:
        await begun(plug, source)
        await seconds(plug, source, clock, 25)

    assert len(fixes.all) == 3


async def test_minutes_without_a_fix_are_advice(plug: Plug, clock: HandClock) -> None:
    async with running(plug, clock, Fixes()) as source:
        await begun(plug, source)
        await seconds(plug, source, clock, 2, Sky(is_fix=False, satellites=2))
        clock.monotonic += 1200
        advice = source.status()["advice"]

    assert advice == ["no fix for 20 min (2 satellites): does the antenna see the sky?"]


async def test_a_receiver_that_falls_silent_is_said_and_found_again(plug: Plug, clock: HandClock) -> None:
    async with running(plug, clock, Fixes(), silent_s=0.05) as source:
        await begun(plug, source)
        await until(source, "away_no_answer")
        advice = source.status()["advice"]
        await begun(plug, source)

    nobody = f"{plug.path}: no NMEA 0183 comes at 9600, 4800, 38400, 115200 baud; "
    assert advice[0] == f"{plug.path} has fallen silent" or advice[0].startswith(nobody)
    assert source.status()["counts"]["begun"] == 2


async def test_one_that_is_unplugged_is_found_again_and_has_to_learn_the_leap_seconds_anew(
    plug: Plug, clock: HandClock
) -> None:
    fixes = Fixes()

    async with running(plug, clock, fixes) as source:
        await begun(plug, source)
        await seconds(plug, source, clock, 2)
        clock.monotonic += LEAP_S
        plug.unplug()
        await until(source, "away_gone")
        plug.plug()
        await begun(plug, source)
        await seconds(plug, source, clock, 3, start=START + timedelta(hours=1))

    assert all(fix.utc is None for fix in fixes.all)


# ── sentences ───────────────────────────────────────────────────────────────────────────────────────────────────────


def at(monotonic: float) -> Instant:
    clock = HandClock()
    clock.monotonic = monotonic
    return clock()


@pytest.mark.parametrize("size", [1, 5, 64, 10_000])
def test_seconds_are_whole_however_their_octets_come(size: int) -> None:
    octets = b"".join(second(START + timedelta(seconds=number)) for number in range(4))
    octets = b"\xff\x00garbage\r\n" + octets[:300] + octets[300:]
    dropped: Counter[str] = Counter()
    reader = Sentences(Counter(), dropped)

    found = [
        said for start in range(0, len(octets), size) for said, _ in reader.take(octets[start : start + size], at(1.0))
    ]

    assert [said.utc for said in found] == [START + timedelta(seconds=number) for number in range(3)]
    assert dropped == {"no_sentence": 1}


def test_a_second_is_dated_by_the_first_octet_of_its_first_sentence() -> None:
    one, next_one = second(START), second(START + timedelta(seconds=1))
    reader = Sentences(Counter(), Counter())

    pieces = [(one[:10], 5.0), (one[10:90], 5.1), (one[90:], 5.3), (next_one, 6.0)]
    found = [told for octets, when in pieces for told in reader.take(octets, at(when))]

    ((said, instant),) = found
    assert said.utc == START
    assert instant.monotonic == 5.0
