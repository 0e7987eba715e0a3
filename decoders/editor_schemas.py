"""JSON Schemas of the files that people write beside a decoder, for their editors: metadata and vectors."""

from __future__ import annotations

from decoders import command_vectors, metadata, vectors
from decoders.contract import DecodeReason, EncodeReason
from decoders.metadata import Context
from decoders.payload_schema.editor import (
    DRAFT,
    OCTETS,
    RANGE,
    TEXT,
    Schema,
    chosen,
    closed,
    one_of,
    says,
    table_schema,
)
from decoders.table import WORDS
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import UNITS

F_PORT: Schema = {"type": "integer", "minimum": 0, "maximum": 255, "description": "LoRaWAN's FPort"}
UNIT: Schema = {"type": "string", "anyOf": [{"enum": sorted(UNITS)}, {"pattern": "^@"}, {"const": ""}]}
SPAN: Schema = {"type": ["string", "number", "object"]}
RULE: dict[str, Schema] = {
    "field": says(TEXT, "The field's path: temperature, soil.moisture, history[*].temp"),
    "quantity": says(one_of(QUANTITIES), "A quantity of the vocabulary (docs/reference/quantities.md)"),
    "unit": says(UNIT, "The unit that the device states it in, UCUM; or @path, where the payload says it"),
    "channel": says(
        {"type": ["string", "integer"]}, "Tells several of one quantity apart: external, depth_{samples[*].depth}"
    ),
    "missing": says({"type": "array"}, "Values that mean: no value"),
    "labels": says({"type": "object"}, "What each value means: {open: true, closed: false}"),
    "valid_range": says(RANGE, "[least, greatest]; a value outside states nothing"),
    "where": says({"type": "object"}, "Only where these fields have these values"),
    "at": says(TEXT, "The field that holds the reading's own time"),
    "ago": says(SPAN, "How long before reception: seconds, a field of seconds, or {field: age, unit: min}"),
    "step": says(SPAN, "How long between two elements of a series, the same way"),
    "newest": says({"enum": ["first", "last"]}, "Which end of a series is the newest"),
}
METADATA: dict[str, Schema] = {
    "description": says(TEXT, "Maker and model, and what it measures"),
    "source": says(TEXT, "Where the decoder is published"),
    "licence": says(TEXT, "Its licence, SPDX"),
    "origin": says({}, "What it was imported from"),
    "ports": says({"type": ["array", "integer"], "items": F_PORT}, "The ports that it reads; none: any"),
    "context": says(one_of(Context), "How long a JavaScript codec's globals live"),
    "personal": says({"type": "boolean"}, "Its device watches somebody or names him, whatever its quantities are"),
    "readings": says(
        {"type": "array", "items": closed(chosen(metadata.RULE_KEYS, RULE), required=["field", "quantity"])},
        "What its fields mean",
    ),
}
_SOURCE = says(TEXT, "Where it is from: document and section, capture")
_LICENCE = says(TEXT, "Of the vector, SPDX; facts: where it is none of anybody's")
_READING = closed(
    {
        "quantity": one_of(QUANTITIES),
        "value": {"type": ["number", "boolean"]},
        "unit": one_of(UNITS),
        "channel": {"type": ["string", "integer"]},
        "at": TEXT,
    },
    required=["quantity", "value"],
)
VECTOR: dict[str, Schema] = {
    "name": says(TEXT, "What it shows"),
    "description": TEXT,
    "payload": OCTETS,
    "f_port": F_PORT,
    "fPort": F_PORT,
    "received_at": says(TEXT, "When it was received, for what counts back from there"),
    "expected": says({"type": ["object", "array"]}, "All fields, with the names and values of the vendor's own codec"),
    "readings": says({"type": "array", "items": _READING}, "What a city gets"),
    "error": says(one_of(DecodeReason), "Why it is not read"),
    "source": _SOURCE,
    "licence": _LICENCE,
}
COMMAND: dict[str, Schema] = {
    "name": says(TEXT, "What it shows"),
    "command": says({"type": "object"}, "What is asked of the device"),
    "f_port": says({**F_PORT, "maximum": 223, "minimum": 1}, "Where the device listens"),
    "payload": OCTETS,
    "error": says(one_of(EncodeReason), "Why it cannot be told"),
    "source": _SOURCE,
    "licence": _LICENCE,
}


def table() -> Schema:
    """Return the JSON Schema of ``<model>.yaml``."""
    return table_schema(WORDS)


def metadata_file() -> Schema:
    """Return the JSON Schema of ``<model>.meta.yaml``."""
    return {"$schema": DRAFT, "title": "What a decoder's fields mean", **closed(chosen(metadata.KEYS, METADATA))}


def vectors_file() -> Schema:
    """Return the JSON Schema of ``<model>.vectors.yaml``."""
    keys = {
        "source": _SOURCE,
        "licence": _LICENCE,
        "f_port": F_PORT,
        "vectors": says(
            {"type": "array", "items": closed(chosen(vectors.KEYS, VECTOR))}, "Payloads with what they say"
        ),
        "commands": says(
            {"type": "array", "items": closed(chosen(command_vectors.KEYS, COMMAND), required=["command"])},
            "Commands with what they become",
        ),
    }
    return {"$schema": DRAFT, "title": "Vectors of a decoder", **closed(keys)}
