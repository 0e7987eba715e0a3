"""Ids as SensorThings servers write them: ``Things(3)`` and ``Things('01a2150b-…')``.

A `Ref` is what stands between the parentheses. Numbers stand bare and texts in quotes, of which one inside is doubled
(OData 4.0 URL conventions, 5.1.1.6); a server that writes UUIDs without quotes gets them back so.
"""

from __future__ import annotations

import re
from typing import Final, NewType
from urllib.parse import quote, unquote

from gateway.model import Json

Ref = NewType("Ref", str)

_END_OF_LINK: Final = re.compile(r"(?:^|/)\w+\((\d+|'.+'|[^()'/]+)\)$")


def of_id(value: Json) -> Ref:
    """Return the Ref of an ``@iot.id`` as JSON has it; ValueError when it is neither a whole number nor a text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Ref(str(value))
    if isinstance(value, str) and value:
        return Ref(literal(value))
    raise ValueError(f"{value!r} is no id: a whole number or a text is expected")


def of_link(link: str) -> Ref | None:
    """Return the Ref at the end of a link (a Location header, an ``@iot.selfLink``); None when it has none."""
    found = _END_OF_LINK.search(unquote(link.rstrip("/")))
    return Ref(found[1]) if found else None


def of_person(value: Json) -> Ref:
    """Return the Ref that a person wrote in a configuration: 17, "17", "01a2150b-…" or "'17'" for a text of digits."""
    if isinstance(value, str) and (value.isdecimal() or (value.startswith("'") and value.endswith("'") and value[1:])):
        return Ref(value)
    return of_id(value)


def as_id(ref: Ref) -> int | str:
    """Return the value of ``@iot.id`` that names the same entity in a body."""
    if ref.startswith("'"):
        return ref[1:-1].replace("''", "'")
    return int(ref) if ref.isdecimal() else ref


def in_path(ref: Ref) -> str:
    """Return ``(ref)`` as a URL takes it."""
    return f"({quote(ref, safe=chr(39))})"


def literal(text: str) -> str:
    """Return ``text`` as a string of OData."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
