"""The constructs that hold fields: flags, choices, tags, groups, objects and repetitions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decoders.contract import DecodeError, DecodeReason
from decoders.payload_schema.document import Mapping
from decoders.payload_schema.machine import Fields, Machine, Step, run
from decoders.payload_schema.tags import tlv
from decoders.payload_schema.wire import BITS, whole

if TYPE_CHECKING:
    from decoders.payload_schema.compiler import Compiler

MOST_REPETITIONS = 1000  # of the language; a payload has at most 242 octets


def flagged(compiler: Compiler, field: Mapping) -> Step:
    """Compile groups that are present when their bit of a field is set."""
    field.only({"flagged", "description"}, (), "flagged")
    spec = _inner(field, "flagged")
    spec.only({"field", "groups"}, (), "flagged")
    if not isinstance(spec.get("field"), str) or not isinstance(spec.get("groups"), list):
        raise spec.wrong("flagged has a field and groups")
    name = spec["field"].removeprefix("$")
    groups = [_group(compiler, group, spec) for group in spec["groups"]]

    def step(machine: Machine, fields: Fields) -> None:
        flags = machine.variable(name)
        for bit, steps in groups:
            if flags >> bit & 1:
                run(steps, machine, fields)

    return step


def _group(compiler: Compiler, group: Any, owner: Mapping) -> tuple[int, list[Step]]:
    if not isinstance(group, Mapping) or not isinstance(group.get("bit"), int) or group["bit"] < 0:
        raise owner.wrong("a group has a bit and fields")
    group.only({"bit", "fields", "description", "name"}, (), "a group")
    return group["bit"], compiler.steps(group.get("fields"), group)


def match(compiler: Compiler, field: Mapping) -> Step:
    """Compile a choice by a value."""
    field.only({"match", "description"}, (), "match")
    spec = _inner(field, "match")
    spec.only({"field", "length", "name", "var", "cases", "default"}, (), "match")
    find = _discriminator(compiler, spec)
    exact, patterns, otherwise = _cases(compiler, spec)

    def step(machine: Machine, fields: Fields) -> None:
        value = find(machine, fields)
        steps = exact.get(value)
        if steps is None:
            steps = next((steps for fits, steps in patterns if fits(value)), otherwise)
        if steps is None:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"{spec.get('field', 'the next value')} is {value}")
        run(steps, machine, fields)

    return step


def _discriminator(compiler: Compiler, spec: Mapping) -> Callable[[Machine, Fields], Any]:
    if isinstance(spec.get("field"), str):
        name = spec["field"].removeprefix("$")
        return lambda machine, _: machine.variable(name)
    if not isinstance(spec.get("length"), int) or spec["length"] < 1:
        raise spec.wrong("match has a field or a length")
    length, order = spec["length"], compiler.order
    name, variable = spec.get("name"), spec.get("var")

    def find(machine: Machine, fields: Fields) -> int:
        value = int.from_bytes(machine.take(length, "match"), order)
        if name is not None:
            fields[name] = value
        if variable is not None:
            machine.variables[variable] = value
        return value

    return find


Fits = Callable[[Any], bool]


def _cases(
    compiler: Compiler, spec: Mapping
) -> tuple[dict[Any, list[Step]], list[tuple[Fits, list[Step]]], list[Step] | None]:
    cases = spec.get("cases")
    if not isinstance(cases, Mapping):
        raise spec.wrong("match has cases, a mapping")
    exact: dict[Any, list[Step]] = {}
    patterns: list[tuple[Fits, list[Step]]] = []
    otherwise = _default(compiler, spec)
    for key, fields in cases.items():
        steps = compiler.steps(fields, cases)
        if key in {"_", "default"}:
            otherwise = steps
        elif isinstance(key, str) and (bounds := re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)\.\.(0x[0-9a-fA-F]+|\d+)", key)):
            patterns.append((_between(int(bounds[1], 0), int(bounds[2], 0)), steps))
        else:
            exact.update(dict.fromkeys(key if isinstance(key, tuple) else (key,), steps))
    return exact, patterns, otherwise


def _default(compiler: Compiler, spec: Mapping) -> list[Step] | None:
    default = spec.get("default", "error")
    if default == "error":
        return None
    return [] if default == "skip" else compiler.steps(default, spec)


def _between(low: int, high: int) -> Fits:
    return lambda value: low <= value <= high


def byte_group(compiler: Compiler, field: Mapping) -> Step:
    """Compile bit fields that share the same octets."""
    field.only({"byte_group", "size", "description"}, (), "byte_group")
    spec = field["byte_group"]
    members = spec.get("fields") if isinstance(spec, Mapping) else spec
    size = spec.get("size") if isinstance(spec, Mapping) else field.get("size")
    steps = compiler.steps(members, field)
    if size is None:
        size = max((_width(member) for member in members or ()), default=1)
    if not isinstance(size, int) or size < 1:
        raise field.wrong("size is a number of octets")

    def step(machine: Machine, fields: Fields) -> None:
        start = machine.position
        machine.take(size, "byte_group")
        for one in steps:
            machine.position = start
            one(machine, fields)
        machine.position = start + size

    return step


def _width(member: Mapping) -> int:
    found = BITS.fullmatch(str(member.get("type", "u8")))
    return int(found[1]) // 8 if found else 1


def nested(compiler: Compiler, field: Mapping) -> Step:
    """Compile ``type: object`` (or ``object: name``): fields within a field."""
    name = field.get("object", field.get("name"))
    if not isinstance(name, str):
        raise field.wrong("an object has a name")
    steps = compiler.steps(field.get("fields"), field)

    def step(machine: Machine, fields: Fields) -> None:
        inner: Fields = {}
        run(steps, machine, inner)
        if not name.startswith("_"):
            fields[name] = inner

    return step


def repeat(compiler: Compiler, field: Mapping) -> Step:
    """Compile ``type: repeat``: a list of objects."""
    name = field.get("name")
    if not isinstance(name, str):
        raise field.wrong("a repeat has a name")
    steps = compiler.steps(field.get("fields"), field)
    end = _repetitions(field)
    least, most = whole(field, "min", 0), min(whole(field, "max", MOST_REPETITIONS), MOST_REPETITIONS)

    def step(machine: Machine, fields: Fields) -> None:
        more = end(machine)
        entries: list[Fields] = []
        while more(len(entries)) and len(entries) < most:
            start, entry = machine.position, Fields()
            run(steps, machine, entry)
            entries.append(entry)
            if machine.position == start:
                break
        if len(entries) < least:
            raise DecodeError(DecodeReason.MALFORMED, f"{name}: {len(entries)} entries, at least {least} expected")
        fields[name] = entries

    return step


More = Callable[[int], bool]


def _repetitions(field: Mapping) -> Callable[[Machine], More]:
    """Return what says, once the repetition begins, whether it goes on after n entries."""
    if field.get("until") == "end":
        return lambda machine: lambda _: machine.position < machine.size
    if "byte_length" in field:
        length = _size(field, field["byte_length"])

        def within(machine: Machine) -> More:
            stop = machine.position + length(machine)
            return lambda _: machine.position < stop

        return within
    given = field.get("count", field.get("count_field"))
    if given is None:
        raise field.wrong("a repeat has a count, a count_field, a byte_length or `until: end`")
    count = _size(field, f"${given}" if "count" not in field else given)

    def counted(machine: Machine) -> More:
        wanted = count(machine)
        return lambda done: done < wanted

    return counted


def _size(field: Mapping, given: Any) -> Callable[[Machine], int]:
    if isinstance(given, int):
        return lambda _: given
    if isinstance(given, str) and given.startswith("$"):
        name = given.lstrip("$")
        return lambda machine: int(machine.variable(name))
    raise field.wrong(f"{given!r} is neither a whole number nor a $name")


def _inner(field: Mapping, key: str) -> Mapping:
    spec = field[key]
    if not isinstance(spec, Mapping):
        raise field.wrong(f"{key} is a mapping")
    return spec


STRUCTURES: dict[str, Callable[[Compiler, Mapping], Step]] = {
    "flagged": flagged,
    "match": match,
    "tlv": tlv,
    "byte_group": byte_group,
    "object": nested,
}
