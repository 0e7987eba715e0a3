"""Downlinks through the source over real sockets: where a PULL_RESP goes, and what the radio says of it."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.model import Eui64, LoraRate, TxRequest, TxResult
from gateway.sources.forwarders import PULL_TIMEOUT_S
from gateway.sources.semtech_udp import SemtechUdp
from tests.sources.conftest import (
    GATEWAY,
    OTHER,
    Ear,
    HandClock,
    HandMade,
    pull_data,
    push_data,
    running,
    rxpk,
    udp,
    understood,
)


def request(gateway: Eui64 = GATEWAY) -> TxRequest:
    return TxRequest(
        source="radio",
        gateway=gateway,
        phy_payload=b"\x60\x01\x02\x03",
        frequency_hz=868_100_000,
        data_rate=LoraRate(7, 125_000),
        power_dbm=14,
        timestamp_us=1_000_000,
    )


async def answer_with(forwarder: HandMade, body: bytes) -> bytes:
    """Answer one PULL_RESP with a TX_ACK; return the PULL_RESP."""
    order = await forwarder.receive()
    forwarder.send(order[:3] + b"\x05" + bytes.fromhex(GATEWAY) + body)
    return order


async def test_a_downlink_goes_to_where_the_last_pull_data_came_from(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as old, udp(server) as new, udp(server) as pushing:
            await old.ask(pull_data())
            await new.ask(pull_data())
            await pushing.ask(push_data({"rxpk": [rxpk()]}))
            async with asyncio.TaskGroup() as group:
                sent = group.create_task(source.transmit(request()), name="transmit")
                order = await answer_with(new, b"")

    assert sent.result() is TxResult.SENT
    assert order[0::3][:2] == b"\x02\x03"
    assert json.loads(order[4:])["txpk"]["data"] == "YAECAw=="


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b"", TxResult.SENT),
        (b"\0", TxResult.SENT),
        (b"{}", TxResult.SENT),
        (b'{"txpk_ack":{"error":"NONE"}}', TxResult.SENT),
        (b'{"txpk_ack":{"error":"COLLISION_PACKET"}}', TxResult.COLLISION_PACKET),
        (b'{"txpk_ack":{"error":"TOO_LATE"}}', TxResult.TOO_LATE),
        (b'{"txpk_ack":{"error":"ON_FIRE"}}', TxResult.NO_ANSWER),
        (b"garbage", TxResult.NO_ANSWER),
    ],
)
async def test_what_the_radio_says_comes_back(source: SemtechUdp, ear: Ear, body: bytes, result: TxResult) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(pull_data())
            async with asyncio.TaskGroup() as group:
                sent = group.create_task(source.transmit(request()), name="transmit")
                await answer_with(forwarder, body)
        counts = source.status()["counts"]

    assert sent.result() is result
    assert counts[f"transmit_{result}"] == 1


async def test_a_forwarder_that_says_nothing_is_no_answer(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(pull_data())
            result = await source.transmit(request())
            await answer_with(forwarder, b"")
            await understood(server)
        dropped = source.status()["dropped"]

    assert result is TxResult.NO_ANSWER
    assert dropped == {"late_tx_ack": 1}


async def test_two_downlinks_at_once_get_their_own_answers(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(pull_data())
            async with asyncio.TaskGroup() as group:
                first = group.create_task(source.transmit(request()), name="first")
                second = group.create_task(source.transmit(request()), name="second")
                orders = [await forwarder.receive(), await forwarder.receive()]
                for order, body in zip(reversed(orders), (b'{"txpk_ack":{"error":"TX_FREQ"}}', b""), strict=True):
                    forwarder.send(order[:3] + b"\x05" + bytes.fromhex(GATEWAY) + body)

    assert (first.result(), second.result()) == (TxResult.SENT, TxResult.TX_FREQ)
    assert orders[0][1:3] != orders[1][1:3]


async def test_another_gateway_cannot_answer(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(pull_data())
            async with asyncio.TaskGroup() as group:
                sent = group.create_task(source.transmit(request()), name="transmit")
                order = await forwarder.receive()
                forwarder.send(order[:3] + b"\x05" + bytes.fromhex(OTHER))

    assert sent.result() is TxResult.NO_ANSWER


async def test_a_gateway_that_never_pulled_is_not_connected(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(push_data({"rxpk": [rxpk()]}))
            results = [await source.transmit(request()), await source.transmit(request(OTHER))]

    assert results == [TxResult.NOT_CONNECTED] * 2


async def test_a_gateway_that_stopped_pulling_is_not_connected(source: SemtechUdp, ear: Ear, clock: HandClock) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(pull_data())
            clock.monotonic += PULL_TIMEOUT_S + 1
            result = await source.transmit(request())
        status = source.status()

    assert result is TxResult.NOT_CONNECTED
    assert status["gateways"][GATEWAY]["can_transmit"] is False


async def test_a_source_that_does_not_run_is_not_connected(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(pull_data())

    assert await source.transmit(request()) is TxResult.NOT_CONNECTED
