"""Choices: the code that finds, for a value, the one list of fields that is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from decoders.payload_schema.document import Mapping, shown

if TYPE_CHECKING:
    from decoders.payload_schema.compiler import Compiler

FEW = 4  # values that are compared one by one; more are halved first
RANGE = re.compile(r"\s*(-?(?:0x[0-9a-fA-F]{1,16}|\d{1,20}))\s*\.\.\s*(-?(?:0x[0-9a-fA-F]{1,16}|\d{1,20}))\s*")
Body = Callable[[], None]
"""Compile what is read in a case."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is read for some values, or for those that meet a condition ({} is the value)."""

    values: tuple[Any, ...]
    condition: str
    fields: Any
    owner: Mapping


def choose(compiler: Compiler, spec: Mapping, value: str, what: str) -> None:
    """Compile the ``cases`` of a match; raises TableError."""
    cases, otherwise = _cases(spec)

    def body(case: Case) -> Body:
        return lambda: compiler.fields(case.fields, case.owner)

    def none() -> None:
        if otherwise is None:
            compiler.source.line(f"raise unknown({what!r}, {value})")
        else:
            compiler.fields(otherwise, spec)

    exact = [(one, body(case)) for case in cases for one in case.values]
    ranges = [(case.condition.format(value), body(case)) for case in cases if case.condition]
    search(compiler, value, exact, ranges, none)


def search(
    compiler: Compiler, value: str, exact: Sequence[tuple[Any, Body]], ranges: Sequence[tuple[str, Body]], none: Body
) -> None:
    """Compile the search for a value: what it is exactly, else the first condition that it meets, else ``none``."""
    numbers: dict[Any, Body] = {}
    for one, body in exact:
        numbers.setdefault(one, body)
    if not all(type(one) is int for one in numbers):
        places = compiler.source.bind({one: place for place, one in enumerate(numbers)})
        value = compiler.source.assign("v", f"{places}.get({value}, -1)")
        numbers = dict(enumerate(numbers.values()))
    if ranges or len(numbers) > FEW:
        is_found = compiler.source.assign("h", "True")
        _halve(compiler, value, sorted(numbers.items()), lambda: compiler.source.line(f"{is_found} = False"))
        with compiler.branch(f"if not {is_found}"):
            _one_by_one(compiler, ranges, none)
    else:
        _halve(compiler, value, sorted(numbers.items()), none)


def _halve(compiler: Compiler, value: str, cases: Sequence[tuple[Any, Body]], none: Body) -> None:
    if len(cases) <= FEW:
        _one_by_one(compiler, [(f"{value} == {one}", body) for one, body in cases], none)
        return
    middle = len(cases) // 2
    with compiler.branch(f"if {value} < {cases[middle][0]}"):
        _halve(compiler, value, cases[:middle], none)
    with compiler.branch("else"):
        _halve(compiler, value, cases[middle:], none)
    compiler.settled()


def _one_by_one(compiler: Compiler, cases: Sequence[tuple[str, Body]], none: Body) -> None:
    if not cases:
        with compiler.branch("if True"):
            none()
    word = "if"
    for condition, body in cases:
        with compiler.branch(f"{word} {condition}"):
            body()
        word = "elif"
    if cases:
        with compiler.branch("else"):
            none()
    compiler.settled()


# ── the cases of a match ────────────────────────────────────────────────────────────────────────────────────────


def _cases(spec: Mapping) -> tuple[list[Case], Any]:
    """Return the cases and the fields that are read where none fits; None where that is an error."""
    cases = spec.get("cases")
    if isinstance(cases, list):
        pairs = [(_key(case, spec), case, case) for case in cases]
    elif isinstance(cases, Mapping):
        pairs = [(key, fields, cases) for key, fields in cases.items()]
    else:
        raise spec.wrong("match has cases, a mapping", "cases")
    made: list[Case] = []
    otherwise = _default(spec)
    for key, fields, owner in pairs:
        if key in {"_", "default"}:
            otherwise = _fields(fields)
        else:
            made.append(_case(key, _fields(fields), owner))
    return made, otherwise


def _key(case: Any, spec: Mapping) -> Any:
    if not isinstance(case, Mapping) or "case" not in case:
        raise spec.wrong("a list of cases has {case: …, fields: […]}", "cases")
    key = case["case"]
    return tuple(key) if isinstance(key, list) else key


def _fields(fields: Any) -> Any:
    return fields.get("fields", []) if isinstance(fields, Mapping) else fields


def _case(key: Any, fields: Any, owner: Mapping) -> Case:
    if isinstance(key, str) and (bounds := RANGE.fullmatch(key)):
        low, high = int(bounds[1], 0), int(bounds[2], 0)
        return Case((), f"{low} <= {{0}} <= {high}", fields, owner)
    return Case(key if isinstance(key, tuple) else (key,), "", fields, owner)


def _default(spec: Mapping) -> Any:
    default = spec.get("default", "error")
    if default == "error":
        return None
    if default == "skip":
        return []
    if not isinstance(default, list | Mapping):
        raise spec.wrong(f"default is error, skip or a list of fields, not {shown(default)}", "default")
    return _fields(default)
