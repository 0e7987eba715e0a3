"""The network against a real journal, with simulated devices and a radio that remembers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from gateway.errors import BadFrameReason
from gateway.journal import Journal
from gateway.lorawan.mac_commands import DeviceTimeAns, read
from gateway.lorawan.phy import Direction
from gateway.model import DevAddr, Eui64, TimeQuality, uplink_id
from gateway.network import keeping
from simulators.end_device import EndDevice
from tests.network.bench import CITY, DEV_EUI, Bench, abp, network_on, register, registration
from tests.network.radio import START, StandingClock, reception

# ── joining ──


async def test_a_device_joins_and_is_heard(bench: Bench) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)

    await bench.hear(device.join_request())
    joined = device.accept(await bench.answered())
    await bench.hear(device.uplink(2, b"\x01"))

    assert joined
    assert await bench.rows() == [0]
    assert bench.network.counts == {"frames": 2, "joins": 1, "uplinks": 1}


async def test_a_join_request_heard_again_is_refused_also_after_a_restart(path: Path) -> None:
    device, clock = EndDevice(DEV_EUI), StandingClock()
    request = device.join_request()
    async with network_on(path, clock) as bench:
        await register(bench, device)
        await bench.hear(request)
        await bench.hear(request)
        before = bench.network.refused[BadFrameReason.REPLAYED_DEV_NONCE]

    async with network_on(path, clock) as bench:
        await bench.network.load()
        await bench.hear(request)
        after = bench.network.refused[BadFrameReason.REPLAYED_DEV_NONCE]

    assert (before, after) == (1, 1)


async def test_two_join_requests_heard_at_once_get_two_join_nonces(bench: Bench) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)

    await asyncio.gather(bench.hear(device.join_request()), bench.hear(device.join_request()))

    nonces = [changes.join_nonces[0][1] for changes in bench.journal.commits]
    assert nonces == [1, 2]
    assert bench.network.counts["joins"] == 2


async def test_a_join_that_the_disk_does_not_take_is_not_answered(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "STORAGE_RETRY_S", 0.001)
    device = EndDevice(DEV_EUI)
    await register(bench, device)
    bench.journal.failures = 2

    await bench.hear(device.join_request())

    assert bench.network.counts["joins"] == 1
    assert bench.radio.sent == []


async def test_join_accepts_that_nobody_heard_leave_two_sessions_at_most(bench: Bench) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)
    accept = b""
    for _ in range(5):
        await bench.hear(device.join_request())
        accept = await bench.answered()
        bench.clock.seconds += 10

    joined = device.accept(accept)
    before = bench.network.status()["sessions"]
    await bench.hear(device.uplink(2, b"\x01"))

    assert joined
    assert before == 2
    assert bench.network.status()["sessions"] == 1
    assert len(await cast("Journal", bench.journal).sessions()) == 1


async def test_a_slow_copy_of_an_old_session_does_not_end_the_new_one(bench: Bench) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)
    await bench.hear(device.join_request())
    device.accept(await bench.answered())
    slow = device.uplink(2, b"\x01")
    await bench.hear(device.join_request())
    accept = await bench.answered()

    await bench.hear(slow)
    device.accept(accept)
    await bench.hear(device.uplink(2, b"\x02"))

    assert bench.network.counts["uplinks"] == 2


async def test_a_device_of_nobody_is_counted_and_not_answered(bench: Bench) -> None:
    await bench.hear(EndDevice(DEV_EUI).join_request())
    await bench.hear(abp().uplink(2, b"\x01"))

    assert bench.network.refused == {BadFrameReason.UNKNOWN_DEVICE: 1, BadFrameReason.UNKNOWN_DEV_ADDR: 1}
    assert bench.radio.sent == []


# ── data ──


async def test_a_confirmed_uplink_is_acknowledged_once_it_is_on_disk(bench: Bench) -> None:
    device = abp()
    await register(bench, device)

    await bench.hear(device.uplink(2, b"\x01", confirmed=True))
    on_disk = await bench.rows()
    downlink = device.hear(await bench.answered())

    assert on_disk == [0]
    assert downlink is not None
    assert downlink.ack
    assert (await bench.session()).n_f_cnt_down == 1


async def test_an_uplink_has_the_identity_of_its_activation(bench: Bench) -> None:
    device = abp()
    await register(bench, device)

    await bench.hear(device.uplink(2, b"\x01"))

    (row,) = await cast("Journal", bench.journal).read(CITY, 10)
    assert row.uplink.id == uplink_id(DEV_EUI, "26011234-abp0", 0)


async def test_a_personalised_device_is_told_the_channels_of_a_join_accept_and_then_left_alone(bench: Bench) -> None:
    device = abp()
    await register(bench, device)

    for _ in range(12):
        await bench.hear(device.uplink(2, b"\x01"))
        for _ in range(10):  # turns of the loop: an answer leaves in a task of its own
            await asyncio.sleep(0)
        if bench.radio.told.is_set():
            device.hear(await bench.answered())
        bench.clock.seconds += 60

    live = bench.network.session(DEV_EUI)
    assert live is not None
    assert live.mac.plan.defined == frozenset(range(8))
    assert len(bench.radio.sent) <= 5


async def test_a_retransmission_is_answered_again_and_not_emitted_again(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await bench.hear(device.uplink(2, b"\x01", confirmed=True))
    first = await bench.answered()

    await bench.hear(device.repeat())
    second = device.hear(await bench.answered())

    assert device.hear(first) is None, "the older counter is not taken after the newer"
    assert second is not None
    assert second.ack
    assert await bench.rows() == [0]


async def test_mac_commands_alone_move_the_counter_and_make_no_row(bench: Bench) -> None:
    device = abp()
    await register(bench, device)

    await bench.hear(device.uplink(0, b"\x02"))

    assert await bench.rows() == []
    assert (await bench.session()).f_cnt_up == 1


async def test_a_replay_after_a_restart_is_refused(path: Path) -> None:
    device, clock = abp(), StandingClock()
    first = device.uplink(2, b"\x01")
    async with network_on(path, clock) as bench:
        await register(bench, device)
        await bench.hear(first)
        await bench.hear(device.uplink(2, b"\x02"))

    async with network_on(path, clock) as bench:
        await bench.network.load()
        await bench.hear(first)

        assert bench.network.refused == {BadFrameReason.REPLAYED_COUNTER: 1}
        assert await bench.rows() == [0, 1]


async def test_devices_that_change_while_frames_come_in_keep_their_counters(bench: Bench) -> None:
    device, other = abp(), EndDevice.abp(Eui64("a81758fffe051d03"), DevAddr("26011235"))
    await register(bench, device)
    first = device.uplink(2, b"\x01")
    await bench.hear(first)

    await register(bench, other)
    await bench.hear(first)
    await bench.hear(other.uplink(2, b"\x01"))

    assert bench.network.refused == {BadFrameReason.REPEATED: 1}
    assert await bench.rows() == [0, 0]


async def test_a_removed_device_is_no_longer_heard(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await bench.hear(device.uplink(2, b"\x01"))

    await cast("Journal", bench.journal).remove_devices([DEV_EUI])
    await bench.network.load()
    await bench.hear(device.uplink(2, b"\x02"))

    assert bench.network.refused == {BadFrameReason.UNKNOWN_DEV_ADDR: 1}
    assert await bench.rows() == [0]


# ── a disk that takes nothing ──


async def test_an_uplink_that_the_disk_refuses_is_kept_and_not_acknowledged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "STORAGE_RETRY_S", 0.001)
    device = abp()
    await register(bench, device)
    bench.journal.failures = 3

    await bench.hear(device.uplink(2, b"\x01", confirmed=True))

    assert await bench.rows() == [0]
    assert bench.radio.sent == []
    assert bench.network.status()["waiting_for_disk"] == 0


async def test_a_retransmission_is_not_acknowledged_before_its_first_is_on_disk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "STORAGE_RETRY_S", 0.05)
    device = abp()
    await register(bench, device)
    bench.journal.failures = 1

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bench.hear(device.uplink(2, b"\x01", confirmed=True)))
        await asyncio.sleep(0)
        tasks.create_task(bench.hear(device.repeat()))
    await bench.answered()

    first, second = bench.journal.commits
    assert [uplink.f_cnt for uplink in first.uplinks] == [0]
    assert second.uplinks == ()
    assert len(bench.radio.sent) == 1


async def test_the_answer_to_a_repetition_brings_no_counter_on_disk_before_its_uplink(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "STORAGE_RETRY_S", 0.001)
    device = abp()
    await register(bench, device)
    bench.journal.failures = 1

    async with asyncio.TaskGroup() as tasks:
        for octets in (device.uplink(2, b"\x01", confirmed=True), device.repeat(), device.uplink(2, b"\x02")):
            tasks.create_task(bench.hear(octets))
            await asyncio.sleep(0)

    heard = 0
    for commit in bench.journal.commits:
        heard += len(commit.uplinks)
        assert [session.f_cnt_up for session in commit.sessions] == [heard]
    assert heard == 2


async def test_what_memory_cannot_hold_is_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "WAITING_LIMIT", 0)
    device = abp()
    await register(bench, device)
    bench.journal.failures = 1

    await bench.hear(device.uplink(2, b"\x01"))

    assert bench.network.counts["lost_for_want_of_disk"] == 1
    assert bench.network.counts["uplinks"] == 0


async def test_an_uplink_that_was_lost_is_new_when_the_device_tries_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "WAITING_LIMIT", 0)
    device = abp()
    await register(bench, device)
    bench.journal.failures = 1

    await bench.hear(device.uplink(2, b"\x01", confirmed=True))
    await bench.hear(device.repeat())
    await bench.answered()

    assert await bench.rows() == [0]
    assert len(bench.radio.sent) == 1


async def test_a_repetition_is_not_acknowledged_when_its_first_was_lost_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "WAITING_LIMIT", 0)
    device = abp()
    await register(bench, device)
    bench.journal.failures = 1
    first, repeat = device.uplink(2, b"\x01", confirmed=True), device.repeat()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bench.hear(first))
        await asyncio.sleep(0)
        tasks.create_task(bench.hear(repeat))
    await bench.settle()
    sent_meanwhile = [*bench.radio.sent]
    await bench.hear(repeat)
    await bench.answered()

    assert sent_meanwhile == []
    assert await bench.rows() == [0]


async def test_windows_that_a_person_corrects_hold_from_then_on_and_counters_stay(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await bench.hear(device.uplink(2, b"\x01"))
    await bench.settle()
    before = registration(device)
    assert before.session is not None
    corrected = replace(before, session=replace(before.session, rx1_delay_s=5))

    await cast("Journal", bench.journal).put_devices([corrected])
    await bench.network.load()
    await bench.hear(device.uplink(2, b"\x02"))

    kept = await bench.session()
    assert (kept.rx1_delay_s, kept.f_cnt_up) == (5, 2)


@pytest.mark.parametrize("year", [1970, 1979, 2000, 2200])
async def test_a_gateways_wrong_time_costs_no_uplink_and_is_told_to_nobody(bench: Bench, year: int) -> None:
    device = abp()
    await register(bench, device)
    wrong = replace(reception(), gateway_time=datetime(year, 1, 1, tzinfo=UTC))

    await bench.hear(device.uplink(2, b"\x01", f_opts=b"\x0d"), wrong)
    heard = device.hear(await bench.answered())

    assert await bench.rows() == [0]
    assert heard is not None
    told = read(heard.mac_commands, direction=Direction.DOWNLINK, mac_version=device.mac_version).commands
    assert DeviceTimeAns.at(START + timedelta(seconds=100)) in told, "this box's own clock is trusted"


@pytest.mark.parametrize(("is_gps", "is_told"), [(True, True), (False, False)])
async def test_a_box_without_a_clock_tells_its_devices_the_time_of_a_gps_receiver_alone(
    bench: Bench, *, is_gps: bool, is_told: bool
) -> None:
    device = abp()
    await register(bench, device)
    bench.clock.quality = TimeQuality.UNSYNCHRONISED
    theirs = START + timedelta(days=3)
    said = replace(reception(), gateway_time=theirs, gateway_time_is_gps=is_gps)

    await bench.hear(device.uplink(2, b"\x01", f_opts=b"\x0d", confirmed=True), said)
    heard = device.hear(await bench.answered())

    assert heard is not None
    told = read(heard.mac_commands, direction=Direction.DOWNLINK, mac_version=device.mac_version).commands
    assert (DeviceTimeAns.at(theirs) in told) is is_told


async def test_another_frame_with_the_last_counter_of_a_personalised_device_is_not_acknowledged(bench: Bench) -> None:
    device, again = abp(), abp()
    await register(bench, device)
    await bench.hear(device.uplink(2, b"\x01"))
    await bench.settle()
    before = len(bench.radio.sent)

    await bench.hear(again.uplink(2, b"\x99", confirmed=True))  # it lost power after its first frame
    await bench.settle()

    assert bench.network.refused == {BadFrameReason.REPLAYED_COUNTER: 1}
    assert len(bench.radio.sent) == before


async def test_after_a_start_nobody_knows_what_a_repetition_repeats(path: Path) -> None:
    device, clock = abp(), StandingClock()
    async with network_on(path, clock) as bench:
        await register(bench, device)
        await bench.hear(device.uplink(2, b"\x01"))

    async with network_on(path, clock) as bench:
        await bench.network.load()
        await bench.hear(abp().uplink(2, b"\x99", confirmed=True))
        await bench.settle()
        answered = [*bench.radio.sent]

    assert answered == []
