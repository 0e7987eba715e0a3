"""Conversions there and back: what a table does with a raw number, undone for a value that is to be told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from decoders.payload_schema import document
from decoders.payload_schema.encoding_formula import function
from decoders.payload_schema.values import ARITHMETIC, number

Sum = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Stage:
    """One conversion of a number, and its inverse; ValueError in words where there is none."""

    forward: Sum
    back: Sum
    straight: bool = True  # a straight line, whose steps are equally long
    below: Sum | None = None  # the inverse below 0, where there are two
    curved: bool = False  # it has none: what leads to a value is looked for


def stages(field: document.Mapping) -> tuple[Stage, ...]:
    """Return what ``field`` does with its raw number, in order; raises TableError."""
    transform = field.get("transform", [])
    if not isinstance(transform, list) or not all(isinstance(one, document.Mapping) for one in transform):
        raise field.wrong("transform is a list of stages, e.g. `- add: -40`")
    if "formula" in field:
        return (_formula(field),)
    made = [*_polynomial(field), *_arithmetic(field, field)]
    for one in transform:
        made += list(_arithmetic(one, field)) or [_transformed(one, field)]
    return tuple(made)


def forward(plan: Sequence[Stage], value: float) -> float:
    """Return what a decoder makes of the raw number ``value``."""
    for stage in plan:
        value = stage.forward(value)
    return value


def back(plan: Sequence[Stage], value: float) -> float:
    """Return the raw number that a decoder makes ``value`` of; ValueError where there is none."""
    try:
        for stage in reversed(plan):
            value = stage.back(value)
    except ArithmeticError:
        raise ValueError(f"{value!r} is beyond what can be calculated with") from None
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is beyond what can be calculated with")
    return value


def below(plan: Sequence[Stage]) -> tuple[Stage, ...]:
    """Return the same conversion with the inverses below 0, none where it has no such inverse."""
    if not any(stage.below for stage in plan):
        return ()
    return tuple(replace(stage, back=stage.below) if stage.below else stage for stage in plan)


def as_number(value: Any) -> float:
    """Return ``value``, which is a finite number; ValueError tells what it is instead."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} where a number is expected")  # noqa: TRY004 - what a person typed, no bug
    if not math.isfinite(value):
        raise ValueError(f"{value!r} where a finite number is expected")
    return value


def _formula(field: document.Mapping) -> Stage:
    """Return a ``formula`` with its ``encode_formula``; what refers to other fields cannot be undone."""
    names, forth = function(field, "formula")
    undone, undo = function(field, "encode_formula") if "encode_formula" in field else ((), None)

    def back(value: float) -> float:
        if undo is None or set(undone) - {""}:
            raise ValueError(f"{value:.12g} cannot be told: its formula has no encode_formula of x alone")
        return as_number(undo(*[value] * len(undone)))

    def forward(raw: float) -> float:
        return math.nan if set(names) - {""} else forth(*[raw] * len(names))

    return Stage(forward, back, straight=False, curved=undo is None and not set(names) - {""})


def polynomial(field: document.Mapping) -> Sum:
    """Return the function that the coefficients of ``field`` are, the highest power first; raises TableError."""
    coefficients = field["polynomial"]
    if not isinstance(coefficients, list) or not all(isinstance(one, int | float) for one in coefficients):
        raise field.wrong("polynomial is a list of coefficients, the highest power first", "polynomial")

    def evaluate(point: float) -> float:
        total = 0.0
        for coefficient in coefficients:
            total = total * point + coefficient
        return total

    return evaluate


def _polynomial(field: document.Mapping) -> Iterator[Stage]:
    if "polynomial" in field:
        yield Stage(polynomial(field), _same, straight=False, curved=True)


def nearest(values: Sequence[float], value: float) -> int:
    """Return the place of that of ``values``, a curve, which is nearest to ``value``; ValueError for none or several."""
    offsets = [one - value for one in values]
    crossings = [place for place in range(len(values) - 1) if offsets[place] * offsets[place + 1] <= 0]
    distinct = [place for place in crossings if place - 1 not in crossings]
    if not distinct:
        raise ValueError(f"{value:.12g} lies outside {min(values):.6g} to {max(values):.6g}")
    if len(distinct) > 1:
        raise ValueError(f"{value:.12g} stands for {len(distinct)} values of the device")
    return min(range(distinct[0], distinct[0] + 2), key=lambda place: abs(offsets[place]))


# ── stages ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _arithmetic(spec: document.Mapping, owner: document.Mapping) -> Iterator[Stage]:
    for key in ARITHMETIC:
        if key in spec:
            yield _operation(key, number(spec, owner, key), owner)


def _operation(key: str, operand: float, owner: document.Mapping) -> Stage:
    if key == "add":
        return Stage(lambda value: value + operand, lambda value: value - operand)
    if operand == 0:
        raise owner.wrong(f"{key} is 0: no value can be told")
    if key == "mult":
        return Stage(lambda value: value * operand, lambda value: value / operand)
    return Stage(lambda value: value / operand, lambda value: value * operand)


def _transformed(spec: document.Mapping, owner: document.Mapping) -> Stage:
    for key, stage in _CURVES.items():
        if isinstance(spec.get(key), bool):
            return stage if spec[key] else Stage(_same, _same)
    if "pow" in spec:
        return _power(number(spec, owner, "pow"), owner)
    if "op" in spec or "round" in spec:
        return _rounded(spec, owner)
    if "clamp" in spec and isinstance(spec["clamp"], list) and len(spec["clamp"]) == 2:
        return _bounded(*spec["clamp"])
    if "floor" in spec:
        return _bounded(number(spec, owner, "floor"), math.inf)
    if "ceiling" in spec:
        return _bounded(-math.inf, number(spec, owner, "ceiling"))
    raise owner.wrong(f"transform has no stage {dict(spec)!r}")


def _rounded(spec: document.Mapping, owner: document.Mapping) -> Stage:
    key = "decimals" if "op" in spec else "round"
    digits = 0 if spec.get(key) in (None, True) else int(number(spec, owner, key))
    operations: dict[Any, Sum] = {"floor": math.floor, "ceiling": math.ceil, "ceil": math.ceil}
    return Stage(operations.get(spec.get("op"), lambda value: round(value, digits)), _same, straight=False)


def _same(value: float) -> float:
    return value


def _from_zero(undo: Sum) -> Sum:
    def back(value: float) -> float:
        if value < 0:
            raise ValueError(f"{value:g} is below 0, which no root and no amount is")
        return undo(value)

    return back


def _logarithm(value: float) -> float:
    if value <= 0:
        raise ValueError(f"{value:g} is no power of ten")
    return math.log10(value)


_CURVES = {
    "sqrt": Stage(lambda value: math.sqrt(max(0.0, value)), _from_zero(lambda value: value * value), straight=False),
    "abs": Stage(abs, _from_zero(_same), straight=False, below=_from_zero(lambda value: -value)),
    "log10": Stage(lambda value: math.log10(max(1e-10, value)), lambda value: math.pow(10, value), straight=False),
    "pow10": Stage(lambda value: math.pow(10, value), _logarithm, straight=False),
    "log": Stage(lambda value: math.log(max(1e-10, value)), math.exp, straight=False),
}


def _power(power: float, owner: document.Mapping) -> Stage:
    if power == 0:
        raise owner.wrong("pow is 0: no value can be told")
    undo = _from_zero(lambda value: math.pow(value, 1 / power))
    negative = _from_zero(lambda value: -math.pow(value, 1 / power)) if power % 2 == 0 else None
    return Stage(lambda value: math.pow(value, power), undo, straight=False, below=negative)


def _bounded(low: float, high: float) -> Stage:
    def back(value: float) -> float:
        if not low <= value <= high:
            raise ValueError(f"{value:.12g} lies outside {low:.12g} to {high:.12g}")
        return value

    return Stage(lambda value: max(low, min(high, value)), back, straight=False)


# ── labels ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Labels:
    """The words that raw numbers stand for."""

    words: Mapping[int, Any]
    default: Any = None

    def raw(self, value: Any) -> int:
        """Return the number whose word is ``value``, or that number itself; ValueError says which words there are."""
        for raw, word in self.words.items():
            if word == value and isinstance(word, bool) is isinstance(value, bool):
                return raw
        if isinstance(value, int) and not isinstance(value, bool) and value in self.words:
            return value
        if self.default is not None and value == self.default:
            raise ValueError(f"{value!r} stands for every value that has no name, so it does not say which")
        raise ValueError(f"{value!r} is none of {self._known(value)}")

    def _known(self, value: Any) -> str:
        words = [repr(word) for word in dict.fromkeys(map(_hashable, self.words.values()))]
        near = get_close_matches(repr(value), words, n=1, cutoff=0.6)
        return f"{', '.join(words)}" + (f"; did you mean {near[0]}?" if near else "")


def _hashable(word: Any) -> Any:
    return word if isinstance(word, str | int | float | bool | None) else repr(word)


def labels(field: document.Mapping, key: str) -> Labels | None:
    """Return the words of a ``lookup`` or of an enum's ``values``, a list or a mapping; raises TableError."""
    given = field.get(key)
    if given is None:
        return None
    if isinstance(given, list):
        return Labels(dict(enumerate(given)), field.get("default") if key == "values" else None)
    if not isinstance(given, dict):
        raise field.wrong(f"{key} is a list or a mapping of labels")
    try:
        words = {int(raw): word for raw, word in given.items() if raw != "default"}
    except (TypeError, ValueError):
        raise field.wrong(f"the keys of {key} are whole numbers or default") from None
    return Labels(words, given.get("default", field.get("default")))
