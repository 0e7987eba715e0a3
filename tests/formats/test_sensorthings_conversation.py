"""Our SensorThings and a strict server with integer ids, over real HTTP: each observation is there once, or named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES
from gateway.errors import Unreachable
from gateway.formats.sensorthings import SensorThings
from gateway.model import RowId
from gateway.transports.secret import Secret
from gateway.transports.service import Basic
from simulators.platforms.sensorthings import Fault, SensorThingsServer
from simulators.platforms.sensorthings_rules import Refusal
from tests.formats.items import eui, item
from tests.formats.sensorthings_line import Line, heard, line, of_every_quantity, once

Ground = tuple[SensorThingsServer, Line]


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    server = SensorThingsServer(largest_body=200_000)
    await server.start()
    async with line(server.url) as open_line:
        yield server, open_line
    await server.stop()


async def test_every_quantity_arrives_with_its_own_unit_and_time(ground: Ground) -> None:
    server, here = ground
    batch = of_every_quantity()

    receipt = await here.deliver(SensorThings(), batch)

    assert receipt.accepted == {one.row for one in batch}
    assert receipt.inexpressible == {}
    assert once(server, batch)
    streams = server.kept.entities["Datastreams"]
    units = {one["properties"]["quantity"]: one["unitOfMeasurement"]["symbol"] for one in streams.values()}
    assert units == {name: known.unit for name, known in QUANTITIES.items()}
    times = {one["phenomenonTime"] for one in server.kept.entities["Observations"].values()}
    assert len(times) == len(batch)


async def test_what_is_known_is_one_request_a_batch(ground: Ground) -> None:
    server, here = ground
    platform = SensorThings()
    await here.deliver(platform, heard(30))
    server.asked.clear()

    receipt = await here.deliver(platform, heard(30, first=31))

    assert len(receipt.accepted) == 30
    assert server.asked == ["POST /CreateObservations"]


async def test_the_memory_grows_with_devices_and_not_with_uplinks(ground: Ground) -> None:
    _, here = ground
    platform = SensorThings()
    await here.deliver(platform, heard(30))
    before = set(here.memory)

    await here.deliver(platform, heard(60, first=31))

    assert set(here.memory) == before
    assert not any(key.startswith(("sent/", "tries/")) for key in before)


async def test_a_crash_after_the_sending_repeats_nothing(ground: Ground) -> None:
    server, here = ground
    platform = SensorThings()
    await here.deliver(platform, heard(6))
    memory = dict(here.memory)
    await here.deliver(platform, heard(20, first=7))
    here.memory = memory  # what came after was not on disk yet

    assert await here.deliver_all(SensorThings(), heard(30, first=7)) == {}
    assert once(server, heard(36))


async def test_after_a_start_the_server_is_asked_until_nothing_was_there(ground: Ground) -> None:
    server, here = ground
    await here.deliver(SensorThings(), heard(6))
    platform = SensorThings()
    questions = []

    for first in (4, 7, 10):
        server.asked.clear()
        await here.deliver(platform, heard(3, first=first))
        questions.append(sum("/Observations" in one and one.startswith("GET") for one in server.asked))

    assert questions == [9, 9, 0]
    assert once(server, heard(12))


@pytest.mark.parametrize(
    "fault", [Fault(silent=True, method="POST"), Fault(delay_s=2.5, method="POST"), Fault(status=504, method="POST")]
)
async def test_an_unclear_answer_is_asked_for_before_anything_is_sent_again(ground: Ground, fault: Fault) -> None:
    server, here = ground
    platform = SensorThings()
    await here.deliver(platform, heard(6))
    await here.deliver(platform, heard(3, first=7))
    batch = heard(6, first=10)
    server.faults.append(fault)

    first = await here.deliver(platform, batch)
    server.asked.clear()
    refused = await here.deliver_all(platform, batch)

    assert first.undecided.keys() == {one.row for one in batch}
    assert server.asked[0].startswith("GET /Datastreams(")
    assert refused == {}
    assert once(server, heard(15))
    assert not any(key.startswith("sent/") for key in here.memory)


async def test_one_bad_observation_is_named_and_the_others_arrive(ground: Ground) -> None:
    server, here = ground
    batch = heard(20)
    server.store.refused[1.3] = Refusal(400, "13 brings bad luck")

    receipt = await here.deliver(SensorThings(), batch)

    assert receipt.refused == {13: f"{eui(1)}/air_temperature: 400 13 brings bad luck"}
    assert len(receipt.accepted) == 19
    assert server.kept.repeated == 0
    assert sum(server.kept.observations.values()) == 59


async def test_a_server_that_stumbles_over_one_observation_takes_the_others(ground: Ground) -> None:
    server, here = ground
    server.store.refused[1.3] = Refusal(500, "Failed to store data.")

    receipt = await here.deliver(SensorThings(), heard(20))

    assert receipt.undecided == {13: f"{eui(1)}/air_temperature: 500 Failed to store data."}
    assert len(receipt.accepted) == 19
    assert sum(server.kept.observations.values()) == 59
    assert server.kept.repeated == 0


async def test_a_500_is_tried_a_bounded_number_of_times_while_others_are_taken(ground: Ground) -> None:
    server, here = ground
    platform = SensorThings()
    bad = heard(1)
    server.store.refused[0.1] = Refusal(500, "Failed to store data.")
    turns = 0

    while True:
        turns += 1
        receipt = await here.deliver(platform, [*bad, *heard(1, first=turns + 1)])
        if receipt.refused:
            break
        assert receipt.undecided.keys() == {1}

    assert turns == 5
    assert receipt.refused[RowId(1)].startswith("tried 5 times while other uplinks were taken; last answer: ")
    assert "tries/1" not in here.memory


async def test_a_server_that_is_broken_loses_nothing(ground: Ground) -> None:
    server, here = ground
    platform = SensorThings()
    server.mood = Fault(status=500, method="POST")

    receipts = [await here.deliver(platform, heard(6)) for _ in range(8)]
    server.mood = None
    refused = await here.deliver_all(platform, heard(6))

    assert all(receipt.undecided.keys() == set(range(1, 7)) for receipt in receipts)
    assert refused == {}
    assert once(server, heard(6))


async def test_a_wrong_credential_loses_nothing_and_says_so() -> None:
    server = SensorThingsServer(login=("city", "secret"))
    await server.start()
    async with (
        line(server.url, Basic("city", Secret("wrong"))) as closed,
        line(server.url, Basic("city", Secret("secret"))) as right,
    ):
        receipt = await closed.deliver(SensorThings(), heard(3))
        refused = await right.deliver_all(SensorThings(), heard(3))
    await server.stop()

    assert "401 Unauthorized" in receipt.undecided[RowId(1)]
    assert receipt.refused == refused == {}
    assert once(server, heard(3))


async def test_a_server_that_is_away_is_unreachable(ground: Ground) -> None:
    server, here = ground
    await server.stop()

    with pytest.raises(Unreachable):
        await here.deliver(SensorThings(), heard(3))
    assert here.memory == {}


async def test_429_asks_for_patience(ground: Ground) -> None:
    server, here = ground
    server.faults.append(Fault(status=429, retry_after_s=7))

    receipt = await here.deliver(SensorThings(), heard(3))

    assert receipt.retry_after == timedelta(seconds=7)
    assert receipt.undecided.keys() == {1, 2, 3}


async def test_a_wrong_path_is_said_and_nothing_is_lost(ground: Ground) -> None:
    _, here = ground

    receipt = await here.deliver(SensorThings(path="/v1.0"), heard(1))

    assert "is '/v1.0' right behind the URL?" in receipt.undecided[RowId(1)]


@pytest.mark.parametrize("options", [{"write": "single"}, {}])
async def test_a_server_without_data_arrays_gets_them_one_by_one(options: dict[str, Any]) -> None:
    server = SensorThingsServer(arrays=False)
    await server.start()
    async with line(server.url) as here:
        refused = await here.deliver_all(SensorThings(**options), heard(9))
    await server.stop()

    assert refused == {}
    assert once(server, heard(9))


async def test_a_body_over_the_servers_limit_is_halved_until_it_fits(ground: Ground) -> None:
    server, here = ground
    batch = [
        item(*(Reading("co2", 400 + row, "[ppm]", channel=str(channel)) for channel in range(20)), row=row)
        for row in range(60)
    ]

    receipt = await here.deliver(SensorThings(batch=400), batch)
    assert server.answers["POST", 413] == 0
    server._runner.app._client_max_size = 20_000  # type: ignore[union-attr]  # a proxy was put before it
    receipt = await here.deliver(
        SensorThings(batch=400),
        [
            item(*(Reading("co2", 1, "[ppm]", channel=str(channel)) for channel in range(20)), row=100 + row)
            for row in range(20)
        ],
    )

    assert server.answers["POST", 413] > 0
    assert len(receipt.accepted) == 20
    assert server.kept.repeated == 0


async def test_a_part_that_was_taken_is_not_repeated_when_a_dead_letter_is_sent_again(ground: Ground) -> None:
    server, here = ground
    platform = SensorThings()
    await here.deliver(platform, heard(3))
    await here.deliver(platform, heard(3, first=4))
    server.store.refused[0.7] = Refusal(400, "not today")
    await here.deliver(platform, heard(1, first=7))
    server.store.refused.clear()

    receipt = await here.deliver(platform, heard(1, first=7))

    assert receipt.accepted == {7}
    assert once(server, heard(7))
    assert "sent/7" not in here.memory


async def test_a_request_that_is_never_answered_is_sent_one_by_one_at_last(ground: Ground) -> None:
    server, here = ground
    platform = SensorThings()
    await here.deliver(platform, heard(3))
    await here.deliver(platform, heard(3, first=4))
    batch = heard(3, first=7)
    server.faults.extend([Fault(silent=True, status=500, method="POST")] * 2)
    await here.deliver(platform, batch)
    await here.deliver(platform, batch)
    server.asked.clear()

    await here.deliver(platform, batch)

    assert "POST /Observations" in server.asked
    assert "POST /CreateObservations" not in server.asked
    assert once(server, heard(9))
