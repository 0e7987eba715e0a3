"""What a strict SensorThings server says to entities and questions (OGC 15-078r6 and 18-088; FROST's words).

FROST is read at FROST-Server 99b36f68; its classes are named where a rule is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Any, Final
from urllib.parse import unquote

Json = Any
Entity = dict[str, Json]


class Refusal(Exception):
    """A refusal as FROST answers it (Service.jsonResponse: type, code, message)."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(f"{status} {message}")

    def body(self) -> Entity:
        """Return the answer's body."""
        return {"code": self.status, "type": "error", "message": self.message[:200]}


# What each kind must have (18-088, tables 5 to 13; PluginCoreModel.linkEntityTypes), and which kinds it names.
REQUIRED: Final[Mapping[str, Sequence[str]]] = {
    "Things": ("name", "description"),
    "Locations": ("name", "description", "encodingType", "location"),
    "HistoricalLocations": ("time",),
    "Sensors": ("name", "description", "encodingType", "metadata"),
    "ObservedProperties": ("name", "description", "definition"),
    "Datastreams": ("name", "description", "observationType", "unitOfMeasurement"),
    "FeaturesOfInterest": ("name", "description", "encodingType", "feature"),
    "Observations": ("result",),
}
NAMES: Final[Mapping[str, Mapping[str, str]]] = {  # navigation property: the collection of what it names
    "Things": {"Locations": "Locations"},
    "Locations": {"Things": "Things"},
    "HistoricalLocations": {"Thing": "Things", "Locations": "Locations"},
    "Datastreams": {"Thing": "Things", "Sensor": "Sensors", "ObservedProperty": "ObservedProperties"},
    "Observations": {"Datastream": "Datastreams", "FeatureOfInterest": "FeaturesOfInterest"},
}
OPTIONAL: Final = frozenset({("Things", "Locations"), ("Locations", "Things"), ("Observations", "FeatureOfInterest")})
# An Entity with a member that is none of its own: Jackson's UnrecognizedPropertyException (JsonReaderDefault), 400.
MORE: Final[Mapping[str, Sequence[str]]] = {
    "Observations": ("phenomenonTime", "resultTime", "validTime", "resultQuality", "parameters"),
    "Datastreams": ("observedArea", "properties"),
}
OBSERVATION_TYPES: Final = {
    f"http://www.opengis.net/def/observationType/OGC-OM/2.0/{name}": kinds
    for name, kinds in {
        "OM_Measurement": (int, float),
        "OM_CountObservation": (int,),
        "OM_TruthObservation": (bool,),
        "OM_CategoryObservation": (str,),
        "OM_Observation": (int, float, bool, str, dict, list),
    }.items()
}
GEOJSON: Final = frozenset({"application/geo+json", "application/vnd.geo+json"})  # GeoJsonDeserializier.ENCODINGS
_GEOMETRIES: Final = frozenset({"Point", "LineString", "Polygon", "GeometryCollection", "Feature"})
_LITERAL: Final = r"'(?:[^']|'')*'|[^\s']+"
_COMPARISON: Final = re.compile(rf"([A-Za-z@./_]+)\s+(eq|ne|ge|le|gt|lt)\s+({_LITERAL})")
_COMPARE: Final[Mapping[str, Callable[[Json, Json], bool]]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "ge": lambda left, right: bool(left >= right),
    "le": lambda left, right: bool(left <= right),
    "gt": lambda left, right: bool(left > right),
    "lt": lambda left, right: bool(left < right),
}


def check(collection: str, entity: Json) -> None:
    """Raise Refusal unless ``entity`` may be created; whether what it names is there is the server's to see."""
    if not isinstance(entity, dict):
        raise Refusal(400, f"Cannot deserialize value of type {collection}")
    for name in REQUIRED[collection]:
        if entity.get(name) is None:  # EntityType.validateCreate
            raise Refusal(400, f"Missing required property '{name}'")
    for name in NAMES.get(collection, {}):
        if name not in entity and (collection, name) not in OPTIONAL:
            raise Refusal(400, f"Missing required property '{name}'")
    known = {*REQUIRED[collection], *NAMES.get(collection, {}), *MORE.get(collection, ("properties",)), "@iot.id"}
    for name in entity.keys() - known:
        raise Refusal(400, f'Unrecognized field "{name}" ({collection})')
    for name in ("location", "feature"):
        if name in entity:
            _check_geometry(entity["encodingType"], entity[name])
    if collection == "Datastreams":
        _check_unit(entity)
    if collection == "Observations":
        check_times(entity)


def check_times(observation: Mapping[str, Json]) -> None:
    """Raise Refusal for a time that is none (ArrayValueHandlers: instant or interval)."""
    for name in ("phenomenonTime", "resultTime"):
        if name in observation:
            parts = str(observation[name]).split("/")
            if len(parts) > (2 if name == "phenomenonTime" else 1) or any(instant(part) is None for part in parts):
                raise Refusal(400, f"{name} could not be parsed as time instant or time interval.")


def check_result(result: Json, observation_type: str) -> None:
    """Raise Refusal for a result that its Datastream's observationType does not have (18-088, table 12)."""
    kinds = OBSERVATION_TYPES[observation_type]
    if isinstance(result, bool) and bool not in kinds:
        raise Refusal(400, f"a truth value is no {observation_type.rsplit('/', 1)[-1]}")
    if not isinstance(result, kinds) or (isinstance(result, float) and not isfinite(result)):
        raise Refusal(400, f"{result!r} is no {observation_type.rsplit('/', 1)[-1]}")


def instant(text: str) -> datetime | None:
    """Return a time with its offset; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def condition(text: str) -> Callable[[Mapping[str, Json]], bool]:
    """Return what a ``$filter`` of comparisons joined by "and" asks; Refusal 400 for any other (QueryParser)."""
    comparisons: list[tuple[str, str, Json]] = []
    rest = text.strip()
    while rest:
        found = _COMPARISON.match(rest)
        if found is None:
            raise Refusal(400, f"Failed to parse $filter: {text}")
        comparisons.append((found[1], found[2], _value(found[3])))
        rest = rest[found.end() :].strip()
        if rest and not rest.startswith("and "):
            raise Refusal(400, f"Failed to parse $filter: {text}")
        rest = rest.removeprefix("and ").strip()
    return lambda entity: all(_holds(entity, *one) for one in comparisons)


def entity_id(text: str) -> int:
    """Read the id of a path: a number. A quoted one is another id type's, and Refusal 404 (PathParser)."""
    plain = unquote(text)
    if not plain.isdecimal():
        raise Refusal(404, f"Not a valid id: {plain}")
    return int(plain)


def _holds(entity: Mapping[str, Json], path: str, operator: str, wanted: Json) -> bool:
    found: Json = entity
    for step in path.split("/"):
        found = found.get("@iot.id" if step == "id" else step) if isinstance(found, Mapping) else None
    if isinstance(wanted, datetime):
        found = instant(str(found).split("/", maxsplit=1)[0]) if found is not None else None
    if found is None or isinstance(found, str) is not isinstance(wanted, str):
        return False
    return _COMPARE[operator](found, wanted)


def _value(literal: str) -> Json:
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'")
    if (at := instant(literal)) is not None and "T" in literal:
        return at
    try:
        return float(literal)
    except ValueError as error:
        raise Refusal(400, f"Failed to parse $filter at {literal}") from error


def _check_geometry(encoding: str, geometry: Json) -> None:
    if encoding.lower() in GEOJSON and (not isinstance(geometry, dict) or geometry.get("type") not in _GEOMETRIES):
        # EntityFactories.insertGeoJson
        raise Refusal(400, "encoding specifies geoJson, but location not parsable as such.")
    if geometry == {"type": "Feature", "geometry": None, "properties": {}}:
        raise Refusal(500, "Failed to store data.")  # ST_GeomFromGeoJSON of nothing


def _check_unit(entity: Entity) -> None:
    unit = entity["unitOfMeasurement"]
    if not isinstance(unit, dict) or {"name", "symbol", "definition"} - unit.keys():  # 18-088, table 10
        raise Refusal(400, "Missing required property 'unitOfMeasurement'")
    if entity["observationType"] not in OBSERVATION_TYPES:
        raise Refusal(400, f"{entity['observationType']} is no observationType")
