"""The witness between agent and broker: it hands on what comes, and remembers each PUBACK by its uplink."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from gateway.errors import Unreachable
from gateway.model import Instant, Request, TimeQuality, Verdict
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from simulators.platforms.scripted_broker import Publish, Script, ScriptedBroker
from simulators.ports import free_tcp_port
from simulators.torture.evidence import Taken
from simulators.torture.witness import Packets, Witness

PUBLISH = bytes.fromhex("32 0a 0001 74 0007 00 01020304")
LONG = bytes.fromhex("30 c801") + bytes(200)
PUBACK = bytes.fromhex("40 03 0007 10")


def clock() -> Instant:
    return Instant(datetime(2026, 11, 24, tzinfo=UTC), time.monotonic(), "boot", TimeQuality.NTP)


def request(uplink: str) -> Request:
    return Request(target="t", body=b"[]", content_type="application/senml+json", headers={"uplink": uplink})


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_packets_are_whole_however_the_stream_is_cut(size: int) -> None:
    stream, packets = PUBLISH + LONG + PUBACK, Packets()

    found = [packet for at in range(0, len(stream), size) for packet in packets.feed(stream[at : at + size])]

    assert found == [(3, 2, PUBLISH[2:]), (3, 0, LONG[3:]), (4, 0, PUBACK[2:])]


@pytest.fixture
async def broker() -> AsyncIterator[ScriptedBroker]:
    async with ScriptedBroker(Script()) as broker:
        yield broker


async def publish(witness: Witness, *uplinks: str) -> list[Verdict]:
    transport = Mqtt(Broker(endpoint=endpoint(f"mqtt://127.0.0.1:{witness.port}"), client_id="agent"), clock)
    try:
        return [answer.verdict for answer in await transport.send([request(uplink) for uplink in uplinks])]
    finally:
        await transport.close()


async def test_each_puback_is_remembered_with_its_uplink_reason_and_run(broker: ScriptedBroker) -> None:
    def reason(said: Publish) -> int:
        return 0x87 if b"second" in said.properties else 0

    broker.script.reason = reason
    async with Witness(broker.port, lambda: 7) as witness:
        verdicts = await publish(witness, "first", "second", "third")

    assert verdicts == [Verdict.TAKEN, Verdict.REFUSED, Verdict.TAKEN]
    assert witness.published == 3
    assert witness.taken == [
        Taken(uplink="first", reason=0, broker_run=7),
        Taken(uplink="second", reason=0x87, broker_run=7),
        Taken(uplink="third", reason=0, broker_run=7),
    ]


async def test_what_was_not_acknowledged_is_not_remembered(broker: ScriptedBroker) -> None:
    broker.script.cut_after = 2
    async with Witness(broker.port, lambda: 1) as witness:
        verdicts = await publish(witness, "first", "second")

    assert verdicts[1] is Verdict.UNCLEAR
    assert "second" not in {one.uplink for one in witness.taken}


async def test_a_broker_that_is_away_is_away_through_the_witness_too() -> None:
    async with Witness(free_tcp_port(), lambda: 1) as witness:
        with pytest.raises(Unreachable):
            await publish(witness, "first")
