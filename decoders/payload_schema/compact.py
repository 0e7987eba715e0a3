"""The compact form of fields: ``">B:version 2x H:value"``, or a format with a list of names."""

from __future__ import annotations

import re
from typing import Any

from decoders.payload_schema.document import Mapping, shown

TYPES = {
    "b": "s8", "B": "u8", "h": "s16", "H": "u16", "i": "s32", "I": "u32", "l": "s32", "L": "u32", "q": "s64", "Q": "u64",
    "e": "f16", "f": "f32", "d": "f64",
}  # fmt: skip
ORDERS = {">": "big", "<": "little", "!": "big", "=": "big"}
TOKEN = re.compile(r"([<>!=]?)(\d{0,3})([A-Za-z?]?)(?::(\w+))?")
LETTER = re.compile(r"([<>!=]?)(\d{0,3})([A-Za-z?])")


def fields(text: str, owner: Mapping, key: str) -> list[Mapping]:
    """Return the fields of ``">B:version H:value"``; raises TableError."""
    made: list[Mapping] = []
    order: str | None = None
    for word in text.split():
        match = TOKEN.fullmatch(word)
        if match is None or not (match[1] or match[3]):
            raise owner.wrong(f"{key}: {shown(word)} is none of B:name, 2x, >, <", key)
        order = ORDERS.get(match[1], order)
        if match[3]:
            made.append(_field(match[3], match[2], match[4], len(made), order, owner, key))
    return made


def named(form: Any, names: Any, owner: Mapping) -> list[Mapping]:
    """Return the fields of ``format: ">hB"`` with ``names: [temp, hum]``; raises TableError."""
    if not isinstance(form, str) or not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise owner.wrong('format is a text (">hB") with names, a list of texts', "format")
    left, made, order = list(names), list[Mapping](), None
    text = form.replace(" ", "")
    if LETTER.sub("", text):
        raise owner.wrong(f"format: {shown(form)} is none of >, < and letters as b B h H i I q Q f d x", "format")
    for sign, count, letter in LETTER.findall(text):
        order = ORDERS.get(sign, order)
        for part in _parts(letter, count):
            name = None if letter == "x" else left.pop(0) if left else None
            if letter != "x" and name is None:
                raise owner.wrong("format has more values than names", "names")
            made.append(_field(letter, part, name, len(made), order, owner, "format"))
    if left:
        raise owner.wrong(f"names has {len(left)} more than format has values", "names")
    return made


def _parts(letter: str, count: str) -> list[str]:
    return [count] if letter == "x" or not count else [""] * int(count)


def _field(
    letter: str, count: str, name: str | None, place: int, order: str | None, owner: Mapping, key: str
) -> Mapping:
    if letter == "x":
        spec: dict[str, Any] = {"name": f"_skip{place}", "type": "skip", "length": int(count or 1)}
    elif letter == "?":
        spec = {"name": name or f"_field{place}", "type": "bool", "consume": 1}
    elif letter in TYPES and not count:
        spec = {"name": name or f"_field{place}", "type": TYPES[letter]}
    else:
        raise owner.wrong(f"{key}: {count}{letter} is none of {' '.join(TYPES)} ? x", key)
    if order is not None:
        spec["endian"] = order
    made = Mapping(spec)
    made.line, made.column = owner.spots.get(key, (owner.line, owner.column))
    made.file = owner.file
    return made
