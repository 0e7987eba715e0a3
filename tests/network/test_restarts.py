"""Frame counters of personalised devices that begin again: refused, or allowed and bounded, against recordings too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from gateway.errors import BadFrameReason
from gateway.journal import Journal
from gateway.journal.box import DOWNLINK_MARGIN
from gateway.lorawan.mac_layer import Wanted
from gateway.lorawan.phy import DataFrame, parse
from gateway.lorawan.region import EU868
from gateway.lorawan.restarts import FIRST_COUNTERS, NEVER, PAUSE, REMEMBERED_FOR, restarted
from gateway.model import Uplink, uplink_id
from gateway.network import keeping
from simulators.end_device import EndDevice
from tests.network.bench import CITY, DEV_EUI, Bench, abp, network_on, register, registration
from tests.network.radio import StandingClock

A_DAY = REMEMBERED_FOR.total_seconds()
LONG_ENOUGH = PAUSE.total_seconds()


async def allow(bench: Bench, device: EndDevice) -> None:
    known = registration(device)
    allowed = replace(known, device=replace(known.device, counter_reset_allowed=True))
    await cast("Journal", bench.journal).put_devices([allowed])
    await bench.network.load()


async def uplinks(bench: Bench) -> Sequence[Uplink]:
    return [row.uplink for row in await cast("Journal", bench.journal).read(CITY, 1000)]


async def names(bench: Bench) -> list[tuple[str, int]]:
    """Return activation (its end) and counter of each uplink in the journal."""
    return [(one.activation.rpartition("-")[2], one.f_cnt) for one in await uplinks(bench)]


def begin_again(device: EndDevice) -> None:
    device.f_cnt_up = 0
    device.f_cnt_down = 0


async def speak(bench: Bench, device: EndDevice, *payloads: bytes) -> list[bytes]:
    """Send uplinks, a minute apart; return them as somebody beside the device records them."""
    recorded = []
    for payload in payloads:
        octets = device.uplink(2, payload)
        recorded.append(octets)
        await bench.hear(octets)
        bench.clock.seconds += 60
    return recorded


async def test_a_counter_that_went_back_is_refused_unless_it_is_allowed(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await speak(bench, device, b"\x01", b"\x02", b"\x03")
    begin_again(device)

    await speak(bench, device, b"\x04")

    assert bench.network.refused == {BadFrameReason.REPLAYED_COUNTER: 1}
    assert await names(bench) == [("abp0", 0), ("abp0", 1), ("abp0", 2)]


async def test_a_device_that_may_begins_a_new_activation_with_ids_of_its_own(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    await speak(bench, device, b"\x01", b"\x02", b"\x03")
    begin_again(device)

    await speak(bench, device, b"\x04", b"\x05")

    journal = cast("Journal", bench.journal)
    assert await names(bench) == [("abp0", 0), ("abp0", 1), ("abp0", 2), ("abp1", 0), ("abp1", 1)]
    assert (await uplinks(bench))[3].id == uplink_id(DEV_EUI, "26011234-abp1", 0)
    assert (await bench.session()).activation == "26011234-abp1"
    assert await journal.abp_activations() == {DEV_EUI: 1}
    assert "its frame counter began again at 0, 3 was the next" in (await journal.events(DEV_EUI))[-1].what


async def test_the_new_activation_is_on_disk_with_its_first_uplink_in_one_commit(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    await speak(bench, device, b"\x01", b"\x02")
    begin_again(device)

    await speak(bench, device, b"\x04")

    last = bench.journal.commits[-1]
    assert [one.f_cnt for one in last.uplinks] == [0]
    assert last.abp_activations == ((DEV_EUI, 1),)
    assert (DEV_EUI, "26011234-abp0") in last.retired
    assert [one.activation for one in last.sessions] == ["26011234-abp1"]


async def test_some_of_the_first_frames_may_be_lost(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    device.f_cnt_up = 5000
    await speak(bench, device, b"\x01")
    begin_again(device)
    device.f_cnt_up = FIRST_COUNTERS - 1

    await speak(bench, device, b"\x02")

    assert await names(bench) == [("abp0", 5000), ("abp1", FIRST_COUNTERS - 1)]


async def test_a_device_that_begins_again_after_its_first_uplink_is_not_taken_for_a_repetition(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    await speak(bench, device, b"\x01")
    begin_again(device)

    await speak(bench, device, b"\x02")

    assert await names(bench) == [("abp0", 0), ("abp1", 0)]


async def test_a_repetition_stays_one(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    await speak(bench, device, b"\x01")

    await bench.hear(device.repeat())

    assert bench.network.refused == {BadFrameReason.REPEATED: 1}
    assert await names(bench) == [("abp0", 0)]


async def test_downlinks_begin_again_too_and_the_device_hears_them(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    for _ in range(3):
        await bench.talk(device, confirmed=True)
    begin_again(device)

    await bench.hear(device.uplink(2, b"\x04", confirmed=True))
    await bench.settle()
    heard = device.hear(bench.radio.sent[-1].phy_payload)

    assert heard is not None
    assert (heard.f_cnt, heard.ack) == (0, True)


async def test_a_device_that_forgot_its_windows_is_answered_where_it_listens(path: Path) -> None:
    device = abp()
    async with network_on(path, StandingClock(), wanted=replace(Wanted.of(EU868), rx1_delay_s=5)) as bench:
        await allow(bench, device)
        for _ in range(3):
            await bench.talk(device, confirmed=True)
        late = bench.radio.sent[-1].timestamp_us
        fresh = EndDevice.abp(DEV_EUI, registration(device).session.dev_addr, device.keys)  # type: ignore[union-attr]
        bench.clock.seconds += 60

        await bench.talk(fresh, b"\x07", confirmed=True)

        assert late == 6_000_000
        assert bench.radio.sent[-1].timestamp_us == 2_000_000


async def test_a_restart_in_between_changes_nothing(path: Path) -> None:
    device, clock = abp(), StandingClock()
    async with network_on(path, clock) as bench:
        await allow(bench, device)
        await speak(bench, device, b"\x01", b"\x02", b"\x03")
        begin_again(device)
        await speak(bench, device, b"\x04")
    async with network_on(path, clock) as bench:
        await bench.network.load()
        await speak(bench, device, b"\x05")
        begin_again(device)
        clock.seconds += LONG_ENOUGH
        await speak(bench, device, b"\x06")

        activations = await names(bench)
        assert activations[3:] == [("abp1", 0), ("abp1", 1), ("abp2", 0)]
        assert len({one.id for one in await uplinks(bench)}) == len(activations)
        assert len(await cast("Journal", bench.journal).sessions()) == 1


async def test_the_number_is_kept_when_the_device_is_removed_and_comes_back(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    await speak(bench, device, b"\x01", b"\x02")
    begin_again(device)
    await speak(bench, device, b"\x03")

    await cast("Journal", bench.journal).remove_devices([DEV_EUI])
    await allow(bench, device)
    await speak(bench, device, b"\x04")

    assert (await names(bench))[-1] == ("abp2", 1)


async def test_an_activation_whose_first_uplink_was_lost_is_whole_with_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "WAITING_LIMIT", 0)
    device = abp()
    await allow(bench, device)
    await speak(bench, device, b"\x01", b"\x02")
    begin_again(device)
    bench.journal.failures = 1

    await speak(bench, device, b"\x03", b"\x04")

    assert await names(bench) == [("abp0", 0), ("abp0", 1), ("abp1", 1)]
    assert await cast("Journal", bench.journal).abp_activations() == {DEV_EUI: 1}
    assert len(await cast("Journal", bench.journal).sessions()) == 1


# ── somebody plays what he has recorded ──


async def test_a_recorded_frame_of_this_activation_begins_none(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    recorded = await speak(bench, device, *(bytes([number]) for number in range(20)))

    for octets in recorded[:-1]:
        await bench.hear(octets)

    assert bench.network.refused == {BadFrameReason.REPLAYED_COUNTER: 19}
    assert {activation for activation, _ in await names(bench)} == {"abp0"}


async def test_recordings_of_the_last_activation_do_not_reset_it_back_and_forth(path: Path) -> None:
    device, clock = abp(), StandingClock()
    async with network_on(path, clock) as bench:
        await allow(bench, device)
        recorded = await speak(bench, device, *(bytes([number]) for number in range(20)))
        begin_again(device)
        recorded += await speak(bench, device, *(bytes([100 + number]) for number in range(20)))
    async with network_on(path, clock) as bench:
        await bench.network.load()
        for octets in recorded[:FIRST_COUNTERS] * 3:
            await bench.hear(octets)
            clock.seconds += LONG_ENOUGH
        await speak(bench, device, b"\xff")

        assert bench.network.refused == {BadFrameReason.REPLAYED_COUNTER: 3 * FIRST_COUNTERS}
        assert (await names(bench))[-1] == ("abp1", 20)


async def unheard_frame(bench: Bench, device: EndDevice, f_cnt: int) -> bytes:
    """Return one of the device's first frames, which was recorded where this box did not hear it; it counts on from ``f_cnt``."""
    await allow(bench, device)
    unheard = device.uplink(2, b"\x01")
    device.f_cnt_up = f_cnt
    await speak(bench, device, b"\x03")
    return unheard


@pytest.mark.parametrize("f_cnt", [100, 16_000])
async def test_a_frame_recorded_out_of_earshot_does_not_part_a_device_from_its_activation(
    bench: Bench, f_cnt: int
) -> None:
    device = abp()
    unheard = await unheard_frame(bench, device, f_cnt)

    await bench.hear(unheard)
    await speak(bench, device, b"\x04", b"\x05")

    assert await names(bench) == [("abp0", f_cnt), ("abp1", 0), ("abp0", f_cnt + 1), ("abp0", f_cnt + 2)]
    assert (await bench.session()).activation == "26011234-abp0"
    assert "it did not restart" in (await cast("Journal", bench.journal).events(DEV_EUI))[-1].what


@pytest.mark.parametrize("f_cnt", [30_000, 70_000], ids=["beyond the gap", "beyond 16 bits"])
async def test_a_device_far_ahead_is_heard_on_and_hears_after_a_played_frame_and_a_restart_of_the_box(
    path: Path, f_cnt: int
) -> None:
    device, clock = abp(), StandingClock()
    async with network_on(path, clock) as bench:
        known = registration(device)
        assert known.session is not None
        there = replace(known.session, f_cnt_up=f_cnt)
        allowed = replace(known.device, counter_reset_allowed=True)
        await cast("Journal", bench.journal).put_devices([replace(known, device=allowed, session=there)])
        await bench.network.load()
        unheard = device.uplink(2, b"\x01")
        device.f_cnt_up = f_cnt
        await bench.talk(device, b"\x03", confirmed=True)
        await bench.hear(unheard)
    async with network_on(path, clock) as bench:
        await bench.network.load()

        await bench.hear(device.uplink(2, b"\x04", confirmed=True))
        await bench.settle()
        heard = device.hear(bench.radio.sent[-1].phy_payload)

        assert (await names(bench))[-1] == ("abp0", f_cnt + 1)
        assert heard is not None
        assert heard.ack


async def test_a_frame_recorded_out_of_earshot_is_played_in_vain_the_next_time(bench: Bench) -> None:
    device = abp()
    unheard = await unheard_frame(bench, device, 100)
    await bench.hear(unheard)
    await speak(bench, device, b"\x04")

    await bench.hear(unheard)
    bench.clock.seconds += LONG_ENOUGH
    await bench.hear(unheard)

    assert await names(bench) == [("abp0", 100), ("abp1", 0), ("abp0", 101)]
    assert bench.network.refused == {BadFrameReason.REPLAYED_COUNTER: 2}


async def test_an_activation_that_was_taken_back_has_lent_its_number_for_ever(bench: Bench) -> None:
    device = abp()
    unheard = await unheard_frame(bench, device, 100)
    await bench.hear(unheard)
    await speak(bench, device, b"\x04")
    bench.clock.seconds += LONG_ENOUGH
    begin_again(device)

    await speak(bench, device, b"\x05")

    assert (await names(bench))[-1] == ("abp2", 0)


async def test_a_device_that_did_restart_keeps_its_activation_when_it_comes_to_where_it_was(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    await speak(bench, device, b"\x01", b"\x02", b"\x03")
    begin_again(device)

    await speak(bench, device, b"\x04", b"\x05", b"\x06", b"\x07", b"\x08")

    assert (await names(bench))[3:] == [("abp1", number) for number in range(5)]


async def test_a_second_restart_waits_until_ten_minutes_after_the_first(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    await speak(bench, device, b"\x01", b"\x02")
    begin_again(device)
    await speak(bench, device, b"\x03", b"\x04", b"\x05")
    begin_again(device)

    await speak(bench, device, b"\x06")
    soon = await names(bench)
    bench.clock.seconds += LONG_ENOUGH
    await speak(bench, device, b"\x07")

    assert soon[2:] == [("abp1", 0), ("abp1", 1), ("abp1", 2)]
    assert (await names(bench))[-1] == ("abp2", 1)


async def test_an_activation_that_goes_on_after_a_restore_uses_no_downlink_counter_again(path: Path) -> None:
    device, clock = abp(), StandingClock()
    async with network_on(path, clock) as bench:
        unheard = await unheard_frame(bench, device, 100)
        for _ in range(3):
            await bench.talk(device, confirmed=True)
        await bench.hear(unheard)
        await bench.settle()
        used = {cast("DataFrame", parse(request.phy_payload)).f_cnt16 for request in bench.radio.sent}
    async with network_on(path, clock) as bench:
        await cast("Journal", bench.journal).box.restored(None, "a backup was restored")
        await bench.network.load()
        await bench.talk(device, confirmed=True)

        (again,) = bench.radio.sent
        assert (await names(bench))[-1][0] == "abp0"
        assert cast("DataFrame", parse(again.phy_payload)).f_cnt16 >= max(used) + DOWNLINK_MARGIN


def test_what_an_activation_skipped_stays_skipped_through_a_second_restart() -> None:
    known = registration(abp()).session
    assert known is not None
    session = replace(known, f_cnt_up=100, n_f_cnt_down=20)
    restored = replace(restarted(session, 1), n_f_cnt_down=DOWNLINK_MARGIN + 2)
    now = StandingClock()().utc

    restarts = NEVER.begun(session, now).begun(restored, now)

    assert restarts.before is not None
    assert restarts.before.continued(restarted(session, 2)).n_f_cnt_down == 20 + DOWNLINK_MARGIN + 2


async def test_a_counter_beyond_the_first_ones_begins_nothing(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    device.f_cnt_up = FIRST_COUNTERS
    unheard = device.uplink(2, b"\x01")
    device.f_cnt_up = 100
    await speak(bench, device, b"\x02")

    await bench.hear(unheard)

    assert await names(bench) == [("abp0", 100)]
    assert f"counters begin again below {FIRST_COUNTERS}" in bench.network.refusals[-1].detail


async def test_a_device_that_always_says_the_same_may_begin_again_after_a_day(bench: Bench) -> None:
    device = abp()
    await allow(bench, device)
    await speak(bench, device, b"\x00", b"\x00", b"\x00")
    begin_again(device)
    await speak(bench, device, b"\x00")
    soon = await names(bench)

    bench.clock.seconds += A_DAY
    begin_again(device)
    await speak(bench, device, b"\x00")

    assert soon == [("abp0", 0), ("abp0", 1), ("abp0", 2)]
    assert (await names(bench))[-1] == ("abp1", 0)
