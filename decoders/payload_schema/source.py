"""Python source in the making: what a table says, as code that is run over payloads.

Nothing of a table ever becomes a name of the code. Its words and numbers are literals (`repr`), or constants that are
bound to names of our own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

LONGEST_CODE = (
    300_000  # characters; the longest table that is known comes to 44,000, and Python compiles a million a second
)
DEEPEST_CODE = 90  # blocks within each other; Python itself has an end at 100
LITERALS = (bool, int, float, str, type(None))


Kind = Literal["whole", "float", "number", "truth", "text", "label", "any"]
"""What a value is known to be: a number is whole or a float, a label is whatever a table of words holds."""
NUMERIC: frozenset[Kind] = frozenset({"whole", "float", "number", "truth"})
WORDY: frozenset[Kind] = frozenset({"text", "label"})


@dataclass(frozen=True, slots=True)
class Value:
    """An expression of the code, what it will be, how great at most, and whether it may be None."""

    code: str
    kind: Kind = "any"
    most: float = math.inf
    absent: bool = False

    def said(self, source: Source) -> Value:
        """Return the same as a name, so that it can be used more than once."""
        return self if self.code.isidentifier() else replace(self, code=source.assign("v", self.code))


class TooDeep(Exception):
    """Code of more blocks within each other than Python takes."""


class TooLong(Exception):
    """Code of more characters than Python compiles while nobody waits."""


@dataclass(frozen=True, slots=True)
class Place:
    """An octet of the payload: so many after what ``base`` holds, or after the first where that is ""."""

    base: str
    offset: int

    def at(self, more: int = 0) -> str:
        """Return the code of the position ``more`` octets on."""
        offset = self.offset + more
        if not self.base:
            return str(offset)
        return f"{self.base} + {offset}" if offset else self.base

    def on(self, more: int) -> Place:
        """Return the place ``more`` octets on."""
        return Place(self.base, self.offset + more)

    def octet(self, more: int = 0) -> str:
        """Return the code of one octet."""
        return f"data[{self.at(more)}]"

    def octets(self, count: int) -> str:
        """Return the code of ``count`` octets."""
        return f"data[{self.at()}:{self.at(count)}]"


@dataclass(frozen=True, slots=True)
class Later:
    """A place in the code whose lines are known later."""

    lines: list[str]
    depth: int

    def line(self, text: str) -> None:
        """Add a line there."""
        self.lines.append(" " * self.depth + text)


class Source:
    """Lines of code with their depth, and the constants that they name."""

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self.constants: dict[str, Any] = {}
        self._lines: list[str | list[str]] = []
        self._count = 0
        self._length = 0
        self._bound: dict[Any, str] = {}

    def line(self, text: str) -> None:
        """Add a line at the present depth; raises TooDeep and TooLong."""
        if self.depth > DEEPEST_CODE:
            raise TooDeep
        self._length += self.depth + len(text)
        if self._length > LONGEST_CODE:
            raise TooLong
        self._lines.append(" " * self.depth + text)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Open a block (`if …`); its end is the end of the context."""
        self.line(f"{header}:")
        before = len(self._lines)
        self.depth += 1
        yield
        if len(self._lines) == before:
            self.line("pass")
        self.depth -= 1

    def later(self) -> Later:
        """Return this place in the code, to be filled later."""
        made = Later([], self.depth)
        self._lines.append(made.lines)
        return made

    def fresh(self, letter: str) -> str:
        """Return a name that nothing has yet."""
        self._count += 1
        return f"{letter}{self._count}"

    def assign(self, letter: str, code: str) -> str:
        """Assign ``code`` to a new name; return the name."""
        name = self.fresh(letter)
        self.line(f"{name} = {code}")
        return name

    def constant(self, value: Any) -> str:
        """Return the code of a constant: a literal, or a name that is bound to it."""
        if value.__class__ in LITERALS and not (value.__class__ is float and not math.isfinite(value)):
            text = repr(value)
            return f"({text})" if text.startswith("-") else text
        return self.bind(value)

    def bind(self, value: Any, key: Any = None) -> str:
        """Return a name that is bound to ``value``; the same one for the same ``key``."""
        if key is not None and key in self._bound:
            return self._bound[key]
        name = self.fresh("K")
        self.constants[name] = value
        if key is not None:
            self._bound[key] = name
        return name

    def text(self) -> str:
        """Return the whole source."""
        lines = (part if isinstance(part, list) else [part] for part in self._lines)
        return "\n".join(line for part in lines for line in part) + "\n"


class Inside(ExitStack):
    """The blocks that are open for one field; what stands in one may not be run."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self.is_open = False

    def when(self, condition: str) -> None:
        """Open a block for what comes."""
        self.enter_context(self._source.block(f"if {condition}"))
        self.is_open = True

    def present(self, value: Value) -> Value:
        """Return ``value`` within a block where it is not None."""
        if not value.absent:
            return value
        said = value.said(self._source)
        self.when(f"{said.code} is not None")
        return replace(said, absent=False)
