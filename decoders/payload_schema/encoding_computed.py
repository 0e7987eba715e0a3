"""Fields without octets of their own: a computed value that is told says the field that it is computed from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decoders.payload_schema import document
from decoders.payload_schema.encoding_formula import function
from decoders.payload_schema.encoding_message import ABSENT, Gap, Given, Message, Part, wrong
from decoders.payload_schema.encoding_values import (
    Labels,
    Stage,
    as_number,
    back,
    forward,
    labels,
    nearest,
    polynomial,
    stages,
)
from decoders.payload_schema.values import COMPARISONS

CLOSE = 1e-6  # relative, as vectors are compared
UNKNOWN: Any = object()

Curve = Callable[[float], float]


def computed(field: document.Mapping) -> Part:
    """Compile a ``type: number`` field, or a constant; raises TableError."""
    name = field.get("name")
    if not isinstance(name, str):
        raise field.wrong("a field has a name")
    names = tuple(one for one in (name, field.get("var")) if isinstance(one, str))
    if "value" in field:
        return Part(lambda message, given: _constant(names, field["value"], message, given), frozenset({name}))
    bent = field.like({key: value for key, value in field.items() if key not in {"polynomial", "formula"}})
    plan = stages(bent)
    words, formula = labels(field, "lookup"), _formula(field)

    def say(message: Message, given: Given) -> None:
        value = given.take(name)
        try:
            if value is not ABSENT and formula.is_open(message) and formula.undo(message, _undone(value, plan, words)):
                return
        except ValueError as error:
            raise wrong(given.where(name), error) from error
        follow(message, given.where(name), value, last=False)

    def follow(message: Message, where: str, value: Any, *, last: bool) -> None:
        reported = formula.reported(message, plan, words)
        if reported is not UNKNOWN:
            message.known.update(dict.fromkeys(names, reported))
            _compare(where, value, reported)
        elif not last:
            message.claims.append(lambda whole: follow(whole, where, value, last=True))
        elif value is not ABSENT and formula.operands:
            raise wrong(where, f"nothing of this message says it; give {' and '.join(map(str, formula.operands))}")

    return Part(say, frozenset({name}))


def _constant(names: Sequence[str], standing: Any, message: Message, given: Given) -> None:
    value = given.take(names[0])
    if value is not ABSENT and value != standing:
        raise wrong(given.where(names[0]), f"{value!r} where it is always {standing!r}")
    message.known.update(dict.fromkeys(names, standing))


def _undone(value: Any, plan: Sequence[Stage], words: Labels | None) -> float:
    if isinstance(value, Mapping) and "value" in value:
        value = value["value"]  # an object as ``wrap`` reports it
    return back(plan, as_number(value) if words is None else words.raw(value))


def _compare(where: str, given: Any, value: Any) -> None:
    """Raise EncodeError where another value than the one that follows was given."""
    told = given["value"] if isinstance(given, Mapping) and "value" in given else given
    if told is ABSENT or told == value:
        return
    numbers = all(isinstance(one, int | float) for one in (told, value))
    if not numbers or not math.isclose(told, value, rel_tol=CLOSE, abs_tol=CLOSE):
        raise wrong(where, f"{told!r} where {value!r} follows from the other values")


# ── what a field is computed from ───────────────────────────────────────────────────────────────────────────────

Operand = str | float  # the name of a field, or a number


@dataclass(frozen=True, slots=True)
class Formula:
    """How a number follows from others: ``calculate`` there, ``solve`` back to the operand that is not known yet."""

    operands: tuple[Operand, ...]
    calculate: Callable[..., float | None]
    solve: Callable[[Gap, int, Sequence[Any], float], float] | None = None
    guard: Guard | None = None

    def reported(self, message: Message, plan: Sequence[Stage], words: Labels | None) -> Any:
        """Return what a decoder reports, None where that is nothing; UNKNOWN where an operand is not known."""
        passed = True if self.guard is None else self.guard.passed(message)
        found = self._found(message)
        if passed is None or (passed and (not found or None in found)):
            return UNKNOWN
        if self.guard is not None and not passed:
            return self.guard.otherwise  # as it stands there, whatever sums the field has
        try:
            value = forward(plan, as_number(self.calculate(*map(as_number, found))))
        except (ArithmeticError, ValueError):
            return None
        return value if words is None else words.words.get(int(value))

    def is_open(self, message: Message) -> bool:
        """Tell whether an operand is not known yet."""
        return None in self._found(message)

    def undo(self, message: Message, number: float) -> bool:
        """Fill the one gap among the operands so that ``number`` follows; False where there is none to be filled."""
        found = self._found(message)
        unknown = [place for place, one in enumerate(found) if one is None]
        gap = message.gap(str(self.operands[unknown[0]])) if len(unknown) == 1 else None
        if gap is None or self.solve is None:
            return False
        message.settle(gap, self.solve(gap, unknown[0], found, number))
        return True

    def _found(self, message: Message) -> list[Any]:
        return [message.known.get(one) if isinstance(one, str) else one for one in self.operands]


@dataclass(frozen=True, slots=True)
class Guard:
    """When a number is computed, and what it is otherwise."""

    tests: tuple[tuple[Operand, Callable[[float, float], bool], float], ...]
    otherwise: Any

    def passed(self, message: Message) -> bool | None:
        """Return whether the conditions hold; None where that is not known yet."""
        holds = True
        for name, compare, bound in self.tests:
            value = message.known.get(name) if isinstance(name, str) else name
            if not isinstance(value, int | float):
                return None
            holds = holds and compare(value, bound)
        return holds


def _guard(field: document.Mapping) -> Guard | None:
    spec = field.get("guard")
    if spec is None:
        return None
    if not isinstance(spec, document.Mapping) or not isinstance(spec.get("when"), list):
        raise field.wrong("guard is {when: [{field: $name, gt: 0}], else: …}")
    tests = []
    for condition in spec["when"]:
        key = next((one for one in COMPARISONS if isinstance(condition, Mapping) and one in condition), None)
        if key is None:
            raise field.wrong(f"a guard's condition has a field and one of {', '.join(COMPARISONS)}")
        name = str(condition.get("field")).removeprefix("$")
        tests.append((_operand(f"${name}", field), COMPARISONS[key], condition[key]))
    return Guard(tuple(tests), spec.get("else"))


def _formula(field: document.Mapping) -> Formula:
    found = _unguarded(field)
    return Formula(found.operands, found.calculate, found.solve, _guard(field))


def _unguarded(field: document.Mapping) -> Formula:
    if "formula" in field:
        return Formula(*function(field, "formula"))
    if "compute" in field:
        return _computation(field)
    operand = _operand(field.get("ref"), field)
    if "polynomial" not in field:
        return Formula((operand,), lambda value: value, lambda _gap, _place, _found, number: number)
    evaluate = polynomial(field)
    return Formula((operand,), evaluate, lambda gap, _place, _found, number: _point(gap, evaluate, number))


def _operand(spec: Any, field: document.Mapping) -> Operand:
    if isinstance(spec, str) and spec.startswith("$"):
        return spec[1:]
    if isinstance(spec, bool) or not isinstance(spec, int | float):
        raise field.wrong(f"{spec!r} is neither a number nor a $name")
    return spec


def _point(gap: Gap, curve: Curve, number: float) -> float:
    """Return the value of ``gap`` that the curve takes nearest to ``number``; ValueError where none or several do."""
    values = list(gap.curve())
    if not values:
        raise ValueError(f"it does not say {gap.where}; give that one")
    try:
        found: float = values[nearest([curve(value) for value in values], number)]
    except ValueError as error:
        raise ValueError(f"{error}; give {gap.where} itself") from error
    return found


def _computation(field: document.Mapping) -> Formula:
    spec = field["compute"]
    if not isinstance(spec, document.Mapping) or spec.get("op") not in _SUMS:
        raise field.wrong(f"compute is {{op: …, a: …, b: …}}, op one of {', '.join(_SUMS)}")
    calculate, undone = _SUMS[spec["op"]]
    operands = (_operand(spec.get("a"), field), _operand(spec.get("b"), field))

    def solve(_gap: Gap, place: int, found: Sequence[Any], number: float) -> float:
        try:
            return undone[place](number, as_number(found[1 - place]))
        except ArithmeticError:
            raise ValueError(f"{number:.12g} cannot be had with {found[1 - place]}") from None

    return Formula(operands, calculate, solve if undone else None)


_Two = Callable[[float, float], float]
# of a and b; and, where it can be undone, a of the result and b, b of the result and a
_SUMS: dict[Any, tuple[_Two, tuple[_Two, ...]]] = {
    "add": (lambda a, b: a + b, (lambda c, b: c - b, lambda c, a: c - a)),
    "sub": (lambda a, b: a - b, (lambda c, b: c + b, lambda c, a: a - c)),
    "mul": (lambda a, b: a * b, (lambda c, b: c / b, lambda c, a: c / a)),
    "div": (lambda a, b: a / b, (lambda c, b: c * b, lambda c, a: a / c)),
    "mod": (lambda a, b: int(a) % int(b), ()),
    "idiv": (lambda a, b: int(a) // int(b), ()),
}
