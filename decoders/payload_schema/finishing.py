"""Finish a field: convert its raw value, note it as a variable, report it, state its reading."""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from decoders.payload_schema.computing import calculated, operand
from decoders.payload_schema.document import Mapping
from decoders.payload_schema.runtime import WHOLE
from decoders.payload_schema.source import NUMERIC, WORDY, Inside, Value
from decoders.payload_schema.statements import Statement, statement
from decoders.payload_schema.values import conversion, number

if TYPE_CHECKING:
    from decoders.payload_schema.compiler import Compiler, Frame

REFERENCE = re.compile(r"\$\{(\w+)\}")
LARGEST = 1e308  # a float that may be larger may be none: infinite
LONGEST_TEMPLATE = 200  # characters
PLAIN = (bool, int, float, str, type(None))  # what may stand beside a wrapped value


def finish(compiler: Compiler, field: Mapping, raw: Value, inside: Inside, *, is_final: bool = False) -> None:
    """Compile what is done with the raw value of ``field``, which is converted already where it ``is_final``."""
    name = field.get("name")
    if not isinstance(name, str):
        raise field.wrong("a field has a name")
    said = statement(field)
    raw = inside.present(raw)
    if said is not None and said.missing:
        raw = raw.said(compiler.source)
    value = _converted(compiler, field, raw, inside, is_final=is_final).said(compiler.source)
    for one in dict.fromkeys((name, field.get("var", name))):
        compiler.store(str(one), value, is_sure=not inside.is_open)
    _put(compiler, field, name, value)
    _check_range(compiler, field, name, value)
    if said is not None:
        compiler.stated.append(said.stated)
        state(compiler, said, raw, value, is_seen=not name.startswith("_") and "name_from" not in field)


def _converted(compiler: Compiler, field: Mapping, raw: Value, inside: Inside, *, is_final: bool) -> Value:
    source, value = compiler.source, raw
    if "formula" in field and not is_final:
        value = inside.present(calculated(compiler, field, raw))
    else:
        for stage in () if is_final else conversion(field):
            value = inside.present(stage(source, value))
    if value.kind in {"whole", "number", "any"} and value.most > WHOLE:
        value = replace(value, code=f"bounded({value.code})", kind="number")
    if field.get("type") == "integer":
        value = Value(f"whole_or_none({value.code}, {field['name']!r}, warnings)", "whole", absent=True)
    value = inside.present(value)
    if not value.most < LARGEST and value.kind not in WORDY | {"whole", "truth"}:
        value = value.said(source)
        inside.when(f"-INFINITY < {value.code} < INFINITY" if value.kind == "float" else f"finite({value.code})")
    return value


# ── as a field ──────────────────────────────────────────────────────────────────────────────────────────────────


def _put(compiler: Compiler, field: Mapping, name: str, value: Value) -> None:
    if name.startswith("_"):
        return  # internal: a variable, never reported
    code = _plain(value)
    wrap = field.get("wrap")
    if wrap is not None:
        if not isinstance(wrap, Mapping) or not all(isinstance(one, PLAIN) for one in wrap.values()):
            raise field.wrong("wrap is a mapping of what is reported beside the value", "wrap")
        beside = "".join(f"{str(key)!r}: {compiler.source.constant(one)}, " for key, one in wrap.items())
        code = f"{{{beside}'value': {code}}}"
    compiler.put(_name(compiler, field, name), code)


def _plain(value: Value) -> str:
    """Return the code of a value as JavaScript would print it: 15, not 15.0 (PS-280)."""
    if value.kind == "float" and value.most < WHOLE:
        return f"int({value.code}) if {value.code}.is_integer() else {value.code}"
    return f"plain({value.code})" if value.kind in {"float", "number", "any"} else value.code


def _name(compiler: Compiler, field: Mapping, name: str) -> str:
    template = field.get("name_from")
    if template is None:
        return repr(name)
    if not isinstance(template, str) or len(template) > LONGEST_TEMPLATE:
        raise field.wrong(
            f"name_from is a text of at most {LONGEST_TEMPLATE} characters, as channel_${{ch}}", "name_from"
        )
    pieces = REFERENCE.split(template)
    codes = [compiler.load(one, field).code if place % 2 else repr(one) for place, one in enumerate(pieces)]
    return compiler.source.assign("n", f"name_of(({', '.join(codes)},), {tuple(pieces[1::2])!r})")


def _check_range(compiler: Compiler, field: Mapping, name: str, value: Value) -> None:
    bounds = field.get("valid_range")
    if bounds is None:
        return
    if not isinstance(bounds, list) or len(bounds) != 2:
        raise field.wrong("valid_range is [least, greatest]", "valid_range")
    low, high = (number(Mapping(valid_range=one), field, "valid_range") for one in bounds)
    if value.kind in WORDY:
        return
    is_number = "" if value.kind in NUMERIC else f"isinstance({value.code}, (int, float)) and "
    with compiler.source.block(f"if {is_number}not {low!r} <= {value.code} <= {high!r}"):
        words = f"{name}: ".replace("{", "{{").replace("}", "}}")
        text = repr(words + "{} lies outside " + f"{low} to {high}")
        compiler.source.line(f"warnings.append({text}.format({value.code}))")


# ── as a reading ────────────────────────────────────────────────────────────────────────────────────────────────


def state(compiler: Compiler, said: Statement, raw: Value, value: Value, *, is_seen: bool) -> None:
    """Compile the reading of a field, at once or where its time is known; ``is_seen``: a field that tells its repetition."""
    if compiler.state.repeats or not is_seen:
        compiler.may_repeat = True
    name = said.at if said.at is not None else said.ago
    frame = _frame_of(compiler, name) if isinstance(name, str) and name.startswith("$") else None
    if frame is None:
        return say(compiler, said, raw, value)
    compiler.may_repeat = True
    waiting = compiler.source.fresh("d")
    frame.start.line(f"{waiting} = []")
    compiler.source.line(f"{waiting}.append(({raw.code}, {value.code}))")
    frame.later.append((waiting, lambda raw, value: say(compiler, said, raw, value)))
    return None


def _frame_of(compiler: Compiler, reference: str) -> Frame | None:
    """Return the record at whose end a time will be known; None when it is known already."""
    name = reference[1:]
    if name in compiler.state.known:
        return None
    frame: Frame | None = compiler.state.frame
    while frame is not None and name not in frame.defines:
        frame = frame.outer
    return frame


def say(compiler: Compiler, said: Statement, raw: Value, value: Value) -> None:
    """Compile a reading."""
    with Inside(compiler.source) as inside:
        if said.missing:
            inside.when(_is_none_of(compiler, raw.code, said.missing))
        if said.labels is not None:
            labels = compiler.source.bind(dict(said.labels))
            value = inside.present(Value(f"{labels}.get({value.code})", absent=True))
        stated = said.stated
        parts = [repr(stated.quantity), value.code, repr(stated.unit)]
        moment = _moment(compiler, said)
        if stated.channel is not None or moment is not None:
            parts.append(repr(stated.channel))
        if moment is None:
            compiler.source.line(f"add(Reading({', '.join(parts)}))")
            return
        with compiler.source.block(f"if {moment} is None"):
            compiler.source.line(f"warnings.append({untimed_words(stated.quantity)!r})")
        with compiler.source.block("else"):
            compiler.source.line(f"add(Reading({', '.join([*parts, moment])}))")


def untimed_words(quantity: str) -> str:
    """Return the warning of a reading whose time cannot be known."""
    return f"{quantity}: no time is known for it, so it is not stated"


def _is_none_of(compiler: Compiler, code: str, values: AnyMapping[Any, Any] | frozenset[Any]) -> str:
    if len(values) == 1:
        return f"{code} != {compiler.source.constant(next(iter(values)))}"
    return f"{code} not in {compiler.source.bind(values)}"


def _moment(compiler: Compiler, said: Statement) -> str | None:
    """Return the name of a reading's own time; None where it has none."""
    spec = said.at if said.at is not None else said.ago
    if spec is None:
        return None
    seconds = operand(compiler, spec, said.where).code
    call = f"epoch({seconds})" if said.at is not None else f"before(received_at, {seconds})"
    return compiler.source.assign("t", call)
