"""Our SensorThings and a server that others wrote (django-ogc-sensorthings, UUID ids), over real HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES
from gateway.formats.sensorthings import SensorThings
from gateway.formats.sensorthings.refs import literal
from gateway.model import Entity, RowId
from tests.formats.items import DEV_EUI, DEVICE, item
from tests.formats.sensorthings_line import Line, get, line, of_every_quantity
from tests.formats.sensorthings_server import serving

Ground = tuple[str, Line]

# One of each unit and type: it takes 30 ms for an entity. The stand-in is told all.
NAMES = tuple({(known.value_type, known.unit): name for name, known in QUANTITIES.items()}.values())


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    async with serving(tmp_path) as url, line(url) as here:
        yield url, here


async def observations(url: str) -> list[Any]:
    found: list[Any] = []
    while True:
        page = await get(url, f"Observations?$top=100&$skip={len(found)}&$orderby=id")
        found += page["value"]
        if len(page["value"]) < 100:
            return found


async def test_every_unit_arrives_once_also_when_all_is_told_again(ground: Ground) -> None:
    url, here = ground
    batch = of_every_quantity(NAMES)

    refused = await here.deliver_all(SensorThings(), batch)
    again = await here.deliver_all(SensorThings(), batch)  # as after a crash that lost what was settled
    there = await observations(url)

    assert refused == again == {}
    assert Counter(one["parameters"]["observation"] for one in there) == {
        str(one.id): 1 for each in batch for one in each.observations
    }
    streams = (await get(url, "Datastreams?$top=100"))["value"]
    units = {one["properties"]["quantity"]: one["unitOfMeasurement"]["symbol"] for one in streams}
    assert units == {name: QUANTITIES[name].unit for name in NAMES}
    told = {str(one.id): one for each in batch for one in each.observations}
    for one in there:
        said = told[one["parameters"]["observation"]]
        assert one["result"] == pytest.approx(float(said.value))
        assert one["phenomenonTime"][:19] == said.observed_at.isoformat()[:19]


async def test_entities_are_found_again_without_any_memory(ground: Ground) -> None:
    url, here = ground
    await here.deliver_all(SensorThings(), [item(Reading("co2", 400, "[ppm]"))])
    here.memory.clear()

    await here.deliver_all(SensorThings(), [item(Reading("co2", 401, "[ppm]"), row=2)])

    for collection in ("Things", "Sensors", "ObservedProperties", "Datastreams", "Locations", "FeaturesOfInterest"):
        assert len((await get(url, collection))["value"]) == 1, collection
    assert len(await observations(url)) == 2


async def test_what_was_told_can_be_read_back(ground: Ground) -> None:
    _, here = ground
    told, other = (item(Reading("co2", 400, "[ppm]"), row=row) for row in (1, 60))
    await here.deliver_all(SensorThings(), [told])

    requests = [SensorThings().read_back(one, here.memory) for one in (told, other)]
    there, not_there = await here.http.send([one for one in requests if one is not None])

    assert str(told.uplink.id).encode() in there.body
    assert there.status == not_there.status == 200
    assert str(other.uplink.id).encode() not in not_there.body


async def test_one_bad_row_spoils_its_group_there_and_the_good_ones_arrive_all_the_same(ground: Ground) -> None:
    url, here = ground
    platform = SensorThings()
    await here.deliver_all(platform, [item(Reading("co2", 400, "[ppm]"))])
    bad = item(Reading("co2", 1, "[ppm]"), row=3)
    [said] = bad.observations
    bad = replace(bad, observations=(replace(said, value="a text"),))  # numbers only, by its default: 422

    receipt = await here.deliver(platform, [item(Reading("co2", row, "[ppm]"), row=row) for row in (2, 4)] + [bad])

    assert receipt.accepted == {2, 4}
    assert "422" in receipt.refused[RowId(3)]
    assert Counter(one["result"] for one in await observations(url)) == {400.0: 1, 2.0: 1, 4.0: 1}


async def test_names_with_quotes_slashes_and_letters_of_ours_are_found(ground: Ground) -> None:
    url, here = ground
    device = replace(DEVICE, entity=Entity("WeatherObserved", "Åsas 'torg'/1 + 2&3"))
    for row in (1, 2):
        await here.deliver_all(
            SensorThings(), [item(Reading("co2", row, "[ppm]", channel="50%"), row=row, device=device)]
        )
        here.memory.clear()

    [thing] = (await get(url, "Things"))["value"]
    [stream] = (await get(url, "Datastreams"))["value"]
    assert thing["name"] == device.entity.id
    assert stream["name"] == f"{device.entity.id}/{DEV_EUI}/co2/50%"
    assert literal(thing["name"]).count("'") == 6


async def test_a_datastream_that_was_deleted_there_is_made_again(ground: Ground) -> None:
    url, here = ground
    platform = SensorThings()
    await here.deliver_all(platform, [item(Reading("co2", 1, "[ppm]"))])
    await here.deliver_all(platform, [item(Reading("co2", 2, "[ppm]"), row=2)])
    [stream] = (await get(url, "Datastreams"))["value"]
    async with aiohttp.ClientSession() as session, session.delete(stream["@iot.selfLink"]) as response:
        assert response.status < 300

    refused = await here.deliver_all(platform, [item(Reading("co2", 3, "[ppm]"), row=3)])

    assert refused == {}
    assert [one["result"] for one in await observations(url)] == [3.0]
    assert len((await get(url, "Things"))["value"]) == 1
