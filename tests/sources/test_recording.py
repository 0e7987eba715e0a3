"""The recording source: at what pace it is heard, what its frames are, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigError
from gateway.model import Frame, Instant, Json, LoraRate, TimeQuality, TxRequest, TxResult
from gateway.sources.recording import Recording
from gateway.sources.recording.pace import LONGEST_GAP_S
from gateway.sources.recording.source import MOST_UNDER_WAY
from gateway.sources.settings import RecordingSettings
from simulators import jumping_time
from simulators.jumping_time import BEGIN_S
from tests.sources.conftest import GATEWAY, LIMIT_S, VECTORS, Ear, HandClock, push_data, rxpk

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEAD = {"recording": 1, "began": NOON.isoformat()}


def line(at_s: float | None, number: int = 0, **more: Json) -> dict[str, Json]:
    said = {"hex": push_data({"rxpk": [rxpk(data=f"QNobASaAAQAB{number:04d}")]}).hex(), **more}
    return said if at_s is None else said | {"at_s": at_s}


def recording(folder: Path, lines: Sequence[Json], clock: Callable[[], Instant], **changes: Any) -> Recording:
    path = folder / "monday.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    settings: dict[str, Any] = {"speed": None, "repeat": False, "recorded_time": None, "port": 1700} | changes
    return Recording(RecordingSettings(name="old", file=path, **settings), clock)


async def stopped(
    source: Recording, hear: Callable[[Frame], Coroutine[Any, Any, None]], until: Callable[[], bool]
) -> None:
    """Run a recording until something holds, and stop it."""
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        run = group.create_task(source.run(hear), name="recording")
        while not until():  # noqa: ASYNC110 - a status tells nobody when it changes
            await asyncio.sleep(0.001)
        run.cancel()


def finished(source: Recording) -> Callable[[], bool]:
    return lambda: source.status()["finished"] is True


# ── pace ──


def heard_at(folder: Path, lines: Sequence[Json], for_s: float, **changes: Any) -> list[float]:
    """Return the seconds after which frames are heard within ``for_s`` of jumping time."""

    async def story() -> list[float]:
        loop, times = asyncio.get_running_loop(), []

        async def hear(_: Frame) -> None:
            times.append(round(loop.time() - BEGIN_S, 3))

        source = recording(folder, lines, HandClock(), **changes)
        async with asyncio.TaskGroup() as group:
            run = group.create_task(source.run(hear), name="recording")
            await asyncio.sleep(for_s)
            run.cancel()
        return times

    return jumping_time.run(story())


@pytest.mark.parametrize(
    ("speed", "expected"),
    [(1.0, [0.0, 2.5, 2.5, 60.0]), (10.0, [0.0, 0.25, 0.25, 6.0]), (0.5, [0.0, 5.0, 5.0, 120.0]), (None, [0.0] * 4)],
)
def test_frames_are_heard_at_their_own_pace_or_a_multiple_of_it(
    tmp_path: Path, speed: float | None, expected: list[float]
) -> None:
    lines = [line(100.0), line(102.5, 1), line(None, 2), line(160.0, 3)]

    assert heard_at(tmp_path, lines, 150.0, speed=speed) == expected


def test_a_clock_that_went_back_and_a_gap_of_years_hold_nobody_up(tmp_path: Path) -> None:
    lines = [line(100.0), line(40.0, 1), line(41.0, 2), line(9e9, 3)]

    assert heard_at(tmp_path, lines, 2 * LONGEST_GAP_S, speed=1.0) == [0.0, 0.0, 1.0, 1.0 + LONGEST_GAP_S]


def test_a_recording_is_repeated_until_it_is_stopped(tmp_path: Path) -> None:
    assert heard_at(tmp_path, [line(0.0), line(2.0, 1)], 7.5, speed=1.0, repeat=True) == [0, 2, 3, 5, 6]


# ── frames ──


async def test_frames_are_what_their_gateway_told_and_cannot_be_answered(
    tmp_path: Path, clock: HandClock, ear: Ear
) -> None:
    source = recording(tmp_path, [line(0.0)], clock)

    await stopped(source, ear, finished(source))

    (frame,) = ear.frames
    assert frame.best.source == "old"
    assert (frame.best.gateway, frame.best.data_rate, frame.best.rssi_dbm) == (GATEWAY, LoraRate(7, 125_000), -57)
    assert (frame.best.timestamp_us, frame.best.context) == (None, b"")
    assert frame.heard_at == clock()


async def test_nothing_can_be_sent_through_a_recording(tmp_path: Path, clock: HandClock) -> None:
    request = TxRequest(
        source="old",
        gateway=GATEWAY,
        phy_payload=b"\x60",
        frequency_hz=868_100_000,
        data_rate=LoraRate(7, 125_000),
        power_dbm=14,
        timestamp_us=1,
    )

    assert await recording(tmp_path, [], clock).transmit(request) is TxResult.NOT_CONNECTED


@pytest.mark.parametrize(
    ("said", "vouched", "expected"),
    [
        (None, TimeQuality.NTP, TimeQuality.NTP),
        ("system", TimeQuality.NTP, TimeQuality.SYSTEM),
        ("gps", TimeQuality.NTP, TimeQuality.NTP),
    ],
)
async def test_recorded_times_are_as_good_as_somebody_vouches_for_and_of_a_boot_of_their_own(
    tmp_path: Path, clock: HandClock, ear: Ear, said: str | None, vouched: TimeQuality, expected: TimeQuality
) -> None:
    told = line(90.0) if said is None else line(90.0, time_quality=said)
    source = recording(tmp_path, [HEAD, told], clock, recorded_time=vouched)

    await stopped(source, ear, finished(source))

    (frame,) = ear.frames
    assert (frame.heard_at.utc, frame.heard_at.quality) == (NOON + timedelta(seconds=90), expected)
    assert frame.heard_at.boot_id != clock().boot_id


@pytest.mark.parametrize(
    ("head", "own", "expected"),
    [
        ("unsynchronised", None, TimeQuality.UNSYNCHRONISED),
        ("system", None, TimeQuality.SYSTEM),
        ("gps", "unsynchronised", TimeQuality.UNSYNCHRONISED),
        ("system", "ntp", TimeQuality.NTP),
    ],
)
async def test_the_first_line_says_how_good_the_times_of_all_are_that_say_nothing_themselves(
    tmp_path: Path, clock: HandClock, ear: Ear, head: str, own: str | None, expected: TimeQuality
) -> None:
    told = line(90.0) if own is None else line(90.0, time_quality=own)
    source = recording(tmp_path, [HEAD | {"time_quality": head}, told], clock, recorded_time=TimeQuality.NTP)

    await stopped(source, ear, finished(source))

    (frame,) = ear.frames
    assert frame.heard_at.quality is expected


async def test_where_dates_are_asked_for_what_has_none_is_dropped_with_advice(
    tmp_path: Path, clock: HandClock, ear: Ear
) -> None:
    source = recording(tmp_path, [line(1.0)], clock, recorded_time=TimeQuality.NTP)

    await stopped(source, ear, finished(source))

    status = source.status()
    assert ear.frames == []
    assert status["dropped"] == {"undated": 1}
    assert any('time = "now"' in words for words in status["advice"])


async def test_all_that_two_real_forwarders_heard_is_heard(clock: HandClock, ear: Ear) -> None:
    file = VECTORS.parent / "captures" / "dumpcap.pcapng"
    settings = RecordingSettings(name="old", file=file, speed=None, repeat=False, recorded_time=None, port=1700)
    source = Recording(settings, clock)

    await stopped(source, ear, finished(source))

    counts, gateways = source.status()["counts"], source.status()["gateways"]
    assert len(ear.frames) == counts["frames"] == sum(one["frames"] for one in gateways.values()) > 10
    assert counts["push_data"] == 9
    assert {one["can_transmit"] for one in gateways.values()} == {False}


# ── how it goes on, and ends ──


async def test_a_recording_that_is_finished_says_so_and_the_agent_goes_on(
    tmp_path: Path, clock: HandClock, ear: Ear
) -> None:
    bad = push_data({"rxpk": [rxpk(stat=-1), rxpk(stat=0)]}).hex()
    source = recording(tmp_path, [line(0.0), {"hex": bad}, {"hex": "0"}], clock)

    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        run = group.create_task(source.run(ear), name="recording")
        await source.listening()
        while not source.status()["finished"]:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        goes_on = not run.done()
        run.cancel()

    status = source.status()
    assert goes_on
    assert status["words"] == "monday.jsonl is finished: 1 frames, 3 dropped"
    assert status["dropped"] == {"bad_crc": 1, "no_crc": 1, "line": 1}
    assert status["advice"] == ["monday.jsonl, line 3: hex begins with '0' and is not an even number of hex digits"]


async def test_a_recording_in_which_nothing_is_heard_says_what_to_look_at(
    tmp_path: Path, clock: HandClock, ear: Ear
) -> None:
    source = recording(tmp_path, [{"hex": "02010104aa555a0000000000"}], clock)

    await stopped(source, ear, finished(source))

    (advice,) = source.status()["advice"]
    assert "UDP port 1700" in advice


async def test_frames_wait_in_the_file_while_others_are_not_safe(tmp_path: Path, clock: HandClock) -> None:
    count, safe, taken = 2 * MOST_UNDER_WAY, asyncio.Event(), 0

    async def hear(_: Frame) -> None:
        nonlocal taken
        taken += 1
        await safe.wait()

    source = recording(tmp_path, [line(None, number) for number in range(count)], clock)
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        run = group.create_task(source.run(hear), name="recording")
        while taken < MOST_UNDER_WAY:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        for _ in range(100):
            await asyncio.sleep(0)
        at_most, is_finished = taken, source.status()["finished"]
        safe.set()
        while not source.status()["finished"]:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        run.cancel()

    assert (at_most, is_finished) == (MOST_UNDER_WAY, False)
    assert (taken, source.status()["dropped"]) == (count, {})


async def test_what_is_under_way_when_it_is_stopped_still_gets_safe(tmp_path: Path, clock: HandClock) -> None:
    begun, safe = asyncio.Event(), []

    async def hear(frame: Frame) -> None:
        begun.set()
        await asyncio.sleep(0.01)
        safe.append(frame)

    source = recording(tmp_path, [line(0.0), line(500.0, 1)], clock, speed=1.0)
    await stopped(source, hear, begun.is_set)

    assert len(safe) == 1


async def test_a_file_that_is_no_recording_ends_the_start(tmp_path: Path, clock: HandClock, ear: Ear) -> None:
    source = recording(tmp_path, [], clock)
    (tmp_path / "monday.jsonl").write_text("Monday, it rained.", encoding="utf-8")

    with pytest.raises(ConfigError, match="is no recording"):
        await source.run(ear)


async def test_a_file_that_is_gone_before_its_next_round_ends_the_recording_and_no_more(
    tmp_path: Path, clock: HandClock, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.sources.recording.source.REST_S", 0.0)
    source = recording(tmp_path, [line(0.0), line(0.01, 1)], clock, speed=1.0, repeat=True)

    async def hear(frame: Frame) -> None:
        (tmp_path / "monday.jsonl").unlink(missing_ok=True)
        await ear(frame)

    await stopped(source, hear, finished(source))

    assert len(ear.frames) == 2
    assert source.status()["dropped"] == {"broken_off": 1}
    assert "cannot be read: No such file" in source.status()["advice"][0]
