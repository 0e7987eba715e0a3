"""Downlinks from the queue to the device: with an uplink, at once, to a group; what becomes of each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from gateway.errors import ConfigError, StorageError
from gateway.journal import Journal
from gateway.lorawan.phy import DataFrame, parse
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Downlink, DownlinkState, Eui64, LoraRate, TimeQuality, TxResult
from gateway.network.downlinks import MOST_TRIES, MOST_WAITING, DownlinkQueue
from simulators.end_device import Downlink as Heard
from simulators.end_device import EndDevice
from tests.network.bench import DEV_EUI, Bench, abp, network_on, register
from tests.network.radio import CELLAR, ROOF, START, StandingClock, reception

DOWNLINK = Downlink(id=0, dev_eui=DEV_EUI, f_port=10, payload=b"\x01\x02", queued_at=START)
CONFIRMED = replace(DOWNLINK, confirmed=True)
GROUP = Eui64("ffffffff26012222")


async def talk(bench: Bench, device: EndDevice) -> list[Heard]:
    """Send an uplink and return what the device heard in answer, a minute before the next."""
    before = len(bench.radio.sent)
    await bench.hear(device.uplink(2, b"\x01"))
    await bench.settle()
    heard = [device.hear(request.phy_payload) for request in bench.radio.sent[before:]]
    bench.clock.seconds += 60
    return [one for one in heard if one is not None]


async def states(bench: Bench) -> list[tuple[DownlinkState, int]]:
    return [(one.state, one.tries) for one in await bench.downlinks()]


def payloads(heard: Sequence[Heard]) -> list[tuple[int | None, bytes]]:
    return [(one.f_port, one.payload) for one in heard if one.f_port]


# ── with an uplink ──


async def test_a_downlink_goes_with_the_next_uplink(bench: Bench) -> None:
    device = abp()
    await register(bench, device)

    queued = await bench.network.dispatch.enqueue(DOWNLINK)
    heard = await talk(bench, device)

    assert queued.id == 1
    assert payloads(heard) == [(10, b"\x01\x02")]
    assert await states(bench) == [(DownlinkState.SENT, 1)]
    assert payloads(await talk(bench, device)) == []


async def test_several_go_one_an_uplink_the_urgent_first_and_more_is_announced(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    for place, priority in enumerate((0, 5, 0)):
        await bench.network.dispatch.enqueue(replace(DOWNLINK, payload=bytes([place]), priority=priority))

    heard = [one for _ in range(3) for one in await talk(bench, device)]

    assert [one.payload for one in heard] == [b"\x01", b"\x00", b"\x02"]
    assert [one.f_pending for one in heard] == [True, True, False]


async def test_a_confirmed_downlink_is_acknowledged_by_the_uplink_after_it(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await bench.network.dispatch.enqueue(CONFIRMED)

    await talk(bench, device)
    between = await states(bench)
    await talk(bench, device)

    assert between == [(DownlinkState.SENT, 1)]
    assert await states(bench) == [(DownlinkState.ACKNOWLEDGED, 1)]


async def test_a_confirmed_downlink_that_is_never_acknowledged_fails_in_the_end(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await bench.network.dispatch.enqueue(CONFIRMED)

    for _ in range(MOST_TRIES + 2):
        await bench.hear(device.uplink(2, b"\x01"))  # and never hears what answers it
        await bench.settle()
        bench.clock.seconds += 60

    (failed,) = await bench.downlinks()
    assert (failed.state, failed.tries) == (DownlinkState.FAILED, MOST_TRIES)
    assert failed.detail == f"not acknowledged after {MOST_TRIES} tries"
    assert len({request.phy_payload for request in bench.radio.sent}) == len(bench.radio.sent), (
        "no counter is used twice"
    )


async def test_a_downlink_that_no_radio_takes_waits_for_the_next_uplink(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await bench.network.dispatch.enqueue(DOWNLINK)
    bench.radio.says.extend([TxResult.TX_FREQ, TxResult.TX_FREQ])

    nothing = await talk(bench, device) if not bench.radio.says else None
    await bench.hear(device.uplink(2, b"\x01"))
    await bench.settle()
    waiting = await states(bench)
    bench.clock.seconds += 60
    heard = await talk(bench, device)

    assert nothing is None
    assert waiting == [(DownlinkState.QUEUED, 1)]
    assert payloads(heard) == [(10, b"\x01\x02")]
    assert await states(bench) == [(DownlinkState.SENT, 2)]


async def test_a_payload_too_long_for_the_data_rate_waits_for_a_faster_uplink(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await bench.network.dispatch.enqueue(replace(DOWNLINK, payload=bytes(100)))
    slow = replace(reception(), data_rate=LoraRate(12, 125_000))

    await bench.hear(device.uplink(2, b"\x01"), slow)
    await bench.settle()
    waiting = await states(bench)
    bench.clock.seconds += 60
    heard = await talk(bench, device)

    assert waiting == [(DownlinkState.QUEUED, 0)]
    assert payloads(heard) == [(10, bytes(100))]
    assert bench.radio.sent[-1].timestamp_us == 2_000_000, "RX2's data rate is too slow for it, so RX1 it is"


async def test_a_downlink_expires(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await bench.network.dispatch.enqueue(replace(DOWNLINK, expires_at=bench.clock().utc + timedelta(hours=1)))

    bench.clock.seconds += 3601
    await bench.network.dispatch.turn()
    heard = await talk(bench, device)

    assert payloads(heard) == []
    assert await states(bench) == [(DownlinkState.EXPIRED, 0)]


async def test_no_downlink_expires_by_a_clock_that_is_not_known_to_be_right(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    await bench.network.dispatch.enqueue(replace(DOWNLINK, expires_at=bench.clock().utc + timedelta(hours=1)))

    bench.clock.quality = TimeQuality.UNSYNCHRONISED
    bench.clock.seconds += 10 * 365 * 86_400
    await bench.network.dispatch.turn()

    assert await states(bench) == [(DownlinkState.QUEUED, 0)]


async def test_open_downlinks_survive_a_restart(path: Path) -> None:
    device, clock = abp(), StandingClock()
    async with network_on(path, clock) as bench:
        await register(bench, device)
        await bench.network.dispatch.enqueue(CONFIRMED)
        await talk(bench, device)
        await bench.network.dispatch.enqueue(DOWNLINK)

    async with network_on(path, clock) as bench:
        await bench.network.load()
        acknowledged = await talk(bench, device)
        after = await bench.network.dispatch.enqueue(DOWNLINK)
        states_after = await states(bench)

    assert payloads(acknowledged) == [(10, b"\x01\x02")]
    assert after.id == 3
    assert states_after == [(DownlinkState.ACKNOWLEDGED, 1), (DownlinkState.SENT, 1), (DownlinkState.QUEUED, 0)]


async def test_nothing_is_promised_that_is_not_on_disk(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    bench.journal.failures = 1

    with pytest.raises(StorageError):
        await bench.network.dispatch.enqueue(DOWNLINK)

    assert payloads(await talk(bench, device)) == []


# ── at once ──


async def test_a_class_c_device_is_told_at_once_in_rx2_through_who_heard_it_best(bench: Bench) -> None:
    device = abp()
    await register(bench, device, device_class="C")
    await bench.hear(device.uplink(2, b"\x01"), reception(ROOF), reception(CELLAR, snr_db=1.0))
    await bench.settle()
    bench.clock.seconds += 60
    before = len(bench.radio.sent)

    await bench.network.dispatch.enqueue(DOWNLINK)
    await bench.network.dispatch.turn()

    (request,) = bench.radio.sent[before:]
    assert (request.gateway, request.timestamp_us, request.frequency_hz) == (ROOF, None, 869_525_000)
    heard = device.hear(request.phy_payload)
    assert heard is not None
    assert heard.payload == b"\x01\x02"
    assert await states(bench) == [(DownlinkState.SENT, 1)]


async def test_a_class_c_device_that_was_never_heard_waits(bench: Bench) -> None:
    await register(bench, abp(), device_class="C")
    await bench.network.dispatch.enqueue(DOWNLINK)

    await bench.network.dispatch.turn()

    assert bench.radio.sent == []
    assert await states(bench) == [(DownlinkState.QUEUED, 0)]


async def test_a_class_c_device_that_does_not_acknowledge_is_told_again(bench: Bench) -> None:
    device = abp()
    await register(bench, device, device_class="C")
    await talk(bench, device)
    await bench.network.dispatch.enqueue(CONFIRMED)
    await bench.network.dispatch.turn()

    bench.clock.seconds += 36
    await bench.network.dispatch.turn()
    await bench.network.dispatch.turn()

    assert await states(bench) == [(DownlinkState.SENT, 2)]


async def test_what_the_law_forbids_now_waits_without_a_try_being_counted(bench: Bench) -> None:
    device = abp()
    await register(bench, device, device_class="C")
    await talk(bench, device)
    for _ in range(200):
        await bench.network.dispatch.enqueue(replace(DOWNLINK, payload=bytes(51)))
        await bench.network.dispatch.turn()
        bench.clock.seconds += 4
    waiting = [one for one in await bench.downlinks() if one.state is DownlinkState.QUEUED]

    bench.clock.seconds += 3600
    await bench.network.dispatch.turn()

    assert waiting, "360 s an hour in the band of RX2 are 129 frames of 2.8 s"
    assert all(one.tries == 0 for one in waiting)
    assert sum(one.state is DownlinkState.QUEUED for one in await bench.downlinks()) < len(waiting)


# ── to a group ──


async def test_a_group_is_told_through_every_gateway_one_after_the_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        bench.clock.seconds += seconds

    group = EndDevice.abp(GROUP, DevAddr("26012222"))
    await register(bench, group, device_class="C")
    stranger = EndDevice.abp(Eui64("a81758fffe00ffff"), DevAddr("27000001"))
    await bench.hear(stranger.uplink(2, b"\x01"), reception(ROOF), reception(CELLAR))
    await bench.network.dispatch.enqueue(replace(DOWNLINK, dev_eui=GROUP))

    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "sleep", pause)
        await bench.network.dispatch.turn()

    assert [request.gateway for request in bench.radio.sent] == [ROOF, CELLAR]
    assert len({request.phy_payload for request in bench.radio.sent}) == 1
    assert pauses == [pytest.approx(1.155, abs=0.2)], "so that they do not jam each other"
    heard = group.hear(bench.radio.sent[0].phy_payload)
    assert heard is not None
    assert heard.payload == b"\x01\x02"
    assert await states(bench) == [(DownlinkState.SENT, 1)]


async def test_a_group_acknowledges_nothing(bench: Bench) -> None:
    with pytest.raises(ConfigError, match="a multicast group acknowledges nothing"):
        await bench.network.dispatch.enqueue(replace(CONFIRMED, dev_eui=GROUP))


# ── what can never be sent ──


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"f_port": 0}, "port 0: a payload for a device goes to port 1 to 223"),
        ({"f_port": 224}, "port 224"),
        ({"payload": b""}, "0 octets; EU868 carries 1 to 242"),
        ({"payload": bytes(243)}, "243 octets"),
        ({"expires_at": START}, "has passed already"),
    ],
)
def test_a_downlink_that_can_never_be_sent_is_refused_in_words(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        DownlinkQueue().enqueue(replace(DOWNLINK, **wrong), EU868)  # type: ignore[arg-type]  # a table of fields


def test_a_queue_is_bounded() -> None:
    queue = DownlinkQueue()
    for _ in range(MOST_WAITING):
        queue.enqueue(DOWNLINK, EU868)

    with pytest.raises(ConfigError, match="100 downlinks wait"):
        queue.enqueue(DOWNLINK, EU868)


async def test_no_counter_of_a_downlink_is_on_air_before_it_is_on_disk(bench: Bench) -> None:
    device = abp()
    await register(bench, device)
    on_air: list[int] = []

    for _ in range(6):
        await bench.network.dispatch.enqueue(DOWNLINK)
        await talk(bench, device)
        sent = parse(bench.radio.sent[-1].phy_payload)
        assert isinstance(sent, DataFrame)
        on_air.append(sent.f_cnt16)
        (session,) = await cast("Journal", bench.journal).sessions()
        assert session.n_f_cnt_down > sent.f_cnt16

    assert on_air == sorted(set(on_air))


async def test_an_answer_is_not_overtaken_by_a_later_counter(bench: Bench) -> None:
    device = abp()
    await register(bench, device, device_class="C")
    await talk(bench, device)
    live = bench.network.session(DEV_EUI)
    assert live is not None
    live.session = replace(live.session, rx1_delay_s=5)
    await bench.hear(device.uplink(2, b"\x01", confirmed=True))
    await bench.settle()
    before = len(bench.radio.sent)
    await bench.network.dispatch.enqueue(DOWNLINK)

    bench.clock.seconds += 6.9
    await bench.network.dispatch.turn()
    early = len(bench.radio.sent) - before
    bench.clock.seconds += 0.2
    await bench.network.dispatch.turn()

    assert (early, len(bench.radio.sent) - before) == (0, 1)


# ── what comes late ──

SENT = DownlinkState.SENT


def test_what_was_acknowledged_meanwhile_is_not_sent_again() -> None:
    queue = DownlinkQueue()
    sending = queue.sending(queue.enqueue(CONFIRMED, EU868), 7, START)
    (acknowledged,) = queue.heard(DEV_EUI, ack=True)

    assert queue.unsent(sending, "too_late") is None
    assert acknowledged.state is DownlinkState.ACKNOWLEDGED
    assert queue.of(DEV_EUI) == []


@pytest.mark.parametrize("downlink", [DOWNLINK, CONFIRMED])
def test_what_was_dropped_meanwhile_does_not_come_back(downlink: Downlink) -> None:
    queue = DownlinkQueue()
    sending = queue.sending(queue.enqueue(downlink, EU868), 7, START)
    queue.drop([sending.id])

    assert queue.unsent(sending, "too_late") is None
    assert queue.of(DEV_EUI) == []


@pytest.mark.parametrize("downlink", [DOWNLINK, CONFIRMED])
async def test_a_gateway_that_says_nothing_may_have_sent_and_the_device_is_not_told_twice(
    bench: Bench, downlink: Downlink
) -> None:
    device = abp()
    await register(bench, device)
    await bench.network.dispatch.enqueue(downlink)
    bench.radio.says.append(TxResult.NO_ANSWER)

    await bench.hear(device.uplink(2, b"\x01"))
    await bench.settle()

    assert await states(bench) == [(SENT, 1)]


async def test_what_is_told_at_once_waits_while_uplinks_wait_for_the_disk(bench: Bench) -> None:
    """With it their counter would be on disk before them: a crash, or a stop, and nobody could send them again."""
    device = abp()
    await register(bench, device, device_class="C")
    await talk(bench, device)
    bench.journal.failures = 1_000_000
    hearing = asyncio.create_task(bench.hear(device.uplink(2, b"\x02")))
    await bench.settle()
    bench.clock.seconds += 60
    bench.journal.failures = 0
    await bench.network.dispatch.enqueue(DOWNLINK)
    before = len(bench.radio.sent)

    await asyncio.wait_for(bench.network.dispatch.turn(), 5)
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    await asyncio.wait_for(bench.network.dispatch.turn(), 5)

    assert len(bench.radio.sent) == before
    assert (await bench.session()).f_cnt_up == 1
    assert await states(bench) == [(DownlinkState.QUEUED, 0)]
