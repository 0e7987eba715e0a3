"""The constructs that hold fields: flags, choices, tags, groups, objects and repetitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decoders.payload_schema.choosing import choose
from decoders.payload_schema.document import Mapping, shown
from decoders.payload_schema.source import Value
from decoders.payload_schema.tags import tlv
from decoders.payload_schema.variables import defined
from decoders.payload_schema.wire import BITS, Wire, reader, whole

if TYPE_CHECKING:
    from decoders.payload_schema.compiler import Compiler
    from decoders.payload_schema.runs import Run

MOST_REPETITIONS = 1000  # of the language; a payload has at most 242 octets
MOST_FLAGS = 64  # bits
Construct = Callable[["Compiler", Mapping, "Run"], None]


def flagged(compiler: Compiler, field: Mapping, run: Run) -> None:
    """Compile groups that are present when their bit of a field is set."""
    field.only({"flagged", "description", "name"}, (), "flagged")
    spec = inner(field, "flagged")
    spec.only({"field", "groups", "description"}, (), "flagged")
    if not isinstance(spec.get("field"), str) or not isinstance(spec.get("groups"), list):
        raise spec.wrong("flagged has a field and groups")
    run.flush()
    compiler.settle()
    flags = compiler.must(spec["field"].removeprefix("$"), spec)
    code = flags.code if flags.kind == "whole" else compiler.source.assign("v", f"int({flags.code})")
    for group in spec["groups"]:
        _group(compiler, group, spec, code)


def _group(compiler: Compiler, group: Any, owner: Mapping, flags: str) -> None:
    if not isinstance(group, Mapping):
        raise owner.wrong("a group has a bit and fields", "groups")
    bit = group.get("bit")
    if not isinstance(bit, int) or isinstance(bit, bool) or not 0 <= bit < MOST_FLAGS:
        raise group.wrong(f"a group has a bit, 0 to {MOST_FLAGS - 1}, and fields", "bit")
    group.only({"bit", "fields", "description", "name"}, (), "a group")
    with compiler.branch(f"if {flags} & {1 << bit}"):
        compiler.fields(group.get("fields"), group)


# ── match ───────────────────────────────────────────────────────────────────────────────────────────────────────


def match(compiler: Compiler, field: Mapping, run: Run) -> None:
    """Compile a choice by a value."""
    field.only({"match", "description", "name"}, (), "match")
    spec = inner(field, "match")
    spec.only({"field", "length", "name", "var", "cases", "default", "description"}, (), "match")
    run.flush()
    compiler.settle()
    value = _discriminator(compiler, spec)
    choose(compiler, spec, value, str(spec.get("field", "the next value")))


def old_match(compiler: Compiler, field: Mapping, run: Run) -> None:
    """Compile ``type: match, on: name``, as older tables have it."""
    if "match" in field:
        return match(compiler, field.like({key: value for key, value in field.items() if key != "type"}), run)
    on = field.get("on", field.get("field"))
    if not isinstance(on, str):
        raise field.wrong("match is on a field: `on: name`")
    run.flush()
    compiler.settle()
    return choose(compiler, field, compiler.must(on.removeprefix("$"), field).code, on)


def _discriminator(compiler: Compiler, spec: Mapping) -> str:
    if isinstance(spec.get("field"), str):
        return compiler.must(spec["field"].removeprefix("$"), spec).code
    length = whole(spec, "length", 0)
    if not 1 <= length <= 8:
        raise spec.wrong("match has a field or a length, 1 to 8 octets", "length")
    compiler.require([("match", 0, length)])
    place, source = compiler.state.place, compiler.source
    octets = place.octet() if length == 1 else f"from_bytes({place.octets(length)}, {compiler.order_of(spec)!r})"
    code = source.assign("v", octets)
    compiler.state.place = place.on(length)
    compiler.settle()
    value = Value(code, "whole", 2.0 ** (8 * length))
    for key in ("name", "var"):
        name = spec.get(key)
        if isinstance(name, str):
            compiler.store(name, value, is_sure=True)
    if isinstance(spec.get("name"), str) and not spec["name"].startswith("_"):
        compiler.put(repr(spec["name"]), code)
    return code


# ── groups of bits and of fields ────────────────────────────────────────────────────────────────────────────────


def byte_group(compiler: Compiler, field: Mapping, run: Run) -> None:
    """Compile bit fields that share the same octets."""
    field.only({"byte_group", "size", "description", "name"}, (), "byte_group")
    spec = field["byte_group"]
    if isinstance(spec, Mapping):
        spec.only({"size", "fields", "description", "name"}, (), "byte_group")
    members = spec.get("fields") if isinstance(spec, Mapping) else spec
    owner = spec if isinstance(spec, Mapping) else field
    if not isinstance(members, list) or not all(isinstance(member, Mapping) for member in members):
        raise owner.wrong("byte_group is a list of fields")
    size = whole(owner, "size", max((_width(member) for member in members), default=1))
    if size < 1:
        raise owner.wrong("size is a number of octets, 1 or more", "size")
    run.share([(member, _member(compiler, member)) for member in members], size)


def _member(compiler: Compiler, member: Mapping) -> Wire | None:
    from decoders.payload_schema.compiler import COMPUTED, WORDS

    member.only(WORDS, (), "a field")
    if member.get("type") in COMPUTED:
        return None
    wire = reader(member, compiler.order_of(member))
    if not isinstance(wire, Wire):
        raise member.wrong("a byte_group has fields of known size", "length")
    return wire


def _width(member: Mapping) -> int:
    found = BITS.fullmatch(str(member.get("type", "u8")))
    return int(found[1]) // 8 if found else 1


def nested(compiler: Compiler, field: Mapping, run: Run) -> None:
    """Compile ``type: object`` (or ``object: name``): fields within a field."""
    name = field.get("object", field.get("name"))
    if not isinstance(name, str):
        raise field.wrong("an object has a name")
    run.flush()
    state, source = compiler.state, compiler.source
    outer = (state.target, state.merges, state.is_fresh)
    state.target, state.merges, state.is_fresh = source.assign("o", "{}"), False, True
    compiler.fields(field.get("fields"), field)
    inner_target = compiler.state.target
    compiler.state.target, compiler.state.merges, compiler.state.is_fresh = outer
    if not name.startswith("_"):
        compiler.put(repr(name), inner_target)


# ── repeat ──────────────────────────────────────────────────────────────────────────────────────────────────────


def repeat(compiler: Compiler, field: Mapping, run: Run) -> None:
    """Compile ``type: repeat``: a list of objects."""
    name = field.get("name")
    if not isinstance(name, str):
        raise field.wrong("a repeat has a name")
    least, most = whole(field, "min", 0), min(whole(field, "max", MOST_REPETITIONS), MOST_REPETITIONS)
    run.flush()
    compiler.settle()
    source = compiler.source
    entries = source.assign("l", "[]")
    condition, stop = _repetitions(compiler, field, entries)
    entry, start = source.fresh("o"), source.fresh("s")
    changes: dict[str, Any] = {"target": entry, "merges": False, "is_fresh": True, "repeats": True}
    with compiler.loop(f"while {condition} and len({entries}) < {most}", **changes):
        source.line(f"{start} = p")
        source.line(f"{entry} = {{}}")
        with compiler.frame(frozenset(defined(field.get("fields")))) as frame:
            compiler.fields(field.get("fields"), field)
            compiler.forget(frame)
        compiler.settle()
        source.line(f"{entries}.append({entry})")
        with source.block(f"if p == {start}"):
            source.line("break")
    _check_end(compiler, name, entries, least, stop)
    if not name.startswith("_"):
        compiler.put(repr(name), entries)


def _check_end(compiler: Compiler, name: str, entries: str, least: int, stop: str | None) -> None:
    source = compiler.source
    if least:
        with source.block(f"if len({entries}) < {least}"):
            words = f" entries, at least {least} expected"
            source.line(f"raise malformed({f'{name}: '!r} + str(len({entries})) + {words!r})")
    if stop is not None:
        with source.block(f"if p != {stop}"):
            source.line(f"raise malformed({name!r} + f': its entries end at {{p}}, its length at {{{stop}}}')")


def _repetitions(compiler: Compiler, field: Mapping, entries: str) -> tuple[str, str | None]:
    """Return the code of whether a repetition goes on, and where its octets end, where it says so."""
    source = compiler.source
    if field.get("until") == "end":
        return f"p < {compiler.state.end}", None
    if "until" in field:
        raise field.wrong(f"until is end, not {shown(field['until'])}", "until")
    if "byte_length" in field:
        stop = source.assign("e", f"p + {_size(compiler, field, 'byte_length', field['byte_length'])}")
        return f"p < {stop}", stop
    given = field.get("count", field.get("count_field"))
    if given is None:
        raise field.wrong("a repeat has a count, a count_field, a byte_length or `until: end`")
    if "count" not in field and isinstance(given, str) and not given.startswith("$"):
        given = f"${given}"
    count = source.assign("c", _size(compiler, field, "count" if "count" in field else "count_field", given))
    return f"len({entries}) < {count}", None


def _size(compiler: Compiler, field: Mapping, key: str, given: Any) -> str:
    if isinstance(given, str) and given.startswith("$"):
        return f"int({compiler.must(given.lstrip('$'), field).code})"
    if isinstance(given, int):
        return str(whole(field, key, 0))
    raise field.wrong(f"{shown(given)} is neither a whole number nor a $name", key)


def inner(field: Mapping, key: str) -> Mapping:
    """Return the mapping that a construct is; raises TableError."""
    spec = field[key]
    if not isinstance(spec, Mapping):
        raise field.wrong(f"{key} is a mapping", key)
    return spec


STRUCTURES: dict[str, Construct] = {
    "flagged": flagged,
    "match": match,
    "tlv": tlv,
    "byte_group": byte_group,
    "object": nested,
}
"""The constructs by the key that makes them."""
TYPES: dict[str, Construct] = {"object": nested, "repeat": repeat, "match": old_match}
"""The constructs by their type."""
