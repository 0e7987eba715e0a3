"""Our NGSI-LD and a strict broker, over real HTTP: everything is taken, nothing is lost, nothing goes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest

from decoders.contract import Reading
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.ngsi_ld.models import CORE_CONTEXT
from gateway.model import Answer, Request, Verdict
from simulators.platforms.ngsi_ld import Fault, NgsiLdReceiver
from simulators.platforms.ngsi_ld_rules import bad_request
from tests.formats.items import DEVICE, converse, eui, item

LIMIT = 5.0  # seconds; a local exchange takes milliseconds

Broker = tuple[NgsiLdReceiver, aiohttp.ClientSession]


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    receiver = NgsiLdReceiver(tenants=["sundsvall"], largest_body=20_000)
    await receiver.start()
    async with aiohttp.ClientSession(receiver.url, timeout=aiohttp.ClientTimeout(total=LIMIT)) as session:
        yield receiver, session
    await receiver.stop()


async def send(session: aiohttp.ClientSession, requests: Sequence[Request]) -> list[Answer]:
    return [await _send(session, request) for request in requests]


async def _send(session: aiohttp.ClientSession, request: Request) -> Answer:
    headers = {**request.headers, "Content-Type": request.content_type}
    try:
        async with session.request(request.method, request.target, data=request.body, headers=headers) as response:
            body = await response.read()
            return Answer(verdict=Verdict.TAKEN, status=response.status, body=body)
    except aiohttp.ClientError as error:
        return Answer(verdict=Verdict.UNCLEAR, status=0, detail=str(error))


async def deliver(
    session: aiohttp.ClientSession, platform: NgsiLd, batch: Sequence[Any], memory: dict[str, Any]
) -> Any:
    conversation = platform.deliver(batch, memory)
    try:
        requests = next(conversation)
        while True:
            requests = conversation.send(await send(session, requests))
    except StopIteration as end:
        memory |= end.value.memory
        return end.value


def heard(rows: int) -> list[Any]:
    return [
        item(
            Reading("air_temperature", row / 10, "Cel"),
            Reading("co2", 400 + row, "[ppm]"),
            Reading("battery_voltage", 3600 - row, "mV"),
            Reading("door_open", row % 2 == 0),
            row=row,
            device=DEVICE if row % 3 else type(DEVICE)(dev_eui=eui(row % 2)),
        )
        for row in range(rows)
    ]


@pytest.mark.parametrize("dialect", ["etsi", "orion_ld"])
@pytest.mark.parametrize(
    "platform",
    [
        NgsiLd(device=False, tenant="sundsvall", batch_bytes=10_000),
        NgsiLd(device=False, context=[CORE_CONTEXT], context_in="link", batch_bytes=10_000),
        NgsiLd(device=False, batch_bytes=100_000, batch_entities=7),
    ],
)
async def test_all_that_we_send_is_taken_by_the_strict_broker(broker: Broker, platform: NgsiLd, dialect: Any) -> None:
    receiver, session = broker
    receiver.dialect = dialect
    batch = heard(30)

    receipt = await deliver(session, platform, batch, {})

    assert receipt.accepted == {one.row for one in batch}
    assert receiver.uplink_ids == {str(one.uplink.id) for one in batch}
    assert receiver.repeated == 0
    assert receiver.kept.went_back == []


async def test_a_batch_over_the_brokers_limit_is_halved_until_it_fits(broker: Broker) -> None:
    receiver, session = broker
    batch = [item(Reading("co2", row, "[ppm]"), row=row, device=type(DEVICE)(dev_eui=eui(row))) for row in range(60)]

    receipt = await deliver(session, NgsiLd(device=False), batch, {})

    assert receiver.answers[413] > 0
    assert receipt.accepted == {one.row for one in batch}


@pytest.mark.parametrize("whole", [False, True])
async def test_a_refused_entity_takes_only_its_own_uplinks_along(broker: Broker, *, whole: bool) -> None:
    receiver, session = broker
    receiver.refuses_whole_batches = whole
    batch = [
        item(Reading("co2", row, "[ppm]"), row=row, device=type(DEVICE)(dev_eui=eui(row % 5))) for row in range(20)
    ]
    bad = f"urn:ngsi-ld:AirQualityObserved:{eui(3)}"
    receiver.refused[bad] = bad_request("Not in this city", "sensor 3 is not registered")

    receipt = await deliver(session, NgsiLd(device=False, batch_bytes=15_000), batch, {})

    assert set(receipt.refused) == {3, 8, 13, 18}
    assert set(receipt.refused.values()) == {f"{bad}: 400 Not in this city: sensor 3 is not registered"}
    assert len(receipt.accepted) == 16


async def test_through_every_fault_nothing_is_lost_and_repetitions_carry_their_id(broker: Broker) -> None:
    receiver, session = broker
    batch = heard(20)
    memory: dict[str, Any] = {}
    receiver.faults.extend(
        [
            Fault(status=503, retry_after_s=1),
            Fault(silent=True),
            Fault(),
            Fault(status=401),
            Fault(),
            Fault(silent=True, status=500),
            Fault(),
            Fault(status=429),
            Fault(),
            Fault(),
            Fault(silent=True),
        ]
    )
    waiting = list(batch)

    for _ in range(20):
        receipt = await deliver(session, NgsiLd(device=False, batch_bytes=8_000), waiting, memory)
        assert receipt.refused == {}
        waiting = [one for one in waiting if one.row not in receipt.accepted]
        if not waiting:
            break

    assert waiting == []
    assert not receiver.faults
    assert receiver.uplink_ids == {str(one.uplink.id) for one in batch}
    assert receiver.repeated > 0
    newest = max(one.uplink.heard_at.utc for one in batch if one.device == DEVICE)
    entity = receiver.entity(f"urn:ngsi-ld:WeatherObserved:{DEVICE.dev_eui}")
    assert entity["temperature"]["observedAt"] == newest.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_the_memory_keeps_a_late_value_away_from_the_broker(broker: Broker) -> None:
    receiver, session = broker
    newer, older = item(Reading("co2", 2, "[ppm]"), row=2), item(Reading("co2", 1, "[ppm]"), row=1)
    memory: dict[str, Any] = {}

    await deliver(session, NgsiLd(device=False), [newer], memory)
    receipt = await deliver(session, NgsiLd(device=False), [older], memory)

    assert list(receipt.refused) == [1]
    assert receiver.entity(f"urn:ngsi-ld:AirQualityObserved:{DEVICE.dev_eui}")["co2"]["value"] == 2
    assert converse(NgsiLd(device=False), [older], memory=memory)[0] == []
