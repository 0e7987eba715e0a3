"""Compile the fields of a table to steps: each reads its octets and puts what they say where it belongs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from decoders.contract import DecodeError, DecodeReason
from decoders.cursor import ByteOrder
from decoders.payload_schema import structures
from decoders.payload_schema.document import Mapping, TableError
from decoders.payload_schema.machine import Fields, Machine, Step
from decoders.payload_schema.statements import State, Stated, statement
from decoders.payload_schema.values import computed, conversion
from decoders.payload_schema.wire import Read, reader

# Said for people and for other platforms; they change nothing here.
NOTES = {
    "name", "description", "unit", "ipso", "senml", "senml_unit", "semantic", "unece", "sensor", "resolution",
    "mbus_dif", "mbus_vif", "label", "title", "accuracy", "notes", "direction", "optional",
}  # fmt: skip
WORDS = NOTES | {
    "type", "length", "endian", "encoding", "bit", "consume", "format", "separator", "parts", "delimiter", "prefix",
    "base", "values", "default", "mult", "div", "add", "transform", "lookup", "polynomial", "ref", "compute", "guard",
    "value", "var", "name_from", "valid_range", "fields", "count", "count_field", "byte_length", "until", "max", "min",
    "reading", "wrap",
}  # fmt: skip
NOT_YET = {"formula", "match_value", "encode_formula", "rename", "use_library"}
MOST_FIELDS = 5000  # of a table with its definitions written out; the largest that is known has some 300
MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # of a part that is no such part at all

Finish = Callable[[Machine, Fields, Any, Any], None]
"""Put a raw value and its converted value where they belong."""
Put = Callable[[Machine, Fields, Any], None]
"""Put a value among the fields."""


class Compiler:
    """Compile field lists; knows what all fields of one table share."""

    def __init__(self, table: Mapping) -> None:
        self.order: ByteOrder = "little" if table.get("endian") == "little" else "big"
        self.definitions: Mapping = table.part("definitions")
        self._count = 0
        self.stated: list[Stated] = []
        self._wanted = frozenset(_references(table))
        self._open: list[str] = []  # the definitions that are being compiled, to see one that contains itself

    def steps(self, fields: Any, owner: Mapping) -> list[Step]:
        """Return the steps of a list of fields; raises TableError."""
        if not isinstance(fields, list):
            raise owner.wrong("fields is a list")
        steps: list[Step] = []
        for field in fields:
            if not isinstance(field, Mapping):
                raise owner.wrong(f"{field!r} is no field: `- name: …` is expected")
            self._count += 1
            if self._count > MOST_FIELDS:
                raise owner.wrong(f"more than {MOST_FIELDS} fields, definitions written out")
            steps += self._step_or_complaint(field)
        return steps

    def _step_or_complaint(self, field: Mapping) -> list[Step]:
        """Return the steps of a field; a part of it that no check of its own has named is named with its line."""
        try:
            return self._step(field)
        except TableError:
            raise
        except MISFITS as error:
            raise field.wrong(f"this field cannot be read: {error}") from error

    def _step(self, field: Mapping) -> list[Step]:
        if "type" not in field:
            if "$ref" in field or "use" in field:
                return self._definition(field)
            for key, compile_structure in structures.STRUCTURES.items():
                if key in field:
                    return [compile_structure(self, field)]
        field.only(WORDS, NOT_YET, "a field")
        kind = field.get("type", "u8")
        if kind == "object":
            return [structures.nested(self, field)]
        if kind == "repeat":
            return [structures.repeat(self, field)]
        if kind == "number" or (kind == "string" and "value" in field):
            return [self._computed(field)]
        return [self._wire(field, reader(field, self.order))]

    def _definition(self, field: Mapping) -> list[Step]:
        spec = str(field.get("$ref", field.get("use")))
        name = spec.removeprefix("#/definitions/")
        field.only({"$ref", "use", "description"}, {"rename", "prefix"}, "a reference")
        if name not in self.definitions:
            raise field.wrong(f"there is no definition {spec!r} in this file (other files cannot be referred to yet)")
        if name in self._open:
            raise field.wrong(f"definition {name!r} contains itself")
        definition = self.definitions[name]
        self._open.append(name)
        fields = definition.get("fields") if isinstance(definition, Mapping) else definition
        steps = self.steps(fields, field)
        self._open.pop()
        return steps

    def _wire(self, field: Mapping, read: Read) -> Step:
        convert, finish = conversion(field), self.finish(field)

        def step(machine: Machine, fields: Fields) -> None:
            raw = read(machine)
            if raw is None:
                return
            value = raw if convert is None else convert(raw)
            if value is not None:
                finish(machine, fields, raw, value)

        return step

    def _computed(self, field: Mapping) -> Step:
        find, convert, finish = computed(field), conversion(field), self.finish(field)

        def step(machine: Machine, fields: Fields) -> None:
            raw = find(machine)
            value = raw if raw is None or convert is None else convert(raw)
            if value is not None:
                finish(machine, fields, raw, value)

        return step

    def finish(self, field: Mapping) -> Finish:
        """Return what notes a value of ``field``: as a field, as a variable, as a reading."""
        name = field.get("name")
        if not isinstance(name, str):
            if field.get("type") == "skip":
                return lambda _machine, _fields, _raw, _value: None
            raise field.wrong("a field has a name")
        names = {name, field.get("var", name)} & self._wanted
        put = self._put(field, name)
        bounds, state = _bounds(field), self._state(field)

        def finish(machine: Machine, fields: Fields, raw: Any, value: Any) -> None:
            if value.__class__ is float and not math.isfinite(value):
                return  # no number of JSON: absent (PS-282)
            for one in names:
                machine.variables[one] = value
            if put is not None:
                put(machine, fields, value)
            if bounds is not None and not bounds[0] <= value <= bounds[1]:
                machine.warnings.append(f"{name}: {value} lies outside {bounds[0]} to {bounds[1]}")
            if state is not None:
                state(machine, raw, value)

        return finish

    def _put(self, field: Mapping, name: str) -> Put | None:
        if name.startswith("_"):
            return None  # internal: a variable, never reported
        if "name_from" in field:
            template = str(field["name_from"])
            return _put_resolved(template)
        wrap = field.get("wrap")
        if wrap is not None:
            if not isinstance(wrap, Mapping):
                raise field.wrong("wrap is a mapping of what is reported beside the value")
            return _put_wrapped(name, wrap)
        return _put_plain(name)

    def _state(self, field: Mapping) -> State | None:
        said = statement(field)
        if said is None:
            return None
        self.stated.append(said[0])
        return said[1]


def _put_plain(name: str) -> Put:
    def put(_: Machine, fields: Fields, value: Any) -> None:
        fields[name] = plain(value)

    return put


def _put_wrapped(name: str, beside: Mapping) -> Put:
    def put(_: Machine, fields: Fields, value: Any) -> None:
        fields[name] = {**beside, "value": plain(value)}

    return put


def _put_resolved(template: str) -> Put:
    def put(machine: Machine, fields: Fields, value: Any) -> None:
        fields[_resolved(template, machine)] = plain(value)

    return put


def plain(value: Any) -> Any:
    """Return ``value`` as JavaScript would print it: 15, not 15.0 (PS-280)."""
    if value.__class__ is float and value.is_integer():
        return int(value)
    return value


def _bounds(field: Mapping) -> Sequence[float] | None:
    bounds = field.get("valid_range")
    if bounds is None:
        return None
    if not isinstance(bounds, list) or len(bounds) != 2 or not all(isinstance(one, int | float) for one in bounds):
        raise field.wrong("valid_range is [least, greatest]")
    return bounds


def _resolved(template: str, machine: Machine) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in machine.variables:
            raise DecodeError(DecodeReason.MALFORMED, f"name_from refers to {name}, which is not in this payload")
        return str(plain(machine.variables[name]))

    return re.sub(r"\$\{(\w+)\}", value, template)


def _references(node: Any) -> Iterator[str]:
    """Yield every name that some part of the table refers to."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"field", "count_field"} and isinstance(value, str):
                yield value.removeprefix("$")
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
    elif isinstance(node, str):
        yield from re.findall(r"^\$(\w+)$", node) + re.findall(r"\$\{(\w+)\}", node)
