"""Datastreams that somebody made beforehand, for a way there on which none can be made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from simulators.platforms.sensorthings import SensorThingsServer
from tests.formats.matrix.backlog import DEVICES

TYPES = {
    ValueType.BOOLEAN: "OM_TruthObservation",
    ValueType.NUMBER: "OM_Measurement",
    ValueType.COUNTER: "OM_Measurement",
}
POINT = {"type": "Point", "coordinates": [17.3063, 62.3908]}


def known_streams() -> tuple[SensorThingsServer, Mapping[str, int]]:
    """Return a server with a Datastream for every quantity of every device, and their ids as a configuration has them."""
    server = SensorThingsServer()
    streams: dict[str, int] = {}
    sensor = _made(server, "Sensors", name="any", encodingType="text/html", metadata="any")
    for device in DEVICES:
        place = _made(server, "Locations", name=device.name, encodingType="application/geo+json", location=POINT)
        thing = _made(server, "Things", name=device.name, Locations=[{"@iot.id": place}])
        for quantity in QUANTITIES.values():
            prop = _made(server, "ObservedProperties", name=quantity.name, definition="urn:any")
            links = {"Thing": thing, "Sensor": sensor, "ObservedProperty": prop}
            name = f"{device.dev_eui}/{quantity.name}"
            streams[name] = _stream(server, name, quantity, {one: {"@iot.id": number} for one, number in links.items()})
    return server, streams


def _stream(server: SensorThingsServer, name: str, quantity: Quantity, links: Mapping[str, Any]) -> int:
    return _made(
        server,
        "Datastreams",
        name=name,
        observationType=f"http://www.opengis.net/def/observationType/OGC-OM/2.0/{TYPES[quantity.value_type]}",
        unitOfMeasurement={"name": quantity.unit, "symbol": quantity.unit, "definition": quantity.unit_iri},
        **links,
    )


def _made(server: SensorThingsServer, collection: str, *, name: str, **members: Any) -> int:
    link = server.store.post(f"/{collection}", {"name": name, "description": name, **members})
    return int(link.partition("(")[2].removesuffix(")"))
