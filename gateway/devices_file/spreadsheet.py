"""A table as people and spreadsheets write it: its delimiter found out, its comments left out, its lines numbered.

Comma, semicolon (Excel in Swedish) or tab; a byte order mark; quoted cells, also over several lines; blank lines;
lines that begin with #; Excel's own first line ``sep=;``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, stripped, and the line of the file that it begins in (from 1)."""

    line: int
    cells: tuple[str, ...]


class Unreadable(ValueError):
    """Say in which line a table ends to be one."""

    def __init__(self, line: int, words: str) -> None:
        self.line = line
        self.words = words
        super().__init__(f"line {line}: {words}")


def rows(text: str) -> Iterator[Row]:
    """Yield the rows of a table that have anything in them, the header first; raises Unreadable."""
    lines = list(_without_comments(text.removeprefix("\ufeff")))
    reader = csv.reader(lines, delimiter=_delimiter(lines), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = tuple(cell.strip() for cell in next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(begins, _words(error)) from error
        if any(cells):
            yield Row(begins, cells)


def _without_comments(text: str) -> Iterator[str]:
    """Yield every line, a comment as an empty one; what looks like one inside of quotes is none."""
    quoted = False
    for line in io.StringIO(text, newline=""):
        if not quoted and (line.lstrip().startswith("#") or _separator(line)):
            yield "\n" if _separator(line) is None else line
        else:
            quoted ^= line.count('"') % 2 == 1
            yield line


def _separator(line: str) -> str | None:
    found = re.fullmatch(r"sep=([,;\t])\s*", line)
    return found[1] if found else None


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter of the first line that says anything, and take Excel's own line out."""
    for index, line in enumerate(lines):
        if separator := _separator(line):
            lines[index] = "\n"
            return separator
        if line.strip():
            return max(DELIMITERS, key=line.count)
    return DELIMITERS[0]


def _words(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return 'a cell begins with a quote (") that is closed nowhere'
    if "expected after" in str(error):
        return 'a quoted cell goes on after its closing quote; a quote inside of one is written twice ("")'
    return str(error)
