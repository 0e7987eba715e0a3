"""The types of the language: how a value stands in the octets."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from decoders.cursor import ByteOrder
from decoders.payload_schema.document import Mapping, did_you_mean, shown
from decoders.payload_schema.numbers import (
    BITS,
    ENCODINGS,
    FLOATS,
    INTEGER,
    bits,
    decimal,
    integer,
    real,
    sdec,
    truth,
    two_words,
    udec,
)
from decoders.payload_schema.octets import TEXTS, bitfield_string, shower, stretch, version_string
from decoders.payload_schema.source import Place, Source, Value
from decoders.payload_schema.wired import Stretch, Wire, label, whole, whole_keys


def reader(field: Mapping, order: ByteOrder) -> Wire | Stretch:
    """Return how ``field`` is read; raises TableError for a type that there is not."""
    kind = field.get("type", "u8")
    if not isinstance(kind, str):
        raise field.wrong(f"type {shown(kind)} is no word", "type")
    order = _order(field, order)
    what = str(field.get("name", kind))
    if match := INTEGER.fullmatch(kind):
        return integer(field, match, order, what)
    if match := BITS.fullmatch(kind):
        return bits(field, match, what)
    if kind in FLOATS:
        return real(FLOATS[kind], order, what)
    if kind in TEXTS or kind == "skip":
        return stretch(field, what, None if kind == "skip" else shower(field, kind))
    if kind in OTHERS:
        return OTHERS[kind](field, order, what)
    if re.search(r"[<@:+\[]", kind):
        raise field.wrong(
            f"type {kind!r} is no way to write bits (any more): u8[2:4] is bits 2 to 4 of an octet", "type"
        )
    near = did_you_mean(
        kind, [*TEXTS, *FLOATS, *OTHERS, "u8", "u16", "s16", "u32", "s32", "number", "object", "repeat", "skip"]
    )
    raise field.wrong(f"there is no type {kind!r}{near}", "type")


def _order(field: Mapping, order: ByteOrder) -> ByteOrder:
    own = field.get("endian", order)
    if own == "big":
        return "big"
    if own == "little":
        return "little"
    raise field.wrong(f"endian is big or little, not {shown(own)}", "endian")


def _enum(field: Mapping, order: ByteOrder, what: str) -> Wire:
    base = reader(
        field.like({"type": field.get("base", "u8"), "name": what, "consume": field.get("consume", 0)}), order
    )
    values = field.get("values")
    if isinstance(values, list):
        values = dict(enumerate(values))
    if not isinstance(base, Wire) or base.make is None or not isinstance(values, dict):
        raise field.wrong("an enum has a base of known size and values, a list or a mapping", "values")
    inner = base.make
    labels = whole_keys(field, values, "values")

    def make(source: Source, place: Place, names: Sequence[str]) -> Value:
        raw = inner(source, place, names).said(source)
        otherwise = source.constant(label(field["default"])) if "default" in field else f"f'unknown({{{raw.code}}})'"
        return Value(f"{source.bind(labels)}.get({raw.code}, {otherwise})", "label")

    return replace(base, make=make)


OTHERS: dict[str, Callable[[Mapping, ByteOrder, str], Wire]] = {
    "u32le16": lambda field, order, what: two_words(field, order, what, signed=False),
    "s32le16": lambda field, order, what: two_words(field, order, what, signed=True),
    "bool": truth,
    "udec": lambda _field, _order, what: decimal(udec, what),
    "UDec": lambda _field, _order, what: decimal(udec, what),
    "sdec": lambda _field, _order, what: decimal(sdec, what),
    "SDec": lambda _field, _order, what: decimal(sdec, what),
    "bitfield_string": bitfield_string,
    "version_string": version_string,
    "enum": _enum,
}

__all__ = [
    "BITS",
    "ENCODINGS",
    "FLOATS",
    "INTEGER",
    "OTHERS",
    "TEXTS",
    "Stretch",
    "Wire",
    "label",
    "reader",
    "whole",
    "whole_keys",
]
