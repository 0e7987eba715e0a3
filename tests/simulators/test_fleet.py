"""A fleet against the real agent over real UDP, and against servers that are silent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from gateway.agent import Agent, running
from gateway.clock import SystemClock
from gateway.config import load
from gateway.model import TimeQuality, eui64
from gateway.sources.gwmp import PullAck, PullData, parse
from gateway.sources.semtech_udp import SemtechUdp
from simulators.air import Air
from simulators.fleet import TRANSMISSIONS, Fleet
from simulators.members import Member, members
from tests.decoders.catalogue import REGISTRY

LIMIT_S = 20.0
TWO_GATEWAYS = (eui64("aa555a0000000001"), eui64("aa555a0000000002"))
CONFIGURATION = """
[gateway]
name = "test"
data = "data"
[radio]
gather_ms = 20
duty_cycle = "ignored"
[[source]]
name = "radio"
type = "semtech_udp"
host = "127.0.0.1"
port = 0
"""


@contextlib.asynccontextmanager
async def agent_in(folder: Path) -> AsyncIterator[tuple[Agent, tuple[str, int]]]:
    path = folder / "brygga.toml"
    path.write_text(CONFIGURATION)
    async with running(load(path), SystemClock(at_least=TimeQuality.NTP)) as agent:
        (source,) = agent.sources
        assert isinstance(source, SemtechUdp)
        async with asyncio.timeout(LIMIT_S):
            address = await source.listening()
        await agent.journal.add_destination("judge", from_start=True)
        yield agent, address


async def register(agent: Agent, fleet: Fleet) -> None:
    await agent.journal.put_devices(fleet.registrations())
    await agent.devices_changed()


async def committed(agent: Agent, count: int) -> list[UUID]:
    """Return the ids in the journal as soon as there are ``count``: a frame is gathered after its PUSH_ACK."""
    async with asyncio.timeout(LIMIT_S):
        while len(rows := await agent.journal.read("judge", 1000)) < count:  # noqa: ASYNC110 - the limit is above
            await asyncio.sleep(0.01)
    return [row.uplink.id for row in rows]


def some(count: int, *, otaa_every: int = 0, confirmed_every: int = 0) -> Sequence[Member]:
    return members(count, otaa_every=otaa_every, confirmed_every=confirmed_every, registry=REGISTRY)


async def test_every_uplink_is_accounted_for_under_the_id_that_the_agent_gives_it(tmp_path: Path) -> None:
    async with agent_in(tmp_path) as (agent, address):
        crew = some(6, otaa_every=3, confirmed_every=2)
        async with Fleet(crew, address, gateways=TWO_GATEWAYS, pace_s=0.05, speed=4.0) as fleet:
            await register(agent, fleet)
            await fleet.run(uplinks=4)

            kept = await committed(agent, 24)

    confirmed = {uplink for uplink, one in fleet.sent.items() if one.confirmed}
    assert len(kept) == 24
    assert set(kept) == fleet.sent.keys() == fleet.heard
    assert fleet.acknowledged == confirmed
    assert len(confirmed) == 12
    assert fleet.counts["joins"] == 2


async def test_what_no_gateway_hears_is_sent_and_not_heard(tmp_path: Path) -> None:
    async with (
        agent_in(tmp_path) as (_, address),
        Fleet(some(2), address, air=Air(seed=1, loss=1.0), pace_s=0.0) as fleet,
    ):
        await fleet.run(uplinks=3)

    assert len(fleet.sent) == 6
    assert fleet.heard == set()


async def test_a_confirmed_uplink_that_nobody_acknowledges_is_repeated_eight_times_under_one_id(tmp_path: Path) -> None:
    async with (
        agent_in(tmp_path) as (_, address),  # which does not know the device
        Fleet(some(1, confirmed_every=1), address, pace_s=0.0, speed=50.0) as fleet,
    ):
        await fleet.run(uplinks=1)

    assert fleet.counts["transmissions"] == TRANSMISSIONS
    assert fleet.heard == fleet.sent.keys()
    assert len(fleet.sent) == 1
    assert fleet.acknowledged == set()


async def test_a_device_that_is_not_let_in_asks_again_and_says_nothing(tmp_path: Path) -> None:
    async with (
        agent_in(tmp_path) as (_, address),
        Fleet(some(1, otaa_every=1), address, pace_s=0.0, speed=50.0) as fleet,
    ):
        first, second = await fleet.join(fleet.members[0]), await fleet.join(fleet.members[0])

    assert (first, second) == (False, False)
    assert fleet.counts["join_requests"] == 2
    assert fleet.sent == {}


async def test_devices_rest_when_they_are_asked_to(tmp_path: Path) -> None:
    async with (
        agent_in(tmp_path) as (agent, address),
        Fleet(some(3), address, pace_s=0.01) as fleet,
        asyncio.TaskGroup() as tasks,
    ):
        await register(agent, fleet)
        tasks.create_task(fleet.run(), name="fleet")
        await committed(agent, 9)

        await fleet.rest()
        sent = len(fleet.sent)
        await committed(agent, sent)

    assert len(fleet.sent) == sent


class Deaf(asyncio.DatagramProtocol):
    """A server that keeps a gateway's way open and acknowledges nothing that it pushes."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # as asyncio calls it
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if isinstance(said := parse(data), PullData):
            self.transport.sendto(PullAck(said.version, said.token).to_bytes(), addr)


async def test_heard_means_that_the_server_said_so() -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Deaf, local_addr=("127.0.0.1", 0))
    address = transport.get_extra_info("sockname")
    async with Fleet(some(1), address, pace_s=0.0) as fleet:
        await fleet.run(uplinks=1)
    transport.close()

    assert len(fleet.sent) == 1
    assert fleet.heard == set()


async def test_a_gateway_without_a_server_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    address = transport.get_extra_info("sockname")
    transport.close()
    monkeypatch.setattr("simulators.fleet.CONNECT_LIMIT_S", 0.1)

    with pytest.raises(TimeoutError):
        async with Fleet(some(1), address):
            pass


def test_the_same_seed_makes_the_same_devices_and_no_two_are_alike() -> None:
    first, again = some(30, otaa_every=2), some(30, otaa_every=2)

    assert [one.device for one in first] == [one.device for one in again]
    assert [one.radio.app_key for one in first] == [one.radio.app_key for one in again]
    assert len({one.device.dev_eui for one in first}) == 30
    assert len({one.device.name for one in first}) == 30
    assert len({one.device.entity.id for one in first}) == 30
    assert sum(one.radio.dev_addr is None for one in first) == 15
