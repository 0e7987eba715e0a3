"""History beside the present: late values go to a broker's temporal API, and over nothing newer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from decoders.contract import Reading
from gateway.formats.ngsi_ld import NgsiLd
from gateway.model import Answer, Verdict
from simulators.platforms.ngsi_ld import Fault, NgsiLdReceiver
from tests.formats.items import DEVICE, HEARD_AT, converse, eui, item
from tests.formats.ngsi_ld_words import UNCLEAR, co2, entity, problem
from tests.formats.telling import Loop, over_http

TEMPORAL = "/ngsi-ld/v1/temporal/entities"


@pytest.fixture
async def broker() -> AsyncIterator[NgsiLdReceiver]:
    receiver = NgsiLdReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


def test_a_late_value_goes_to_the_temporal_api_as_an_array_of_instances() -> None:
    _, first = converse(NgsiLd(device=False), [co2(1)])

    waves, receipt = converse(
        NgsiLd(device=False, late="temporal"), [late := co2(2, minutes_ago=10)], memory=first.memory
    )

    [[request]] = waves
    body = json.loads(request.body)
    assert (request.method, request.target) == ("POST", TEMPORAL)
    assert (body["id"], body["type"]) == (entity(), "AirQualityObserved")
    at = "2026-03-01T11:50:00.123Z"
    assert body["co2"] == [{"type": "Property", "value": 400, "unitCode": "59", "observedAt": at}]
    source = f"urn:dev:mac:{eui(1)}#{late.uplink.id}"
    assert body["source"] == [{"type": "Property", "value": source, "observedAt": at}]
    assert body.keys() == {"id", "type", "co2", "source", "@context"}
    assert receipt.accepted == {2}
    assert receipt.memory == {}


def test_what_is_fresh_goes_to_the_present_and_what_is_late_beside_it() -> None:
    device = replace(DEVICE, dev_eui=eui(1))
    ago = [Reading("co2", 390 + minutes, "[ppm]", None, HEARD_AT - timedelta(minutes=minutes)) for minutes in (9, 6, 3)]
    _, first = converse(NgsiLd(device=False), [co2(1, minutes_ago=5)])

    waves, receipt = converse(
        NgsiLd(device=False, late="temporal"), [item(*ago, row=2, device=device)], memory=first.memory
    )

    assert [[request.target.rpartition("/")[0] for request in wave] for wave in waves] == [
        ["/ngsi-ld/v1/temporal"],
        ["/ngsi-ld/v1/temporal"],
        ["/ngsi-ld/v1/entityOperations"],
    ]
    assert receipt.accepted == {2}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_broker_without_a_temporal_api_gets_no_late_value_and_says_so(status: int) -> None:
    _, first = converse(NgsiLd(device=False), [co2(1)])

    _, receipt = converse(
        NgsiLd(device=False, late="temporal"),
        [co2(2, minutes_ago=10), co2(3)],
        {0: problem(status, "No")},
        first.memory,
    )

    assert receipt.refused == {2: f"{entity()}: late, and the broker has no temporal API: {status} No"}
    assert receipt.accepted == {3}


@pytest.mark.parametrize("answer", [problem(401, "No"), problem(503, "No"), problem(500, "No"), UNCLEAR])
def test_history_that_is_undecided_is_told_again(answer: Answer) -> None:
    _, first = converse(NgsiLd(device=False), [co2(1)])
    late = co2(2, minutes_ago=10)

    _, receipt = converse(NgsiLd(device=False, late="temporal"), [late], answer, first.memory)
    _, again = converse(NgsiLd(device=False, late="temporal"), [late], memory={**first.memory, **receipt.memory})

    assert list(receipt.undecided) == [2]
    assert again.accepted == {2}


def test_a_refused_instance_is_a_dead_letter() -> None:
    _, first = converse(NgsiLd(device=False), [co2(1)])
    refusal = Answer(verdict=Verdict.REFUSED, status=400, detail="400 Bad Request")

    _, receipt = converse(NgsiLd(device=False, late="temporal"), [co2(2, minutes_ago=10)], refusal, first.memory)

    assert receipt.refused == {2: f"{entity()}: 400 Bad Request"}


@pytest.mark.parametrize("link", [False, True])
async def test_the_present_stays_and_the_history_is_whole_at_a_strict_broker(
    broker: NgsiLdReceiver, *, link: bool
) -> None:
    platform = (
        NgsiLd(device=False, late="temporal", context=["https://example.org/c.jsonld"], context_in="link")
        if link
        else NgsiLd(device=False, late="temporal")
    )
    batch = [co2(1, ppm=500), *(co2(row, ppm=row, minutes_ago=row) for row in range(2, 30))]
    broker.faults.extend([Fault(), Fault(status=503), Fault(silent=True)])

    loop = Loop(platform, transport := over_http(broker.url), batch)
    await loop.to_its_end()
    await transport.close()

    times = {at for (_, name, at) in broker.kept.history if name == "co2"}
    assert len(loop.journal.delivered) == 29
    assert len(times) == 28
    assert broker.entity(entity())["co2"]["value"] == 500
    assert broker.kept.went_back == []
    assert broker.answers[400] == 0
    assert sum(broker.kept.history.values()) <= 2 * 28 + 2 * 1  # the one whose answer was lost came twice, under its id
