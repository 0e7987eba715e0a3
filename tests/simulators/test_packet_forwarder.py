"""A simulated packet forwarder and the source that it speaks to, over real sockets; and the air between."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.model import Frame, FskRate, Instant, LoraRate, TimeQuality, TxRequest, TxResult, eui64
from gateway.sources import gwmp
from gateway.sources.gather import Gather
from gateway.sources.semtech_udp import SemtechUdp
from simulators import packet_forwarder
from simulators.air import Air
from simulators.concentrator import Transmission
from simulators.packet_forwarder import PacketForwarder, Signal

LIMIT_S = 5.0  # of every wait
ROOF, TOWER, HARBOUR = (eui64(f"aa555a000000000{number}") for number in (1, 2, 3))
SIGNAL = Signal(phy_payload=bytes.fromhex("40da1b0126800100010203040506"))


def real_clock() -> Instant:
    return Instant(datetime.now(UTC), time.monotonic(), "boot", TimeQuality.NTP)


class Agent:
    """A source that runs, and what it heard."""

    def __init__(self) -> None:
        self.source = SemtechUdp("radio", host="127.0.0.1", port=0, clock=real_clock, answer_limit_s=0.2)
        self.frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.server = ("", 0)

    async def heard(self) -> Frame:
        async with asyncio.timeout(LIMIT_S):
            return await self.frames.get()


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    one = Agent()
    hear = Gather(one.frames.put, 0.03)
    run = asyncio.get_running_loop().create_task(one.source.run(hear), name="source")
    async with asyncio.timeout(LIMIT_S):
        one.server = await one.source.listening()
    yield one
    run.cancel()
    await asyncio.wait([run], timeout=LIMIT_S)
    assert run.cancelled()


def answer_to(frame: Frame, **changes: object) -> TxRequest:
    best = frame.best
    assert best.timestamp_us is not None
    request = TxRequest(
        source="radio",
        gateway=best.gateway,
        phy_payload=b"\x60\x0a\x0b\x0c",
        frequency_hz=best.frequency_hz,
        data_rate=best.data_rate,
        power_dbm=14,
        timestamp_us=(best.timestamp_us + 1_000_000) & 0xFFFF_FFFF,
    )
    return replace(request, **changes)  # type: ignore[arg-type]  # each test names fields that exist


async def test_what_it_hears_arrives_as_it_was_heard(agent: Agent) -> None:
    sent = Signal(
        phy_payload=b"\x40hello",
        frequency_hz=868_800_000,
        data_rate=FskRate(50_000),
        rssi_dbm=-101,
        snr_db=None,
        channel=9,
        antenna=1,
        timestamp_us=4_294_967_295,
        gateway_time=datetime(2026, 3, 1, 12, 0, 0, 250, tzinfo=UTC),
        fine_time_ns=123_456_789,
    )

    async with PacketForwarder(ROOF, agent.server) as forwarder:
        acknowledged = await forwarder.push(sent)
        best = (await agent.heard()).best

    assert acknowledged
    assert (best.gateway, best.frequency_hz, best.data_rate) == (ROOF, sent.frequency_hz, sent.data_rate)
    assert (best.rssi_dbm, best.snr_db, best.channel, best.antenna) == (-101, None, 9, 1)
    assert (best.timestamp_us, best.fine_time_ns) == (sent.timestamp_us, sent.fine_time_ns)
    assert best.gateway_time == sent.gateway_time


async def test_several_packets_travel_in_one_datagram(agent: Agent) -> None:
    signals = [replace(SIGNAL, phy_payload=bytes((0x40, number))) for number in range(18)]

    async with PacketForwarder(ROOF, agent.server) as forwarder:
        await forwarder.push(*signals, stat={"rxnb": 18})
        payloads = {(await agent.heard()).phy_payload for _ in signals}

    assert payloads == {signal.phy_payload for signal in signals}
    assert agent.source.status()["gateways"][ROOF]["stat"]["rxnb"] == 18


async def test_one_frame_at_three_gateways_is_heard_once(agent: Agent) -> None:
    async with (
        PacketForwarder(ROOF, agent.server) as roof,
        PacketForwarder(TOWER, agent.server) as tower,
        PacketForwarder(HARBOUR, agent.server) as harbour,
    ):
        for snr_db, forwarder in ((1.0, roof), (8.5, tower), (-3.0, harbour)):
            forwarder.send(replace(SIGNAL, snr_db=snr_db))
        frame = await agent.heard()

    assert [reception.gateway for reception in frame.receptions] == [TOWER, ROOF, HARBOUR]
    assert agent.frames.empty()


async def test_an_answer_reaches_the_device_at_its_time(agent: Agent) -> None:
    radiated: asyncio.Queue[Transmission] = asyncio.Queue()

    async with PacketForwarder(
        ROOF, agent.server, deliver=radiated.put_nowait, speed=10, counter_start_us=2**32 - 500_000
    ) as forwarder:
        async with asyncio.timeout(LIMIT_S):
            await forwarder.connected()
            await forwarder.push(SIGNAL)
            frame = await agent.heard()
            result = await agent.source.transmit(answer_to(frame))
            sent = await radiated.get()
            counter_us = forwarder.counter_us

    assert result is TxResult.SENT
    assert sent.phy_payload == b"\x60\x0a\x0b\x0c"
    assert (sent.frequency_hz, sent.data_rate) == (868_100_000, LoraRate(7, 125_000))
    assert frame.best.timestamp_us is not None
    assert sent.starts_us & 0xFFFF_FFFF == (frame.best.timestamp_us + 1_000_000) & 0xFFFF_FFFF
    assert (counter_us - sent.ends_us) & 0xFFFF_FFFF < 2_000_000  # not before the last symbol


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"timestamp_us": None}, TxResult.SENT),
        ({"frequency_hz": 915_000_000}, TxResult.TX_FREQ),
        ({"gateway": TOWER}, TxResult.NOT_CONNECTED),
    ],
)
async def test_the_forwarder_refuses_what_a_real_one_refuses(
    agent: Agent, changes: dict[str, object], result: TxResult
) -> None:
    async with PacketForwarder(ROOF, agent.server) as forwarder:
        async with asyncio.timeout(LIMIT_S):
            await forwarder.connected()
        await forwarder.push(SIGNAL)
        said = await agent.source.transmit(answer_to(await agent.heard(), **changes))

    assert said is result


async def test_two_answers_in_one_window_collide_and_an_old_one_is_too_early(agent: Agent) -> None:
    async with PacketForwarder(ROOF, agent.server) as forwarder:
        async with asyncio.timeout(LIMIT_S):
            await forwarder.connected()
        await forwarder.push(SIGNAL)
        frame = await agent.heard()
        old = answer_to(frame, timestamp_us=(forwarder.counter_us - 1_000_000) & 0xFFFF_FFFF)
        said = [await agent.source.transmit(request) for request in (answer_to(frame), answer_to(frame), old)]

    assert said == [TxResult.SENT, TxResult.COLLISION_PACKET, TxResult.TOO_EARLY]


async def test_version_1_transmits_and_says_nothing(agent: Agent) -> None:
    async with PacketForwarder(ROOF, agent.server, version=1) as forwarder:
        async with asyncio.timeout(LIMIT_S):
            await forwarder.connected()
        await forwarder.push(SIGNAL)
        said = await agent.source.transmit(answer_to(await agent.heard()))

    assert said is TxResult.NO_ANSWER
    assert forwarder.counts["tx_taken"] == 1


async def test_what_is_no_answerable_request_gets_none() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setblocking(False)
        server.bind(("127.0.0.1", 0))
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(LIMIT_S), PacketForwarder(ROOF, server.getsockname()) as forwarder:
            _, address = await loop.sock_recvfrom(server, 100)
            for datagram in (b"", b"\x02\x00\x01\x03{", gwmp.PullResp(2, 1, {"imme": True}).to_bytes()):
                server.sendto(datagram, address)
            server.sendto(gwmp.PullAck(2, 1).to_bytes(), address)
            await forwarder.connected()
        with pytest.raises(BlockingIOError):
            server.recv(100)

    assert (forwarder.counts["unreadable"], forwarder.counts["tx_unreadable"]) == (2, 1)


async def test_missing_acknowledgements_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_forwarder, "ACK_LIMIT_S", 0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        async with PacketForwarder(ROOF, silent.getsockname()) as forwarder:
            acknowledged = [await forwarder.push(SIGNAL, limit_s=0.02) for _ in range(2)]
            missing = forwarder.missing

    assert acknowledged == [False, False]
    assert missing == 2


async def test_a_server_that_is_away_does_not_stop_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()

    async with PacketForwarder(ROOF, nobody, keep_alive_s=0.01) as forwarder:
        acknowledged = await forwarder.push(SIGNAL, limit_s=0.05)

    assert not acknowledged
    assert forwarder.counts["pulled"] >= 2


async def test_it_pushes_thousands_of_datagrams_and_all_are_heard(agent: Agent) -> None:
    async with PacketForwarder(ROOF, agent.server) as forwarder:
        for number in range(2000):
            forwarder.send(replace(SIGNAL, phy_payload=number.to_bytes(4, "big")))
            if number % 100 == 99:
                await asyncio.sleep(0)
        payloads = {(await agent.heard()).phy_payload for _ in range(2000)}

    assert len(payloads) == 2000
    assert forwarder.counts["acknowledged"] == 2000


# ── the air ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_gives_the_same_weather() -> None:
    first, again = (Air(seed=868, loss=0.3, leakage=0.3, delay_s=0.1) for _ in range(2))

    assert [first.carry(SIGNAL, [ROOF, TOWER]) for _ in range(50)] == [
        again.carry(SIGNAL, [ROOF, TOWER]) for _ in range(50)
    ]


def test_calm_air_brings_one_copy_to_each_gateway_at_once() -> None:
    arrivals = Air(seed=1).carry(SIGNAL, [ROOF, TOWER])

    assert {(arrival.gateway, arrival.delay_s) for arrival in arrivals} == {(ROOF, 0.0), (TOWER, 0.0)}
    assert {arrival.signal.phy_payload for arrival in arrivals} == {SIGNAL.phy_payload}


def test_loss_takes_its_share() -> None:
    air = Air(seed=1, loss=0.25)

    heard = sum(len(air.carry(SIGNAL, [ROOF])) for _ in range(4000))

    assert 2900 < heard < 3100


def test_a_leaked_copy_is_on_another_channel_and_much_weaker() -> None:
    arrivals = Air(seed=1, leakage=1.0, delay_s=0.1).carry(replace(SIGNAL, timestamp_us=2**32 - 1), [ROOF])

    strong, leaked = sorted(arrivals, key=lambda arrival: -arrival.signal.rssi_dbm)
    assert strong.signal.rssi_dbm - leaked.signal.rssi_dbm == 40
    assert leaked.signal.frequency_hz == 867_100_000
    assert leaked.signal.channel != strong.signal.channel
    assert leaked.signal.timestamp_us == 7
    assert [arrival.delay_s for arrival in arrivals] == sorted(arrival.delay_s for arrival in arrivals)
