"""Fields that take no octets: what is computed from fields that were read before."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from decoders.payload_schema.document import Mapping, shown
from decoders.payload_schema.formula import Formula, FormulaError
from decoders.payload_schema.source import NUMERIC, WORDY, Inside, Source, Value
from decoders.payload_schema.values import SIGNS, conversion, number

if TYPE_CHECKING:
    from decoders.payload_schema.compiler import Compiler

WAYS = ("formula", "ref", "compute", "value")
SUMS = {"add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}"}
QUOTIENTS = {"div": "{0} / {1} if {1} else None", "mod": "remainder({}, {})", "idiv": "quotient({}, {})"}


def computed(compiler: Compiler, field: Mapping, inside: Inside) -> tuple[Value, bool]:
    """Compile what finds the value of a ``type: number`` field; return it, and whether it is not to be converted.

    A field whose references are not in the payload is absent: nothing is computed from what was not said.
    """
    ways = [key for key in WAYS if key in field]
    if len(ways) != 1:
        raise field.wrong("a computed field has one of ref, compute, value, formula")
    if "guard" in field:
        return _guarded(compiler, field), True
    return _found(compiler, field, inside), "formula" in field


def _found(compiler: Compiler, field: Mapping, inside: Inside) -> Value:
    if "value" in field:
        return _literal(compiler.source, field)
    if "formula" in field:
        return calculated(compiler, field, None)
    if "ref" in field:
        return inside.present(operand(compiler, field["ref"], field))
    return _computation(compiler, field, inside)


def _literal(source: Source, field: Mapping) -> Value:
    value = field["value"]
    if isinstance(value, bool | str):
        return Value(source.constant(value), "truth" if isinstance(value, bool) else "text")
    literal = number(field, field, "value")
    return Value(source.constant(literal), "whole" if isinstance(literal, int) else "float", abs(literal))


def operand(compiler: Compiler, spec: Any, owner: Mapping) -> Value:
    """Return what ``$name`` or a literal number is; raises TableError."""
    if isinstance(spec, str) and spec.startswith("$"):
        return compiler.load(spec[1:], owner)
    if isinstance(spec, bool) or not isinstance(spec, int | float):
        raise owner.wrong(f"{shown(spec)} is neither a number nor a $name")
    literal = number(Mapping(value=spec), owner, "value")
    return Value(compiler.source.constant(literal), "whole" if isinstance(literal, int) else "float", abs(literal))


def _computation(compiler: Compiler, field: Mapping, inside: Inside) -> Value:
    spec = field["compute"]
    if not isinstance(spec, Mapping):
        raise field.wrong("compute is {op: …, a: …, b: …}", "compute")
    spec.only({"op", "a", "b", "description"}, (), "compute")
    name = spec.get("op")
    if not isinstance(name, str) or name not in {**SUMS, **QUOTIENTS}:
        raise field.wrong(f"compute has no op {shown(name)}: {', '.join([*SUMS, *QUOTIENTS])}", "compute")
    left, right = (_number(inside.present(operand(compiler, spec.get(key), field)), field) for key in ("a", "b"))
    if name in SUMS:
        most = left.most * right.most if name == "mul" else left.most + right.most
        is_whole = left.kind == right.kind == "whole"
        return Value(f"({SUMS[name].format(left.code, right.code)})", "whole" if is_whole else "number", most)
    right = right.said(compiler.source)
    kind = "float" if name == "div" else "whole"
    return Value(
        QUOTIENTS[name].format(left.code, right.code), "float" if kind == "float" else "whole", math.inf, absent=True
    )


def _number(value: Value, field: Mapping) -> Value:
    if value.kind in WORDY and value.kind == "text":
        raise field.wrong("a text cannot be calculated with")
    return value if value.kind in NUMERIC else Value(f"number({value.code})", "number")


def calculated(compiler: Compiler, field: Mapping, raw: Value | None) -> Value:
    """Compile a ``formula``; it takes the place of every other conversion; ``raw`` is its x. Raises TableError."""
    text = field["formula"]
    try:
        formula = Formula(text if isinstance(text, str) else repr(text))
    except FormulaError as error:
        raise field.wrong(f"formula: {error}", "formula") from error
    if "" in formula.names and raw is None:
        raise field.wrong("formula: there is no x here, for the field has no octets", "formula")
    values = [raw.code if name == "" and raw is not None else compiler.load(name, field).code for name in formula.names]
    arguments = ", ".join(f"a{place}" for place in range(len(values)))
    function = f"lambda {arguments}: {formula.code}" if arguments else f"lambda: {formula.code}"
    return Value(f"calculated({', '.join([f'({function})', *values])})", "float", math.inf, absent=True)


# ── guards ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _guarded(compiler: Compiler, field: Mapping) -> Value:
    """Compile a value that counts only while its conditions hold; what stands for it else is taken as it is."""
    guard, source = field["guard"], compiler.source
    if not isinstance(guard, Mapping) or not isinstance(guard.get("when"), list) or not guard["when"]:
        raise field.wrong("guard is {when: [{field: $name, gt: 0}], else: …}", "guard")
    guard.only({"when", "else", "description"}, (), "guard")
    if not isinstance(guard.get("else"), bool | int | float | str | None):
        raise field.wrong(f"else is a number or a text, not {shown(guard.get('else'))}", "guard")
    conditions = " and ".join(_condition(compiler, one, field) for one in guard["when"])
    name = source.assign("v", "None")
    with source.block(f"if {conditions}"), Inside(source) as inside:
        value = inside.present(_found(compiler, field, inside))
        for stage in conversion(field) if "formula" not in field else ():
            value = inside.present(stage(source, value))
        source.line(f"{name} = {value.code}")
    if guard.get("else") is not None:
        with source.block("else"):
            source.line(f"{name} = {source.constant(guard['else'])}")
    return Value(name, absent=True)


def _condition(compiler: Compiler, condition: Any, field: Mapping) -> str:
    operators = [key for key in SIGNS if isinstance(condition, Mapping) and key in condition]
    if len(operators) != 1:
        raise field.wrong(f"a guard's condition has a field and one of {', '.join(SIGNS)}", "guard")
    bound = condition[operators[0]]
    if not isinstance(bound, bool | int | float | str):
        raise field.wrong(f"{operators[0]} is a number or a text, not {shown(bound)}", "guard")
    reference = condition.get("field")
    if isinstance(reference, str) and not reference.startswith("$"):
        reference = f"${reference}"
    found = operand(compiler, reference, field)
    test = f"{found.code} {SIGNS[operators[0]]} {compiler.source.constant(bound)}"
    return f"{found.code} is not None and {test}" if found.absent else test
