"""What must be there before an observation can be: found or made once, on servers of both habits, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from decoders.contract import Reading
from gateway.formats.sensorthings import SensorThings
from gateway.model import Answer, Entity, Item, Place, RowId, Verdict
from simulators.platforms.sensorthings import Fault, SensorThingsServer
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, eui, item
from tests.formats.sensorthings_line import Killed, Line, heard, line, once

Ground = tuple[SensorThingsServer, Line]


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    server = SensorThingsServer(largest_body=200_000)
    await server.start()
    async with line(server.url) as open_line:
        yield server, open_line
    await server.stop()


async def test_after_a_restart_nothing_is_made_a_second_time(ground: Ground) -> None:
    server, here = ground
    await here.deliver(SensorThings(), heard(9))
    here.memory.clear()  # and the journal was lost, too

    receipt = await here.deliver(SensorThings(), heard(9, first=10))

    assert len(receipt.accepted) == 9
    assert server.kept.twins == {}
    assert once(server, heard(18))


@pytest.mark.parametrize("kill_at", ["/Things?", "/Things", "/Datastreams?", "/Datastreams", "/CreateObservations"])
async def test_a_crash_between_a_creation_and_its_answer_makes_no_twins(ground: Ground, kill_at: str) -> None:
    server, here = ground
    here.kill_before = lambda request: request.target.partition("v1.1")[2].startswith(kill_at)
    with pytest.raises(Killed):
        await here.deliver(SensorThings(), heard(6))
    here.kill_before = lambda _: False

    assert await here.deliver_all(SensorThings(), heard(6)) == {}
    assert server.kept.twins == {}
    assert once(server, heard(6))


async def test_a_datastream_that_was_deleted_is_made_again(ground: Ground) -> None:
    server, here = ground
    platform = SensorThings()
    await here.deliver(platform, heard(6))
    await here.deliver(platform, heard(6, first=7))
    server.kept.entities["Datastreams"].clear()
    server.kept.entities["Things"].clear()

    refused = await here.deliver_all(platform, heard(6, first=13))

    assert refused == {}
    assert once(server, heard(18))
    assert len(server.kept.entities["Things"]) == 3


async def test_a_datastream_in_another_unit_is_not_written_to(ground: Ground) -> None:
    server, here = ground
    await here.deliver(SensorThings(), [item(Reading("air_temperature", 1, "Cel"))])
    here.memory.clear()
    [stream] = server.kept.entities["Datastreams"].values()
    stream["unitOfMeasurement"] = {"name": "F", "symbol": "[degF]", "definition": "http://qudt.org/vocab/unit/DEG_F"}

    receipt = await here.deliver(SensorThings(), [item(Reading("air_temperature", 2, "Cel"), row=2)])

    assert "measures in http://qudt.org/vocab/unit/DEG_F there" in receipt.refused[RowId(2)]


async def test_where_only_the_city_makes_entities_unknown_devices_are_refused(ground: Ground) -> None:
    server, here = ground
    await here.deliver(SensorThings(), [item(Reading("air_temperature", 1, "Cel"))])
    here.memory.clear()
    before = {name: len(kept) for name, kept in server.kept.entities.items()}

    known = item(Reading("air_temperature", 2, "Cel"), Reading("co2", 1, "[ppm]"), row=2)
    unknown = item(Reading("co2", 1, "[ppm]"), row=3, device=replace(DEVICE, dev_eui=eui(7)))
    receipt = await here.deliver(SensorThings(create=False), [known, unknown])

    assert receipt.accepted == {2}
    assert receipt.inexpressible == {"co2": 1}
    assert receipt.refused == {
        3: f"unknown device {eui(7)}: the server has no Datastream of it; `brygga city connect` makes it known"
    }
    assert {name: len(kept) for name, kept in server.kept.entities.items()} == before | {
        "Observations": 2,
        "FeaturesOfInterest": 2,  # the server makes one of the Thing's Location
    }


async def test_things_and_datastreams_of_the_city_are_used_and_never_asked_for(ground: Ground) -> None:
    server, here = ground
    await here.deliver(SensorThings(), [item(Reading("air_temperature", 1, "Cel"))])
    here.memory.clear()
    [thing], [stream] = (list(server.kept.entities[name]) for name in ("Things", "Datastreams"))
    server.asked.clear()

    platform = SensorThings(ids={DEV_EUI: thing}, datastreams={f"{DEV_EUI}/air_temperature": stream})
    batch = [item(Reading("air_temperature", 2, "Cel"), Reading("co2", 1, "[ppm]"), row=2)]
    receipt = await here.deliver(platform, batch)

    assert receipt.accepted == {2}
    assert len(server.kept.entities["Things"]) == 1
    assert len(server.kept.entities["Locations"]) == 1
    assert len(server.kept.entities["Datastreams"]) == 2
    assert not any(one.endswith(" /Things") for one in server.asked)
    assert {one["Datastream"] for one in server.kept.entities["Observations"].values()} >= {stream}


async def test_a_named_datastream_that_is_not_there_is_said(ground: Ground) -> None:
    _, here = ground

    receipt = await here.deliver(SensorThings(datastreams={f"{DEV_EUI}/co2": 4711}), [item(Reading("co2", 1, "[ppm]"))])

    assert "the Datastream that options.datastreams names is not there" in receipt.refused[RowId(1)]


async def test_several_gateways_that_hear_the_same_tell_it_once_where_they_always_look(ground: Ground) -> None:
    server, here = ground
    platforms = [SensorThings(look="always"), SensorThings(look="always")]
    memories: list[dict[str, Any]] = [{}, {}]

    for first in (1, 7, 13):
        for platform, memory in zip(platforms, memories, strict=True):
            here.memory = memory
            await here.deliver(platform, heard(6, first=first))

    assert once(server, heard(18))
    assert server.kept.twins == {}


async def test_a_thing_is_where_it_was_last_and_each_observation_where_it_was_made(ground: Ground) -> None:
    server, here = ground
    platform = SensorThings()
    torget = replace(DEVICE, entity=Entity("WeatherObserved", "torget-1"))
    places = [Place(62.0, 17.0), Place(63.0, 18.0), Place(62.0, 17.0)]

    for row, place in enumerate(places, start=1):
        await here.deliver(platform, [item(Reading("co2", row, "[ppm]"), row=row, device=replace(torget, place=place))])

    [thing] = server.kept.entities["Things"].values()
    [there] = thing["Locations"]
    assert server.kept.entities["Locations"][there]["location"]["coordinates"] == [17.0, 62.0]
    assert server.kept.twins == {}
    features = server.kept.entities["FeaturesOfInterest"]
    seen = [
        features[one["FeatureOfInterest"]]["feature"]["coordinates"]
        for one in server.kept.entities["Observations"].values()
    ]
    assert seen == [[17.0, 62.0], [18.0, 63.0], [17.0, 62.0]]


async def test_an_older_position_does_not_move_a_thing_back(ground: Ground) -> None:
    server, here = ground
    platform = SensorThings()
    roaming = replace(DEVICE, place=None)

    def fix(row: int, latitude: float) -> Item:
        readings = (Reading("latitude", latitude, "deg"), Reading("longitude", 17.5, "deg"))
        return item(*readings, row=row, device=roaming, heard_at=HEARD_AT + timedelta(minutes=row))

    await here.deliver(platform, [fix(5, 62.5)])
    await here.deliver(platform, [fix(4, 61.5)])

    [thing] = server.kept.entities["Things"].values()
    place = server.kept.entities["Locations"][thing["Locations"][0]]
    assert place["location"]["coordinates"] == [17.5, 62.5]


async def test_istsos_answers_to_repetitions_are_understood() -> None:
    server = SensorThingsServer(dialect="istsos")
    await server.start()
    async with line(server.url) as here:
        await here.deliver_all(SensorThings(), heard(6))
        here.memory.clear()
        # Its first question is not answered, so all is sent a second time: 409 for each.
        server.mood = Fault(status=400, detail="no $filter here", method="GET")
        blind = await here.deliver(SensorThings(create=False, datastreams=_streams(server)), heard(6))
        server.mood = None
    await server.stop()

    assert blind.accepted == set(range(1, 7))
    assert once(server, heard(6))


async def test_istsos_another_value_of_the_same_time_is_named() -> None:
    server = SensorThingsServer(dialect="istsos")
    await server.start()
    async with line(server.url) as here:
        receipt = await here.deliver(SensorThings(), [item(Reading("co2", 400, "[ppm]"), Reading("co2", 500, "[ppm]"))])
    await server.stop()

    assert "another observation stands at that time" in receipt.refused[RowId(1)]
    assert len(server.kept.entities["Observations"]) == 1


async def test_istsos_names_that_somebody_else_was_quicker_with_are_found() -> None:
    server = SensorThingsServer(dialect="istsos")
    await server.start()
    async with line(server.url) as here, line(server.url) as other:
        conversation = SensorThings().deliver(heard(3), {})
        questions = next(conversation)
        await other.deliver_all(SensorThings(), heard(3))
        requests: Any = conversation.send([_nothing() for _ in questions])
        receipt = None
        while receipt is None:
            try:
                requests = conversation.send(await here.http.send(requests))
            except StopIteration as end:
                receipt = end.value
    await server.stop()

    assert server.answers["POST", 409] > 0
    assert server.kept.twins == {}
    assert receipt.refused == {}


def _nothing() -> Answer:
    return Answer(verdict=Verdict.TAKEN, status=200, body=b'{"value":[]}')


def _streams(server: SensorThingsServer) -> dict[str, int]:
    return {one["name"]: number for number, one in server.kept.entities["Datastreams"].items()}
