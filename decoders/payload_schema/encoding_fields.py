"""Compile the fields of a table to parts of a message: each takes its value from a command and puts it into octets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from decoders.commands import did_you_mean
from decoders.contract import EncodeError, EncodeReason
from decoders.cursor import ByteOrder
from decoders.payload_schema import compact, document
from decoders.payload_schema.document import TableError
from decoders.payload_schema.encoding_computed import computed
from decoders.payload_schema.encoding_field import Field
from decoders.payload_schema.encoding_message import ABSENT, NOTHING, Given, Message, Part, wrong
from decoders.payload_schema.library import Library, tree_of

MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # of a part that is no such part at all


TYPES = ("object", "repeat", "match")
COMPUTED = ("number", "integer")


def say_all(parts: Sequence[Part], message: Message, given: Given) -> None:
    """Say ``parts`` in order."""
    for part in parts:
        part.say(message, given)


def names_of(parts: Iterable[Part]) -> frozenset[str]:
    """Return all values that ``parts`` can take."""
    return NOTHING.union(*(part.names for part in parts))


def needs_of(parts: Iterable[Part]) -> frozenset[str]:
    """Return the values without which ``parts`` cannot be said."""
    return NOTHING.union(*(part.needs for part in parts))


def refuse_strangers(given: Given, known: Iterable[str]) -> None:
    """Raise EncodeError for a value that found no place."""
    names = dict.fromkeys(sorted(known))
    for name in given.values:
        if name in names and name not in given.used:
            raise wrong(given.where(name), "it has no place beside the other values")
        if name not in given.used:
            hint = did_you_mean(name, names) if names else "; there are none"
            raise EncodeError(EncodeReason.UNKNOWN_COMMAND, f"unknown value {given.where(name)!r}{hint}")


class Fields:
    """Compile field lists; knows what all fields of one table share."""

    def __init__(self, table: document.Mapping, name: str, structures: Structures) -> None:
        self.order: ByteOrder = "little" if table.get("endian") == "little" else "big"
        self._library = Library(table, tree_of(table, name))
        self._structures = structures
        self._wanted = frozenset(references(table))
        self.called = dict(_called(table))  # the name of the field behind each ``var``

    def message(self, owner: document.Mapping) -> tuple[Part, ...]:
        """Return the parts of the fields of ``owner``, compact ones and those of other files too; raises TableError."""
        given = owner.get("fields", [])
        if isinstance(given, str):
            given = compact.fields(given, owner, "fields")
        elif "format" in owner:
            given = compact.named(owner["format"], owner.get("names"), owner)
        return self.parts(self._library.fields(given, owner), owner)

    def header(self, table: document.Mapping) -> tuple[Part, ...]:
        """Return the parts of ``header``, which older tables have before all others; raises TableError."""
        header = table.get("header", [])
        fields = header.get("fields", []) if isinstance(header, document.Mapping) else header
        return self.parts(self._library.fields(fields, table), table)

    def parts(self, fields: Any, owner: document.Mapping) -> tuple[Part, ...]:
        """Return the parts of a list of fields, references written out; raises TableError."""
        if not isinstance(fields, list):
            raise owner.wrong("fields is a list")
        made: list[Part] = []
        for field in fields:
            if not isinstance(field, document.Mapping):
                raise owner.wrong(f"{field!r} is no field: `- name: …` is expected")
            made.append(self._part_or_complaint(field))
        return tuple(made)

    def _part_or_complaint(self, field: document.Mapping) -> Part:
        try:
            return self._part(field)
        except TableError:
            raise
        except MISFITS as error:
            raise field.wrong(f"this field cannot be told: {error}") from error

    def _part(self, field: document.Mapping) -> Part:
        if "type" not in field:
            for key, compile_structure in self._structures.items():
                if key in field:
                    return compile_structure(self, field)
        kind = field.get("type", "u8")
        if kind in TYPES:
            return self._structures[kind](self, field)
        if kind in COMPUTED or (kind == "string" and "value" in field):
            return computed(field)
        return self._wire(field)

    def _wire(self, field: document.Mapping) -> Part:
        one = Field.of(field, self._library.order(field) or self.order)
        names = frozenset(one.names[:1])
        free = one.is_quiet or one.standing is not ABSENT or bool(self._wanted.intersection(one.names))
        entries = 0 if field.get("format") == "array" else None
        return Part(one.say, names, NOTHING if free else names, entries)


Structures = dict[str, Callable[[Fields, document.Mapping], Part]]
"""What compiles each construct that holds fields, by its key; ``repeat`` is a type."""


def _called(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if isinstance(node.get("var"), str) and isinstance(node.get("name"), str):
            yield node["var"], node["name"]
        for value in node.values():
            yield from _called(value)
    elif isinstance(node, list):
        for value in node:
            yield from _called(value)


def references(node: Any) -> Iterator[str]:
    """Yield every name that some part of the table refers to: the rest of a message may say its value."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"field", "count_field"} and isinstance(value, str):
                yield value.removeprefix("$")
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
    elif isinstance(node, str):
        yield from re.findall(r"^\$(\w+)$", node)
