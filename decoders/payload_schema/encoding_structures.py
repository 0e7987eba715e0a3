"""The constructs that hold fields, the other way round: what is given decides which of them are said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decoders.payload_schema import document
from decoders.payload_schema.choosing import RANGE
from decoders.payload_schema.encoding_fields import (
    Fields,
    Structures,
    names_of,
    needs_of,
    refuse_strangers,
    say_all,
)
from decoders.payload_schema.encoding_message import ABSENT, MOST_OCTETS, Given, Message, Part, wrong
from decoders.payload_schema.encoding_tags import tlv
from decoders.payload_schema.wire import BITS, whole

# ── groups that flags announce ──────────────────────────────────────────────────────────────────────────────────


def flagged(fields: Fields, field: document.Mapping) -> Part:
    """Compile groups that are said when their values are given; the flags follow from them."""
    spec = _inner(field, "flagged")
    if not isinstance(spec.get("field"), str) or not isinstance(spec.get("groups"), list):
        raise spec.wrong("flagged has a field and groups")
    name = spec["field"].removeprefix("$")
    groups = [(_bit(group, spec), fields.parts(group.get("fields"), group)) for group in spec["groups"]]

    def say(message: Message, given: Given) -> None:
        flags = message.known.get(name)
        if flags is None:
            flags = sum(1 << bit for bit, parts in groups if given.unused(names_of(parts)))
            message.follows(given, name, flags)
        for bit, parts in groups:
            if int(flags) >> bit & 1:
                say_all(parts, message, given)

    return Part(say, frozenset().union(*(names_of(parts) for _, parts in groups)))


def _bit(group: Any, owner: document.Mapping) -> int:
    if not isinstance(group, document.Mapping) or not isinstance(group.get("bit"), int) or group["bit"] < 0:
        raise owner.wrong("a group has a bit and fields")
    bit: int = group["bit"]
    return bit


# ── choices ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Case:
    fits: Callable[[Any], bool]
    keys: tuple[Any, ...]  # the values that choose it, where they can be listed
    parts: tuple[Part, ...]


def match(fields: Fields, field: document.Mapping) -> Part:
    """Compile a choice: the value that decides it is given, or follows from what is given beside it."""
    spec = _inner(field, "match") if "match" in field else field.changed(field=field.get("on", field.get("field")))
    cases, union = _cases(fields, spec), frozenset[str]()
    for case in cases:
        union |= names_of(case.parts)
    name, announce = _announced(fields, spec)
    shown = fields.called.get(name, name)

    def say(message: Message, given: Given) -> None:
        announce.say(message, given)
        if name not in message.known:
            message.follows(given, name, _inferred(cases, union, given, shown))
        value = message.known.get(name)
        chosen = next((case for case in cases if case.fits(value)), None)
        if chosen is None:
            known = [str(key) for case in cases for key in case.keys]
            raise wrong(given.where(shown), f"{value!r} is none of {', '.join(known)}")
        say_all(chosen.parts, message, given)

    return Part(say, union | announce.names)


def _announced(fields: Fields, spec: document.Mapping) -> tuple[str, Part]:
    """Return the name of the value that decides, and what says it where the choice has octets of its own."""
    if isinstance(spec.get("field"), str):
        return spec["field"].removeprefix("$"), Part(lambda _message, _given: None)
    length = spec.get("length")
    if not isinstance(length, int) or not 1 <= length <= 8 or length in (5, 6, 7):
        raise spec.wrong("match has a field, or a length of 1, 2, 3, 4 or 8 octets")
    name = str(spec.get("name", spec.get("var", "_match")))
    own = spec.changed(name=name, type=f"u{length * 8}", var=spec.get("var", name))
    for key in ("field", "cases", "default", "length"):
        own.pop(key, None)
    (part,) = fields.parts([own], spec)
    return name, part


def _inferred(cases: Sequence[_Case], union: frozenset[str], given: Given, name: str) -> Any:
    """Return the value whose case takes all that is given; raises EncodeError where there are none or several."""
    there = given.unused(union)
    fitting = [
        case
        for case in cases
        if case.keys and needs_of(case.parts) <= there and there <= names_of(case.parts) and (there or not case.parts)
    ]
    if len(fitting) == 1:
        return fitting[0].keys[0]
    known = [str(key) for case in (fitting or cases) for key in case.keys]
    raise wrong(given.where(name), f"it is missing; one of {', '.join(known)} is expected")


def _cases(fields: Fields, spec: document.Mapping) -> list[_Case]:
    cases = spec.get("cases")
    if isinstance(cases, list) and all(isinstance(case, document.Mapping) for case in cases):  # as older tables have it
        cases = spec.like({_as_key(case.get("case")): case for case in cases})
    if not isinstance(cases, document.Mapping):
        raise spec.wrong("match has cases, a mapping")
    exact: list[_Case] = []
    patterns: list[_Case] = []
    otherwise = [case for case in (_default(fields, spec),) if case is not None]
    for key, inner in cases.items():
        parts = fields.parts(inner.get("fields", []) if isinstance(inner, document.Mapping) else inner, cases)
        if key in {"_", "default"}:
            otherwise = [_Case(lambda _: True, (), parts)]
        elif isinstance(key, str) and (bounds := RANGE.fullmatch(key)):
            patterns.append(_Case(_between(int(bounds[1], 0), int(bounds[2], 0)), (), parts))
        else:
            exact.append(_one_of(key if isinstance(key, tuple) else (key,), parts))
    return exact + patterns + otherwise


def _as_key(case: Any) -> Any:
    return tuple(case) if isinstance(case, list) else case


def _one_of(keys: tuple[Any, ...], parts: tuple[Part, ...]) -> _Case:
    return _Case(lambda value: value in keys, keys, parts)


def _between(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int | float) and low <= value <= high


def _default(fields: Fields, spec: document.Mapping) -> _Case | None:
    default = spec.get("default", "error")
    if default == "error":
        return None
    if isinstance(default, document.Mapping):
        default = default.get("fields", [])
    return _Case(lambda _: True, (), () if default == "skip" else fields.parts(default, spec))


# ── groups, objects and repetitions ─────────────────────────────────────────────────────────────────────────────


def byte_group(fields: Fields, field: document.Mapping) -> Part:
    """Compile bit fields that share the same octets."""
    spec = field["byte_group"]
    members = spec.get("fields") if isinstance(spec, document.Mapping) else spec
    size = spec.get("size") if isinstance(spec, document.Mapping) else field.get("size")
    parts = fields.parts(members, field)
    if size is None:
        size = max((_width(member) for member in members or ()), default=1)
    if not isinstance(size, int) or size < 1:
        raise field.wrong("size is a number of octets")
    octets: int = size

    def say(message: Message, given: Given) -> None:
        start = message.output.position
        try:
            message.output.reserve(octets)
        except ValueError as error:
            raise wrong(given.where("byte_group"), error) from error
        for part in parts:
            message.output.position = start
            part.say(message, given)
        message.output.position = start + octets

    return Part(say, names_of(parts), needs_of(parts))


def _width(member: document.Mapping) -> int:
    found = BITS.fullmatch(str(member.get("type", "u8")))
    return int(found[1]) // 8 if found else 1


def nested(fields: Fields, field: document.Mapping) -> Part:
    """Compile ``type: object`` (or ``object: name``): fields within a field."""
    name = field.get("object", field.get("name"))
    if not isinstance(name, str):
        raise field.wrong("an object has a name")
    parts = fields.parts(field.get("fields"), field)

    def say(message: Message, given: Given) -> None:
        value = given.take(name)
        _say_object({} if value is ABSENT else value, f"{given.where(name)}.", parts, message)

    return Part(say, frozenset({name}), frozenset({name}) if needs_of(parts) else frozenset())


def _say_object(values: Any, path: str, parts: Sequence[Part], message: Message) -> None:
    if not isinstance(values, Mapping):
        raise wrong(path.rstrip("."), f"{values!r} where an object of {', '.join(names_of(parts))} is expected")
    inner = Given(values, path)
    say_all(parts, message, inner)
    refuse_strangers(inner, names_of(parts))


def repeat(fields: Fields, field: document.Mapping) -> Part:
    """Compile ``type: repeat``: a list of objects; the count or length that announces it follows from the list."""
    name = field.get("name")
    if not isinstance(name, str):
        raise field.wrong("a repeat has a name")
    parts = fields.parts(field.get("fields"), field)
    count, length = field.get("count", field.get("count_field")), field.get("byte_length")
    least, most = whole(field, "min", 0), whole(field, "max", MOST_OCTETS)

    def say(message: Message, given: Given) -> None:
        entries = given.take(name)
        entries = [] if entries is ABSENT else entries
        if not isinstance(entries, list):
            raise wrong(given.where(name), f"{entries!r} where a list of objects is expected")
        if not least <= len(entries) <= most:
            raise wrong(given.where(name), f"{len(entries)} entries where {least} to {most} are expected")
        start = message.output.position
        for place, entry in enumerate(entries):
            _say_object(entry, f"{given.where(name)}[{place}].", parts, message)
        _announce(message, given, name, count, len(entries))
        _announce(message, given, name, length, message.output.position - start)

    return Part(say, frozenset({name}), entries=count if isinstance(count, int) else 0)


def _announce(message: Message, given: Given, name: str, announced: Any, actual: int) -> None:
    if isinstance(announced, str):
        message.follows(given, announced.lstrip("$"), actual)
    elif isinstance(announced, int) and announced != actual:
        raise wrong(given.where(name), f"{actual} where {announced} are expected")


def _inner(field: document.Mapping, key: str) -> document.Mapping:
    spec = field[key]
    if not isinstance(spec, document.Mapping):
        raise field.wrong(f"{key} is a mapping")
    return spec


STRUCTURES: Structures = {
    "flagged": flagged,
    "match": match,
    "tlv": tlv,
    "byte_group": byte_group,
    "object": nested,
    "repeat": repeat,
}
