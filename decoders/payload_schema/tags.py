"""Tag-length-value: the tags say what follows, in any order, as often as the device likes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decoders.contract import DecodeError, DecodeReason
from decoders.payload_schema.document import Mapping
from decoders.payload_schema.machine import Fields, Machine, Step, run
from decoders.payload_schema.wire import reader

if TYPE_CHECKING:
    from decoders.payload_schema.compiler import Compiler

Tag = tuple[Any, ...]
Find = Callable[[Tag], list[Step] | None]
PART = re.compile(r"(!?)(0x[0-9a-fA-F]+|\d+)|\*")


def tlv(compiler: Compiler, field: Mapping) -> Step:
    """Compile a TLV: a tag seen again makes a list of its field's values, and a ``repeat`` is continued.

    A tag that is not known ends the payload where no length says how to pass over it: what was read before it counts.
    """
    field.only({"tlv", "description"}, (), "tlv")
    spec = field["tlv"]
    if not isinstance(spec, Mapping):
        raise field.wrong("tlv is a mapping")
    spec.only({"tag_size", "length_size", "tag_fields", "tag_key", "merge", "unknown", "cases"}, ("default",), "tlv")
    if spec.get("merge", True) is not True or spec.get("unknown", "skip") not in {"skip", "error"}:
        raise spec.wrong("merge: false and unknown: raw are parts of the language that are not supported yet")
    read_tag, find = _tag_reader(compiler, spec), _finder(compiler, spec)
    length_size, order = _octets(spec, "length_size", 0), compiler.order
    strict = spec.get("unknown") == "error"

    def step(machine: Machine, fields: Fields) -> None:
        found: Fields = {}
        while machine.position < machine.size:
            start = machine.position
            tag = read_tag(machine)
            end = None
            if length_size:
                length = int.from_bytes(machine.take(length_size, "length"), order)
                end = machine.position + length
                if end > machine.size:
                    machine.take(length, f"tag {_shown(tag)}")
            steps = find(tag)
            if steps is None:
                if strict or (end is None and start == 0):
                    raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"tag {_shown(tag)} at {start}")
                machine.warnings.append(f"tag {_shown(tag)} at {start} is not known")
                machine.position = machine.size if end is None else end
                continue
            entry: Fields = {}
            run(steps, machine, entry)
            if end is not None:
                if machine.position > end:
                    raise DecodeError(DecodeReason.MALFORMED, f"tag {_shown(tag)} at {start} is too short")
                machine.position = end
            if machine.position == start:
                raise DecodeError(DecodeReason.MALFORMED, f"tag {_shown(tag)} at {start} takes no octet")
            _merge(found, entry)
        fields.update(found)

    return step


def _shown(tag: Tag) -> str:
    return " ".join(f"{part:02x}" if isinstance(part, int) else str(part) for part in tag)


def _merge(found: Fields, entry: Fields) -> None:
    for name, value in entry.items():
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name] += value if isinstance(value, list) else [value]
        else:
            found[name] = [found[name], value]


def _tag_reader(compiler: Compiler, spec: Mapping) -> Callable[[Machine], Tag]:
    parts = spec.get("tag_fields")
    if parts is None:
        size, order = _octets(spec, "tag_size", 1), compiler.order
        if size == 0:
            raise spec.wrong("tag_size is 0: a tag has an octet at least")
        return lambda machine: (int.from_bytes(machine.take(size, "tag"), order),)
    if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
        raise spec.wrong("tag_fields is a list of fields")
    names = [part.get("name") for part in parts]
    key = spec.get("tag_key", names)
    if not all(isinstance(name, str) for name in names):
        raise spec.wrong("each of tag_fields has a name")
    if not isinstance(key, list) or sorted(map(str, key)) != sorted(names):
        raise spec.wrong(f"tag_key names {key}, tag_fields are {names}")
    if all(part.get("type") == "u8" for part in parts) and key == names:
        count = len(parts)
        return lambda machine: tuple(machine.take(count, "tag"))
    readers = [reader(part, compiler.order) for part in parts]
    places = [names.index(name) for name in key]

    def read(machine: Machine) -> Tag:
        values = [one(machine) for one in readers]
        return tuple(values[place] for place in places)

    return read


def _finder(compiler: Compiler, spec: Mapping) -> Find:
    cases = spec.get("cases")
    if not isinstance(cases, Mapping):
        raise spec.wrong("tlv has cases, a mapping")
    exact: dict[Tag, list[Step]] = {}
    patterns: list[tuple[int, Callable[[Tag], bool], list[Step]]] = []
    for key, fields in cases.items():
        steps = compiler.steps(fields, cases)
        tag, breadth, fits = _key(key, cases)
        if tag is not None:
            exact[tag] = steps
        else:
            patterns.append((breadth, fits, steps))
    patterns.sort(key=lambda pattern: pattern[0])  # what excludes comes before what takes anything (PS-270)

    def find(tag: Tag) -> list[Step] | None:
        steps = exact.get(tag)
        if steps is None:
            steps = next((steps for _, fits, steps in patterns if fits(tag)), None)
        return steps

    return find if patterns else exact.get


def _key(key: Any, cases: Mapping) -> tuple[Tag | None, int, Callable[[Tag], bool]]:
    """Return the exact tag, or how broad a pattern is and what fits it."""
    if isinstance(key, int):
        return (key,), 0, bool
    texts = [str(one) for one in key] if isinstance(key, tuple) else str(key).strip("[] ").split(",")
    parts = [PART.fullmatch(text.strip()) for text in texts]
    if not all(parts):
        raise cases.wrong(f"{key!r} is no tag: a number, or [1, 0x67], [1, !0], [2, *]")
    plan = [(part[1] == "!", None if part[0] == "*" else int(part[2], 0)) for part in parts if part]
    if all(value is not None and not negated for negated, value in plan):
        return tuple(value for _, value in plan if value is not None), 0, bool
    breadth = 2 if any(value is None for _, value in plan) else 1

    def fits(tag: Tag) -> bool:
        return len(tag) == len(plan) and all(
            value is None or (actual == value) != negated for actual, (negated, value) in zip(tag, plan, strict=True)
        )

    return None, breadth, fits


def _octets(spec: Mapping, key: str, default: int) -> int:
    size = spec.get(key, default)
    if not isinstance(size, int) or not 0 <= size <= 8:
        raise spec.wrong(f"{key} is a number of octets, not {size!r}")
    return size
