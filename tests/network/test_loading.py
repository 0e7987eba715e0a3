"""Devices that are loaded again while something is on its way to the disk: nothing in memory falls back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from gateway.errors import BadFrameReason, StorageError
from gateway.journal import Changes, Journal
from gateway.lorawan.mac_layer import Wanted
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Downlink, Eui64, RowId
from gateway.network import Network, keeping
from gateway.network.sessions import Turn
from simulators.end_device import EndDevice
from tests.network.bench import DEV_EUI, Bench, abp, as_sent, network_on, register, registration
from tests.network.radio import START, StandingClock

LIMIT_S = 5.0
OTHER = Eui64("a81758fffe0b0002")


@asynccontextmanager
async def on_its_way(bench: Bench, phy_payload: bytes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Have a frame heard whose commit reaches the disk when the block ends; later commits do at once."""
    commit, reached, goes_on = bench.journal.commit, asyncio.Event(), asyncio.Event()

    async def slow(changes: Changes) -> tuple[RowId, ...]:
        monkeypatch.setattr(bench.journal, "commit", commit)
        reached.set()
        await goes_on.wait()
        return await commit(changes)

    monkeypatch.setattr(bench.journal, "commit", slow)
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(bench.hear(phy_payload), name="on its way")
        await reached.wait()
        yield
        goes_on.set()


@pytest.fixture(params=[None, frozenset({DEV_EUI})], ids=["all devices", "one device"], autouse=True)
def _loaded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each test load all devices, and its one alone."""
    load = Network.load

    async def loaded(network: Network, only: Collection[Eui64] | None = None) -> None:
        await load(network, request.param if only is None else only)

    monkeypatch.setattr(Network, "load", loaded)


async def remove(bench: Bench) -> None:
    await cast("Journal", bench.journal).remove_devices([DEV_EUI])
    await bench.network.load()


async def test_a_join_request_heard_again_is_refused_while_the_first_is_on_its_way(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)
    request = device.join_request()

    async with on_its_way(bench, request, monkeypatch):
        await bench.network.load()
        await bench.hear(request)

    assert bench.network.counts["joins"] == 1
    assert bench.network.refused == {BadFrameReason.REPLAYED_DEV_NONCE: 1}


async def test_a_join_nonce_that_is_on_its_way_is_not_given_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)

    async with on_its_way(bench, device.join_request(), monkeypatch):
        await bench.network.load()
        await bench.hear(device.join_request())

    assert sorted(changes.join_nonces[0][1] for changes in bench.journal.commits) == [1, 2]


async def test_nonces_that_a_person_brings_hold_for_a_device_that_has_joined_before(bench: Bench) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)
    await bench.join(device)

    await cast("Journal", bench.journal).commit(Changes(join_nonces=((DEV_EUI, 40),)))
    await bench.network.load()
    await bench.join(device)

    assert bench.journal.commits[-1].join_nonces == ((DEV_EUI, 41),)


async def test_a_device_that_is_removed_while_its_nonces_are_read_does_not_join(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)
    await bench.join(device)
    await bench.join(device)  # two sessions that nobody has used: the next join ends one
    await bench.network.load()
    journal = cast("Journal", bench.journal)
    read = journal.join_nonce

    async def removed_meanwhile(dev_eui: Eui64) -> int:
        await remove(bench)
        return await read(dev_eui)

    monkeypatch.setattr(bench.journal, "join_nonce", removed_meanwhile, raising=False)
    await bench.hear(device.join_request())

    assert bench.network.refused == {BadFrameReason.UNKNOWN_DEVICE: 1}
    assert await journal.sessions() == ()


async def test_a_device_that_is_removed_while_its_join_is_on_its_way_is_not_answered(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)

    async with on_its_way(bench, device.join_request(), monkeypatch):
        await remove(bench)
    await bench.settle()

    assert bench.network.session(DEV_EUI) is None
    assert bench.radio.sent == []


async def test_windows_that_a_device_has_just_taken_over_stay(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device, wanted = abp(), replace(Wanted.of(EU868), rx1_delay_s=5)
    async with network_on(path, StandingClock(), wanted=wanted) as bench:
        await register(bench, device)
        await bench.talk(device)

        async with on_its_way(bench, device.uplink(2, b"\x02"), monkeypatch):  # it says that it does as it was told
            await bench.network.load()
        live = bench.network.session(DEV_EUI)

        assert device.rx1_delay_s == 5
        assert live is not None
        assert live.session.rx1_delay_s == 5


async def test_a_turn_is_wanted_while_it_goes_from_one_to_the_next() -> None:
    turn = Turn()

    async def follow() -> None:
        async with turn:
            pass

    async with turn:
        following = asyncio.create_task(follow(), name="next")
        await asyncio.sleep(0)  # it waits
    between = turn.is_wanted
    await following

    assert between
    assert not turn.is_wanted


async def test_nobody_wants_a_turn_after_who_waited_has_gone() -> None:
    turn = Turn()

    async with turn:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0), turn:
                pass

    assert not turn.is_wanted


async def test_a_session_that_ended_while_a_downlink_of_it_waited_for_the_disk_stays_ended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "STORAGE_RETRY_S", 0.001)
    device = EndDevice(DEV_EUI)
    await register(bench, device, device_class="C")
    await bench.join(device)
    await bench.talk(device)
    await bench.join(device)  # nothing is heard of the new session yet: the downlink goes to the old one
    downlink = Downlink(id=0, dev_eui=DEV_EUI, f_port=10, payload=b"\x01", queued_at=START)
    await bench.network.dispatch.enqueue(downlink)
    bench.journal.failures = 1

    async with asyncio.timeout(LIMIT_S):
        while not bench.network.status()["waiting_for_disk"]:  # noqa: ASYNC110 - the network tells nobody that it waits
            await asyncio.sleep(0)
        await bench.hear(device.uplink(2, b"\x02"), as_sent(device))
        while bench.network.status()["waiting_for_disk"]:  # noqa: ASYNC110 - nor that it waits no more
            await asyncio.sleep(0)

    live = bench.network.session(DEV_EUI)
    assert live is not None
    assert [one.activation for one in await cast("Journal", bench.journal).sessions()] == [live.session.activation]


async def test_a_device_that_is_loaded_alone_leaves_all_others_what_they_are(bench: Bench) -> None:
    one, other = abp(), EndDevice.abp(OTHER, DevAddr("26011234"))  # two of one address
    await register(bench, one)
    await bench.hear(one.uplink(2, b"\x01"))
    before = bench.network.session(DEV_EUI)

    await cast("Journal", bench.journal).put_devices([registration(other)])
    await bench.network.load({OTHER})
    await bench.hear(other.uplink(2, b"\x02"))
    await bench.hear(one.uplink(2, b"\x03"))

    assert bench.network.session(DEV_EUI) is before
    assert [device.dev_eui for device in bench.network.devices()] == sorted([DEV_EUI, OTHER])
    assert bench.network.counts["uplinks"] == 3


async def test_a_device_that_is_removed_alone_is_heard_no_more_and_its_namesake_on_the_air_is(bench: Bench) -> None:
    one, other = abp(), EndDevice.abp(OTHER, DevAddr("26011234"))
    await register(bench, one)
    await cast("Journal", bench.journal).put_devices([registration(other)])
    await bench.network.load({OTHER})

    await cast("Journal", bench.journal).remove_devices([DEV_EUI])
    await bench.network.load({DEV_EUI})
    await bench.hear(one.uplink(2, b"\x01"))
    await bench.hear(other.uplink(2, b"\x02"))

    assert bench.network.refused == {BadFrameReason.MIC: 1}
    assert bench.network.counts["uplinks"] == 1
    assert [device.dev_eui for device in bench.network.devices()] == [OTHER]


async def test_a_device_that_is_removed_while_all_are_read_stays_removed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = EndDevice(DEV_EUI)
    await register(bench, device)
    journal = cast("Journal", bench.journal)
    read, reached, goes_on = journal.last_downlink, asyncio.Event(), asyncio.Event()

    async def slow() -> int:
        monkeypatch.setattr(bench.journal, "last_downlink", read)
        reached.set()
        await goes_on.wait()
        return await read()

    monkeypatch.setattr(bench.journal, "last_downlink", slow, raising=False)
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(bench.network.load(), name="began first")
        await reached.wait()
        removing = tasks.create_task(remove(bench), name="removed meanwhile")
        await asyncio.wait([removing], timeout=0.1)  # it waits for the first one
        goes_on.set()
    await bench.hear(device.join_request())

    assert bench.network.devices() == []
    assert bench.network.refused == {BadFrameReason.UNKNOWN_DEVICE: 1}


async def test_a_device_that_a_failing_disk_kept_from_being_read_is_read_with_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(bench, abp())
    journal = cast("Journal", bench.journal)
    read = journal.last_downlink

    async def fail() -> int:
        monkeypatch.setattr(bench.journal, "last_downlink", read)
        raise StorageError("journal.db: I/O error")

    monkeypatch.setattr(bench.journal, "last_downlink", fail, raising=False)
    with pytest.raises(StorageError):
        await remove(bench)
    await journal.put_devices([registration(EndDevice.abp(OTHER, DevAddr("26011235")))])
    await bench.network.load({OTHER})

    assert [device.dev_eui for device in bench.network.devices()] == [OTHER]
