"""What a table does with a raw value: scale it, bend it, name it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as AnyMapping
from typing import Any

from decoders.payload_schema.document import Mapping, shown
from decoders.payload_schema.source import NUMERIC, WORDY, Kind, Source, Value
from decoders.payload_schema.wire import label, whole_keys

MOST_DIGITS = 20  # of a rounding; a number has 17
GREATEST = 1e300  # of a constant; what is counted or measured is far below, and a product of two is still a float
MOST_STAGES = 32  # of a transform
MOST_COEFFICIENTS = 64  # of a polynomial
ARITHMETIC = ("mult", "div", "add")  # applied in this order whatever the order in the file (PS-101)
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
}
SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "==", "ne": "!="}

Stage = Callable[[Source, Value], Value]
"""Return what a step of the conversion makes of a value."""


def number(field: Mapping, owner: Mapping, key: str) -> float:
    """Return the number at ``key``; raises TableError."""
    value = field.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise owner.wrong(f"{key} is a number, not {shown(value)}", key)
    if not abs(value) <= GREATEST:  # what is not a number is not, either
        raise owner.wrong(f"{key} is a number up to {GREATEST:g}, not {shown(value)}", key)
    return float(value) if isinstance(value, int) and abs(value) >= 1 << 64 else value


def conversion(field: Mapping) -> list[Stage]:
    """Return what ``field`` does with its raw value, step by step; none when it is reported as it is; raises TableError."""
    sums = [*cases(field), *_polynomial(field), *arithmetic(field, field), *transform(field)]
    return [*([_calculable(field), *sums] if sums else []), *_lookup(field, is_raw=not sums)]


def _calculable(field: Mapping) -> Stage:
    def check(_source: Source, value: Value) -> Value:
        if value.kind in WORDY:
            raise field.wrong("a text cannot be calculated with")
        return value if value.kind in NUMERIC else Value(f"number({value.code})", "number", math.inf, value.absent)

    return check


# ── sums ────────────────────────────────────────────────────────────────────────────────────────────────────────


def arithmetic(stage: Mapping, owner: Mapping) -> list[Stage]:
    """Return the steps of ``mult``, ``div`` and ``add``; raises TableError."""
    found = [(key, number(stage, owner, key)) for key in ARITHMETIC if key in stage]
    if ("div", 0) in found:
        raise owner.wrong("div is 0", "div")
    return [_operation(key, operand) for key, operand in found]


def _operation(key: str, operand: float) -> Stage:
    sign = {"mult": "*", "div": "/", "add": "+"}[key]
    size = abs(operand)

    def operate(source: Source, value: Value) -> Value:
        most = value.most + size if key == "add" else value.most * (size if key == "mult" else 1 / size)
        kind = _kind_of(value.kind, operand, key)
        most = math.inf if math.isnan(most) else most  # of no bound at all times 0
        if key == "add" and operand < 0:
            return Value(f"({value.code} - {source.constant(-operand)})", kind, most)
        return Value(f"({value.code} {sign} {source.constant(operand)})", kind, most)

    return operate


def _kind_of(kind: Kind, operand: float, key: str) -> Kind:
    if key == "div" or operand.__class__ is float:
        return "float"
    return "whole" if kind in {"whole", "truth"} else "number"


def _polynomial(field: Mapping) -> list[Stage]:
    coefficients = field.get("polynomial")
    if coefficients is None:
        return []
    if not isinstance(coefficients, list) or not 2 <= len(coefficients) <= MOST_COEFFICIENTS:
        raise field.wrong(
            f"polynomial is a list of 2 to {MOST_COEFFICIENTS} coefficients, the highest power first", "polynomial"
        )
    numbers = [number(Mapping(polynomial=one), field, "polynomial") for one in coefficients]

    def evaluate(source: Source, value: Value) -> Value:
        point = value.said(source).code
        code = source.constant(float(numbers[0]))
        for coefficient in numbers[1:]:
            code = f"({code} * {point} + {source.constant(coefficient)})"
        return Value(code, "float")

    return [evaluate]


# ── transform ───────────────────────────────────────────────────────────────────────────────────────────────────

SIMPLE: AnyMapping[str, tuple[str, float]] = {
    "sqrt": ("sqrt(max(0.0, {}))", math.inf),
    "abs": ("abs({})", math.inf),
    "log10": ("log10(max(1e-10, {}))", 400),
    "log": ("log(max(1e-10, {}))", 800),
    "pow10": ("power(10, {})", math.inf),
}
ROUNDINGS = {"floor": "floor({})", "ceiling": "ceil({})", "ceil": "ceil({})"}


def transform(field: Mapping) -> list[Stage]:
    """Return the steps of ``transform``, in their own order (PS-102); raises TableError."""
    stages = field.get("transform", [])
    if not isinstance(stages, list) or not all(isinstance(stage, Mapping) for stage in stages):
        raise field.wrong("transform is a list of stages, e.g. `- add: -40`", "transform")
    if len(stages) > MOST_STAGES:
        raise field.wrong(f"transform has more than {MOST_STAGES} stages", "transform")
    made: list[Stage] = []
    for stage in stages:
        made += arithmetic(stage, field) or _stage(stage, field)
    return made


def _stage(stage: Mapping, field: Mapping) -> list[Stage]:
    for key, (code, most) in SIMPLE.items():
        if isinstance(stage.get(key), bool):
            return [_written(code, "number", most)] if stage[key] else []
    if "op" in stage:
        return [_rounding(stage, field)]
    if "round" in stage:
        return [_rounded(0 if stage["round"] is True else _digits(stage, field, "round"))]
    return [_bounding(stage, field)]


def _written(form: str, kind: Kind, most: float = math.inf) -> Stage:
    return lambda _source, value: Value(form.format(value.code), kind, min(most, max(value.most, 1)))


def _rounded(digits: int) -> Stage:
    return lambda _source, value: Value(f"round({value.code}, {digits})", value.kind, value.most + 1)


def _digits(stage: Mapping, field: Mapping, key: str) -> int:
    digits = int(number(stage, field, key))
    if abs(digits) > MOST_DIGITS:  # a power of ten is made of it
        raise field.wrong(f"{key} is a number of digits, at most {MOST_DIGITS}, not {digits}", "transform")
    return digits


def _rounding(stage: Mapping, field: Mapping) -> Stage:
    operation = stage["op"]
    if operation == "round":
        return _rounded(_digits(stage, field, "decimals") if "decimals" in stage else 0)
    if not isinstance(operation, str) or operation not in ROUNDINGS:
        raise field.wrong(f"transform has no op {shown(operation)}", "transform")
    return _written(ROUNDINGS[operation], "whole")


def _bounding(stage: Mapping, field: Mapping) -> Stage:
    if "pow" in stage:
        exponent = number(stage, field, "pow")
        return lambda source, value: Value(f"power({value.code}, {source.constant(exponent)})", "float")
    if "clamp" in stage:
        bounds = stage["clamp"]
        if not isinstance(bounds, list) or len(bounds) != 2:
            raise field.wrong("clamp is [least, greatest]", "transform")
        low, high = (number(Mapping(clamp=one), field, "clamp") for one in bounds)
        return _written(f"max({low!r}, min({high!r}, {{}}))", "number", max(abs(low), abs(high)))
    for key, function in (("floor", "max"), ("ceiling", "min")):
        if key in stage:
            return _at_bound(function, number(stage, field, key))
    raise field.wrong(f"transform has no stage {shown(dict(stage))}", "transform")


def _at_bound(function: str, bound: float) -> Stage:
    return lambda _source, value: Value(f"{function}({bound!r}, {value.code})", "number", max(abs(bound), value.most))


# ── match_value ─────────────────────────────────────────────────────────────────────────────────────────────────

WHEN = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*(-?(?:0x[0-9a-fA-F]{1,16}|\d{1,20}(?:\.\d{1,20})?))\s*(?:and\b|&&|$)")
CASE = {"when", *ARITHMETIC, "transform", "polynomial", "lookup", "value", "description", "label", "unit"}


def cases(field: Mapping) -> list[Stage]:
    """Return the step of ``match_value``: the first case whose ``when`` the value meets converts it; raises TableError."""
    spec = field.get("match_value")
    if spec is None:
        return []
    if not isinstance(spec, list) or not spec or not all(isinstance(case, Mapping) for case in spec):
        raise field.wrong('match_value is a list of cases, e.g. {when: ">= 32768", add: -65536}', "match_value")
    plan = [(_condition(case), _case(case)) for case in spec]

    def choose(source: Source, value: Value) -> Value:
        said, name, word = value.said(source), source.fresh("v"), "if"
        for condition, stages in plan:
            with source.block(f"{word} {condition.format(said.code)}"):
                made = said
                for stage in stages:
                    made = stage(source, made)
                source.line(f"{name} = {made.code}")
            word = "elif"
        with source.block("else"):
            source.line(f"{name} = {said.code}")
        return Value(name, "any", math.inf, absent=True)

    return [choose]


def _case(case: Mapping) -> list[Stage]:
    case.only(CASE, (), "a case of match_value")
    if "value" in case:
        if not isinstance(case["value"], bool | int | float | str | None):
            raise case.wrong(f"value is a number or a text, not {shown(case['value'])}", "value")
        return [lambda source, _: Value(source.constant(case["value"]))]
    return conversion(case)


def _condition(case: Mapping) -> str:
    """Return the code of a ``when``, with {} for the value; one that says nothing is always met."""
    when = case.get("when", "default")
    if isinstance(when, int | float) and not isinstance(when, bool):
        return f"{{}} == {number(case, case, 'when')!r}"
    if when in {"default", "_", "else"}:
        return "True"
    text, made, place = str(when), [], 0
    while place < len(text):
        found = WHEN.match(text, place)
        if found is None:
            raise case.wrong(f'when is a comparison, as "< 32768" or ">= 0 and < 5", not {shown(when)}', "when")
        made.append(f"{{0}} {found[1]} {int(found[2], 16) if 'x' in found[2] else float(found[2])!r}")
        place = found.end()
    return " and ".join(made)


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _lookup(field: Mapping, *, is_raw: bool) -> list[Stage]:
    """Return the step of ``lookup``, none where there is none; raises TableError."""
    table = field.get("lookup")
    if table is None:
        return []
    if isinstance(table, list):
        return [_sequence_lookup(table, str(field.get("name")), is_raw=is_raw)]
    if not isinstance(table, dict):
        raise field.wrong("lookup is a list or a mapping of labels", "lookup")
    labels, default = whole_keys(field, table, "lookup"), label(table.get("default"))

    def look_up(source: Source, value: Value) -> Value:
        if value.kind == "text":
            return value
        given = "" if default is None else f", {source.constant(default)}"
        return Value(f"{source.bind(labels)}.get({value.code}{given})", "label", math.inf, absent=True)

    return [look_up]


def _sequence_lookup(labels: Sequence[Any], name: str, *, is_raw: bool) -> Stage:
    """Return what looks up in a list: beyond it is an error, where a mapping's gap is only an absent field (PS-105, PS-269)."""

    def look_up(source: Source, value: Value) -> Value:
        if value.kind == "text":
            return value
        said = value.said(source)
        if not is_raw or value.most >= len(labels) or value.kind != "whole":
            with source.block(f"if not 0 <= {said.code} < {len(labels)}"):
                source.line(f"raise unlabelled({name!r}, {said.code}, {len(labels)})")
        return Value(f"{source.bind(tuple(map(label, labels)))}[{said.code}]", "label", absent=None in labels)

    return look_up
