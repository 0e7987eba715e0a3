"""JSON as packet forwarders have it: with comments, and edited in place. Pure.

The forwarders' parser (parson) skips /* … */ and // …; what stands around a value that is changed stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from gateway.model import Json

TOKEN: Final = re.compile(r'"(?:\\.|[^"\\])*"|/\*.*?(?:\*/|\Z)|//[^\n]*', re.DOTALL)
STRING_OR_TRAILING: Final = re.compile(
    r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])'
)  # a comma too many, as in files edited by hand
BOM: Final = "\ufeff"  # of an editor on Windows


def without_comments(text: str) -> str:
    """Return ``text`` with blanks for its comments, so that every place in it stays where it was."""
    return TOKEN.sub(lambda found: found[0] if found[0][0] == '"' else re.sub(r"[^\n]", " ", found[0]), text)


def read(text: str) -> Mapping[str, Json]:
    """Return what an object says; ValueError where it is none."""
    plain = STRING_OR_TRAILING.sub(lambda one: "" if one[0] == "," else one[0], without_comments(text)).removeprefix(
        BOM
    )
    found = json.loads(plain)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - of a text, and no wrong type in a program
    return found


def places(text: str, key: str) -> list[tuple[int, int]]:
    """Return where the values of ``key`` begin and end, in the order in which they stand."""
    value = r'"(?:\\.|[^"\\])*"|-?\d+'
    return [found.span(1) for found in re.finditer(rf'"{re.escape(key)}"\s*:\s*({value})', without_comments(text))]


def line_of(text: str, place: int) -> int:
    """Return the line that a place is on, from 1."""
    return text.count("\n", 0, place) + 1
