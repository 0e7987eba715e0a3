"""What a table does with a raw value: scale it, bend it, name it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from decoders.contract import DecodeError, DecodeReason
from decoders.payload_schema.document import Mapping
from decoders.payload_schema.machine import Machine
from decoders.payload_schema.wire import TEXTS

Convert = Callable[[Any], Any]
"""Make a value of a raw value; None is absent and stays so."""

MOST_DIGITS = 20  # of a rounding; a number has 17
ARITHMETIC = ("mult", "div", "add")  # applied in this order whatever the order in the file (PS-101)
WORDY = TEXTS | {"enum", "bitfield_string"}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
}


def conversion(field: Mapping) -> Convert | None:
    """Return what ``field`` does with its raw value, or None when it is reported as it is."""
    sums = [*_arithmetic(field, field), *_transform(field)]
    if sums and field.get("type") in WORDY:
        raise field.wrong("a text cannot be calculated with")
    stages = [*sums, *_lookup(field)]
    if not stages:
        return None
    if len(stages) == 1:
        return stages[0]

    def convert(value: Any) -> Any:
        for stage in stages:
            value = stage(value)
        return value

    return convert


def number(field: Mapping, owner: Mapping, key: str) -> float:
    """Return the number at ``key``; raises TableError."""
    value = field.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise owner.wrong(f"{key} is a number, not {value!r}")
    return value


def _arithmetic(stage: Mapping, owner: Mapping) -> list[Convert]:
    return [_operation(key, number(stage, owner, key), owner) for key in ARITHMETIC if key in stage]


def _operation(key: str, operand: float, owner: Mapping) -> Convert:
    if key == "mult":
        return lambda value: value * operand
    if key == "add":
        return lambda value: value + operand
    if operand == 0:
        raise owner.wrong("div is 0")
    return lambda value: value / operand


def _transform(field: Mapping) -> list[Convert]:
    stages = field.get("transform", [])
    if not isinstance(stages, list) or not all(isinstance(stage, Mapping) for stage in stages):
        raise field.wrong("transform is a list of stages, e.g. `- add: -40`")
    made: list[Convert] = []
    for stage in stages:
        made += _arithmetic(stage, field) or [_stage(stage, field)]
    return made


def _stage(stage: Mapping, field: Mapping) -> Convert:
    simple: dict[str, Convert] = {
        "sqrt": lambda value: math.sqrt(max(0.0, value)),
        "abs": abs,
        "log10": lambda value: math.log10(max(1e-10, value)),
        "log": lambda value: math.log(max(1e-10, value)),
    }
    for key, convert in simple.items():
        if stage.get(key) is True:
            return convert
    if "op" in stage:
        return _rounding(stage, field)
    if "round" in stage:
        digits = 0 if stage["round"] is True else _digits(stage, field, "round")
        return lambda value: round(value, digits)
    return _bounding(stage, field)


def _digits(stage: Mapping, field: Mapping, key: str) -> int:
    digits = int(number(stage, field, key))
    if abs(digits) > MOST_DIGITS:  # a power of ten is made of it
        raise field.wrong(f"{key} is a number of digits, at most {MOST_DIGITS}, not {digits}")
    return digits


def _rounding(stage: Mapping, field: Mapping) -> Convert:
    digits = _digits(stage, field, "decimals") if "decimals" in stage else 0
    operations: dict[Any, Convert] = {
        "round": lambda value: round(value, digits),
        "floor": math.floor,
        "ceiling": math.ceil,
        "ceil": math.ceil,
    }
    if stage["op"] not in operations:
        raise field.wrong(f"transform has no op {stage['op']!r}")
    return operations[stage["op"]]


def _bounding(stage: Mapping, field: Mapping) -> Convert:
    if "pow" in stage:
        power = number(stage, field, "pow")
        return lambda value: math.pow(value, power)
    if "clamp" in stage and isinstance(stage["clamp"], list) and len(stage["clamp"]) == 2:
        low, high = stage["clamp"]
        if not isinstance(low, int | float) or not isinstance(high, int | float):
            raise field.wrong("clamp is [least, greatest]")
        return lambda value: max(low, min(high, value))
    if "floor" in stage:
        least = number(stage, field, "floor")
        return lambda value: max(least, value)
    if "ceiling" in stage:
        most = number(stage, field, "ceiling")
        return lambda value: min(most, value)
    raise field.wrong(f"transform has no stage {dict(stage)!r}")


def _lookup(field: Mapping) -> list[Convert]:
    table = field.get("lookup")
    if table is None:
        return []
    if isinstance(table, list):
        return [_sequence_lookup(table, str(field.get("name")))]
    if not isinstance(table, dict):
        raise field.wrong("lookup is a list or a mapping of labels")
    default = table.get("default")
    try:
        labels = {int(key): label for key, label in table.items() if key != "default"}
    except (TypeError, ValueError):
        raise field.wrong("the keys of a lookup are whole numbers or default") from None
    return [lambda value: labels.get(value, default)]


def _sequence_lookup(labels: Sequence[Any], name: str) -> Convert:
    def look_up(value: Any) -> Any:
        if not 0 <= value < len(labels):  # an error, where a mapping's gap is only an absent field (PS-105, PS-269)
            raise DecodeError(DecodeReason.MALFORMED, f"{name}: {value} is none of the {len(labels)} values known")
        return labels[value]

    return look_up


# ── computed fields: no octets of their own ─────────────────────────────────────────────────────────────────────

Compute = Callable[[Machine], Any]


def computed(field: Mapping) -> Compute:
    """Return what computes a ``type: number`` field from what was read before."""
    ways = [key for key in ("ref", "compute", "value") if key in field]
    if len(ways) != 1:
        raise field.wrong("a computed field has one of ref, compute, value")
    if "value" in field:
        return lambda _: field["value"]
    find = operand(field["ref"], field) if "ref" in field else _computation(field)
    if "polynomial" in field:
        find = _polynomial(field, find)
    return _guarded(field, _for_sums(field, find))


def _for_sums(field: Mapping, find: Compute) -> Compute:
    sums = any(key in field for key in (*ARITHMETIC, "transform"))
    return (lambda machine: _numeric(find(machine))) if sums and "ref" in field else find


def operand(spec: Any, field: Mapping) -> Compute:
    """Return what finds ``$name`` or a literal number."""
    if isinstance(spec, str) and spec.startswith("$"):
        name = spec[1:]
        return lambda machine: machine.variable(name)
    if isinstance(spec, bool) or not isinstance(spec, int | float):
        raise field.wrong(f"{spec!r} is neither a number nor a $name")
    return lambda _: spec


def _computation(field: Mapping) -> Compute:
    spec = field["compute"]
    if not isinstance(spec, Mapping):
        raise field.wrong("compute is {op: …, a: …, b: …}")
    operations: dict[Any, Callable[[float, float], float | None]] = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b if b else None,
        "mod": lambda a, b: int(a) % int(b) if int(b) else None,
        "idiv": lambda a, b: int(a) // int(b) if int(b) else None,
    }
    operate = operations.get(spec.get("op"))
    if operate is None:
        raise field.wrong(f"compute has no op {spec.get('op')!r}: {', '.join(operations)}")
    left, right = operand(spec.get("a"), field), operand(spec.get("b"), field)
    return lambda machine: operate(_numeric(left(machine)), _numeric(right(machine)))


def _numeric(value: Any) -> Any:
    if not isinstance(value, int | float):  # a text times a number is a long text
        raise TypeError(f"{value!r} is no number")
    return value


def _polynomial(field: Mapping, find: Compute) -> Compute:
    coefficients = field["polynomial"]
    numbers = isinstance(coefficients, list) and all(isinstance(one, int | float) for one in coefficients)
    if not numbers or len(coefficients) < 2:
        raise field.wrong("polynomial is a list of coefficients, the highest power first")

    def evaluate(machine: Machine) -> float:
        point, total = find(machine), 0.0
        for coefficient in coefficients:
            total = total * point + coefficient
        return total

    return evaluate


def _guarded(field: Mapping, find: Compute) -> Compute:
    guard = field.get("guard")
    if guard is None:
        return find
    if not isinstance(guard, Mapping) or not isinstance(guard.get("when"), list):
        raise field.wrong("guard is {when: [{field: $name, gt: 0}], else: …}")
    tests = [_test(condition, field) for condition in guard["when"]]
    return lambda machine: find(machine) if all(test(machine) for test in tests) else guard.get("else")


def _test(condition: Any, field: Mapping) -> Callable[[Machine], bool]:
    operators = [key for key in COMPARISONS if isinstance(condition, Mapping) and key in condition]
    if len(operators) != 1:
        raise field.wrong(f"a guard's condition has a field and one of {', '.join(COMPARISONS)}")
    compare, bound = COMPARISONS[operators[0]], condition[operators[0]]
    find = operand(condition.get("field"), field)
    return lambda machine: compare(find(machine), bound)
