"""What must be there before an observation can be: six kinds of entities, found by name or made once.

    ObservedProperty  air_temperature                               one a quantity
    Sensor            elsys/ers                                     one a model
    Thing             torget-1, or a81758fffe03abcd                 the thing in the city, or the device
    Location          torget-1 at 62.3908,17.3063                   where it is now
    Datastream        torget-1/a81758fffe03abcd/air_temperature     one a device, quantity and channel
    FeatureOfInterest torget-1 near 62.3908,17.3063                 where an observation was made

Names are the keys: some servers let no two entities of a kind have the same one (istSOS), others search in `properties`
badly, and all of them find by name. `properties` says the same for people, with ``brygga`` as the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from gateway.model import Device, Json, Observation, Place

GEOJSON: Final = "application/geo+json"
OBSERVATION_TYPE: Final = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"  # OGC 15-078r6, table 12
# The standard wants three nulls for truth values; servers ask for texts (django-ogc-sensorthings: 422), and all take these.
UNITLESS: Final = {"name": "Unitless", "symbol": "", "definition": "http://qudt.org/vocab/unit/UNITLESS"}
UCUM: Final = "http://www.opengis.net/def/uom/UCUM/0/"  # for units that QUDT has no name for
# A server makes the feature from the Thing's Location where none is given, and refuses where there is none. GeoJSON's
# way to say "nowhere" with a geometry (RFC 7946, 3.1.8): a null geometry breaks PostGIS behind FROST.
NOWHERE: Final[Mapping[str, Json]] = {"type": "GeometryCollection", "geometries": []}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entity:
    """An entity as it is to be: found by its collection and name, made from its body and links."""

    key: str  # in the memory; one at a time of what may change (a place) has it
    collection: str
    name: str
    body: Mapping[str, Json]
    links: tuple[tuple[str, Entity], ...] = field(default=())  # navigation properties, and what they name

    @property
    def identity(self) -> tuple[str, str]:
        """What tells two entities apart."""
        return self.key, self.name


def thing_name(device: Device) -> str:
    """Return the name of the thing that ``device`` measures; of the device where no thing is registered."""
    return device.entity.id or device.dev_eui


@lru_cache(maxsize=256)
def observed_property(quantity: str) -> Entity:
    """Return what a quantity is."""
    known = QUANTITIES[quantity]
    return _entity(
        f"property/{quantity}",
        "ObservedProperties",
        quantity,
        description=quantity.replace("_", " "),
        definition=known.quantity_kind_iri or f"urn:brygga:quantity:{quantity}",
    )


@lru_cache(maxsize=1024)
def sensor(decoder: str) -> Entity:
    """Return what a model of sensors is; ``decoder`` is "vendor/model", or "" where it is not known."""
    model = decoder or "unknown model"
    return _entity(
        f"sensor/{model}",
        "Sensors",
        model,
        description=f"LoRaWAN sensor, {model}",
        encodingType="text/html",
        metadata=f"LoRaWAN sensor, {model}",
    )


@lru_cache(maxsize=4096)
def thing(device: Device) -> Entity:
    """Return the thing that a device measures, or the device."""
    name = thing_name(device)
    if device.entity.id:
        more = {"type": device.entity.type} if device.entity.type else {}
        description = device.entity.type or "a thing in the city"
    else:
        description, more = device.name or f"LoRaWAN device {name}", {"dev_eui": str(device.dev_eui)}
    return _entity(f"thing/{name}", "Things", name, properties=more, description=description)


@lru_cache(maxsize=16_384)
def datastream(device: Device, quantity: str, channel: str | None) -> Entity:
    """Return the series of one quantity of one device on one channel."""
    known = QUANTITIES[quantity]
    of = thing_name(device)
    what = quantity if channel is None else f"{quantity}/{channel}"
    name = f"{device.dev_eui}/{what}" if of == device.dev_eui else f"{of}/{device.dev_eui}/{what}"
    properties = {"dev_eui": str(device.dev_eui), "quantity": quantity, "value_type": known.value_type.value}
    return _entity(
        f"stream/{name}",
        "Datastreams",
        name,
        links=(
            ("Thing", thing(device)),
            ("Sensor", sensor(device.decoder)),
            ("ObservedProperty", observed_property(quantity)),
        ),
        properties=properties if channel is None else {**properties, "channel": channel},
        description=f"{what.replace('_', ' ')} of {device.name or of}",
        observationType=OBSERVATION_TYPE + _observation_type(known),
        unitOfMeasurement=unit_of_measurement(known),
    )


@lru_cache(maxsize=4096)
def feature(device: Device, place: Place | None) -> Entity:
    """Return where something was observed; one that says "nowhere" where the place is not known."""
    of = thing_name(device)
    return _entity(
        f"feature/{device.dev_eui}",
        "FeaturesOfInterest",
        f"{of}, place unknown" if place is None else f"{of} near {_spelled(place)}",
        description=f"where {of} observes",
        encodingType=GEOJSON,
        feature=NOWHERE if place is None else _point(place),
    )


@lru_cache(maxsize=4096)
def location(device: Device, place: Place) -> Entity:
    """Return where the thing is."""
    of = thing_name(device)
    return _entity(
        f"location/{device.dev_eui}",
        "Locations",
        f"{of} at {_spelled(place)}",
        links=(("Things", thing(device)),),
        description=f"where {of} is",
        encodingType=GEOJSON,
        location=_point(place),
    )


def unit_of_measurement(known: Quantity) -> Mapping[str, str]:
    """Return the unit that values of a quantity have: UCUM as the symbol, QUDT as the definition."""
    if known.value_type is ValueType.BOOLEAN:
        return UNITLESS
    definition = known.unit_iri or UCUM + quote(known.unit, safe="")
    return {
        "name": definition.rsplit("/", 1)[-1] if known.unit_iri else known.unit,
        "symbol": known.unit,
        "definition": definition,
    }


def result(observation: Observation) -> Json:
    """Return a value as its Datastream's observationType wants it."""
    value = observation.value
    counts = QUANTITIES[observation.quantity].quantity_kind == "Count"
    return int(value) if counts and isinstance(value, float) and value.is_integer() else value


def _observation_type(known: Quantity) -> str:
    if known.value_type is ValueType.BOOLEAN:
        return "OM_TruthObservation"
    return "OM_CountObservation" if known.quantity_kind == "Count" else "OM_Measurement"


def _entity(
    key: str,
    collection: str,
    name: str,
    *,
    links: tuple[tuple[str, Entity], ...] = (),
    properties: Mapping[str, Json] | None = None,
    **members: Json,
) -> Entity:
    body = {"name": name, **members, "properties": {"brygga": key, **(properties or {})}}
    return Entity(key=key, collection=collection, name=name, body=body, links=links)


def _spelled(place: Place) -> str:
    height = "" if place.altitude_m is None else f",{place.altitude_m!r}"
    return f"{place.latitude!r},{place.longitude!r}{height}"


def _point(place: Place) -> Mapping[str, Json]:
    # Two coordinates: stores differ in what they make of a third one (FROST flattens).
    return {"type": "Point", "coordinates": [place.longitude, place.latitude]}
