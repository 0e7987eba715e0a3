"""What a strict NGSI-LD broker says to an entity and to a request (ETSI GS CIM 009, 4.5 and 6.3.5; Orion-LD's words)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from math import isfinite
from typing import Any, Final

Json = Any

ERRORS: Final = "https://uri.etsi.org/ngsi-ld/errors/"
URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
# Terms of the core @context that belong inside an attribute: as an attribute's name they expand to something else.
RESERVED: Final = frozenset({"value", "object", "observedAt", "unitCode", "datasetId", "languageMap", "createdAt"})
NO_ATTRIBUTES: Final = frozenset({"id", "type", "@context", "scope"})


class Problem(Exception):
    """A refusal in the words of RFC 7807; ``kind`` is the end of the error's URI."""

    def __init__(self, status: int, kind: str, title: str, detail: str = "") -> None:
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        super().__init__(f"{status} {title}: {detail}")

    def body(self) -> dict[str, Json]:
        """Return the problem details."""
        return {"type": ERRORS + self.kind, "title": self.title, "detail": self.detail, "status": self.status}


def bad_request(title: str, detail: str = "") -> Problem:
    """Return the refusal that most mistakes get."""
    return Problem(400, "BadRequestData", title, detail)


def check_media_type(content_type: str, link: str | None, entities: list[Json]) -> None:
    """Raise Problem unless the @context comes the one way that its content type allows."""
    with_context = [isinstance(entity, dict) and "@context" in entity for entity in entities]
    if content_type == "application/json":
        if any(with_context):
            raise bad_request("Invalid payload", "Content-Type is application/json, yet a '@context' item was present")
    elif content_type == "application/ld+json":
        if link is not None:
            raise bad_request("Invalid headers", "Content-Type is application/ld+json AND a Link header is present")
        if not all(with_context):
            raise bad_request("Invalid payload", "For application/ld+json, the @context must be present")
    else:
        raise Problem(415, "UnsupportedMediaType", "Unsupported media type", content_type)


def context_urls(entities: list[Json], link: str | None) -> Iterator[str]:
    """Yield every @context that a request names."""
    if link is not None:
        found = re.match(r'<([^>]+)>;\s*rel="http://www\.w3\.org/ns/json-ld#context"', link)
        if found is None:
            raise bad_request("Invalid Link header", link)
        yield found[1]
    for entity in entities:
        context = entity.get("@context", []) if isinstance(entity, dict) else []
        yield from (one for one in (context if isinstance(context, list) else [context]) if isinstance(one, str))


def check_entity(entity: Json) -> None:
    """Raise Problem for an entity that the standard does not allow."""
    if not isinstance(entity, dict):
        raise bad_request("Invalid entity", "an entity is a JSON object")
    if not isinstance(entity.get("id"), str) or URI.fullmatch(entity["id"]) is None:
        raise bad_request("Invalid entity id", f"{entity.get('id')!r} is no URI")
    if not _is_name(entity.get("type")):
        raise bad_request("Invalid entity type", f"{entity.get('type')!r} is no name")
    for name, attribute in entity.items():
        if name not in NO_ATTRIBUTES:
            _check_attribute(name, attribute)


def check_temporal_entity(entity: Json) -> None:
    """Raise Problem unless each attribute is an array of instances, each with its own time (GS CIM 009, 4.5.6)."""
    for name, instances in entity.items():
        if name not in NO_ATTRIBUTES and not (isinstance(instances, list) and instances):
            raise bad_request("Invalid temporal entity", f"{name}: an array of instances is expected")
    for name, instance in temporal_instances(entity):
        check_entity({"id": entity.get("id"), "type": entity.get("type"), name: instance})
        if "observedAt" not in instance:
            raise bad_request("Invalid temporal entity", f"{name}: an instance without observedAt")


def temporal_instances(entity: Json) -> Iterator[tuple[str, Json]]:
    """Yield each attribute's name with each of its instances."""
    for name, instances in entity.items():
        if name not in NO_ATTRIBUTES:
            yield from ((name, instance) for instance in instances)


def _check_attribute(name: str, attribute: Json) -> None:
    if not _is_name(name) or name in RESERVED:
        raise bad_request("Invalid attribute name", name)
    if not isinstance(attribute, dict) or attribute.get("type") not in _KINDS:
        raise bad_request("Invalid attribute", f"{name}: an attribute is an object with a type, in normalised form")
    _KINDS[attribute["type"]](name, attribute)
    if "observedAt" in attribute and not _is_instant(attribute["observedAt"]):
        raise bad_request("Invalid observedAt", f"{name}: {attribute['observedAt']!r} is no time in UTC with Z")
    if "unitCode" in attribute and not (isinstance(attribute["unitCode"], str) and attribute["unitCode"]):
        raise bad_request("Invalid unitCode", f"{name}: {attribute['unitCode']!r}")


def _check_property(name: str, attribute: Mapping[str, Json]) -> None:
    value = attribute.get("value")
    if value is None:
        raise bad_request("Invalid Property", f"{name}: no value")
    if isinstance(value, dict) and value.get("@type") == "DateTime" and not _is_instant(value.get("@value")):
        raise bad_request("Invalid DateTime", f"{name}: {value.get('@value')!r}")


def _check_relationship(name: str, attribute: Mapping[str, Json]) -> None:
    if not isinstance(attribute.get("object"), str) or URI.fullmatch(attribute["object"]) is None:
        raise bad_request("Invalid Relationship", f"{name}: {attribute.get('object')!r} is no URI")


def _check_geo_property(name: str, attribute: Mapping[str, Json]) -> None:
    value = attribute.get("value")
    if not isinstance(value, dict) or value.get("type") != "Point":
        raise bad_request("Invalid GeoProperty", f"{name}: a Point is expected")
    numbers = value.get("coordinates")
    if not isinstance(numbers, list) or len(numbers) not in {2, 3} or not all(map(_is_number, numbers)):
        raise bad_request("Invalid GeoProperty", f"{name}: coordinates are two or three numbers")
    if abs(numbers[0]) > 180 or abs(numbers[1]) > 90:
        raise bad_request("Invalid GeoProperty", f"{name}: longitude first, then latitude")


_KINDS: Final[Mapping[str, Callable[[str, Mapping[str, Json]], None]]] = {
    "Property": _check_property,
    "Relationship": _check_relationship,
    "GeoProperty": _check_geo_property,
}


def _is_name(text: Json) -> bool:
    return isinstance(text, str) and (NAME.fullmatch(text) is not None or URI.fullmatch(text) is not None)


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _is_instant(text: Json) -> bool:
    if not isinstance(text, str) or not text.endswith("Z"):
        return False
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False
