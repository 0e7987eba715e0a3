"""``formula`` and ``encode_formula`` as functions: the expressions of older tables, there and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from decoders.payload_schema import document
from decoders.payload_schema.formula import Formula, FormulaError
from decoders.payload_schema.runtime import bounded, shifted

Function = Callable[..., float]


def function(field: document.Mapping, key: str) -> tuple[tuple[str, ...], Function]:
    """Return what the expression at ``key`` refers to ("": the value itself) and its function; raises TableError."""
    text = field[key]
    if not isinstance(text, str):
        raise field.wrong(f"{key} is a text, not {document.shown(text)}", key)
    try:
        read = Formula(text)
    except FormulaError as error:
        raise field.wrong(f"{key}: {error}", key) from error
    parameters = ", ".join(f"a{place}" for place in range(len(read.names)))
    # The code is made by Formula, of numbers, its parameters and these functions alone; nothing of the text is in it.
    made: Function = eval(f"lambda {parameters}: {read.code}", dict(_FUNCTIONS))  # noqa: S307 - see above
    return tuple(read.names), made


def _power(base: float, exponent: float) -> Any:
    return bounded(math.pow(base, exponent))


_FUNCTIONS: dict[str, Any] = {
    "__builtins__": {}, "abs": abs, "int": int, "round": round, "min": min, "max": max, "sqrt": math.sqrt, "log": math.log,
    "log10": math.log10, "exp": math.exp, "floor": math.floor, "ceil": math.ceil, "power": _power, "shifted": shifted,
}  # fmt: skip
