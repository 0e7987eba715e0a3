"""What Orion says to an entity and to the headers of a request (fiware-orion c678400b, doc/manuals/orion-api.md; Orion 4.1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from simulators.platforms.web_platform import Refusal

Json = Any

# "General syntax restrictions": these may stand nowhere in a request.
FORBIDDEN: Final = re.compile(r"[<>\"'=;()]")
# "Identifiers syntax restrictions": plain ASCII without control characters, whitespace, & ? / #; 1 to 256 characters.
IDENTIFIER: Final = re.compile(r"[!$%*+,\-.0-9:@A-Z\[\\\]^_`a-z{|}~]{1,256}")
RESERVED: Final = frozenset(
    {"id", "type", "geo:distance", "dateCreated", "dateModified", "dateExpires"}
)  # "Reserved attribute names"
SERVICE: Final = re.compile(r"[A-Za-z0-9_]{0,50}")  # "Sunds-vall" is answered 400
SERVICE_PATH: Final = re.compile(r"/|(/[A-Za-z0-9_]{1,50}){1,10}")
ANY_TEXT: Final = frozenset({"TextUnrestricted"})  # a type whose values may hold any character


def bad_request(detail: str) -> Refusal:
    """Return the refusal that most mistakes get."""
    return Refusal(400, "BadRequest", detail)


def check_headers(service: str, path: str) -> None:
    """Raise Refusal for a service or a service path that Orion does not take."""
    if SERVICE.fullmatch(service) is None:
        raise bad_request("bad character in tenant name - only underscore and alphanumeric characters are allowed")
    if SERVICE_PATH.fullmatch(path) is None:
        raise bad_request("Only /absolute/ Service Paths allowed [a service path must begin with /]")


def check_entity(entity: Json) -> None:
    """Raise Refusal for an entity that Orion does not take."""
    if not isinstance(entity, dict):
        raise bad_request("entity is not a JSON object")
    for name in ("id", "type"):
        if not isinstance(entity.get(name), str) or IDENTIFIER.fullmatch(entity[name]) is None:
            raise bad_request(f"Invalid characters in entity {name}")
        if FORBIDDEN.search(entity[name]):
            raise bad_request(f"Invalid characters in entity {name}")
    for name, attribute in entity.items():
        if name not in {"id", "type"}:
            _check_attribute(name, attribute)


def _check_attribute(name: str, attribute: Json) -> None:
    if IDENTIFIER.fullmatch(name) is None or FORBIDDEN.search(name) or name in RESERVED:
        raise bad_request("Invalid characters in attribute name")
    if not isinstance(attribute, dict) or not attribute.keys() <= {"type", "value", "metadata"}:
        raise bad_request("attribute must be a JSON object, unless keyValues option is used")
    _check_value(attribute, "attribute")
    for key, metadatum in attribute.get("metadata", {}).items():
        if IDENTIFIER.fullmatch(key) is None or not isinstance(metadatum, dict):
            raise bad_request("Invalid characters in metadata name")
        _check_value(metadatum, "metadata")


def _check_value(one: Mapping[str, Json], what: str) -> None:
    kind, value = one.get("type"), one.get("value")
    if kind in ANY_TEXT:
        return
    if any(FORBIDDEN.search(text) for text in _texts(value)):
        raise bad_request(f"Invalid characters in {what} value")
    if kind == "DateTime" and not _is_instant(value):  # "attribute value ... in wrong ISO8601 format"
        raise bad_request("date has an invalid format")
    if kind == "geo:json" and not _is_geometry(value):
        raise bad_request("error parsing geo-location field for entity")
    if kind == "Number" and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise bad_request("a Number's value is a number")  # stricter than Orion, which keeps it as it is


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            for key, one in value.items():
                yield key
                yield from _texts(one)


def _is_instant(value: Json) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_geometry(value: Json) -> bool:
    return (
        isinstance(value, dict) and value.get("type") in {"Point", "LineString", "Polygon"} and "coordinates" in value
    )
