"""The Smart Data Models' schemas and contexts, offline: what judges the entities that we write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from pyld import jsonld  # type: ignore[import-untyped]  # PyLD states no types
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from gateway.formats.ngsi_ld.models import CORE_CONTEXT, SUBJECT_CONTEXT

FOLDER = Path(__file__).parent.parent / "vectors" / "smart_data_models"
DEFAULT_CONTEXT = "https://uri.etsi.org/ngsi-ld/default-context/"

# What the schemas require and no sensor knows: the city says it once, and an update leaves it as it is.
THE_CITYS_TO_SAY: Mapping[str, frozenset[str]] = {
    "AgriParcelRecord": frozenset({"hasAgriParcel"}),
    "Device": frozenset({"controlledProperty"}),
    "ParkingSpot": frozenset({"category", "refParkingSite"}),
    "Streetlight": frozenset({"status"}),
    "Vehicle": frozenset({"category", "vehicleType"}),
}


def complaints(entity: Mapping[str, Any]) -> list[str]:
    """Return what the model's schema says against the simplified form of an entity."""
    model = entity["type"]
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in _validator(model).iter_errors(simplified(entity))
        if not _is_known_gap(model, error.validator, error.message)
    ]


def simplified(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Return attribute and value: the form that the schemas describe."""
    return {name: _value(one) for name, one in entity.items() if name != "@context"}


def lost_terms(entity: Mapping[str, Any]) -> list[str]:
    """Return the words of an entity that its @context does not know: a reader with the right one finds nothing."""
    return [iri for iri in _iris(expanded(entity)) if iri.startswith(DEFAULT_CONTEXT)]


def expanded(entity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an entity with every word as its @context means it."""
    whole: list[dict[str, Any]] = jsonld.expand(dict(entity), {"documentLoader": _load})
    return whole


def subject_contexts() -> list[str]:
    """Return the URL of every @context that is here."""
    names = sorted(path.name.split(".")[1] for path in (FOLDER / "contexts").glob("dataModel.*"))
    return [SUBJECT_CONTEXT.format(subject=name) for name in names]


def _is_known_gap(model: str, validator: object, message: str) -> bool:
    return validator == "required" and any(
        message == f"'{name}' is a required property" for name in THE_CITYS_TO_SAY.get(model, ())
    )


def _value(attribute: Any) -> Any:
    if not isinstance(attribute, dict):
        return attribute
    value = attribute.get("value", attribute.get("object"))
    return value["@value"] if isinstance(value, dict) and "@value" in value else value


@cache
def _validator(model: str) -> Draft202012Validator:
    registry: Registry[Any] = Registry(retrieve=_retrieve)  # type: ignore[call-arg]  # attrs gives it its alias
    schema = json.loads((FOLDER / "schemas" / f"{model}.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())


def _retrieve(uri: str) -> Resource[Any]:
    text = (FOLDER / "schemas" / uri.partition("#")[0].rsplit("/", 1)[-1]).read_text(encoding="utf-8")
    return Resource.from_contents(json.loads(text), default_specification=DRAFT202012)


@cache
def _context(url: str) -> dict[str, Any]:
    known = {CORE_CONTEXT: "ngsi-ld-core-terms.jsonld"} | {
        one: f"{one.split('/')[4]}.context.jsonld" for one in subject_contexts()
    }
    document: dict[str, Any] = json.loads((FOLDER / "contexts" / known[url]).read_text(encoding="utf-8"))
    return document


def _load(url: str, _options: Mapping[str, Any]) -> dict[str, Any]:
    return {"contextUrl": None, "documentUrl": url, "document": _context(url), "contentType": "application/ld+json"}


def _iris(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _iris(one)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from value if key == "@type" and isinstance(value, list) else _iris(value)
