"""What the head of a decoder's file says to people: the drawn layout of its payload."""

from __future__ import annotations

import ast
import re
from itertools import takewhile
from pathlib import Path
from typing import Final

READ_AT_MOST: Final = 200_000  # characters: heads stand at the top
MARKS: Final = {".yaml": r"#( |$)", ".js": r"//( |$)"}


def drawing(path: Path) -> str:
    """Return the text that a decoder's file begins with, without its comment marks; "" where it begins with none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[:READ_AT_MOST]
    except OSError:
        return ""
    if path.suffix == ".py":
        return _docstring(text)
    if path.suffix == ".js" and (block := re.match(r"\s*/\*(.*?)\*/", text, re.DOTALL)):
        return "\n".join(re.sub(r"^\s*\*+ ?", "", line).rstrip() for line in block[1].splitlines()).strip()
    mark = re.compile(MARKS.get(path.suffix, r"$^"))
    head = takewhile(mark.match, text.lstrip().splitlines())
    return "\n".join(
        mark.sub("", line, count=1).rstrip() for line in head if "yaml-language-server" not in line
    ).strip()


def _docstring(text: str) -> str:
    try:
        return ast.get_docstring(ast.parse(text)) or ""
    except (SyntaxError, ValueError):
        return ""
