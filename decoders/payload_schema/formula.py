"""``formula``, the expressions of older tables: a small language of our own reading, of which code is made.

It has numbers, ``x`` (the raw value, or ``value``), ``$name``, + - * / // % **, bits (& | ^ << >>), comparisons, and, or, not,
``condition ? a : b`` and a few functions. Nothing else can be said, so nothing else can be run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

LONGEST = 500  # characters; the longest that is known has 90
MOST_TOKENS = 150  # each may become a bracket of the code, and Python has an end at 200 within each other
DEEPEST = 30  # brackets within brackets
TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]{1,16}|(?:\d{1,30}\.?\d{0,30}|\.\d{1,30})(?:[eE][+-]?\d{1,3})?)|\$(?P<reference>[A-Za-z_]\w*)"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<sign>\*\*|//|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%()<>&|^?:,!~]))"
)
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
PRECEDENCE: Sequence[Sequence[str]] = (
    ("or", "||"), ("and", "&&"), COMPARISONS, ("|",), ("^",), ("&",), ("<<", ">>"), ("+", "-"),
    ("*", "/", "//", "%"),
)  # fmt: skip
"""The signs between two values, the loosest first."""
SPELLINGS = {"||": "or", "&&": "and"}
CONSTANTS: dict[str, Any] = {"true": True, "false": False, "True": True, "False": False, "pi": math.pi}
FUNCTIONS: dict[str, tuple[int, int]] = {
    "abs": (1, 1), "sqrt": (1, 1), "log": (1, 1), "log10": (1, 1), "exp": (1, 1), "floor": (1, 1), "ceil": (1, 1), "int": (1, 1),
    "round": (1, 1), "pow": (2, 2), "min": (2, 9), "max": (2, 9),
}  # fmt: skip


class FormulaError(ValueError):
    """An expression that is none: what stands where something else is expected."""


class Formula:
    """An expression that is read: ``code`` is an expression of Python over a0, a1 and so on, the values of ``names`` ("" is x)."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise FormulaError(f"a formula of more than {LONGEST} characters")
        self.names: list[str] = []
        self._tokens = _tokens(text)
        if len(self._tokens) > MOST_TOKENS:
            raise FormulaError(f"a formula of more than {MOST_TOKENS} words and signs")
        self._place = 0
        self._depth = 0
        self.code = self._choice()
        if self._place < len(self._tokens):
            raise FormulaError(f"{self._tokens[self._place][1]!r} is not expected in a formula")

    def _next(self, *signs: str) -> str | None:
        """Pass over one of ``signs``; None when something else stands there."""
        if self._place < len(self._tokens):
            kind, text = self._tokens[self._place]
            if text in signs and kind in {"sign", "word"}:
                self._place += 1
                return text
        return None

    def _demand(self, sign: str) -> None:
        if self._next(sign) is None:
            raise FormulaError(f"{sign!r} is expected in the formula")

    def _choice(self) -> str:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FormulaError(f"a formula of more than {DEEPEST} brackets within each other")
        condition = self._level(0)
        if self._next("?"):
            then = self._choice()
            self._demand(":")
            condition = f"({then} if {condition} else {self._choice()})"
        self._depth -= 1
        return condition

    def _level(self, level: int) -> str:
        if level == len(PRECEDENCE):
            return self._unary()
        if PRECEDENCE[level] == COMPARISONS and self._next("not", "!"):
            return f"(not {self._level(level)})"
        left, signs = self._level(level + 1), PRECEDENCE[level]
        while (sign := self._next(*signs)) is not None:
            left = _joined(left, SPELLINGS.get(sign, sign), self._level(level + 1))
        return left

    def _unary(self) -> str:
        signs: list[str] = []
        while (sign := self._next("-", "+", "~")) is not None:
            signs.append(sign)
        code = self._power()
        for sign in reversed(signs):
            code = f"({sign}{code})"
        return code

    def _power(self) -> str:
        base = self._atom()
        return f"power({base}, {self._unary()})" if self._next("**") else base

    def _atom(self) -> str:
        if self._place >= len(self._tokens):
            raise FormulaError("the formula ends where a number is expected")
        kind, text = self._tokens[self._place]
        self._place += 1
        if kind == "number":
            return repr(int(text, 16)) if text[:2] in {"0x", "0X"} else repr(_decimal(text))
        if kind == "reference" or text in {"x", "value"}:
            return self._name(text if kind == "reference" else "")
        if text == "(":
            inner = self._choice()
            self._demand(")")
            return f"({inner})"
        if kind == "word" and text in CONSTANTS:
            return repr(CONSTANTS[text])
        return self._call(text)

    def _name(self, name: str) -> str:
        if name not in self.names:
            self.names.append(name)
        return f"a{self.names.index(name)}"

    def _call(self, name: str) -> str:
        if name not in FUNCTIONS:
            raise FormulaError(f"a formula has no {name!r}: numbers, x, $name and {', '.join(FUNCTIONS)}")
        self._demand("(")
        given = [self._choice()]
        while self._next(","):
            given.append(self._choice())
        self._demand(")")
        least, most = FUNCTIONS[name]
        if not least <= len(given) <= most:
            raise FormulaError(
                f"{name} takes {least if least == most else f'{least} to {most}'} values, not {len(given)}"
            )
        return f"{'power' if name == 'pow' else name}({', '.join(given)})"


def _joined(left: str, sign: str, right: str) -> str:
    if sign == "<<":
        return f"shifted({left}, {right})"
    return f"({left} {sign} {right})"


def _decimal(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise FormulaError(f"{text} is too large a number")
    return int(value) if value.is_integer() and abs(value) < 1 << 53 else value


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place, text = 0, text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise FormulaError(f"{text[place : place + 10]!r} is not expected in a formula")
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found
