"""Downlinks to devices behind a network server: handed on once, in their order, and what the server says of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.journal import Changes, Served
from gateway.model import (
    Answer,
    Downlink,
    DownlinkState,
    Eui64,
    Key,
    ServerReceipt,
    Verdict,
)
from gateway.servers.downlinks import reference_of
from gateway.servers.uplinks import served_id
from simulators.end_device import EndDevice
from tests.network.bench import DEV_EUI, abp
from tests.network.radio import Radio
from tests.pipeline.rig import registration
from tests.servers.bench import TORGET, ServersBench, bench_on, device, told

LATER = Answer.unsent("no connection")
REFUSED = Answer(verdict=Verdict.REFUSED, status=0x87, detail="0x87 Not authorized")
UNCLEAR = Answer(verdict=Verdict.UNCLEAR, status=0)


async def behind(bench: ServersBench) -> None:
    """Register a device that a server has told of."""
    await bench.register(device())
    await bench.servers.hear(told(7))


def receipt(downlink: Downlink, state: DownlinkState, detail: str = "", f_cnt: int | None = None) -> ServerReceipt:
    return ServerReceipt(
        source="campus", dev_eui=TORGET, reference=reference_of(downlink), state=state, detail=detail, f_cnt=f_cnt
    )


async def test_a_downlink_goes_to_the_server_that_told_the_device(bench: ServersBench) -> None:
    await behind(bench)
    queued = await bench.queued()

    await bench.servers.downlinks.turn()
    now = await bench.downlink(queued.id)

    assert [(address, one.payload, reference) for address, one, reference in bench.server.asked] == [
        ("app", b"\x01\x02", reference_of(queued))
    ]
    assert (now.state, now.detail) == (DownlinkState.QUEUED, "handed to campus")


async def test_what_was_handed_on_is_not_handed_on_again_also_after_a_restart(tmp_path: Path) -> None:
    async with bench_on(tmp_path / "journal.db") as bench:
        await behind(bench)
        await bench.queued()
        await bench.servers.downlinks.turn()
        await bench.servers.downlinks.turn()
        first = len(bench.server.asked)
    async with bench_on(tmp_path / "journal.db") as bench:
        await bench.network.load()
        await bench.servers.downlinks.turn()
        waiting = bench.network.queue.of(TORGET)

        assert (first, len(bench.server.asked), len(waiting)) == (1, 0, 1)


async def test_after_a_restart_the_way_is_known_before_the_device_is_told_again(tmp_path: Path) -> None:
    async with bench_on(tmp_path / "journal.db") as bench:
        await behind(bench)
    async with bench_on(tmp_path / "journal.db") as bench:
        await bench.network.load()
        await bench.queued()
        await bench.servers.downlinks.turn()

        assert [address for address, *_ in bench.server.asked] == ["app"]


async def test_a_new_downlink_leaves_at_once(bench: ServersBench) -> None:
    await behind(bench)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bench.servers.downlinks.run(), name="downlinks")
        await asyncio.sleep(0)
        await bench.queued()
        async with asyncio.timeout(1):  # the queue is looked at every two seconds, or thirty
            while not bench.server.asked:  # noqa: ASYNC110 - what is asked has no event to wait for
                await asyncio.sleep(0)
        running.cancel()

    assert len(bench.server.asked) == 1


async def test_one_that_the_server_cannot_have_now_waits_and_nothing_overtakes_it(bench: ServersBench) -> None:
    await behind(bench)
    first, second = await bench.queued(), await bench.queued()
    bench.server.says.append(LATER)

    await bench.servers.downlinks.turn()
    asked_first = [one.id for _, one, _ in bench.server.asked]
    await bench.servers.downlinks.turn()

    assert asked_first == [first.id]
    assert [one.id for _, one, _ in bench.server.asked[1:]] == [first.id, second.id]


async def test_one_that_the_server_refuses_has_failed_with_its_words(bench: ServersBench) -> None:
    await behind(bench)
    queued = await bench.queued()
    bench.server.says.append(REFUSED)

    await bench.servers.downlinks.turn()
    now = await bench.downlink(queued.id)

    assert (now.state, now.detail) == (DownlinkState.FAILED, "0x87 Not authorized")


async def test_one_that_may_be_there_is_not_told_twice(bench: ServersBench) -> None:
    await behind(bench)
    queued = await bench.queued()
    bench.server.says.append(UNCLEAR)

    await bench.servers.downlinks.turn()
    await bench.servers.downlinks.turn()
    now = await bench.downlink(queued.id)

    assert len(bench.server.asked) == 1
    assert "did not say that it has it" in now.detail


async def test_a_source_that_only_pushes_takes_no_downlinks(tmp_path: Path) -> None:
    async with bench_on(tmp_path / "journal.db", {"hook": Radio()}) as bench:
        await bench.register(device())
        await bench.servers.hear(told(7, source="hook"))
        queued = await bench.queued()
        await bench.servers.downlinks.turn()
        now = await bench.downlink(queued.id)

    assert now.state is DownlinkState.FAILED
    assert "hook takes no downlinks" in now.detail


async def test_a_device_that_no_server_told_of_is_not_looked_at(bench: ServersBench) -> None:
    await bench.register(device())
    await bench.queued()

    await bench.servers.downlinks.turn()

    assert bench.server.asked == []


async def test_a_device_with_a_session_here_is_answered_from_here(bench: ServersBench) -> None:
    sensor = EndDevice(dev_eui=DEV_EUI, join_eui=Eui64("70b3d57ed0000001"), app_key=Key(bytes(16)))
    await bench.journal.put_devices([registration(sensor)])
    await bench.network.load()
    assert await bench.inner.join(sensor)
    told_before = Served(DEV_EUI, "campus", "app", served_id(DEV_EUI, "id-7"))
    await bench.journal.commit(Changes(served=(told_before,)))
    await bench.queued(dev_eui=DEV_EUI)

    await bench.servers.downlinks.turn()

    assert bench.server.asked == []


async def test_a_session_that_an_import_brought_is_of_no_use_where_there_is_no_radio(tmp_path: Path) -> None:
    async with bench_on(tmp_path / "journal.db", has_radio=False) as bench:
        await bench.journal.put_devices([registration(abp(TORGET))])
        await bench.network.load()
        await bench.servers.hear(told(7))
        queued = await bench.queued()
        await bench.servers.downlinks.turn()

    assert [one.id for _, one, _ in bench.server.asked] == [queued.id]
    assert bench.servers.counts["with_session_here"] == 0


@pytest.mark.parametrize("confirmed", [False, True])
async def test_what_the_server_says_is_the_downlinks_state(bench: ServersBench, confirmed: bool) -> None:  # noqa: FBT001
    await behind(bench)
    queued = await bench.queued(confirmed=confirmed)
    await bench.servers.downlinks.turn()

    await bench.servers.hear(receipt(queued, DownlinkState.QUEUED, "waits in the server's queue"))
    waits = await bench.downlink(queued.id)
    await bench.servers.hear(receipt(queued, DownlinkState.SENT, f_cnt=3))
    sent = await bench.downlink(queued.id)
    await bench.servers.hear(receipt(queued, DownlinkState.ACKNOWLEDGED))
    end = await bench.downlink(queued.id)

    assert (waits.state, waits.detail) == (DownlinkState.QUEUED, "waits in the server's queue")
    assert (sent.state, sent.f_cnt, sent.sent_at) == (DownlinkState.SENT, 3, bench.clock().utc)
    assert end.state is (DownlinkState.ACKNOWLEDGED if confirmed else DownlinkState.SENT)
    assert bench.network.queue.of(TORGET) == []


async def test_a_word_of_the_queue_that_comes_late_takes_nothing_back(bench: ServersBench) -> None:
    await behind(bench)
    queued = await bench.queued(confirmed=True)
    await bench.servers.downlinks.turn()

    await bench.servers.hear(receipt(queued, DownlinkState.SENT))
    await bench.servers.hear(receipt(queued, DownlinkState.QUEUED))

    assert (await bench.downlink(queued.id)).state is DownlinkState.SENT


async def test_a_try_that_was_not_acknowledged_is_counted(bench: ServersBench) -> None:
    await behind(bench)
    queued = await bench.queued(confirmed=True)
    await bench.servers.downlinks.turn()

    for _ in range(3):
        await bench.servers.hear(receipt(queued, DownlinkState.SENT))
    await bench.servers.hear(receipt(queued, DownlinkState.FAILED, "campus: the device did not acknowledge it"))
    now = await bench.downlink(queued.id)

    assert (now.state, now.tries, now.detail) == (DownlinkState.FAILED, 3, "campus: the device did not acknowledge it")


async def test_a_downlink_of_another_box_is_counted_and_nothing_else(bench: ServersBench) -> None:
    await behind(bench)
    queued = await bench.queued()
    others = Downlink(
        id=queued.id, dev_eui=TORGET, f_port=1, payload=b"1", queued_at=queued.queued_at - timedelta(days=1)
    )

    await bench.servers.hear(receipt(others, DownlinkState.FAILED))

    assert (await bench.downlink(queued.id)).state is DownlinkState.QUEUED
    assert bench.servers.downlinks.counts["of_others"] == 1


async def test_a_platform_that_asked_for_it_is_told_each_state(bench: ServersBench) -> None:
    await behind(bench)
    queued = await bench.queued(origin="city", reference="valve-1")
    await bench.servers.downlinks.turn()
    await bench.servers.hear(receipt(queued, DownlinkState.SENT))

    states = [state.state for _, state in await bench.journal.command_states.read("city", 10)]

    assert states == ["queued", "queued", "sent"]


@pytest.mark.parametrize("last", [DownlinkState.SENT, DownlinkState.ACKNOWLEDGED, DownlinkState.FAILED])
async def test_what_the_server_says_before_its_broker_has_answered_is_not_taken_back(
    bench: ServersBench, last: DownlinkState
) -> None:
    await behind(bench)
    queued = await bench.queued(confirmed=True)
    bench.server.meanwhile = lambda: bench.servers.hear(receipt(queued, last, "campus says so"))

    await bench.servers.downlinks.turn()
    await bench.servers.downlinks.turn()
    now = await bench.downlink(queued.id)

    assert (now.state, now.detail) == (last, "campus says so")
    assert len(bench.network.queue.of(TORGET)) == (last is DownlinkState.SENT)
    assert len(bench.server.asked) == 1


async def test_one_that_was_dropped_while_it_was_handed_on_stays_dropped(bench: ServersBench) -> None:
    await behind(bench)
    queued = await bench.queued()
    bench.server.meanwhile = lambda: bench.network.dispatch.drop([queued.id])

    await bench.servers.downlinks.turn()

    assert (await bench.downlink(queued.id)).state is DownlinkState.DROPPED
    assert bench.network.queue.of(TORGET) == []


async def test_one_whose_source_is_called_otherwise_now_waits_until_the_device_is_told_again(
    bench: ServersBench,
) -> None:
    await bench.register(device())
    await bench.servers.hear(told(7, source="of-before"))
    queued = await bench.queued()
    await bench.servers.downlinks.turn()
    before = await bench.downlink(queued.id)
    await bench.servers.hear(told(8))
    await bench.servers.downlinks.turn()

    assert before.state is DownlinkState.QUEUED
    assert [one.id for _, one, _ in bench.server.asked] == [queued.id]
