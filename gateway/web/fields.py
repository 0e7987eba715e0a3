"""What a request may say: each field with its kind and bounds, read from text or JSON, and told as JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from gateway.model import Json
from gateway.web.refusal import Refusal

LONGEST_TEXT: Final = 1000  # characters, where a field says nothing else
LARGEST: Final = 2**53 - 1  # that JavaScript counts without loss (RFC 8259, section 6)


class Kind(Enum):
    """What a value is."""

    TEXT = "a text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    TRUTH = "true or false"
    TABLE = "a table of texts"  # column and cell
    OBJECT = "a JSON object"
    WHOLES = "a list of whole numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a path, a query or a body."""

    name: str
    words: str
    kind: Kind = Kind.TEXT
    is_needed: bool = False
    least: float = 0
    most: float = LARGEST  # of a number; of a text and a list its length
    choices: tuple[str, ...] = ()
    usual: Json = None  # what stands for a field that is left out
    example: Json = None

    def schema(self) -> dict[str, Json]:
        """Return it as JSON Schema has it."""
        told = _SCHEMAS[self.kind](self)
        if self.usual is not None:
            told["default"] = self.usual
        if self.example is not None:
            told["examples"] = [self.example]
        return {**told, "description": self.words}


def _text_schema(field: Field) -> dict[str, Json]:
    if field.choices:
        return {"type": "string", "enum": list(field.choices)}
    return {"type": "string", "maxLength": _length(field)}


_SCHEMAS: Final[Mapping[Kind, Any]] = {
    Kind.TEXT: _text_schema,
    Kind.WHOLE: lambda field: {"type": "integer", "minimum": field.least, "maximum": field.most},
    Kind.NUMBER: lambda field: {"type": "number", "minimum": field.least, "maximum": field.most},
    Kind.TRUTH: lambda _: {"type": "boolean"},
    Kind.TABLE: lambda _: {"type": "object", "additionalProperties": {"type": "string", "maxLength": LONGEST_TEXT}},
    Kind.OBJECT: lambda _: {"type": "object", "additionalProperties": True},
    Kind.WHOLES: lambda _: {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 10_000},
}


def from_query(fields: Iterable[Field], query: Mapping[str, str]) -> dict[str, Json]:
    """Return what a query or a path says; Refusal names every field that is wrong, and those that nobody knows."""
    known = {field.name: field for field in fields}
    problems = [f"{name[:60]!r} is none of {', '.join(known) or 'no'} fields" for name in query if name not in known]
    found: dict[str, Json] = {}
    for name, field in known.items():
        if name not in query:
            found[name] = field.usual
            continue
        value = _from_text(field, query[name])
        problems += [f"{name}: {words}" for words in _problems(field, value)]
        found[name] = value
    return _refused(problems) or found


def from_body(fields: Iterable[Field], body: Json) -> dict[str, Json]:
    """Return what a body says; Refusal names every field that is wrong, is missing, or that nobody knows."""
    known = {field.name: field for field in fields}
    if not isinstance(body, dict):
        raise Refusal(400, f"a JSON object with {', '.join(known)} is expected", counted="wrong")
    problems = [f"{name[:60]!r} is none of the fields {', '.join(known)}" for name in body if name not in known]
    found: dict[str, Json] = {}
    for name, field in known.items():
        value = body.get(name)
        if value is None:
            problems += [f"{name}: is missing; {field.kind.value} is expected"] if field.is_needed else []
            found[name] = field.usual
            continue
        problems += [f"{name}: {words}" for words in _problems(field, value)]
        found[name] = value
    return _refused(problems) or found


def _refused(problems: list[str]) -> dict[str, Json]:
    if problems:
        raise Refusal(400, problems, counted="wrong")
    return {}


def _from_text(field: Field, text: str) -> Json:
    match field.kind:
        case Kind.WHOLE if re.fullmatch(r"-?\d{1,16}", text, re.ASCII):
            return int(text)
        case Kind.NUMBER if re.fullmatch(r"-?\d{1,16}(\.\d{1,16})?", text, re.ASCII):
            return float(text)
        case Kind.TRUTH if text in {"true", "false"}:
            return text == "true"
        case _:
            return text


def _problems(field: Field, value: Json) -> list[str]:
    if not _is_of(field.kind, value):
        return [f"{field.kind.value} is expected"]
    match value:
        case bool():
            return []
        case int() | float() if not field.least <= value <= field.most:  # not true of NaN either
            return [f"{field.least:g} to {field.most:g} is right"]
        case str() if field.choices and value not in field.choices:
            return [f"one of {', '.join(field.choices)} is expected"]
        case str() if len(value) > _length(field):
            return [f"{len(value)} characters; at most {_length(field)} are right"]
        case _:
            return []


def _length(field: Field) -> int:
    return LONGEST_TEXT if field.most == LARGEST else int(field.most)


def _is_of(kind: Kind, value: Json) -> bool:
    match kind:
        case Kind.TEXT:
            return isinstance(value, str)
        case Kind.WHOLE:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.TRUTH:
            return isinstance(value, bool)
        case Kind.TABLE:
            return isinstance(value, dict) and all(
                isinstance(cell, str) and len(cell) <= LONGEST_TEXT for cell in value.values()
            )
        case Kind.OBJECT:
            return isinstance(value, dict)
        case Kind.WHOLES:
            return isinstance(value, list) and all(
                isinstance(one, int) and not isinstance(one, bool) and 0 < one <= LARGEST for one in value
            )
