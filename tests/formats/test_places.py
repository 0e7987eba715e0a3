"""Where something is: what a device measured wins over where it was put, and a destination that may not know is told by nothing."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from decoders.contract import Reading
from gateway.formats.catalogue import make
from gateway.formats.sensorthings import SensorThings
from gateway.model import Device, Item, Json, Place, Request
from gateway.sharing import Positions, Share, shared
from gateway.trial.preview import preview
from simulators.platforms.sensorthings import SensorThingsServer
from tests.formats.every_format import MADE
from tests.formats.items import DEVICE, converse, item
from tests.formats.matrix.backlog import DEVICES
from tests.formats.sensorthings_line import Line, line

REGISTERED = Place(62.39084, 17.30631, 41.7)
MEASURED = Place(59.32937, 18.06864, 28.3)
OF_THE_GATEWAY = Place(57.70893, 11.97467, 12.9)
GPS = (
    Reading("latitude", MEASURED.latitude, "deg"),
    Reading("longitude", MEASURED.longitude, "deg"),
    Reading("altitude", MEASURED.altitude_m or 0.0, "m"),
)
TEMPERATURE = Reading("air_temperature", 21.5, "Cel")
EXACT = [
    each
    for one in (REGISTERED, MEASURED, OF_THE_GATEWAY)
    for each in (one.latitude, one.longitude, one.altitude_m)
    if each is not None
]
ABOUT = [round(each, 2) for one in (REGISTERED, MEASURED) for each in (one.latitude, one.longitude)]


def heard(*readings: Reading, row: int = 1, device: Device = DEVICES[0]) -> Item:
    """Return an uplink that tells of places wherever it can: device, payload, raw fields, warnings, and who heard it."""
    one = item(*readings, row=row, device=replace(device, place=REGISTERED))
    receptions = tuple(replace(each, place=OF_THE_GATEWAY) for each in one.uplink.receptions)
    words = f"near {MEASURED.latitude}, {MEASURED.longitude}, {REGISTERED.latitude}"
    return replace(
        one,
        uplink=replace(one.uplink, payload=words.encode(), receptions=receptions),
        decoded=replace(one.decoded, fields={"lat": MEASURED.latitude, "where": words}, warnings=(words,)),
    )


def told(name: str, share: Share, *readings: Reading) -> Sequence[bytes]:
    """Return all that goes out, octet by octet."""
    left = shared(heard(*readings), share).item
    assert left is not None
    requests = preview(MADE[name](), left, {}).requests
    return [f"{one.target} {one.headers}".encode() + one.body for one in requests]


def spellings(value: float) -> Iterator[bytes]:
    """Yield how a number may stand in a message, down to its third decimal and in each width of CBOR."""
    yield str(value)[: str(value).index(".") + 4].encode()
    yield from (struct.pack(width, value) for width in (">d", ">f"))


@pytest.mark.parametrize("name", MADE)
def test_without_positions_no_message_tells_where_anything_is(name: str) -> None:
    said = told(name, Share(positions=Positions.NONE), *GPS, TEMPERATURE)

    assert said
    assert [value for value in EXACT if any(one in each for each in said for one in spellings(value))] == []
    assert [value for value in ABOUT if any(re.search(rb"(?<![0-9.])%a" % value, each) for each in said)] == []


@pytest.mark.parametrize("name", MADE)
def test_rounded_positions_are_rounded_wherever_they_stand(name: str) -> None:
    said = told(name, Share(positions=Positions.ROUNDED), *GPS, TEMPERATURE)

    assert said
    assert [value for value in EXACT if any(one in each for each in said for one in spellings(value))] == []


TELLS_EXACTLY = ["ngsi_ld", "ngsi_v2", "chirpstack", "the_things_stack", "senml", "senml, CBOR", "sensorthings", "json", "thingsboard"]  # fmt: skip


@pytest.mark.parametrize("name", TELLS_EXACTLY)
def test_exact_positions_are_told_exactly(name: str) -> None:
    """Otherwise the two tests above could not fail."""
    said = told(name, Share(), *GPS, TEMPERATURE)

    assert any(one in each for each in said for one in spellings(MEASURED.latitude))


# ── measured, and registered ──


def positions(requests: Sequence[Sequence[Request]]) -> Iterator[tuple[str, Sequence[float]]]:
    """Yield each entity that is told where it is, with the coordinates, in their order."""
    for request in (one for wave in requests for one in wave):
        said: Any = json.loads(request.body)
        entities = said["entities"] if isinstance(said, dict) and "entities" in said else said
        for entity in entities if isinstance(entities, list) else [entities]:
            if "location" in entity:
                yield entity["id"].split(":")[2], entity["location"]["value"]["coordinates"]


def after(memory: Mapping[str, Json], kept: Mapping[str, Json]) -> Mapping[str, Json]:
    return {key: value for key, value in {**memory, **kept}.items() if value is not None}


@pytest.mark.parametrize("name", ["ngsi_ld", "ngsi_v2"])
@pytest.mark.parametrize("late", ["refuse", "send"])
def test_the_registered_place_never_goes_over_one_that_the_device_measured(name: str, late: str) -> None:
    platform = make(name, {"late": late, "device_interval": 1})
    battery = Reading("battery_level", 80, "%")
    _, first = converse(platform, [heard(*GPS, TEMPERATURE, row=1)])

    alone, second = converse(platform, [heard(battery, TEMPERATURE, row=60)], memory=first.memory)
    together, _ = converse(platform, [heard(*GPS, row=120), heard(battery, TEMPERATURE, row=180)], memory=after(first.memory, second.memory))  # fmt: skip

    measured = [MEASURED.longitude, MEASURED.latitude]
    assert second.accepted == {60}
    assert list(positions(alone)) == []
    assert [where for _, where in positions(together)] == [measured] * len(list(positions(together)))
    assert "Device" in dict(positions(together))


@pytest.mark.parametrize("name", ["ngsi_ld", "ngsi_v2"])
def test_a_device_that_measures_no_position_is_where_it_was_put(name: str) -> None:
    waves, _ = converse(make(name, {}), [heard(TEMPERATURE)])

    assert dict(positions(waves))["WeatherObserved"] == [REGISTERED.longitude, REGISTERED.latitude]


@pytest.mark.parametrize("name", ["ngsi_ld", "ngsi_v2"])
def test_an_older_position_does_not_go_over_a_newer_one(name: str) -> None:
    platform = make(name, {"late": "skip", "device": False})
    before = replace(GPS[0], value=59.1)
    _, first = converse(platform, [heard(*GPS, row=60)])

    waves, _ = converse(platform, [heard(before, *GPS[1:], TEMPERATURE, row=1)], memory=first.memory)

    assert "Device" not in dict(positions(waves))


@pytest.fixture
async def ground() -> AsyncIterator[tuple[SensorThingsServer, Line]]:
    server = SensorThingsServer()
    await server.start()
    async with line(server.url) as open_line:
        yield server, open_line
    await server.stop()


@pytest.mark.parametrize("batches", [[[1, 60]], [[1], [60]], [[1], [60, 120]]])
async def test_a_thing_stays_where_its_device_measured_it(
    ground: tuple[SensorThingsServer, Line], batches: list[list[int]]
) -> None:
    server, here = ground

    for rows in batches:
        batch = [heard(TEMPERATURE, *(GPS if row == 1 else ()), row=row, device=DEVICE) for row in rows]
        await here.deliver(SensorThings(), batch)

    [thing] = server.kept.entities["Things"].values()
    [there] = thing["Locations"]
    place = server.kept.entities["Locations"][there]["location"]["coordinates"]
    assert place == [MEASURED.longitude, MEASURED.latitude]
