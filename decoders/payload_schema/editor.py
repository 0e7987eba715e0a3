"""The language as a JSON Schema (draft 07, which editors understand best): what may stand where, and what it means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from decoders.payload_schema import compiler, encoding, statements, structures, wire
from decoders.vectors import KEYS as VECTOR_KEYS
from decoders.vectors import PUBLISHED as PUBLISHED_KEYS
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import UNITS

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
REFERENCE: Schema = {"type": "string", "pattern": r"^\$\w+$"}
ORDER: Schema = {"enum": ["big", "little"]}
PORT: Schema = {"type": "integer", "minimum": 1, "maximum": 223}
OCTETS: Schema = {"type": ["string", "integer", "array"], "description": "Octets as hex digits; spaces are passed over"}
FIELDS: Schema = {"$ref": "#/definitions/fields"}
LABELS: Schema = {"type": ["array", "object"]}
RANGE: Schema = {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}
TYPES = sorted({*wire.FLOATS, *wire.TEXTS, *wire.OTHERS, *compiler.COMPUTED, *structures.TYPES, "skip"})  # fmt: skip


def closed(properties: Mapping[Any, Schema], **more: Any) -> Schema:
    """Return the schema of a mapping that has these keys and no others but ``x-`` extensions."""
    return {
        "type": "object",
        "properties": {str(key): properties[key] for key in sorted(properties)},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
        **more,
    }


def chosen(words: Collection[str], explained: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the properties that ``words`` are: what the loader takes is what the editor takes, explained or not."""
    return {word: explained.get(word, {}) for word in words}


def says(schema: Schema, description: str) -> Schema:
    """Return ``schema`` with the words that an editor shows."""
    return {**schema, "description": description}


def one_of(values: Iterable[str]) -> Schema:
    """Return the schema of a word that is one of ``values``."""
    return {"enum": sorted(values)}


READING = closed(
    chosen(
        statements.KEYS,
        {
            "quantity": says(one_of(QUANTITIES), "A quantity of the vocabulary (docs/reference/quantities.md)"),
            "unit": says(one_of(UNITS), "The unit that the device states it in, UCUM; none for yes or no"),
            "channel": says({"type": ["string", "integer"]}, "Tells several of one quantity apart"),
            "labels": says({"type": "object"}, "What each value means: as yes or no, or as a number"),
            "missing": says({"type": "array"}, "Raw values that mean: no value"),
            "at": says(REFERENCE, "The field that holds the reading's own time, in Unix seconds"),
            "ago": says({"type": ["string", "number"]}, "Seconds before reception, or the field that holds them"),
        },
    ),
    required=["quantity"],
    description="The quantity that the field states",
)

FIELD: dict[str, Schema] = {
    "name": says(TEXT, "What the field is called; one that begins with _ is not reported"),
    "type": says(
        {
            "anyOf": [{"enum": TYPES}, {"pattern": f"^(?:{wire.INTEGER.pattern}|{wire.BITS.pattern})$"}],
            "type": "string",
        },
        "How it stands in the octets: u16, s8, le_u32, u8[0:3], f32, bool, ascii, hex, enum, …; number is computed",
    ),
    "length": says({"anyOf": [COUNT, {"const": "remaining"}, REFERENCE]}, "Octets; remaining: all that are left"),
    "endian": says(ORDER, "The order of its octets, where it is another than the table's"),
    "encoding": says(one_of(wire.ENCODINGS), "How its bits are read"),
    "bit": says({"type": "integer", "minimum": 0, "maximum": 7}, "The bit of a bool"),
    "consume": says(COUNT, "Octets to move on; bits and bools do not move on by themselves"),
    "format": says({"enum": ["hex", "hex:upper", "base64", "array"]}, "How octets are reported"),
    "separator": says(TEXT, "What stands between octets"),
    "parts": says({"type": "array", "items": {"type": "array"}}, "[first bit, width] or [first bit, width, hex] each"),
    "delimiter": says(TEXT, "What stands between the parts"),
    "prefix": says(TEXT, "What stands before them"),
    "base": says(TEXT, "The type of an enum's octets"),
    "values": says(LABELS, "The words of an enum's values"),
    "default": says({}, "The word of every other value; for what is told, the value that is meant where none is given"),
    "mult": says(NUMBER, "Multiply by; first of mult, div, add, whatever their order here"),
    "div": says({"type": "number", "not": {"const": 0}}, "Divide by"),
    "add": says(NUMBER, "Add"),
    "transform": says({"type": "array", "items": {"type": "object"}}, "Sums one after the other: - add: -40"),
    "lookup": says(LABELS, "Words for values: a list from 0, or a mapping"),
    "polynomial": says({"type": "array", "items": NUMBER}, "Coefficients, the highest power first"),
    "ref": says(REFERENCE, "The field that a number is computed from"),
    "compute": says({"type": "object"}, "{op: add | sub | mul | div | mod | idiv, a: $name, b: 10}"),
    "guard": says({"type": "object"}, "{when: [{field: $name, gt: 0}], else: 0}"),
    "formula": says(TEXT, "An expression of x and $name, of older tables"),
    "match_value": says(
        {"type": "array", "items": {"type": "object"}}, 'Sums by value: - {when: ">= 32768", add: -65536}'
    ),
    "on": says(TEXT, "The field that decides, of a match as older tables write it (type: match)"),
    "cases": says({"type": ["array", "object"]}, "The cases of such a match: - {case: 1, fields: […]}"),
    "encode_formula": says(TEXT, "The expression that undoes it"),
    "value": says({}, "What it always is"),
    "var": says(TEXT, "What other fields call it: $var"),
    "name_from": says(TEXT, "A name with values in it: channel_${ch}"),
    "valid_range": says(RANGE, "[least, greatest]; a value outside is told, and kept"),
    "fields": says(FIELDS, "What it consists of"),
    "count": says({"anyOf": [COUNT, REFERENCE]}, "How often it is repeated"),
    "count_field": says(TEXT, "The field that holds how often"),
    "byte_length": says({"anyOf": [COUNT, REFERENCE]}, "How many octets all repetitions have"),
    "until": says({"enum": ["end"]}, "Repeated to the end"),
    "min": says(COUNT, "Repetitions at least"),
    "max": says(COUNT, "Repetitions at most"),
    "reading": READING,
    "wrap": says({"type": "object"}, "Reported as an object of these and value"),
    "unit": says(TEXT, "The unit, for people and other platforms"),
    "description": says({}, "For people"),
    "ipso": says({"type": ["integer", "string", "object"]}, "For other platforms: an LwM2M object"),
    "senml": says({"type": ["string", "object"]}, "For other platforms: SenML's name and unit"),
    "senml_unit": says(TEXT, "For other platforms: SenML's unit"),
    "semantic": says({"type": ["string", "object"]}, "For other platforms: what it measures"),
    "unece": says(TEXT, "For other platforms: the unit's code, UN/CEFACT Recommendation 20"),
}

_HOLDERS: dict[str, Schema] = {
    "flagged": closed({
        "field": says(TEXT, "The field whose bits announce the groups"), "description": TEXT,
        "groups": {
            "type": "array",
            "items": closed({"bit": COUNT, "fields": FIELDS, "description": TEXT, "name": TEXT}, required=["bit"]),
        },
    }, required=["field", "groups"]),
    "match": closed({
        "field": says(TEXT, "The field that decides: $kind"),
        "length": says(COUNT, "Octets of its own that decide"),
        "name": TEXT, "var": TEXT, "description": TEXT, "cases": {"$ref": "#/definitions/cases"},
        "default": {"anyOf": [{"enum": ["error", "skip"]}, FIELDS, {"type": "object"}]},
    }, required=["cases"]),
    "tlv": closed({
        "tag_size": COUNT, "length_size": COUNT, "tag_fields": FIELDS, "tag_key": {"type": ["array", "string"]},
        "merge": {"type": "boolean"}, "unknown": {"enum": ["skip", "error", "raw"]}, "default": {},
        "description": TEXT, "cases": {"$ref": "#/definitions/cases"},
    }, required=["cases"]),
    "byte_group": {"anyOf": [FIELDS, closed({"size": COUNT, "fields": FIELDS, "description": TEXT, "name": TEXT}, required=["fields"])]},
    "object": says(TEXT, "The object's name"),
}  # fmt: skip
_BESIDE: dict[str, dict[str, Schema]] = {"byte_group": {"size": COUNT}, "object": {"fields": FIELDS, "name": TEXT}}
_REFERENCES = closed({
    "$ref": says(TEXT, "#/definitions/name, or file.yaml#name"), "use": says(TEXT, "A definition's name, or file.yaml#name"),
    "description": TEXT, "rename": says({}, "Another name"), "prefix": says(TEXT, "Before each name"), "name": TEXT,
    "optional": {"type": "boolean"},
})  # fmt: skip


def field() -> Schema:
    """Return the schema of a field: which keys it may have follows from those it has, so that a complaint is about one."""
    notes = dict.fromkeys(compiler.NOTES, says({}, "For people and other platforms; it changes nothing here"))
    elsewhere = {"$ref": TEXT, "use": TEXT}  # of an object whose fields stand in a definition
    schema = closed({**chosen(compiler.WORDS, {**notes, **FIELD}), **elsewhere})
    for key, inner in reversed(_HOLDERS.items()):
        holder = closed({key: inner, "description": TEXT, "name": TEXT, **_BESIDE.get(key, {})})
        schema = _if_has(key, holder, schema)
    return _if_has("$ref", _REFERENCES, _if_has("use", _REFERENCES, schema))


def _if_has(key: str, then: Schema, otherwise: Schema) -> Schema:
    return {"if": {"required": [key], "not": {"required": ["type"]}}, "then": then, "else": otherwise}


TABLE: dict[str, Schema] = {
    "name": says(TEXT, "The table's name, for people"),
    "version": says({"type": ["integer", "string", "number"]}, "The table's version"),
    "endian": says(ORDER, "The order of octets: big (the default) or little"),
    "description": says(TEXT, "Maker and model, and what it measures"),
    "source": says(TEXT, "Where the payload is documented"),
    "licence": says(TEXT, "Of this table, SPDX"),
    "direction": says({"enum": ["uplink", *encoding.TELLING]}, "Whom it speaks to; downlink and bidirectional can be told"),
    "fields": says(FIELDS, "What the octets say, in their order"),
    "header": says({"type": ["array", "object"]}, "Fields that are read before all others, of older tables"),
    "ports": says({
        "type": "object", "patternProperties": {"^([0-9]+|default)$": {"$ref": "#/definitions/port"}}, "additionalProperties": False,
    }, "Fields by FPort"),
    "definitions": says({"type": "object"}, "Fields that are used in several places, by name"),
    "downlink_commands": says({"type": "object", "additionalProperties": {"$ref": "#/definitions/command"}},
                              "What the device can be told, by name"),
    "f_port": says(PORT, "Where the device listens"),
    "format": says(TEXT, 'Fields in short: ">hB", with names'),
    "names": says({"type": "array", "items": TEXT}, "The names of the fields of format"),
    "metadata": says({"type": "object"}, "What is reported of the reception"),
    "imports": says({"type": ["array", "object", "string"]}, "Other files whose definitions are used"),
    "test_vectors": says({"type": "array", "items": {"$ref": "#/definitions/vector"}}, "Payloads with what they say"),
    "manufacturer": TEXT,
    "device": TEXT,
    "personal": says({"type": "boolean"}, "Its device watches somebody or names him, whatever its quantities are (docs/decoders.md)"),
    "same_as": says(TEXT, "<vendor>/<model> that sends the same; then only a description, quantities and personal go with it"),
    "quantities": says({"type": "array", "items": TEXT}, "With same_as: those of the other's quantities that this model has a sensor for"),
}  # fmt: skip
_COMMAND: dict[str, Schema] = {
    "command_id": says(
        {"type": ["integer", "string", "array"]}, "The octet that begins it, or a list of octets; [] for none"
    ),
    "f_port": says(PORT, "Where the device listens for it"),
    "fields": says(FIELDS, "Its values, in their order"),
}
_VECTOR: dict[str, Schema] = {
    **{key: {} for key in (*VECTOR_KEYS, *PUBLISHED_KEYS)},
    "payload": OCTETS,
    "expected": says({"type": "object"}, "All fields, with names and values"),
    "input": says({"type": "object"}, "Values to be told"),
    "expected_payload": OCTETS,
}


def table_schema(words: Collection[str]) -> Schema:
    """Return the JSON Schema of a table whose own keys are ``words``."""
    fields = {"type": ["array", "string"], "items": {"$ref": "#/definitions/field"}}
    listed = {"anyOf": [FIELDS, {"$ref": "#/definitions/field"}, closed({"fields": FIELDS, "description": TEXT})]}
    port = {"fields": FIELDS, "description": TEXT, "name": TEXT, "direction": {"enum": ["uplink", *encoding.TELLING]}}
    return {
        "$schema": DRAFT,
        "title": "A Brygga decoder table (Payload Schema language, MT-DOC-0001)",
        **closed(chosen({*words, "same_as", "quantities", "f_port"}, TABLE)),
        "definitions": {
            "field": field(),
            "fields": fields,
            "cases": {"type": "object", "additionalProperties": listed},
            "port": closed(port),
            "command": closed(chosen(encoding.COMMAND_WORDS, _COMMAND)),
            "vector": closed(_VECTOR),
        },
    }
