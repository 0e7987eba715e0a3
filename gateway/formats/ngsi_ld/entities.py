"""The observations of one uplink become entities: one for each thing, model and time.

    urn:ngsi-ld:WeatherObserved:torget-1                       the thing, or the DevEUI
    urn:ngsi-ld:GreenspaceRecord:torget-1:depth_20cm           a channel is an entity of its own
    urn:ngsi-ld:Device:a81758fffe03abcd                        the device itself: battery, position
    urn:ngsi-ld:Device:a81758fffe03abcd:door_open              a state: a device has one deviceState, a sensor several
    urn:ngsi-ld:DeviceMeasurement:a81758fffe03abcd:distance    what no model has an attribute for

Entities are kept as JSON text, attribute by attribute: what is late is left out, the rest is joined.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from decoders.vocabulary import QUANTITIES
from gateway.formats.ngsi_ld.models import CORE_CONTEXT, Attribute, Model, attribute_in, models
from gateway.model import Device, Eui64, Item, Json, Observation, Place, Plausibility

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
STATE: Final = "deviceState"
_NUMBERS: Final = frozenset({int, float})
OF_A_DEVICE: Final = frozenset({"Device", "DeviceMeasurement"})  # named by DevEUI, never by the thing


@dataclass(slots=True)
class Instance:
    """An entity at one time: what one uplink says of it."""

    id: str
    model: Model
    observed_ms: int  # since the epoch
    device: str  # the id of its device's entity
    stamps: str  # JSON members about the whole: when, where it was measured, from which uplink
    source: str  # the one of them that names the uplink
    registered: str = (
        ""  # the member that says where a person put the device, for as long as it has not told better itself
    )
    readings: dict[str, str] = field(default_factory=dict)  # JSON member by attribute
    about: dict[str, Json] = field(default_factory=dict)  # more about the whole: values by attribute
    controlled: set[str] = field(default_factory=set)  # a Device's controlledProperty


@dataclass(frozen=True, slots=True)
class Naming:
    """How entities are named, and which @context explains their words."""

    id_prefix: str = "urn:ngsi-ld:"
    contexts: tuple[str, ...] = ()  # empty: of each model's subject, and the core's
    inline: bool = True  # False: the Link header says it
    in_paths: bool = False  # ids go into URLs, which diwise's broker decodes twice: no percent sign in them
    dialect: str = ""  # whose words attributes have where they are not the schemas'
    truths: bool = True  # False: diwise's broker makes a text of a boolean, "support for type bool not implemented"

    def members(self, instance: Instance, readings: Iterable[str], *, stamped: bool) -> bytes:
        """Return the JSON members of an entity after its id and type; what is said about the whole if ``stamped``."""
        members = [*readings]
        if stamped:
            members += [said for said in (instance.stamps, instance.registered) if said]
            members += [_property(name, value) for name, value in self._about(instance)]
            if instance.controlled:
                members.append(_property("controlledProperty", sorted(instance.controlled)))
        return self._explained(instance, members)

    def history(self, instance: Instance, names: Iterable[str]) -> bytes:
        """Return the members of a temporal entity: each attribute is an array of instances (GS CIM 009, 4.5.6)."""
        told = [(name, instance.readings[name]) for name in names]
        members = [
            f'"{name}":[{member.removeprefix(_key(name))}]' for name, member in [*told, ("source", instance.source)]
        ]
        return self._explained(instance, members)

    def _about(self, instance: Instance) -> Iterable[tuple[str, Json]]:
        return ((name, value) for name, value in instance.about.items() if self.truths or not isinstance(value, bool))

    def _explained(self, instance: Instance, members: list[str]) -> bytes:
        if self.inline:
            members.append(_context_member(self.contexts or (instance.model.context, CORE_CONTEXT)))
        return ",".join(members).encode()


def head(instance: Instance) -> bytes:
    """Return the JSON members that say which entity it is."""
    return f'"id":"{instance.id}","type":"{instance.model.name}"'.encode()


def instances(item: Item, naming: Naming) -> Sequence[Instance]:
    """Return what ``item`` says, the oldest first; every observation is in one of them."""
    moves = any(map(_is_position, item.observations))
    drafts = _Drafts(item, naming, moves=moves)
    for observation in item.observations:
        if _is_position(observation) and observation.place is not None:
            drafts.put_position(observation, observation.place)
            continue
        where = attribute_in(naming.dialect, observation.quantity, item.device.entity.type)
        value = None if where is None else where.express(observation.value)
        said = where is not None and value is not None and drafts.put(observation, where, value)
        if where is None or not said or not where.is_exact(observation.value):
            drafts.put_measurement(observation)
    return sorted(drafts.made.values(), key=lambda instance: instance.observed_ms)


def about_gateway(item: Item, naming: Naming, eui: Eui64, version: str, place: Place | None) -> Instance:
    """Return the gateway ``eui`` as a Device that was alive when it heard ``item``; "" and None are not said."""
    heard_at = item.uplink.heard_at.utc
    at = _time(heard_at)
    source = _property(
        "source", f"urn:dev:mac:{eui}", at
    )  # and of no uplink: whoever counts those is not to count this
    stamps = ",".join([_property("category", ["network"]), _property("serialNumber", eui), source])
    device_id = f"{naming.id_prefix}Device:{eui}"
    made = Instance(device_id, models()["Device"], _milliseconds(heard_at), device_id, stamps, source)
    made.readings["dateLastValueReported"] = _moment("dateLastValueReported", at)
    if version:
        made.readings["softwareVersion"] = _property("softwareVersion", version, at)
    if place is not None:
        made.readings["location"] = _location(place, at)
    return made


def _is_position(observation: Observation) -> bool:
    """Return whether an observation is half of the position that the payload stated, and it was believed."""
    match observation.quantity:
        case "latitude":
            return observation.place is not None and observation.value == observation.place.latitude
        case "longitude":
            return observation.place is not None and observation.value == observation.place.longitude
    return False


class _Drafts:
    """The instances of one item while they are filled."""

    def __init__(self, item: Item, naming: Naming, *, moves: bool) -> None:
        self._item = item
        self._prefix = naming.id_prefix
        self._quoted = _underscored if naming.in_paths else _quoted
        self._moves = moves
        self.made: dict[tuple[str, int], Instance] = {}

    def put(self, observation: Observation, where: Attribute, value: Json) -> bool:
        """Add an attribute; return False if the entity has it already, from another quantity."""
        suffix = observation.quantity if where.name == STATE else ""
        instance = self._instance(where.model, observation, suffix)
        if where.name in instance.readings:
            return False
        instance.readings[where.name] = _property(where.name, value, _time(observation.observed_at), where.unit_code)
        if where.controlled_property:
            instance.controlled.add(where.controlled_property)
        return True

    def put_position(self, observation: Observation, place: Place) -> None:
        """Add the device's own position."""
        instance = self._instance(models()["Device"], observation, "")
        instance.readings["location"] = _location(place, _time(observation.observed_at))
        instance.controlled.add("location")

    def put_measurement(self, observation: Observation) -> None:
        """Add an observation as a DeviceMeasurement, which has a place for any."""
        instance = self._instance(models()["DeviceMeasurement"], observation, observation.quantity)
        at, value = _time(observation.observed_at), observation.value
        quantity = QUANTITIES[observation.quantity]
        about = {
            "measurementType": observation.quantity,
            "outlier": observation.plausibility is Plausibility.IMPLAUSIBLE,
        }
        if isinstance(value, (bool, str)):
            text = value if isinstance(value, str) else str(value).lower()
            instance.readings["textValue"] = _property("textValue", text, at)
        else:
            instance.readings["numValue"] = _property("numValue", value, at, quantity.unit_code)
            about["unit"] = quantity.unit_code or quantity.unit
        instance.about.update(about)

    def _instance(self, model: Model, observation: Observation, suffix: str) -> Instance:
        device = self._item.device
        named = [device.dev_eui if model.name in OF_A_DEVICE else device.entity.id or device.dev_eui]
        named += [part for part in (suffix, observation.channel) if part]
        entity_id = f"{self._prefix}{model.name}:{':'.join(map(self._quoted, named))}"
        observed_ms = _milliseconds(observation.observed_at)
        found = self.made.get((entity_id, observed_ms))
        if found is None:
            device_id = f"{self._prefix}Device:{device.dev_eui}"
            stamps = _stamps(model, observation, device, device_id, moves=self._moves)
            source = _source(observation, device)
            found = Instance(entity_id, model, observed_ms, device_id, stamps, source)
            if observation.place is not None and not self._moves:
                found.registered = _location(observation.place, "")
            self.made[entity_id, observed_ms] = found
        return found


def _stamps(model: Model, observation: Observation, device: Device, device_id: str, *, moves: bool) -> str:
    at = _time(observation.observed_at)
    members = [_moment(name, at) for name in model.time_attributes]
    members += [_property(name, value) for name, value in model.constants.items()]
    members.append(_source(observation, device))
    if model.device_attribute:
        members.append(f'"{model.device_attribute}":{{"type":"Relationship","object":"{device_id}"}}')
    if moves and observation.place is not None and model.name != "Device":  # a Device's is a reading of its own
        members.append(_location(observation.place, at))
    return ",".join(members)


def _source(observation: Observation, device: Device) -> str:
    uplink = f"urn:dev:mac:{device.dev_eui}#{observation.uplink_id}"
    return _property("source", uplink, _time(observation.observed_at))


@lru_cache(maxsize=256)  # the readings of an uplink share a time
def _time(at: datetime) -> str:
    """Return a time in UTC with milliseconds and Z, as every broker takes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


@lru_cache(maxsize=256)
def _milliseconds(at: datetime) -> int:
    return (at - EPOCH) // MILLISECOND


@lru_cache(maxsize=4096)
def _quoted(part: str) -> str:
    return quote(part, safe="-._~")


@lru_cache(maxsize=4096)
def _underscored(part: str) -> str:
    """Quote with an underscore where the percent sign would stand."""
    return quote(part, safe="-._~").replace("%", "_")


def _key(name: str) -> str:
    return f'"{name}":'


@lru_cache(maxsize=64)
def _context_member(contexts: tuple[str, ...]) -> str:
    return f'"@context":{json.dumps(contexts)}'


def _property(name: str, value: Json, at: str = "", unit_code: str = "") -> str:
    unit = f',"unitCode":"{unit_code}"' if unit_code else ""
    time = f',"observedAt":"{at}"' if at else ""
    shown = repr(value) if type(value) in _NUMBERS else json.dumps(value)
    return f'"{name}":{{"type":"Property","value":{shown}{unit}{time}}}'


def _moment(name: str, at: str) -> str:
    return f'"{name}":{{"type":"Property","value":{{"@type":"DateTime","@value":"{at}"}}}}'


def _location(place: Place, at: str) -> str:
    # Two coordinates: stores of brokers differ in what they make of a third one.
    time = f',"observedAt":"{at}"' if at else ""
    point = f'{{"type":"Point","coordinates":[{place.longitude!r},{place.latitude!r}]}}'
    return f'"location":{{"type":"GeoProperty","value":{point}{time}}}'
