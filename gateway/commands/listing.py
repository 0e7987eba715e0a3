"""Rows in columns, for a terminal of any width or for a pipe: a row stays one line."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from gateway.commands import lines

GAP = "  "
NARROWEST = 8  # cells that a cut column keeps: enough to tell names apart


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head, and how it gives way on a narrow terminal."""

    head: str
    is_cut: bool = False  # to what is left, with …
    leaves: int = 0  # on a narrow terminal, the greatest first; 0 stays


def printable(text: str) -> str:
    """Return ``text`` on one line and without what a terminal would obey: names and answers come from elsewhere."""
    return text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)


def terminal_width() -> int | None:
    """Return the columns of the terminal that standard output is, None when it is none."""
    return shutil.get_terminal_size().columns if lines.is_terminal(sys.stdout) else None


def lay_out(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> Iterator[str]:
    """Yield a line for the heads and for each row, at most ``width`` cells wide where that can be; None: as it comes."""
    table = [[column.head for column in columns], *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_len, cells)) for cells in zip(*table, strict=True)]
    shown = list(range(len(columns)))
    if width is not None:
        shown = _that_stay(columns, widths, width)
        widths = _cut(columns, widths, shown, width)
    for row in table:
        yield GAP.join(_fitted(row[place], widths[place]) for place in shown).rstrip()


def pairs(told: Mapping[str, str], width: int | None) -> Iterator[str]:
    """Yield names with what they say beside them, wrapped to ``width`` cells where it is given."""
    margin = max(map(cell_len, told)) + len(GAP)
    for name, value in told.items():
        head = set_cell_size(name, margin)
        for line in _wrapped(value, width, margin):
            yield (head + line).rstrip()
            head = " " * margin


def folded(line: str, width: int | None) -> Sequence[str]:
    """Return ``line`` as lines of at most ``width`` cells, broken between words and indented; None: as it is."""
    if width is None or cell_len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + len(GAP))
    return textwrap.wrap(
        line,
        max(width, NARROWEST + len(indent)),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _wrapped(value: str, width: int | None, margin: int) -> Iterator[str]:
    for line in map(printable, value.split("\n")):
        if width is None or margin + cell_len(line) <= width:
            yield line
        else:
            indent = " " * (len(line) - len(line.lstrip()))
            yield from textwrap.wrap(line, max(width - margin, NARROWEST), subsequent_indent=indent)


def _taken(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[place] for place in shown) + len(GAP) * (len(shown) - 1)


def _that_stay(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    shown = list(range(len(columns)))
    for place in sorted(shown, key=lambda one: -columns[one].leaves):
        if _taken(widths, shown) > width and columns[place].leaves:
            shown.remove(place)
    return shown


def _cut(columns: Sequence[Column], widths: Sequence[int], shown: Sequence[int], width: int) -> list[int]:
    """Take from the widest column that may be cut, cell by cell, until all fits."""
    cut = list(widths)
    over = _taken(cut, shown) - width
    while over > 0:
        widest = max((place for place in shown if columns[place].is_cut), key=cut.__getitem__, default=None)
        if widest is None or cut[widest] <= NARROWEST:
            break
        cut[widest] -= 1
        over -= 1
    return cut


def _fitted(text: str, width: int) -> str:
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
