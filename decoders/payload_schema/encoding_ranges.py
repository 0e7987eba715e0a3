"""``match_value``, the other way round: other sums for other raw numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from decoders.payload_schema import document
from decoders.payload_schema.encoding_values import Stage, stages
from decoders.payload_schema.values import COMPARISONS, WHEN

Fits = Callable[[float], bool]
Case = tuple[Fits, tuple[Stage, ...]]
OPERATORS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "==": "eq", "!=": "ne"}


def ranges(field: document.Mapping) -> tuple[Case, ...]:
    """Return the cases of a ``match_value``, each with the sums of its raw numbers: the first that fits is a number's.

    A case that says a word or a constant leads nowhere back, and is passed over. Raises TableError.
    """
    cases = field.get("match_value", [])
    if not isinstance(cases, list) or not all(isinstance(one, document.Mapping) for one in cases):
        raise field.wrong("match_value is a list of {when: '< 100', add: …}", "match_value")
    fits = [_condition(one) for one in cases]
    made = [
        (_first(fits[:place], fits[place]), stages(one))
        for place, one in enumerate(cases)
        if not {"lookup", "value"} & one.keys()
    ]
    return (*made, (_first(fits, lambda _: True), ())) if cases else ()


def _first(before: Sequence[Fits], own: Fits) -> Fits:
    return lambda value: own(value) and not any(fits(value) for fits in before)


def _condition(case: document.Mapping) -> Fits:
    when = case.get("when", "default")
    if isinstance(when, int | float) and not isinstance(when, bool):
        return lambda value: value == when
    if when in {"default", "_", "else"}:
        return lambda _: True
    text, tests, place = str(when), list[tuple[str, float]](), 0
    while place < len(text):
        found = WHEN.match(text, place)
        if found is None:
            raise case.wrong(f"{document.shown(when)} is no condition: `< 100` is one", "when")
        tests.append((OPERATORS[found[1]], int(found[2], 16) if "x" in found[2] else float(found[2])))
        place = found.end()
    return lambda value: all(COMPARISONS[operator](value, bound) for operator, bound in tests)
