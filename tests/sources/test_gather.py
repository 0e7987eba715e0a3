"""Copies of one PHYPayload become one frame; what comes later is a slow copy, a retransmission, or a faulty gateway."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from gateway.errors import StorageError
from gateway.model import Eui64, Frame, LoraRate, Reception, eui64
from gateway.sources import gather
from gateway.sources.gather import Gather, best_first, gateways, merged
from gateway.sources.pause import Pause
from tests.sources.conftest import LIMIT_S, Ear, HandClock

WINDOW_S = 0.02
ROOF, TOWER, HARBOUR = (eui64(f"aa555a000000000{number}") for number in (1, 2, 3))
PAYLOAD = bytes.fromhex("40da1b01268001000100")


@pytest.fixture
def gathered(ear: Ear) -> Gather:
    return Gather(ear, WINDOW_S)


def reception(
    gateway: Eui64 = ROOF,
    *,
    snr_db: float | None = 5.0,
    rssi_dbm: float = -80,
    channel: int | None = 0,
    antenna: int = 0,
    frequency_hz: int = 868_100_000,
) -> Reception:
    return Reception(
        gateway=gateway,
        frequency_hz=frequency_hz,
        data_rate=LoraRate(7, 125_000),
        rssi_dbm=rssi_dbm,
        snr_db=snr_db,
        channel=channel,
        antenna=antenna,
    )


def frame(clock: HandClock, *receptions: Reception, payload: bytes = PAYLOAD) -> Frame:
    return Frame(payload, receptions or (reception(),), clock())


@asynccontextmanager
async def told(hear: Gather, *frames: Frame) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Bring frames, each in a task of its own, in this order."""
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        tasks = [group.create_task(bring(hear, one), name="bring") for one in frames]
        await asyncio.sleep(0)
        yield tasks


async def bring(hear: Gather, one: Frame) -> None:
    await hear(one)


async def all_told(hear: Gather, frames: Sequence[Frame]) -> None:
    async with told(hear, *frames):
        pass


async def test_copies_of_two_gateways_and_two_channels_are_one_frame(
    gathered: Gather, ear: Ear, clock: HandClock
) -> None:
    weak = frame(clock, reception(ROOF, snr_db=-3))
    strong = frame(clock, reception(TOWER, snr_db=7))
    leaked = frame(clock, reception(TOWER, snr_db=-15, channel=4, frequency_hz=867_500_000))

    await all_told(gathered, [weak, strong, leaked])

    (one,) = ear.frames
    assert [(r.gateway, r.snr_db) for r in one.receptions] == [(TOWER, 7), (ROOF, -3), (TOWER, -15)]
    assert gateways(one) == {ROOF, TOWER}


async def test_the_earliest_hearing_counts(gathered: Gather, ear: Ear, clock: HandClock) -> None:
    late = frame(clock, reception(ROOF))
    clock.monotonic -= 0.05
    early = frame(clock, reception(TOWER))

    await all_told(gathered, [late, early])

    assert ear.frames[0].heard_at == early.heard_at


async def test_different_payloads_are_different_frames(gathered: Gather, ear: Ear, clock: HandClock) -> None:
    await all_told(gathered, [frame(clock), frame(clock, payload=b"\x40other")])

    assert {one.phy_payload for one in ear.frames} == {PAYLOAD, b"\x40other"}


async def test_nobody_returns_before_the_frame_is_safe(clock: HandClock) -> None:
    telling, safe = asyncio.Event(), asyncio.Event()

    async def hear(_: Frame) -> None:
        telling.set()
        await safe.wait()

    async with told(Gather(hear, WINDOW_S), frame(clock), frame(clock, reception(TOWER))) as tasks:
        await telling.wait()
        done_before = [task.done() for task in tasks]
        safe.set()

    assert done_before == [False, False]
    assert all(task.done() for task in tasks)


async def test_all_who_brought_a_copy_get_the_error(clock: HandClock) -> None:
    async def hear(_: Frame) -> None:
        raise StorageError("disk full")

    hearing = Gather(hear, WINDOW_S)

    outcomes = await asyncio.gather(
        hearing(frame(clock)), hearing(frame(clock, reception(TOWER))), return_exceptions=True
    )

    assert [str(outcome) for outcome in outcomes] == ["disk full", "disk full"]


async def test_after_an_error_the_next_copy_is_told_again(clock: HandClock) -> None:
    answers: list[Exception | None] = [StorageError("disk full"), None]

    async def hear(_: Frame) -> None:
        if (error := answers.pop(0)) is not None:
            raise error

    hearing = Gather(hear, WINDOW_S)
    with pytest.raises(StorageError):
        await hearing(frame(clock))

    await hearing(frame(clock, reception(TOWER)))

    assert answers == []


async def test_an_error_that_nobody_else_waits_for_is_not_reported_as_lost(
    clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def hear(_: Frame) -> None:
        raise StorageError("disk full")

    with pytest.raises(StorageError):
        await Gather(hear, WINDOW_S)(frame(clock))
    gc.collect()

    assert caplog.records == []


@pytest.mark.parametrize("cancelled_while", ["the window is open", "the frame is told"])
async def test_when_the_leader_is_cancelled_the_next_one_leads(clock: HandClock, cancelled_while: str) -> None:
    heard: list[Frame] = []
    telling = asyncio.Event()

    async def hear(one: Frame) -> None:
        telling.set()
        if not heard and cancelled_while == "the frame is told":
            heard.append(one)
            await asyncio.Event().wait()
        heard.append(one)

    copies = [frame(clock, reception(gateway)) for gateway in (ROOF, TOWER, HARBOUR)]
    async with told(Gather(hear, WINDOW_S), *copies) as (leader, *others):
        if cancelled_while == "the frame is told":
            await telling.wait()
        leader.cancel()

    assert leader.cancelled()
    assert [other.exception() for other in others] == [None, None]
    assert gateways(heard[-1]) == {ROOF, TOWER, HARBOUR}
    assert len(heard) == (2 if cancelled_while == "the frame is told" else 1)


async def test_a_cancelled_follower_leaves_the_others_alone(gathered: Gather, ear: Ear, clock: HandClock) -> None:
    async with told(gathered, *(frame(clock, reception(gateway)) for gateway in (ROOF, TOWER, HARBOUR))) as tasks:
        tasks[1].cancel()

    assert [task.cancelled() for task in tasks] == [False, True, False]
    assert len(ear.frames) == 1


async def test_a_slow_copy_is_not_told_again(gathered: Gather, ear: Ear, clock: HandClock) -> None:
    await gathered(frame(clock))
    clock.monotonic += 0.5

    await gathered(frame(clock, reception(TOWER)))

    assert len(ear.frames) == 1
    assert gathered.status()["slow_copies"] == 1


async def test_a_window_that_a_stalled_machine_closes_late_takes_no_retransmission_for_a_copy(
    gathered: Gather, ear: Ear, clock: HandClock
) -> None:
    first = frame(clock, reception(ROOF))
    clock.monotonic += 3600
    again = frame(clock, reception(TOWER))

    await all_told(gathered, [first, again])

    assert [one.heard_at for one in ear.frames] == [first.heard_at, again.heard_at]
    assert [gateways(one) for one in ear.frames] == [{ROOF}, {TOWER}]


@pytest.mark.parametrize("after_s", [1.0, 2.0, 3.0])
async def test_all_fifteen_transmissions_that_a_device_may_make_pass(
    gathered: Gather, ear: Ear, clock: HandClock, after_s: float
) -> None:
    for _ in range(15):
        await gathered(frame(clock))
        clock.monotonic += after_s

    assert len(ear.frames) == 15


async def test_a_forwarder_that_repeats_one_frame_for_ever_is_not_listened_to(
    gathered: Gather, ear: Ear, clock: HandClock
) -> None:
    for _ in range(600):  # one minute
        await gathered(frame(clock, reception(ROOF)))
        clock.monotonic += 0.1
    clock.monotonic += 1.0

    await gathered(frame(clock, reception(TOWER)))

    assert [one.best.gateway for one in ear.frames] == [*[ROOF] * 15, TOWER]
    assert gathered.status()["repeated_for_ever"] > 400


async def test_ten_quiet_seconds_make_a_gateway_believed_again(gathered: Gather, ear: Ear, clock: HandClock) -> None:
    for _ in range(20):
        await gathered(frame(clock))
        clock.monotonic += 1.0
    clock.monotonic += 10.1

    await gathered(frame(clock))

    assert len(ear.frames) == 16


async def test_without_a_window_everything_passes_at_once(ear: Ear, clock: HandClock) -> None:
    hearing = Gather(ear, 0)

    await hearing(frame(clock))
    await hearing(frame(clock))

    assert len(ear.frames) == 2


async def test_what_is_remembered_is_bounded(
    gathered: Gather, ear: Ear, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "MOST_REMEMBERED", 50)

    await all_told(gathered, [frame(clock, payload=number.to_bytes(4, "big")) for number in range(200)])

    assert len(ear.frames) == 200
    assert gathered.status()["remembered"] == 50


async def test_what_was_not_heard_for_ten_seconds_is_forgotten(gathered: Gather, clock: HandClock) -> None:
    await all_told(gathered, [frame(clock, payload=number.to_bytes(4, "big")) for number in range(200)])
    clock.monotonic += 10.1

    await gathered(frame(clock))

    assert gathered.status()["remembered"] == 1


def test_of_each_channel_and_antenna_the_best_copy_is_kept(clock: HandClock) -> None:
    first = frame(clock, reception(snr_db=1), reception(snr_db=2, antenna=1))
    again = frame(clock, reception(snr_db=3))

    one = merged(first, again)

    assert [(r.antenna, r.snr_db) for r in one.receptions] == [(0, 3), (1, 2)]


def test_a_frame_has_no_more_than_its_most_copies(clock: HandClock) -> None:
    one = frame(clock)

    for number in range(200):
        one = merged(one, frame(clock, reception(snr_db=number, channel=number)))

    assert len(one.receptions) == gather.MOST_COPIES
    assert one.best.snr_db == 199


def test_the_best_has_the_best_snr_then_the_best_rssi() -> None:
    receptions = [
        reception(snr_db=None, rssi_dbm=-30),
        reception(snr_db=5, rssi_dbm=-90),
        reception(snr_db=5, rssi_dbm=-70),
        reception(snr_db=-20, rssi_dbm=-60),
    ]

    assert [r.rssi_dbm for r in best_first(receptions)] == [-70, -90, -60, -30]


async def test_all_who_pause_wake_in_their_order_with_one_timer() -> None:
    pause, woken = Pause(WINDOW_S), list[int]()

    async def wait(number: int) -> None:
        await pause.wait()
        woken.append(number)

    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        for number in range(100):
            group.create_task(wait(number), name="pause")
            await asyncio.sleep(0)

    assert woken == list(range(100))
    assert pause._timer is None


async def test_a_cancelled_pause_leaves_no_timer() -> None:
    pause = Pause(60)
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        tasks = [group.create_task(pause.wait(), name="pause") for _ in range(3)]
        await asyncio.sleep(0)
        timer = pause._timer
        for task in tasks:
            task.cancel()

    assert timer is not None
    assert timer.cancelled()
    assert pause._timer is None
